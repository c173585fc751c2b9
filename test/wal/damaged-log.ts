/**
 * A log of twelve records in three segments, to be damaged in one place and opened again. A record covers ten numbers
 * and takes 140 bytes, a segment holds four: record i lies in segment ⌊i / 4⌋ at offset 40 + 140 (i mod 4).
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Damage } from '../../src/wal/damage.js';
import type { Log } from '../../src/wal/log.js';
import {
  openTestLog,
  payloadOf,
  readAll,
  recordHeaderBytes,
  segmentHeaderBytes,
  startMs,
  startSequence,
  temporaryFolder,
} from './temporary-log.js';

export const recordBytes = recordHeaderBytes + 100;
export const segmentBytes = segmentHeaderBytes + 4 * recordBytes;
export const allRecords = Array.from({ length: 12 }, (_, index) => index);

/** Where a record begins in its segment. */
export const offsetOf = (record: number): number => segmentHeaderBytes + (record % 4) * recordBytes;

export interface DamageCase {
  readonly folder: string;
  /** Absolute path of the file of segment 0, 1 or 2. */
  segment(index: number): string;
  /** Replaces a file by what `change` makes of its bytes. */
  edit(path: string, change: (bytes: Buffer) => Uint8Array): Promise<void>;
}

const pathOf = (folder: string, segment: number): string =>
  join(folder, `${startSequence + segment * 40}.wal`.padStart(20, '0'));

/** Writes the twelve records and closes the log. */
export async function writtenLog(test: TestContext, checkpointRows = 0): Promise<DamageCase> {
  const folder = await temporaryFolder(test);
  const { log } = await openTestLog(test, folder, { segmentBytesMax: segmentBytes });
  for (const index of allRecords) await log.append(payloadOf(index), 10);
  await log.checkpoint(startSequence + checkpointRows);
  await log.close();
  return {
    folder,
    segment: (index) => pathOf(folder, index),
    edit: async (path, change) => writeFile(path, change(await readFile(path))),
  };
}

/** Damage as the tables of the tests say it: numbers from the log's start, and the quarantined bytes themselves. */
export interface ToldDamage {
  readonly kind: Damage['kind'];
  /** Segment number, or the file's name where it is none. */
  readonly in: number | string;
  readonly at: number;
  readonly bytes: number;
  /** Rows that are gone, [from, end), from the log's start. */
  readonly rows?: readonly [number, number];
  readonly mayBeLost: boolean;
  readonly quarantined: boolean;
}

function tell({ kind, segment, offset, lengthBytes, sequences, rowsMayBeLost, quarantinedTo }: Damage): ToldDamage {
  const first = Number(segment.slice(0, 16));
  return {
    kind,
    in: Number.isNaN(first) ? segment : (first - startSequence) / 40,
    at: offset,
    bytes: lengthBytes,
    ...(sequences && { rows: [sequences.from - startSequence, sequences.end - startSequence] as const }),
    mayBeLost: rowsMayBeLost,
    quarantined: quarantinedTo !== undefined,
  };
}

export interface Outcome {
  readonly damages: ToldDamage[];
  /** Indexes of the records that are read back, each checked to have its own numbers and bytes. */
  readonly records: number[];
  /** The next number, from the log's start. */
  readonly next: number;
}

/** A minute later than the log was written. */
export const laterMs = startMs + 60_000;

/** Opens the log, reads it whole, and checks every record and every quarantined copy against what was written. */
export async function openDamaged(
  test: TestContext,
  folder: string,
  before: ReadonlyMap<string, Buffer>,
): Promise<Outcome> {
  const { log, damages } = await openTestLog(test, folder, { clock: { nowMs: () => laterMs } });
  const records = await recordIndexes(log);
  for (const { segment, offset, lengthBytes, quarantinedTo } of damages) {
    if (quarantinedTo === undefined) continue;
    const wanted = before.get(segment)?.subarray(offset, offset + lengthBytes);
    assert.deepEqual(await readFile(quarantinedTo), wanted, `the copy of ${segment} at ${offset}`);
  }
  const outcome = { damages: damages.map(tell), records, next: log.nextSequence - startSequence };
  await log.close();
  return outcome;
}

export async function recordIndexes(log: Log): Promise<number[]> {
  return (await readAll(log)).map(({ sequence, count, payload }) => {
    const index = (sequence - startSequence) / 10;
    assert.equal(count, 10);
    assert.ok(payloadOf(index).equals(payload), `record ${index} has its own bytes`);
    return index;
  });
}
