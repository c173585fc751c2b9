/**
 * Whatever happens to the bytes of the segments, this holds:
 * 1. Opening and reading do not fail.
 * 2. Every record of which no byte was changed, and which no change took out of its file, is read: once, in order, with
 *    its own numbers and bytes.
 * 3. Nothing is read that was not appended.
 * 4. A record that is not read any more is told as lost, with its rows or without where nothing tells them; the one
 *    exception is the end of the newest segment, where a cut leaves nothing that says how far it reached.
 * 5. The log takes a record afterwards and, opened again, reads the same ones and it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Damage } from '../../src/wal/damage.js';
import { type Log, openLog } from '../../src/wal/log.js';
import { readAll, segmentNames, startMs } from './temporary-log.js';

interface Written {
  readonly sequence: number;
  readonly count: number;
  readonly payload: Buffer;
  readonly segment: string;
  readonly offset: number;
  readonly end: number;
}

type Change = 'truncate' | 'zero' | 'overwrite' | 'flip' | 'insert' | 'remove';

/** A change of a stretch of one segment, given as shares of the log and of the segment. */
interface Harm {
  readonly change: Change;
  readonly segmentShare: number;
  readonly fromShare: number;
  readonly lengthBytes: number;
  /** What random bytes follow from. */
  readonly seed: number;
}

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const appends = fc.array(
  fc.record({ count: fc.integer({ min: 1, max: 9 }), payload: fc.uint8Array({ maxLength: 300 }) }),
  { minLength: 1, maxLength: 25 },
);
const harm: fc.Arbitrary<Harm> = fc.record({
  change: fc.constantFrom<Change>('truncate', 'zero', 'overwrite', 'flip', 'insert', 'remove'),
  segmentShare: share,
  fromShare: share,
  lengthBytes: fc.integer({ min: 1, max: 250 }),
  seed: fc.nat(),
});

const open = (folder: string, damages: Damage[] = []): Promise<Log> =>
  openLog({
    folder,
    clock: { nowMs: () => startMs },
    segmentBytesMax: 700,
    onDamage: (damage) => damages.push(damage),
  });

async function write(folder: string, given: readonly { count: number; payload: Uint8Array }[]): Promise<Written[]> {
  const log = await open(folder);
  const written: Written[] = [];
  for (const { count, payload } of given) {
    const sequence = await log.append(payload, count);
    const segment = (await segmentNames(folder)).at(-1)!;
    const last = written.at(-1);
    const offset = last?.segment === segment ? last.end : 40;
    written.push({
      sequence,
      count,
      payload: Buffer.from(payload),
      segment,
      offset,
      end: offset + 40 + payload.length,
    });
  }
  await log.close();
  return written;
}

/** Does the harm, and tells which bytes of the segment it touched: [from, end). */
async function inflict(folder: string, { change, segmentShare, fromShare, lengthBytes, seed }: Harm) {
  const names = await segmentNames(folder);
  const segment = names[Math.floor(segmentShare * names.length)]!;
  const before = await readFile(join(folder, segment));
  const from = Math.floor(fromShare * before.length);
  const end = change === 'truncate' ? before.length : Math.min(before.length, from + lengthBytes);
  await writeFile(join(folder, segment), changed(before, change, from, end, randomBytes(seed, lengthBytes)));
  return { segment, from, end: change === 'insert' ? from : end };
}

function randomBytes(seed: number, lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return seed >>> 24;
  });
}

function changed(before: Buffer, change: Change, from: number, end: number, bytes: Uint8Array): Buffer {
  const [head, body, tail] = [before.subarray(0, from), before.subarray(from, end), before.subarray(end)];
  switch (change) {
    case 'truncate':
      return head;
    case 'remove':
      return Buffer.concat([head, tail]);
    case 'zero':
      return Buffer.concat([head, Buffer.alloc(body.length), tail]);
    case 'overwrite':
      return Buffer.concat([head, bytes.subarray(0, body.length), tail]);
    case 'flip':
      return Buffer.concat([head, Buffer.from([body[0]! ^ (1 << (bytes[0]! & 7))]), body.subarray(1), tail]);
    case 'insert':
      return Buffer.concat([head, bytes.subarray(0, body.length), body, tail]);
  }
}

type Harmed = Awaited<ReturnType<typeof inflict>>;

/** Whether the harm touched the record. An insertion touches it only from within. */
const isTouched = (record: Written, { segment, from, end }: Harmed): boolean =>
  record.segment === segment &&
  (from === end ? record.offset < from && from < record.end : record.offset < end && from < record.end);

const asRead = ({ sequence, count, payload }: Written) => ({ sequence, count, payload: payload.toString('hex') });

async function readBack(log: Log) {
  return (await readAll(log)).map(({ sequence, count, payload }) => ({
    sequence,
    count,
    payload: Buffer.from(payload).toString('hex'),
  }));
}

/** The range of lost rows covers the record, or the report could not say which rows. */
const tells = (damage: Damage, record: Written): boolean =>
  damage.rowsMayBeLost &&
  (damage.sequences === undefined
    ? damage.segment === record.segment
    : damage.sequences.from <= record.sequence && record.sequence + record.count <= damage.sequences.end);

async function checkOnce(
  given: readonly { count: number; payload: Uint8Array }[],
  harms: readonly Harm[],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'barograph-wal-'));
  try {
    const written = await write(folder, given);
    const newest = written.at(-1)!.segment;
    const harmed: Harmed[] = [];
    // One harm a segment: the second would not know where the first has moved the records to.
    for (const next of harms) if (!(await isHarmed(folder, next, harmed))) harmed.push(await inflict(folder, next));
    const damages: Damage[] = [];
    const log = await open(folder, damages);
    const read = await readBack(log);
    const untouched = written.filter((record) => !harmed.some((place) => isTouched(record, place)));
    const sequencesRead = new Set(read.map((record) => record.sequence));
    assert.deepEqual(
      untouched.filter((record) => !sequencesRead.has(record.sequence)),
      [],
      'untouched records are read',
    );
    assert.deepEqual(
      read,
      written.filter((record) => sequencesRead.has(record.sequence)).map(asRead),
      'what is read was appended, in this order',
    );
    for (const record of written)
      if (!sequencesRead.has(record.sequence) && record.segment !== newest)
        assert.ok(
          damages.some((damage) => tells(damage, record)),
          `record ${record.sequence} is told`,
        );
    const added = await log.append(Buffer.from('afterwards'), 1);
    await log.close();
    const reopened = await open(folder);
    const afterwards = { sequence: added, count: 1, payload: Buffer.from('afterwards').toString('hex') };
    assert.deepEqual(await readBack(reopened), [...read, afterwards]);
    await reopened.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isHarmed(folder: string, { segmentShare }: Harm, harmed: readonly Harmed[]): Promise<boolean> {
  const names = await segmentNames(folder);
  return harmed.some(({ segment }) => segment === names[Math.floor(segmentShare * names.length)]);
}

test('whatever happens to some bytes, every record outside them is read, and what is lost is told', async () => {
  await fc.assert(fc.asyncProperty(appends, fc.array(harm, { minLength: 1, maxLength: 3 }), checkOnce));
});
