/** The decoders of text protocols, for the fuzzer. */
import assert from 'node:assert/strict';
import { BarographError } from '../../../src/base/errors.js';
import { decodeExposition } from '../../../src/protocols/exposition/decode-exposition.js';
import { ExpositionCache } from '../../../src/protocols/exposition/exposition-cache.js';
import type { DecodedExposition, ExpositionOptions } from '../../../src/protocols/exposition/exposition-options.js';
import { parseGroupingPath } from '../../../src/protocols/exposition/pushgateway-path.js';
import { decodeLineProtocol } from '../../../src/protocols/influx/decode-line-protocol.js';
import type { FuzzTarget } from '../fuzzer.js';
import { linesOf } from './decoded-samples.js';

const nowMs = 1_717_171_717_000;

const textSeeds = [
  '# HELP a_total Help \\n of \\\\ it.\n# TYPE a_total counter\na_total{code="200",path="/\\"x\\n"} 1027 1395066363000\na_total 3\n',
  '# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_bucket{le="+Inf",} 2\nh_sum 1.5e-3\nh_count NaN\n\n# comment\n',
  '{"my.name","label é"="ä€😀",b="c"} -Inf\n  x { a = "b" , c="" }\t5 7 \r\n{job="j","y"} 1\n',
].map((text) => Buffer.from(text));

const openMetricsSeeds = [
  '# TYPE foo_seconds counter\n# UNIT foo_seconds seconds\nfoo_seconds_total{a="b"} 17.0 1520879607.789 # {id="x"} 0.67 1.5\n# EOF\n',
  '# TYPE h histogram\nh_bucket{le="1"} 1 # {} 2\nh_created 5\n{"q.x",l="v"} 1\n# EOF',
].map((text) => Buffer.from(text));

const lineProtocolSeeds = [
  'cpu,host=a\\ b,zone=é usage=0.5,n=3i,u=7u,ok=t,s="x \\"y\\"\nz" 1700000000123456789\n# c\nmem value=-1e3\r\n',
  'a,b=c,d= v=1 5\nm\\,x,1tag=2 f\\=g=.5,h=FALSE -1\n',
].map((text) => Buffer.from(text));

const labelling = { extraLabels: [['job', 'j']], onConflict: 'rename' } as const;

const decodeAs =
  (options: Pick<ExpositionOptions, 'format' | 'mode'>) =>
  (body: Uint8Array): DecodedExposition =>
    decodeExposition(body, { nowMs, labelling, ...options });

/** Decodes with a cache that has seen all the bodies before, and sees to it that the cache makes no difference. */
function decodeCached(format: ExpositionOptions['format']): (body: Uint8Array) => DecodedExposition {
  const cache = new ExpositionCache({ bytesMax: 64 * 1024 });
  return (body) => {
    const plain = outcomeOf(() => decodeAs({ format, mode: 'strict' })(body));
    const cached = outcomeOf(() => decodeExposition(body, { nowMs, labelling, format, mode: 'strict', cache }));
    assert.equal(cached instanceof BarographError, plain instanceof BarographError, 'the cache makes a difference');
    if (cached instanceof BarographError || plain instanceof BarographError) throw cached;
    // A label that a type makes a number keeps the form that its text got when it came first.
    const bare = ({ batch }: DecodedExposition): string[] =>
      linesOf(batch).map((line) => line.replace(/(?:le|quantile)="[^"]*"/g, ''));
    assert.deepEqual(bare(cached), bare(plain));
    return cached;
  };
}

function outcomeOf(decode: () => DecodedExposition): DecodedExposition | BarographError {
  try {
    return decode();
  } catch (error) {
    if (error instanceof BarographError) return error;
    throw error;
  }
}

/** A path is no body, but must not make anything fail otherwise either. */
function decodePath(body: Uint8Array): DecodedExposition {
  const extraLabels = parseGroupingPath(Buffer.from(body).toString('latin1'));
  return decodeExposition(Buffer.from('pushed 1\n'), {
    format: 'text',
    mode: 'strict',
    nowMs,
    labelling: { extraLabels, onConflict: 'override' },
  });
}

const pathSeeds = ['job/some_job/instance/%C3%A9', 'job@base64/L3Zhci90bXA/a@base64/=/b/c'].map((text) =>
  Buffer.from(text),
);

export const textFuzzTargets: readonly FuzzTarget[] = [
  { name: 'text format, scraped', seeds: textSeeds, decode: decodeCached('text') },
  { name: 'text format, imported', seeds: textSeeds, decode: decodeAs({ format: 'text', mode: 'lenient' }) },
  { name: 'OpenMetrics, scraped', seeds: openMetricsSeeds, decode: decodeCached('openmetrics') },
  {
    name: 'OpenMetrics, imported',
    seeds: openMetricsSeeds,
    decode: decodeAs({ format: 'openmetrics', mode: 'lenient' }),
  },
  { name: 'Pushgateway path', seeds: pathSeeds, decode: decodePath },
  {
    name: 'line protocol',
    seeds: lineProtocolSeeds,
    decode: (body) => decodeLineProtocol(body, { nowMs, precision: 'auto', database: 'db' }),
  },
  {
    name: 'line protocol, UTF-8 names',
    seeds: lineProtocolSeeds,
    decode: (body) => decodeLineProtocol(body, { nowMs, precision: 'ns', nameForm: 'utf8' }),
  },
];
