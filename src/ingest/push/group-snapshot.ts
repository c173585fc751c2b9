/**
 * A group as the bytes of its file.
 *
 * Form: magic `BPSH`, version, CRC-32 of all that follows it, length of the head in bytes, each a little-endian u32; the head, JSON, filled up with
 * spaces to a multiple of 8; then columns, each of all families one after the other: values (f64), ends of keys within their family
 * (u32), keys. The head tells how many series each family has, and how many bytes of keys.
 */
import { crc32 } from 'node:zlib';
import type { Label } from '../../model/labels.js';
import type { MetricType } from '../../model/sample-batch.js';
import { groupIdOf, type PushedFamily, type PushedGroup } from './pushed-group.js';

const magic = 0x48535042;
const version = 1;
const headerBytes = 16;
/** Behind the magic, the version and the checksum itself. */
const checkedFrom = 12;

interface Head {
  readonly labels: readonly Label[];
  readonly pushed_ms: number;
  readonly failed_ms: number;
  readonly families: readonly HeadFamily[];
}

interface HeadFamily {
  readonly metric: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
  readonly pushed_ms: number;
  readonly series: number;
  readonly key_bytes: number;
}

export function groupSnapshot({ labels, families, pushedMs, failedMs }: PushedGroup): Uint8Array {
  const all = [...families.values()];
  const head = headBytes({
    labels,
    pushed_ms: pushedMs,
    failed_ms: failedMs,
    families: all.map(({ series, pushedMs: familyPushedMs, metric, type, help, unit }) => ({
      ...{ metric, type, help, unit, pushed_ms: familyPushedMs },
      ...{ series: series.values.length, key_bytes: series.keys.length },
    })),
  });
  const header = new Uint32Array([magic, version, 0, head.length]);
  const bytes = Buffer.concat([
    bytesOf(header),
    head,
    ...all.map(({ series }) => bytesOf(series.values)),
    ...all.map(({ series }) => bytesOf(series.ends)),
    ...all.map(({ series }) => series.keys),
  ]);
  bytes.writeUInt32LE(crc32(bytes.subarray(checkedFrom)), checkedFrom - 4);
  return bytes;
}

function headBytes(head: Head): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  return Buffer.concat([text, Buffer.alloc(-text.length & 7, ' ')]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The group that a snapshot holds; undefined where it is none, or damaged. */
export function restoredGroup(snapshot: Uint8Array): PushedGroup | undefined {
  // A copy begins at a multiple of 8, where doubles have to.
  const bytes = new Uint8Array(snapshot);
  if (bytes.length < headerBytes) return undefined;
  const [foundMagic, foundVersion, checksum, headLength] = new Uint32Array(bytes.buffer, 0, 4);
  if (foundMagic !== magic || foundVersion !== version) return undefined;
  if (crc32(bytes.subarray(checkedFrom)) !== checksum) return undefined;
  const columnsAt = headerBytes + headLength!;
  const { labels, pushed_ms, failed_ms, families } = JSON.parse(
    Buffer.from(bytes.subarray(headerBytes, columnsAt)).toString(),
  ) as Head;
  return {
    id: groupIdOf(labels),
    labels,
    families: new Map(restoredFamilies(families, bytes, columnsAt).map((family) => [family.metric, family])),
    pushedMs: pushed_ms,
    failedMs: failed_ms,
  };
}

function restoredFamilies(families: readonly HeadFamily[], bytes: Uint8Array, columnsAt: number): PushedFamily[] {
  let valuesAt = columnsAt;
  let endsAt = valuesAt + 8 * families.reduce((sum, { series }) => sum + series, 0);
  let keysAt = endsAt + 4 * families.reduce((sum, { series }) => sum + series, 0);
  return families.map(({ series: count, key_bytes: keyBytes, pushed_ms: pushedMs, ...metadata }) => {
    const series = {
      values: new Float64Array(bytes.buffer, valuesAt, count),
      ends: new Uint32Array(bytes.buffer, endsAt, count),
      keys: bytes.subarray(keysAt, keysAt + keyBytes),
    };
    valuesAt += 8 * count;
    endsAt += 4 * count;
    keysAt += keyBytes;
    return { ...metadata, series, pushedMs };
  });
}
