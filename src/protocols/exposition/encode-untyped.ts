/**
 * Samples in Prometheus' text format, without types: what /federate answers. Source: prometheus.io, "Exposition formats", and
 * prometheus/common, expfmt/text_create.go.
 */
import { type Labels, labelValue, metricNameLabel } from '../../model/labels.js';

export interface ExposedSample {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number;
}

/** How names are written that are not of letters, digits, underscores (and colons): as they are, in quotes; or with underscores. */
export type NameEscaping = 'allow-utf-8' | 'underscores';

const legacyMetric = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legacyLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const underscored = (name: string): string =>
  Array.from(name, (char, i) => ((i === 0 ? legacyMetric : /[a-zA-Z0-9_:]/).test(char) ? char : '_')).join('');

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };
const quoted = (text: string): string => `"${text.replace(/[\\\n"]/g, (char) => escapes[char]!)}"`;

/**
 * Lines of samples, which come sorted by the names of their metrics; a sample without a name is left out. `formatValue` writes a number as
 * the format wants it.
 */
export function* encodeUntyped(
  samples: Iterable<ExposedSample>,
  escaping: NameEscaping,
  formatValue: (value: number) => string,
): Generator<string> {
  let lastName: string | undefined;
  for (const { labels, timeMs, value } of samples) {
    const name = labelValue(labels, metricNameLabel);
    if (name === '') continue;
    const head = name === lastName ? '' : `# TYPE ${metricText(name, escaping)} untyped\n`;
    lastName = name;
    yield `${head}${seriesText(name, labels, escaping)} ${formatValue(value)} ${timeMs}\n`;
  }
}

const metricText = (name: string, escaping: NameEscaping): string =>
  legacyMetric.test(name) ? name : escaping === 'underscores' ? underscored(name) : quoted(name);

function seriesText(name: string, labels: Labels, escaping: NameEscaping): string {
  const pairs = labels
    .filter(([label]) => label !== metricNameLabel)
    .map(([label, text]) => `${labelText(label, escaping)}=${quoted(text)}`);
  const isPlain = escaping === 'underscores' || legacyMetric.test(name);
  // A quoted name stands within the braces.
  if (!isPlain) return `{${[quoted(name), ...pairs].join(',')}}`;
  return pairs.length === 0 ? metricText(name, escaping) : `${metricText(name, escaping)}{${pairs.join(',')}}`;
}

const labelText = (label: string, escaping: NameEscaping): string =>
  legacyLabel.test(label)
    ? label
    : escaping === 'underscores'
      ? underscored(label).replaceAll(':', '_')
      : quoted(label);
