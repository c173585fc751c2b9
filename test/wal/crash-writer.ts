/**
 * A process that appends until it is killed, with eight appends under way at a time. It prints a line for each append
 * that was acknowledged, `ack <sequence> <count> <id>`, and, before each checkpoint, `checkpoint <sequence>`.
 * Arguments: folder, an id that no other run has, and `checkpoints` or `none`.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/base/clock.js';
import { openLog } from '../../src/wal/log.js';
import { crashPayload } from './crash-payload.js';

const [folder, run, checkpoints] = process.argv.slice(2);
if (folder === undefined || run === undefined) throw new Error('usage: crash-writer <folder> <run> <checkpoints|none>');

const say = (line: string) => writeSync(1, `${line}\n`);
const log = await openLog({
  folder,
  clock: systemClock,
  segmentBytesMax: 256 * 1024,
  onDamage: (damage) => say(`damage ${damage.kind} ${damage.rowsMayBeLost}`),
});
let next = 0;

async function append(): Promise<void> {
  for (;;) {
    const id = `${run}-${next++}`;
    const count = 1 + (next % 5);
    const sequence = await log.append(crashPayload(id), count);
    say(`ack ${sequence} ${count} ${id}`);
    if (checkpoints === 'checkpoints' && next % 50 === 0) await checkpoint(sequence);
  }
}

/** Lets go of what lies some way back, so that segments are deleted and others stay to be looked at. */
async function checkpoint(sequence: number): Promise<void> {
  const stored = Math.max(log.checkpointSequence, sequence - 300);
  say(`checkpoint ${stored}`);
  await log.checkpoint(stored);
}

await Promise.all(Array.from({ length: 8 }, append));
