/** What a log keeps when its process is killed with SIGKILL at any moment, its openings included. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { crashPayload, idOf } from './crash-payload.js';
import { openTestLog, readAll, temporaryFolder } from './temporary-log.js';

const writer = fileURLToPath(new URL('./crash-writer.js', import.meta.url));

interface Acknowledged {
  readonly sequence: number;
  readonly count: number;
}

interface Printed {
  readonly acknowledged: Map<string, Acknowledged>;
  /** The highest that a writer was about to set. */
  checkpoint: number;
  readonly damages: string[];
}

/** How a writer is run: what it does with checkpoints, and how much it must have done before most of the kills. */
interface Manner {
  readonly checkpoints: 'checkpoints' | 'none';
  readonly linesMin: number;
}

/** Runs a writer and kills it: some time after it has printed enough lines, or, each third, any time after its start. */
async function writeAndKill(folder: string, run: number, manner: Manner, printed: Printed): Promise<void> {
  const args = [writer, folder, String(run), manner.checkpoints];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'close');
  let output = '';
  const printedEnough = new Promise<void>((resolve) => {
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      if (output.split('\n').length > manner.linesMin) resolve();
    });
  });
  if (run % 3 === 0) await setTimeout(Math.random() * 150);
  else {
    await Promise.race([printedEnough, exited]);
    await setTimeout(Math.random() * 60);
  }
  child.kill('SIGKILL');
  const [, signal] = await exited;
  assert.equal(signal, 'SIGKILL', 'the writer was alive until it was killed');
  collect(output, printed);
}

/** A last line without its end was cut off by the kill, and is not counted. */
function collect(output: string, printed: Printed): void {
  for (const line of output.slice(0, output.lastIndexOf('\n') + 1).split('\n')) {
    const [word, first, second, id] = line.split(' ');
    if (word === 'ack') printed.acknowledged.set(id!, { sequence: Number(first), count: Number(second) });
    if (word === 'checkpoint') printed.checkpoint = Math.max(printed.checkpoint, Number(first));
    if (word === 'damage') printed.damages.push(line);
  }
}

async function killRepeatedly(t: TestContext, kills: number, manner: Manner) {
  const folder = await temporaryFolder(t);
  const printed: Printed = { acknowledged: new Map(), checkpoint: 0, damages: [] };
  for (let run = 0; run < kills; run++) await writeAndKill(folder, run, manner, printed);
  const { log, damages } = await openTestLog(t, folder);
  return { printed, log, damages, records: await readAll(log) };
}

/** Every record read has the bytes of the append that its id names, no id comes twice, and numbers only rise. */
function checkRecords(records: Awaited<ReturnType<typeof readAll>>): Map<string, Acknowledged> {
  const byId = new Map<string, Acknowledged>();
  let end = 0;
  for (const { sequence, count, payload } of records) {
    const id = idOf(payload);
    assert.ok(crashPayload(id).equals(payload), `record ${id} has its own bytes`);
    assert.ok(!byId.has(id), `record ${id} comes once`);
    assert.ok(sequence >= end, `record ${id} comes after the one before`);
    byId.set(id, { sequence, count });
    end = sequence + count;
  }
  return byId;
}

test('after twelve kills every acknowledged record is there once, with its number and its bytes', async (t) => {
  const { printed, damages, records } = await killRepeatedly(t, 12, { checkpoints: 'none', linesMin: 20 });
  const byId = checkRecords(records);
  assert.ok(printed.acknowledged.size >= 8 * 19, `${printed.acknowledged.size} appends were acknowledged`);
  for (const [id, acknowledged] of printed.acknowledged) assert.deepEqual(byId.get(id), acknowledged, `record ${id}`);
  for (const damage of damages) assert.equal(damage.kind, 'torn_tail');
  for (const damage of printed.damages) assert.equal(damage, 'damage torn_tail false');
  t.diagnostic(`${printed.acknowledged.size} acknowledged, ${printed.damages.length} torn tails`);
});

test('kills between checkpoints lose nothing above the checkpoint', async (t) => {
  const { printed, log, damages, records } = await killRepeatedly(t, 8, { checkpoints: 'checkpoints', linesMin: 120 });
  const byId = checkRecords(records);
  assert.ok(printed.checkpoint > 0);
  assert.ok(log.checkpointSequence <= printed.checkpoint);
  for (const [id, acknowledged] of printed.acknowledged)
    if (acknowledged.sequence >= log.checkpointSequence) assert.deepEqual(byId.get(id), acknowledged, `record ${id}`);
  assert.ok(byId.size < printed.acknowledged.size, 'segments were deleted');
  for (const damage of [...damages.map(({ kind }) => kind), ...printed.damages]) assert.match(damage, /torn_tail/);
});
