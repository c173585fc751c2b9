/**
 * `npm run torture [-- --minutes N] [--seed N]`: kills the server, or the engine under it, at random moments for as long as asked, and
 * then counts. Ends with 1 when an acknowledged row is missing, doubled or changed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childrenOf, countStored, startClients, startServerProcess } from './kill-cycle.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
});
const endsAt = Date.now() + Number(values.minutes) * 60_000;
const random = seeded(Number(values.seed));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const folder = await mkdtemp(join(tmpdir(), 'barograph-torture-'));
let server = await startServerProcess(folder);
const clients = startClients(4, server.url);
const kills = { server: 0, engine: 0, both: 0 };
while (Date.now() < endsAt) {
  await pause(200 + random() * 4_000);
  const victim = (['server', 'engine', 'both'] as const)[Math.floor(random() * 3)]!;
  kills[victim]++;
  if (victim !== 'server') for (const pid of childrenOf(server.pid)) process.kill(pid, 'SIGKILL');
  if (victim === 'engine') continue;
  await server.kill('SIGKILL');
  server = await startServerProcess(folder);
  clients.moveTo(server.url);
}
await clients.finish();
const found = await countStored(server.url);
await server.kill('SIGTERM');

const { predictions, truths } = clients.acknowledged;
say(`kills: ${JSON.stringify(kills)}`);
say(`acknowledged: ${predictions} predictions, ${truths} truths`);
say(`found: ${JSON.stringify(found)}`);
const sound =
  found.predictions === predictions &&
  found.distinct === predictions &&
  found.misfits === 0 &&
  found.withTruth === truths &&
  found.wrongTruth === 0;
say(
  sound
    ? 'every acknowledged row is there, once, unchanged'
    : `ROWS WERE LOST OR DOUBLED; the folder is kept: ${folder}`,
);
if (sound) await rm(folder, { recursive: true, force: true });
process.exitCode = sound ? 0 : 1;

/** Mulberry32, so that a run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
