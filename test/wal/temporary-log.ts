/** Logs in temporary folders, filled with records that a test can tell apart. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Damage } from '../../src/wal/damage.js';
import { type Log, type LogOptions, type LogRecord, openLog } from '../../src/wal/log.js';

/** A moment at which a fake clock stands, and the sequence number that a log made then starts at. */
export const startMs = 1_700_000_000_000;
export const startSequence = startMs * 1000;

/** What `docs/formats/wal.md` says, written down here a second time on purpose. */
export const segmentHeaderBytes = 40;
export const recordHeaderBytes = 40;

/** An empty folder that is deleted when the test ends. */
export async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'barograph-wal-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface OpenedLog {
  readonly log: Log;
  /** What was reported, in order; grows while the log is read. */
  readonly damages: Damage[];
}

/** Opens a log with a clock that stands still; it is closed when the test ends, unless the test did so itself. */
export async function openTestLog(
  test: TestContext,
  folder: string,
  options: Partial<LogOptions> = {},
): Promise<OpenedLog> {
  const damages: Damage[] = [];
  const log = await openLog({
    folder,
    clock: { nowMs: () => startMs },
    onDamage: (damage) => damages.push(damage),
    ...options,
  });
  test.after(() => log.close());
  return { log, damages };
}

/** 100 bytes that say which record they are. */
export const payloadOf = (index: number): Buffer => Buffer.alloc(100, `record ${index} `);

export async function readAll(log: Log, from = 0): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read(from)) records.push(record);
  return records;
}

export const segmentNames = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.wal')).sort();
