/**
 * Decoding of scraped bodies with the sender's cache warm and without, single-threaded, in CPU time, best of several rounds:
 * `node dist/bench/exposition.js`. Beside it a plain reader of the same lines, which cuts them by a regular expression and
 * keeps a Map from a series' text to its number: what a cache could be had for with strings. It fails where the warm decoder is
 * less than half as fast again as that, less than three times as fast as the cold one, or reads other values.
 */
import assert from 'node:assert/strict';
import { stdout } from 'node:process';
import { decodeExposition } from '../src/protocols/exposition/decode-exposition.js';
import { ExpositionCache } from '../src/protocols/exposition/exposition-cache.js';
import type { DecodedExposition } from '../src/protocols/exposition/exposition-options.js';
import type { Labelling } from '../src/protocols/exposition/labelling.js';

const families = 400;
const seriesPerFamily = 25;
const samples = families * seriesPerFamily;
const rounds = 25;
const nowMs = Date.UTC(2026, 0, 1);
const labelling: Labelling = {
  extraLabels: [
    ['instance', '10.0.0.7:9100'],
    ['job', 'node'],
  ],
  onConflict: 'rename',
};

/** A body as a scrape answers it: values change from one to the next, series do not. */
function bodyOf(scrape: number): Buffer {
  const lines: string[] = [];
  for (let family = 0; family < families; family++) {
    const name = `service_request_duration_seconds_${family}_bucket`;
    lines.push(`# HELP service_request_duration_seconds_${family} Time that requests of kind ${family} took.`);
    lines.push(`# TYPE service_request_duration_seconds_${family} histogram`);
    for (let series = 0; series < seriesPerFamily; series++) {
      const labels = `method="GET",path="/api/v1/items/${series % 5}",status="${200 + (series % 3)}",le="${series / 8}"`;
      lines.push(`${name}{${labels}} ${series % 2 === 0 ? scrape * 31 + series : (scrape + 1) / (series + 3)}`);
    }
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** The nearest that a few lines of plain JavaScript come to a decoder with a cache. */
function readPlainly(body: Buffer, known: Map<string, number>): { series: number[]; values: number[] } {
  const series: number[] = [];
  const values: number[] = [];
  const line = /^([a-zA-Z_:][\w:]*(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?) (\S+)$/gm;
  for (const [, text = '', value = ''] of body.toString().matchAll(line)) {
    let id = known.get(text);
    if (id === undefined) {
      id = known.size;
      known.set(text, id);
    }
    series.push(id);
    values.push(Number(value));
  }
  return { series, values };
}

/** Seconds of CPU that the cheapest round took, each with another body: other programs on the machine do not count. */
function bestSeconds(bodies: readonly Buffer[], decode: (body: Buffer) => unknown): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const body = bodies[round % bodies.length]!;
    const started = process.cpuUsage();
    decode(body);
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

const bodies = Array.from({ length: 5 }, (_, scrape) => bodyOf(scrape));
const cache = new ExpositionCache();
const decodeWarm = (body: Buffer): DecodedExposition =>
  decodeExposition(body, { format: 'text', nowMs, mode: 'strict', labelling, cache, marksVanished: true });
const decodeCold = (body: Buffer): DecodedExposition =>
  decodeExposition(body, { format: 'text', nowMs, mode: 'strict', labelling, cache: new ExpositionCache() });
const decodeUncached = (body: Buffer): DecodedExposition =>
  decodeExposition(body, { format: 'text', nowMs, mode: 'lenient', labelling });

const known = new Map<string, number>();
for (const body of bodies) {
  const { values } = readPlainly(body, known);
  for (const { batch } of [decodeWarm(body), decodeCold(body), decodeUncached(body)])
    assert.deepEqual(Array.from(batch.values.subarray(0, batch.sampleCount)), values);
}
assert.equal(known.size, samples);

const seconds = {
  'cache warm': bestSeconds(bodies, decodeWarm),
  'first scrape': bestSeconds(bodies, decodeCold),
  'no cache': bestSeconds(bodies, decodeUncached),
  'plain reader, warm': bestSeconds(bodies, (body) => readPlainly(body, known)),
};
stdout.write(`${samples} samples, ${Math.round(bodies[0]!.length / samples)} bytes each\n`);
for (const [name, taken] of Object.entries(seconds))
  stdout.write(`  ${name.padEnd(20)} ${(samples / taken / 1e6).toFixed(2)} million samples a CPU-second\n`);
const overPlain = seconds['plain reader, warm'] / seconds['cache warm'];
const overCold = seconds['first scrape'] / seconds['cache warm'];
stdout.write(`  warm over plain      ${overPlain.toFixed(1)}\n  warm over first      ${overCold.toFixed(1)}\n`);
assert.ok(overPlain >= 1.5, 'the warm decoder is not half as fast again as a plain reader');
assert.ok(overCold >= 3, 'a warm cache does not make a scrape three times cheaper');
