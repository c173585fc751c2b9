/**
 * The grouping key of a Pushgateway in the path of a push, `/metrics/job/<job>{/<label>/<value>}`. Source: prometheus/pushgateway,
 * README, section "URL", and handler/push.go.
 */
import { isUtf8 } from 'node:buffer';
import { BarographError } from '../../base/errors.js';
import { compareUtf8, type Label, type Labels } from '../../model/labels.js';
import { unescapeName } from '../text/unescape-name.js';

/** Marks a value that is base64 with the URL-safe alphabet. */
const base64Suffix = '@base64';
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const base64Url = /^[A-Za-z0-9_-]*$/;

/**
 * The labels of the group that the path behind `/metrics/` names, `job` among them, sorted. `path` begins with `job/` or
 * `job@base64/` and is still percent-encoded.
 *
 * Labels with empty values stay in: they tell groups apart, and take a label of that name off what is pushed. An empty value
 * can only be written as base64, `/name@base64/=`, since an empty part of the path is lost on the way. A slash at the end
 * does not matter. Of a name that comes twice the last value counts, except that `job` is always the first one.
 *
 * A label's name that begins with `U__` is escaped, and may be any UTF-8 (the Pushgateway's `--push.enable-utf8-names`).
 *
 * Throws `bad_request` for a path of another form, an empty job, a name that is no label's or is reserved (`__…`), and
 * bad base64; `invalid_utf8` for a value that is not UTF-8.
 */
export function parseGroupingPath(path: string): Labels {
  const parts = decodedParts(path);
  const [jobName = '', ...rest] = parts;
  if (jobName !== 'job' && jobName !== `job${base64Suffix}`)
    throw refused(`got the path /metrics/${path}, wanted /metrics/job/<job>`);
  if (parts.includes(''))
    throw refused(`got an empty part in /metrics/${path}, wanted each empty value as /<label>${base64Suffix}/=`);
  if (parts.length % 2 === 1)
    throw refused(`got the label ${JSON.stringify(parts.at(-1))} without a value in /metrics/${path}`);
  const labels = new Map<string, string>();
  for (let i = 1; i < rest.length; i += 2) {
    const [name, value] = groupingLabel(rest[i]!, rest[i + 1]!);
    labels.set(name, value);
  }
  const [, job] = groupingLabel(jobName, rest[0]!);
  if (job === '') throw refused('got an empty job, wanted its name');
  labels.set('job', job);
  return [...labels].sort(([a], [b]) => compareUtf8(a, b));
}

/** The parts between slashes, those that percent-encoding hides among them, as for the Pushgateway. */
function decodedParts(path: string): string[] {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch (cause) {
    throw new BarographError('bad_request', `got the path /metrics/${path}, wanted percent-encoded UTF-8`, { cause });
  }
  return decoded.replace(/\/$/, '').split('/');
}

function groupingLabel(part: string, value: string): Label {
  const isEncoded = part.endsWith(base64Suffix);
  const written = isEncoded ? part.slice(0, -base64Suffix.length) : part;
  const name = unescapeName(written);
  if (!labelName.test(written) || name === '' || name.startsWith('__'))
    throw refused(
      `got the label name ${JSON.stringify(written)}, wanted letters, digits and _, and no __ in front; other characters as U__…`,
    );
  return [name, isEncoded ? decodedBase64(name, value) : value];
}

/** Padding counts for nothing. */
function decodedBase64(name: string, text: string): string {
  const bare = text.replace(/=+$/, '');
  if (!base64Url.test(bare) || bare.length % 4 === 1)
    throw refused(`got ${JSON.stringify(text)} as the label ${name}, wanted base64 with the URL-safe alphabet`);
  const bytes = Buffer.from(bare, 'base64url');
  if (!isUtf8(bytes))
    throw new BarographError('invalid_utf8', `the label ${name} is not UTF-8 once its base64 is decoded`);
  return bytes.toString();
}

const refused = (message: string): BarographError => new BarographError('bad_request', message);
