/**
 * Fills a disk of a few megabytes through a log, and goes on once its rows are stored. Prints one line of JSON for the
 * test to judge. Its argument is a folder on that disk.
 */
import { open as openFile } from 'node:fs/promises';
import { systemClock } from '../../src/base/clock.js';
import { isBarographError } from '../../src/base/errors.js';
import { type Log, openLog } from '../../src/wal/log.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: full-disk-writer <folder>');

const damages: string[] = [];
const open = () =>
  openLog({
    folder: `${folder}/log`,
    clock: systemClock,
    segmentBytesMax: 512 * 1024,
    onDamage: (damage) => damages.push(damage.message),
  });
const payloadOf = (index: number) => Buffer.alloc(50_000, `row ${index};`);

async function fill(log: Log, from: number): Promise<{ end: number; codes: string[] }> {
  const codes: string[] = [];
  let end = from;
  while (codes.length < 3) {
    try {
      await log.append(payloadOf(end), 1);
      end++;
    } catch (error) {
      codes.push(isBarographError(error) ? error.code : String(error));
    }
  }
  return { end, codes };
}

/** Takes the last free pages of the disk, so that not even a checkpoint's new file finds one. */
async function fillUp(): Promise<void> {
  const ballast = await openFile(`${folder}/ballast`, 'a');
  try {
    for (;;) await ballast.write(Buffer.alloc(4096, 1));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    await ballast.close();
  }
}

async function intactFrom(log: Log, first: number): Promise<number> {
  let intact = 0;
  for await (const { payload } of log.read(log.checkpointSequence))
    if (payloadOf(first + intact).equals(payload)) intact++;
    else break;
  return intact;
}

const log = await open();
const filled = await fill(log, 0);
const readWhileFull = await intactFrom(log, 0);
await log.close();
const reopened = await open();
const readAfterReopening = await intactFrom(reopened, 0);
await fillUp();
await reopened.checkpoint(reopened.durableSequence);
const refilled = await fill(reopened, filled.end);
const readAgain = await intactFrom(reopened, filled.end);
await reopened.close();
process.stdout.write(JSON.stringify({ filled, readWhileFull, readAfterReopening, refilled, readAgain, damages }));
