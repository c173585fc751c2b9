/**
 * `npm run torture [-- --rounds N] [--seed N]`: in each round, while clients write, the server, the engine under it or both are killed
 * with -9 at a random moment, or the server is stopped with SIGTERM, or the engine is held still for seconds. Then it counts.
 * Ends with 1 when an acknowledged row is missing, doubled or changed, or a row is there that was never sent.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { childrenOf, countStored, startClients, startServerProcess } from './kill-cycle.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const rounds = Number(values.rounds);
const random = seeded(Number(values.seed));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const stillMsMax = 4_000;
const betweenMsMax = 1_500;
const roundsPerReport = 25;
/** Leaves the machine time to start servers, which is what a round waits for. */
const betweenBodiesMs = 100;

const folder = await mkdtemp(join(tmpdir(), 'barograph-torture-'));
let server = await startServerProcess(folder);
const clients = startClients(4, server.url, betweenBodiesMs);
const engineProcesses = (): number[] => childrenOf(server.pid);
/** One that is gone already needs no signal. */
function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
}
const signalEngine = (signal: NodeJS.Signals): void => signalAll(engineProcesses(), signal);
async function endServer(signal: NodeJS.Signals): Promise<void> {
  await server.kill(signal);
  server = await startServerProcess(folder);
  clients.moveTo(server.url);
}

const harms = {
  'server killed': () => endServer('SIGKILL'),
  'engine killed': async () => signalEngine('SIGKILL'),
  'both killed': async () => {
    signalEngine('SIGKILL');
    await endServer('SIGKILL');
  },
  'server stopped': () => endServer('SIGTERM'),
  'engine held still': async () => {
    const held = engineProcesses();
    signalAll(held, 'SIGSTOP');
    await delay(random() * stillMsMax);
    signalAll(held, 'SIGCONT');
  },
} as const;
const names = Object.keys(harms) as (keyof typeof harms)[];
const done = new Map(names.map((name) => [name, 0]));

for (let round = 1; round <= rounds; round++) {
  await delay(random() * betweenMsMax);
  const name = names[Math.floor(random() * names.length)]!;
  done.set(name, done.get(name)! + 1);
  await harms[name]();
  if (round % roundsPerReport === 0)
    say(`${round} of ${rounds} rounds, ${clients.acknowledged.predictions} predictions`);
}
await clients.finish();
const found = await countStored(server.url);
await server.kill('SIGTERM');

const { predictions, truths } = clients.acknowledged;
say(`${rounds} rounds: ${Array.from(done, ([name, times]) => `${name} ${times}`).join(', ')}`);
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
