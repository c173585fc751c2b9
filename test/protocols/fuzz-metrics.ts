/**
 * Fuzzes every decoder of metrics: `node dist/test/protocols/fuzz-metrics.js [--inputs 1000000] [--seed 1] [--only <part of a name>]`,
 * as many inputs for each decoder. The tests run a hundredth of that.
 */
import { stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { compressSync } from 'snappy';
import { Kernel } from '../../src/kernel/kernel.js';
import { decodeDelimited } from '../../src/protocols/exposition/decode-delimited.js';
import { decodeExposition } from '../../src/protocols/exposition/decode-exposition.js';
import { createJsonLinesDecoder } from '../../src/protocols/json-lines/json-lines-decoder.js';
import { decodeOtlpMetrics } from '../../src/protocols/otlp/decode-metrics.js';
import { createDeltaAccumulator } from '../../src/protocols/otlp/delta-accumulator.js';
import type { OtlpFormat } from '../../src/protocols/otlp/export-response.js';
import { decompressSnappy } from '../../src/protocols/remote-write/body.js';
import { createRemoteWrite1Decoder } from '../../src/protocols/remote-write/version-1.js';
import { createRemoteWrite2Decoder } from '../../src/protocols/remote-write/version-2.js';
import { unframedSnappy } from '../../src/protocols/snappy-frames.js';
import { delimitedSeeds } from './exposition/delimited-seeds.js';
import { framedSnappy } from './frame-snappy.js';
import { jsonLineSeeds, remoteWrite1Seeds, remoteWrite2Seeds } from './fuzz-seeds.js';
import { type FuzzTarget, fuzz } from './fuzzer.js';
import { otlpJsonSeeds, otlpProtobufSeeds } from './otlp/fuzz-seeds.js';
import { textFuzzTargets } from './text/fuzz-targets.js';

const kernel = new Kernel();
const version1 = createRemoteWrite1Decoder(kernel);
const version2 = createRemoteWrite2Decoder();

function decodeJsonLines(body: Uint8Array) {
  const decoder = createJsonLinesDecoder();
  // Cut somewhere, since bodies come in pieces.
  const cut = body.length === 0 ? 0 : body[0]! % body.length;
  decoder.push(body.subarray(0, cut));
  decoder.push(body.subarray(cut));
  decoder.end();
  return decoder.take();
}

/** What a framed push unfolds to, as text. */
const decodeFramed = (body: Uint8Array) =>
  decodeExposition(unframedSnappy(kernel, body, 64 * 1024), {
    format: 'text',
    mode: 'lenient',
    nowMs: 1_717_171_717_000,
  });

/** Each in a chunk of either kind. Checksums fail most mutants. */
const framedSeeds = ['', 'a{b="c"} 1\n', '# TYPE a counter\na 1\n'.repeat(9)].map((text) =>
  framedSnappy(Buffer.from(text)),
);

/** Each body with totals of its own: those of the bodies before would make more samples than a body explains. */
const decodeOtlp = (format: OtlpFormat) => (body: Uint8Array) =>
  decodeOtlpMetrics(body, format, { deltas: createDeltaAccumulator() });

/** Each decoder of metrics, by the protocol that it reads. */
export const fuzzTargets: readonly FuzzTarget[] = [
  { name: 'remote write 1', seeds: remoteWrite1Seeds, decode: (body) => version1.decode(body) },
  { name: 'remote write 2', seeds: remoteWrite2Seeds, decode: (body) => version2.decode(body) },
  {
    name: 'snappy',
    seeds: remoteWrite1Seeds.map((seed) => compressSync(seed)),
    decode: (body) => version1.decode(decompressSnappy(kernel, body, 64 * 1024)),
  },
  { name: 'framed snappy', seeds: framedSeeds, decode: decodeFramed },
  { name: 'JSON lines', seeds: jsonLineSeeds, decode: decodeJsonLines },
  ...textFuzzTargets,
  {
    name: 'delimited protobuf',
    seeds: delimitedSeeds,
    decode: (body) => decodeDelimited(body, { nowMs: 1_717_171_717_000, extraLabels: [['job', 'j']] }),
  },
  { name: 'OTLP protobuf', seeds: otlpProtobufSeeds, decode: decodeOtlp('protobuf') },
  { name: 'OTLP JSON', seeds: otlpJsonSeeds, decode: decodeOtlp('json') },
];

function main(): void {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
    },
  });
  for (const target of fuzzTargets.filter(({ name }) => name.includes(values.only))) {
    const started = Date.now();
    const { inputs, decoded, samples, rejected, failedByCode } = fuzz(
      target,
      Number(values.inputs),
      Number(values.seed),
    );
    const failures = Array.from(failedByCode, ([code, count]) => `${code} ${count}`).join(', ');
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const rssMiB = Math.round(process.memoryUsage.rss() / 2 ** 20);
    stdout.write(`${target.name}: ${inputs} inputs in ${seconds} s, ${rssMiB} MiB resident\n`);
    stdout.write(
      `  ${decoded} decoded, with ${samples} samples and ${rejected} rejected; failed: ${failures || 'none'}\n`,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
