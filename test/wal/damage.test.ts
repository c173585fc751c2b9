/**
 * Each kind of damage is a row: what was done to the files, what the log says about it when it is opened, and which
 * records are still read. After each, the log takes another record, and keeps all of them when it is opened once more.
 *
 * Long because every kind of damage stands in it, one row each.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { isBarographError } from '../../src/base/errors.js';
import {
  allRecords,
  type DamageCase,
  laterMs,
  offsetOf,
  openDamaged,
  recordBytes,
  recordIndexes,
  segmentBytes,
  type ToldDamage,
  writtenLog,
} from './damaged-log.js';
import {
  openTestLog,
  payloadOf,
  readAll,
  segmentNames,
  startMs,
  startSequence,
  temporaryFolder,
} from './temporary-log.js';

interface Row {
  readonly name: string;
  /** Rows below the checkpoint when the log is damaged. */
  readonly stored?: number;
  readonly damage: (log: DamageCase) => Promise<unknown>;
  readonly told: readonly ToldDamage[];
  /** Records that are not read any more. */
  readonly gone: readonly number[];
}

const flip =
  (offset: number) =>
  (bytes: Buffer): Buffer => {
    bytes[offset]! ^= 0x10;
    return bytes;
  };
const zero =
  (from: number, end: number) =>
  (bytes: Buffer): Buffer =>
    bytes.fill(0, from, end);
const followedBy =
  (tail: Uint8Array) =>
  (bytes: Buffer): Buffer =>
    Buffer.concat([bytes, tail]);
/** No byte is zero, and none begins a record. */
const garbage = Buffer.from(Array.from({ length: 300 }, (_, index) => 1 + ((index * 37) % 200)));

const torn = (at: number, bytes: number): ToldDamage => ({
  kind: 'torn_tail',
  in: 2,
  at,
  bytes,
  mayBeLost: false,
  quarantined: false,
});
/** A record in the middle of segment 1 whose bytes are damaged. */
const corrupt = (record: number, records = 1): ToldDamage => ({
  kind: 'corrupt_record',
  in: 1,
  at: offsetOf(record),
  bytes: records * recordBytes,
  rows: [record * 10, (record + records) * 10],
  mayBeLost: true,
  quarantined: true,
});
const corruptTail = (at: number, bytes: number): ToldDamage => ({
  kind: 'corrupt_tail',
  in: 2,
  at,
  bytes,
  mayBeLost: true,
  quarantined: true,
});
const corruptHeader = (segment: number): ToldDamage => ({
  kind: 'corrupt_segment_header',
  in: segment,
  at: 0,
  bytes: 40,
  mayBeLost: false,
  quarantined: true,
});
const missing = (segment: number, at: number, from: number, end: number): ToldDamage => ({
  kind: 'missing_records',
  in: segment,
  at,
  bytes: 0,
  rows: [from, end],
  mayBeLost: true,
  quarantined: false,
});

const rows: Row[] = [
  {
    name: 'half a header at the end is cut',
    damage: (log) => truncate(log.segment(2), offsetOf(11) + 17),
    told: [torn(offsetOf(11), 17)],
    gone: [11],
  },
  {
    name: 'half a payload at the end is cut',
    damage: (log) => truncate(log.segment(2), offsetOf(11) + 99),
    told: [torn(offsetOf(11), 99)],
    gone: [11],
  },
  {
    name: 'zeros at the end are cut',
    damage: (log) => log.edit(log.segment(2), followedBy(Buffer.alloc(5000))),
    told: [torn(segmentBytes, 5000)],
    gone: [],
  },
  {
    name: 'garbage at the end, with nothing valid after it, is copied and cut',
    damage: (log) => log.edit(log.segment(2), followedBy(garbage)),
    told: [corruptTail(segmentBytes, 300)],
    gone: [],
  },
  {
    name: 'garbage before a record that is valid is not a tail',
    damage: (log) =>
      log.edit(log.segment(2), (bytes) =>
        Buffer.concat([bytes.subarray(0, offsetOf(11)), garbage, bytes.subarray(offsetOf(11))]),
      ),
    told: [{ kind: 'corrupt_record', in: 2, at: offsetOf(11), bytes: 300, mayBeLost: false, quarantined: true }],
    gone: [],
  },
  {
    name: 'a bit flipped in the last payload names its rows, and the bytes are copied before they are cut',
    damage: (log) => log.edit(log.segment(2), flip(offsetOf(11) + 60)),
    told: [{ ...corruptTail(offsetOf(11), recordBytes), rows: [110, 120] }],
    gone: [11],
  },
  {
    name: 'a bit flipped in the last header is copied before it is cut',
    damage: (log) => log.edit(log.segment(2), flip(offsetOf(11) + 10)),
    told: [corruptTail(offsetOf(11), recordBytes)],
    gone: [11],
  },
  {
    name: 'a bit flipped in a payload costs that record alone',
    damage: (log) => log.edit(log.segment(1), flip(offsetOf(5) + 77)),
    told: [corrupt(5)],
    gone: [5],
  },
  {
    name: 'a bit flipped in a header costs that record alone',
    damage: (log) => log.edit(log.segment(1), flip(offsetOf(5) + 9)),
    told: [corrupt(5)],
    gone: [5],
  },
  {
    name: 'a length that grew costs that record alone',
    damage: (log) =>
      log.edit(log.segment(1), (bytes) => Buffer.from(bytes).fill(0xff, offsetOf(5) + 28, offsetOf(5) + 32)),
    told: [corrupt(5)],
    gone: [5],
  },
  {
    name: 'a length that shrank costs that record alone',
    damage: (log) =>
      log.edit(log.segment(1), (bytes) => Buffer.from(bytes).fill(0x01, offsetOf(5) + 28, offsetOf(5) + 29)),
    told: [corrupt(5)],
    gone: [5],
  },
  {
    name: 'a zeroed stretch over two records costs those two',
    damage: (log) => log.edit(log.segment(1), zero(offsetOf(5) + 130, offsetOf(6) + 20)),
    told: [corrupt(5, 2)],
    gone: [5, 6],
  },
  {
    name: 'two damaged places in one segment are two reports',
    damage: async (log) => {
      await log.edit(log.segment(1), flip(offsetOf(4) + 1));
      await log.edit(log.segment(1), flip(offsetOf(6) + 100));
    },
    told: [corrupt(4), corrupt(6)],
    gone: [4, 6],
  },
  {
    name: 'a damaged end of an older segment costs its last record, and what follows is kept',
    damage: (log) => log.edit(log.segment(1), flip(offsetOf(7) + 50)),
    told: [corrupt(7)],
    gone: [7],
  },
  {
    name: 'an older segment cut off within a record lost rows that were acknowledged',
    damage: (log) => truncate(log.segment(1), offsetOf(6) + 30),
    told: [{ ...corrupt(6, 2), bytes: 30 }],
    gone: [6, 7],
  },
  {
    name: 'an older segment cut off between records lost rows that were acknowledged',
    damage: (log) => truncate(log.segment(1), offsetOf(6)),
    told: [missing(2, 0, 60, 80)],
    gone: [6, 7],
  },
  {
    name: 'zeros after an older segment hold nothing that was acknowledged',
    damage: (log) => log.edit(log.segment(1), followedBy(Buffer.alloc(500))),
    told: [{ ...torn(segmentBytes, 500), in: 1 }],
    gone: [],
  },
  {
    name: 'garbage after an older segment’s records costs none of them',
    damage: (log) => log.edit(log.segment(1), followedBy(garbage)),
    told: [{ kind: 'corrupt_record', in: 1, at: segmentBytes, bytes: 300, mayBeLost: false, quarantined: true }],
    gone: [],
  },
  {
    name: 'bytes taken out between records leave a gap that is told',
    damage: (log) =>
      log.edit(log.segment(1), (bytes) => Buffer.concat([bytes.subarray(0, offsetOf(5)), bytes.subarray(offsetOf(6))])),
    told: [missing(1, offsetOf(5), 50, 60)],
    gone: [5],
  },
  ...[0, 1, 2].map(
    (segment): Row => ({
      name: `a damaged header of segment ${segment} costs no record`,
      damage: (log) => log.edit(log.segment(segment), flip(33)),
      told: [corruptHeader(segment)],
      gone: [],
    }),
  ),
  {
    name: 'a segment’s damaged magic costs no record',
    damage: (log) => log.edit(log.segment(1), flip(2)),
    told: [corruptHeader(1)],
    gone: [],
  },
  {
    name: 'a flipped version is damage, not a newer format',
    damage: (log) => log.edit(log.segment(1), flip(8)),
    told: [corruptHeader(1)],
    gone: [],
  },
  {
    name: 'a damaged header with a damaged record behind it costs that record alone',
    damage: (log) => log.edit(log.segment(1), zero(0, offsetOf(4) + 50)),
    told: [{ ...corruptHeader(1), bytes: 180, rows: [40, 50], mayBeLost: true }],
    gone: [4],
  },
  {
    name: 'a header that lost a byte costs no record',
    damage: (log) => log.edit(log.segment(1), (bytes) => bytes.subarray(1)),
    told: [{ ...corruptHeader(1), bytes: 39 }],
    gone: [],
  },
  {
    name: 'a header that is gone altogether costs no record',
    damage: (log) => log.edit(log.segment(1), (bytes) => bytes.subarray(40)),
    told: [{ ...corruptHeader(1), bytes: 0, quarantined: false }],
    gone: [],
  },
  {
    name: 'a header cut short in the newest segment takes the segment with it',
    damage: (log) => truncate(log.segment(2), 25),
    told: [{ kind: 'ruined_segment', in: 2, at: 0, bytes: 25, mayBeLost: true, quarantined: true }],
    gone: [8, 9, 10, 11],
  },
  {
    name: 'a segment of zeros costs its records and no other',
    damage: (log) => log.edit(log.segment(1), zero(0, segmentBytes)),
    told: [{ ...corrupt(4, 4), kind: 'ruined_segment', at: 0, bytes: segmentBytes }],
    gone: [4, 5, 6, 7],
  },
  {
    name: 'a missing segment in the middle is told by the one after it',
    damage: (log) => rm(log.segment(1)),
    told: [missing(2, 0, 40, 80)],
    gone: [4, 5, 6, 7],
  },
  {
    name: 'a missing first segment is told by the checkpoint',
    damage: (log) => rm(log.segment(0)),
    told: [missing(1, 0, 0, 40)],
    gone: [0, 1, 2, 3],
  },
  {
    name: 'of a missing first segment only what lies above the checkpoint is told',
    stored: 25,
    damage: (log) => rm(log.segment(0)),
    told: [missing(1, 0, 25, 40)],
    gone: [0, 1, 2, 3],
  },
  {
    name: 'an empty file in the middle is told, and so are the rows it should hold',
    damage: (log) => truncate(log.segment(1), 0),
    told: [
      { kind: 'empty_segment', in: 1, at: 0, bytes: 0, mayBeLost: true, quarantined: false },
      missing(2, 0, 40, 80),
    ],
    gone: [4, 5, 6, 7],
  },
  {
    name: 'an empty file at the end is told and goes',
    damage: (log) => writeFile(log.segment(3), ''),
    told: [{ kind: 'empty_segment', in: 3, at: 0, bytes: 0, mayBeLost: true, quarantined: false }],
    gone: [],
  },
  {
    name: 'a record that stands there twice is read once',
    damage: (log) =>
      log.edit(log.segment(1), (bytes) =>
        Buffer.concat([
          bytes.subarray(0, offsetOf(6)),
          bytes.subarray(offsetOf(5), offsetOf(6)),
          bytes.subarray(offsetOf(6)),
        ]),
      ),
    told: [
      { kind: 'overlapping_records', in: 1, at: offsetOf(6), bytes: recordBytes, mayBeLost: false, quarantined: true },
    ],
    gone: [],
  },
  {
    name: 'a last record that stands there twice is read once',
    damage: (log) => log.edit(log.segment(2), (bytes) => followedBy(bytes.subarray(offsetOf(11)))(bytes)),
    told: [
      { kind: 'overlapping_records', in: 2, at: segmentBytes, bytes: recordBytes, mayBeLost: false, quarantined: true },
    ],
    gone: [],
  },
  {
    name: 'a segment copied under a later name is read once',
    damage: (log) => copyFile(log.segment(1), log.segment(3)),
    told: [
      corruptHeader(3),
      { kind: 'overlapping_records', in: 3, at: 40, bytes: 4 * recordBytes, mayBeLost: false, quarantined: true },
    ],
    gone: [],
  },
  {
    name: 'damage below the checkpoint loses no row',
    stored: 60,
    damage: (log) => log.edit(log.segment(1), flip(offsetOf(5) + 77)),
    told: [{ ...corrupt(5), mayBeLost: false }],
    gone: [0, 1, 2, 3, 5],
  },
  {
    name: 'segments below the checkpoint are deleted without being read',
    stored: 80,
    damage: (log) => copyFile(log.segment(2), log.segment(1)),
    told: [],
    gone: [0, 1, 2, 3, 4, 5, 6, 7],
  },
  {
    name: 'files that were never finished are removed',
    damage: async (log) => {
      await writeFile(`${log.segment(3)}.tmp`, garbage);
      await writeFile(join(log.folder, 'checkpoint.tmp'), garbage);
    },
    told: [],
    gone: [],
  },
  {
    name: 'a corrupt checkpoint lets everything on disk be read again',
    stored: 25,
    damage: (log) => log.edit(join(log.folder, 'checkpoint'), flip(9)),
    told: [{ kind: 'corrupt_checkpoint', in: 'checkpoint', at: 0, bytes: 20, mayBeLost: false, quarantined: true }],
    gone: [],
  },
  {
    name: 'an empty checkpoint lets everything on disk be read again',
    stored: 25,
    damage: (log) => truncate(join(log.folder, 'checkpoint'), 0),
    told: [{ kind: 'corrupt_checkpoint', in: 'checkpoint', at: 0, bytes: 0, mayBeLost: false, quarantined: false }],
    gone: [],
  },
  {
    name: 'a missing checkpoint lets everything on disk be read again',
    stored: 25,
    damage: (log) => rm(join(log.folder, 'checkpoint')),
    told: [{ kind: 'missing_checkpoint', in: 'checkpoint', at: 0, bytes: 0, mayBeLost: false, quarantined: false }],
    gone: [],
  },
];

for (const row of rows) {
  test(row.name, async (t) => {
    const log = await writtenLog(t, row.stored);
    await row.damage(log);
    const before = await filesOf(log.folder);
    const outcome = await openDamaged(t, log.folder, before);
    assert.deepEqual(outcome.damages, row.told);
    assert.deepEqual(
      outcome.records,
      allRecords.filter((record) => !row.gone.includes(record)),
    );
    const isDamaged = row.told.length > 0;
    assert.equal(outcome.next, isDamaged ? 60_000_000 : 120, 'after damage, numbers go on at the clock');
    assert.deepEqual(
      (await readdir(log.folder)).filter((name) => name.endsWith('.tmp')),
      [],
    );
    await appendAndReopen(t, log.folder, outcome.records);
  });
}

async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name)));
  return files;
}

/** The log works on after damage, and a further opening loses nothing and finds nothing new. */
async function appendAndReopen(
  t: Parameters<typeof openTestLog>[0],
  folder: string,
  records: readonly number[],
): Promise<void> {
  const second = await openTestLog(t, folder, { clock: { nowMs: () => laterMs } });
  const sequence = await second.log.append(payloadOf(77), 10);
  await second.log.close();
  const third = await openTestLog(t, folder);
  const read = await readAll(third.log);
  assert.deepEqual(
    read.map((record) => record.sequence),
    [...records.map((record) => startSequence + record * 10), sequence],
  );
  assert.ok(payloadOf(77).equals(read.at(-1)!.payload));
  assert.deepEqual(
    third.damages.filter((damage) => !second.damages.some((known) => known.message === damage.message)),
    [],
  );
}

test('a segment of a newer format is refused, and nothing is changed', async (t) => {
  const log = await writtenLog(t);
  await log.edit(log.segment(1), () =>
    Buffer.concat([Buffer.from('894257414c0d0a1a02000000', 'hex'), checksumOf('894257414c0d0a1a02000000'), garbage]),
  );
  await truncate(log.segment(2), offsetOf(11) + 17);
  await writeFile(`${log.segment(3)}.tmp`, garbage);
  const before = await filesOf(log.folder);
  await assert.rejects(
    openTestLog(t, log.folder),
    (error) => isBarographError(error, 'newer_database') && error.message.includes(log.segment(1)),
  );
  assert.deepEqual(await filesOf(log.folder), before);
});

function checksumOf(hex: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc32(Buffer.from(hex, 'hex')));
  return bytes;
}

test('damage that lasts is told at each opening, with one copy of its bytes', async (t) => {
  const log = await writtenLog(t);
  await log.edit(log.segment(1), flip(offsetOf(5) + 77));
  const before = await filesOf(log.folder);
  const first = await openDamaged(t, log.folder, before);
  const second = await openDamaged(t, log.folder, before);
  assert.deepEqual(second, first);
  assert.equal((await readdir(join(log.folder, 'quarantine'))).length, 1);
});

test('damage done after the opening is told once by the reads that meet it', async (t) => {
  const written = await writtenLog(t);
  const { log, damages } = await openTestLog(t, written.folder);
  await written.edit(written.segment(1), flip(offsetOf(5) + 77));
  for (let reading = 0; reading < 2; reading++)
    assert.deepEqual(
      await recordIndexes(log),
      allRecords.filter((record) => record !== 5),
    );
  assert.deepEqual(
    damages.map(({ kind, offset, sequences }) => ({ kind, offset, sequences })),
    [
      {
        kind: 'corrupt_record',
        offset: offsetOf(5),
        sequences: { from: startSequence + 50, end: startSequence + 60 },
      },
    ],
  );
  assert.equal(log.stats().damages, 1);
});

test('a segment that shrinks after the opening is told, and the others are read', async (t) => {
  const written = await writtenLog(t);
  const { log, damages } = await openTestLog(t, written.folder);
  await truncate(written.segment(1), offsetOf(6) + 30);
  assert.deepEqual(
    await recordIndexes(log),
    allRecords.filter((record) => record !== 6 && record !== 7),
  );
  assert.deepEqual(
    damages.map(({ kind, sequences, rowsMayBeLost }) => ({ kind, sequences, rowsMayBeLost })),
    [
      {
        kind: 'corrupt_record',
        sequences: { from: startSequence + 60, end: startSequence + 80 },
        rowsMayBeLost: true,
      },
    ],
  );
});

test('a segment that vanishes after the opening makes reading fail rather than skip it', async (t) => {
  const written = await writtenLog(t);
  const { log } = await openTestLog(t, written.folder);
  await rm(written.segment(1));
  await assert.rejects(readAll(log), (error) => isBarographError(error, 'log_failed'));
});

test('a record that a client smuggled into its payload does not come to life when the outer one is damaged', async (t) => {
  const folder = await temporaryFolder(t);
  const other = await writtenLog(t);
  const smuggled = (await readFile(other.segment(2))).subarray(offsetOf(8));
  const { log } = await openTestLog(t, folder);
  await log.append(payloadOf(0), 10);
  await log.append(smuggled, 10);
  await log.append(payloadOf(2), 10);
  await log.close();
  const path = join(folder, (await segmentNames(folder))[0]!);
  await writeFile(path, flip(offsetOf(1) + 5)(await readFile(path)));
  const { log: reopened, damages } = await openTestLog(t, folder);
  assert.deepEqual(await recordIndexes(reopened), [0, 2]);
  assert.deepEqual(
    damages.map(({ kind, offset, lengthBytes }) => ({ kind, offset, lengthBytes })),
    [{ kind: 'corrupt_record', offset: offsetOf(1), lengthBytes: 40 + smuggled.length }],
  );
});

test('a record of another log, such as a reused disk block may hold, does not count', async (t) => {
  const otherFolder = await temporaryFolder(t);
  const other = await openTestLog(t, otherFolder, { clock: { nowMs: () => startMs + 1 } });
  await other.log.append(payloadOf(100), 10);
  const stale = (await readFile(join(otherFolder, (await segmentNames(otherFolder))[0]!))).subarray(40);
  const log = await writtenLog(t);
  await log.edit(log.segment(2), followedBy(stale));
  const outcome = await openDamaged(t, log.folder, await filesOf(log.folder));
  assert.deepEqual(outcome.records, allRecords);
  assert.deepEqual(outcome.damages, [{ ...corruptTail(segmentBytes, recordBytes), rows: [1000, 1010] }]);
});

test('a record is found behind megabytes of garbage, wherever its first bytes fall', async (t) => {
  for (const length of [256 * 1024 - 2, 256 * 1024 - 1, 256 * 1024, 3_000_000]) {
    const log = await writtenLog(t);
    await log.edit(log.segment(1), (bytes) =>
      Buffer.concat([bytes.subarray(0, offsetOf(5)), Buffer.alloc(length, 0xff), bytes.subarray(offsetOf(5))]),
    );
    const outcome = await openDamaged(t, log.folder, await filesOf(log.folder));
    assert.deepEqual(outcome.records, allRecords);
    assert.deepEqual(
      outcome.damages.map(({ kind, bytes }) => ({ kind, bytes })),
      [{ kind: 'corrupt_record', bytes: length }],
    );
  }
});

test('where the quarantine has no room, damaged bytes are told and stay in their segment', async (t) => {
  const log = await writtenLog(t);
  await log.edit(log.segment(2), followedBy(garbage));
  await mkdir(join(log.folder, 'quarantine'));
  await writeFile(join(log.folder, 'quarantine', 'full'), '');
  await truncate(join(log.folder, 'quarantine', 'full'), 1024 ** 3);
  const outcome = await openDamaged(t, log.folder, new Map());
  assert.deepEqual(outcome.damages, [{ ...corruptTail(segmentBytes, 300), quarantined: false }]);
  assert.deepEqual(outcome.records, allRecords);
  assert.equal((await stat(log.segment(2))).size, segmentBytes + 300);
  const again = await openDamaged(t, log.folder, new Map());
  assert.deepEqual(again, outcome);
  assert.equal((await stat(log.segment(2))).size, segmentBytes + 300);
});

test('a ruined newest segment that cannot be copied is not overwritten', async (t) => {
  const log = await writtenLog(t);
  const ruined = Buffer.concat([(await readFile(log.segment(2))).subarray(0, 40), garbage]);
  await log.edit(log.segment(2), () => ruined);
  await mkdir(join(log.folder, 'quarantine'));
  await writeFile(join(log.folder, 'quarantine', 'full'), '');
  await truncate(join(log.folder, 'quarantine', 'full'), 1024 ** 3);
  const { log: opened } = await openTestLog(t, log.folder, { clock: { nowMs: () => 0 } });
  await opened.append(payloadOf(0), 10);
  assert.deepEqual(await readFile(log.segment(2)), ruined);
});

test('a folder moved elsewhere opens as it was', async (t) => {
  const log = await writtenLog(t, 25);
  const moved = join(await temporaryFolder(t), 'moved');
  await rename(log.folder, moved);
  const { log: opened, damages } = await openTestLog(t, moved, { clock: { nowMs: () => startMs - 1 } });
  assert.deepEqual(await recordIndexes(opened), allRecords);
  assert.equal(opened.checkpointSequence, startSequence + 25);
  assert.deepEqual(damages, []);
});
