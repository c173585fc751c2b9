/**
 * Decoding of remote write, single-threaded, best of several rounds: `node dist/bench/remote-write-decode.js`. Version 1 is measured
 * against a plain pass over the same bytes, one addition a byte, and version 2 against a pass over as many bytes as it reads and writes. Unpacking
 * is measured against the native library, which answers memory of its own for each body.
 * It fails where a decoder is slower than its ratio asks, or loses a sample.
 */
import assert from 'node:assert/strict';
import { stdout } from 'node:process';
import { compressSync, uncompressSync } from 'snappy';
import { Kernel } from '../src/kernel/kernel.js';
import { decompressSnappy } from '../src/protocols/remote-write/body.js';
import { createRemoteWrite1Decoder, type RemoteWriteDecoder } from '../src/protocols/remote-write/version-1.js';
import { createRemoteWrite2Decoder } from '../src/protocols/remote-write/version-2.js';

/** Series of a request, each with one sample, as a scraper sends them. Prometheus sends up to 2,000 by default, vmagent 10,000. */
const seriesCount = 2_000;
const requestCount = 10;
const rounds = 12;
/** Runs of a round, so that it is long beside the steps in which a system may count time. */
const repeats = 10;
const startMs = Date.UTC(2026, 0, 1);

/** Ten labels, as a scraped cluster has them. */
const labelsOf = (i: number): [string, string][] => [
  ['__name__', `node_network_receive_bytes_total_${i % 50}`],
  ['cluster', 'production-eu-west-1'],
  ['container', 'node-exporter'],
  ['device', `eth${i % 8}`],
  ['endpoint', 'https-metrics'],
  ['instance', `10.0.${(i >> 6) & 255}.${i & 63}:9100`],
  ['job', 'node-exporter'],
  ['namespace', 'monitoring'],
  ['pod', `node-exporter-${(i * 2_654_435_761) % 65_521}`],
  ['service', 'prometheus-node-exporter'],
];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

const field = (number: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
};

function sample(value: number, timeMs: number): Buffer {
  const bits = Buffer.alloc(8);
  bits.writeDoubleLE(value);
  return field(2, Buffer.from([0x09]), bits, Buffer.from([0x10]), varint(timeMs));
}

const sampleValue = (i: number, request: number): number => (i % 5 === 0 ? i + request : Math.sin(i + request) * 1e6);

function writeRequest(request: number): Buffer {
  const series = Array.from({ length: seriesCount }, (_, i) => {
    const labels = labelsOf(i).map(([name, value]) =>
      field(1, field(1, Buffer.from(name)), field(2, Buffer.from(value))),
    );
    return field(1, ...labels, sample(sampleValue(i, request), startMs + request * 15_000));
  });
  return Buffer.concat(series);
}

function request2(request: number): Buffer {
  const symbols = new Map([['', 0]]);
  const numberOf = (text: string): number => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const series = Array.from({ length: seriesCount }, (_, i) => {
    const refs = labelsOf(i).flatMap(([name, value]) => [varint(numberOf(name)), varint(numberOf(value))]);
    return field(5, field(1, ...refs), sample(sampleValue(i, request), startMs + request * 15_000));
  });
  return Buffer.concat([...Array.from(symbols.keys(), (text) => field(4, Buffer.from(text))), ...series]);
}

/** Seconds of CPU that the quickest round took, so that other programs on the machine count little. */
function bestSeconds(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const started = process.cpuUsage();
    for (let i = 0; i < repeats; i++) work();
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / 1e6 / repeats);
  }
  return best;
}

function passOver(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum = (sum + bytes[i]!) | 0;
  return sum;
}

/** Every sample of a body, in its place. */
function assertWhole(decoder: RemoteWriteDecoder, bodies: readonly Buffer[]): void {
  bodies.forEach((body, request) => {
    const { batch, rejected } = decoder.decode(body);
    assert.deepEqual([batch.runCount, batch.sampleCount, rejected], [seriesCount, seriesCount, 0]);
    for (let i = 0; i < seriesCount; i++) {
      assert.equal(batch.values[i], sampleValue(i, request));
      assert.equal(batch.timesMs[i], startMs + request * 15_000);
    }
  });
}

function compare(
  name: string,
  decoder: RemoteWriteDecoder,
  bodies: readonly Buffer[],
  passed: Uint8Array[],
  ratioMin: number,
): void {
  assertWhole(decoder, bodies);
  const samples = bodies.length * seriesCount;
  const ours = bestSeconds(() => bodies.forEach((body) => void decoder.decode(body)));
  const plain = bestSeconds(() => passed.forEach((bytes) => void passOver(bytes)));
  const ratio = plain / ours;
  const speed = (seconds: number): string => `${(samples / seconds / 1e6).toFixed(1)} M samples/s`;
  stdout.write(`${name} (${Math.round(bodies[0]!.length / seriesCount)} bytes a sample)\n`);
  stdout.write(`  decoded     ${speed(ours)}\n  plain pass  ${speed(plain)}\n  ratio       ${ratio.toFixed(2)}\n`);
  assert.ok(ratio >= ratioMin, `${name}: the ratio to a plain pass is ${ratio.toFixed(2)}, wanted ${ratioMin}`);
}

const requests = Array.from({ length: requestCount }, (_, i) => i);
const bodies1 = requests.map(writeRequest);
compare('remote write 1', createRemoteWrite1Decoder(new Kernel()), bodies1, bodies1, 3);

const kernel = new Kernel();
const packed = bodies1.map((body) => compressSync(body));
const unpack = bestSeconds(() => packed.forEach((body) => void decompressSnappy(kernel, body, 2 ** 24)));
const native = bestSeconds(() => packed.forEach((body) => void uncompressSync(body, { asBuffer: true })));
bodies1.forEach((body, i) => void assert.ok(body.equals(decompressSnappy(kernel, packed[i]!, 2 ** 24))));
stdout.write(`snappy: unpacked ${(native / unpack).toFixed(2)} times as fast as by the native library\n`);
assert.ok(native / unpack >= 1.5, `wanted 1.5 times the native library's speed`);

const bodies2 = requests.map(request2);
const decoder2 = createRemoteWrite2Decoder();
const touched = bodies2.map((body) => Buffer.concat([body, decoder2.decode(body).batch.keys]));
compare('remote write 2', decoder2, bodies2, touched, 0.4);
