/**
 * `npm run torture [-- --rounds N] [--seconds N] [--seed N]`: in each round, while clients write events and metrics, the server, the engine under it or both
 * are killed with -9 at a random moment, or the server is stopped with SIGTERM, or the engine is held still for seconds. Then it counts.
 * `--seconds` begins no further round after so long. `npm run torture -- query-of-death` is another torture, see `query-of-death.ts`. Ends with 1 when an acknowledged row is missing, doubled or changed, a row is there that was never sent, or a total is wrong.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { serverSettings, startClients } from './clients.js';
import { queryOfDeath } from './query-of-death.js';
import { seededRandom } from './seeded-random.js';
import { childrenOf, startServerProcess } from './server-process.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '50' },
    seconds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
  },
});
const roundsMax = Number(values.rounds);
const endMs = Date.now() + Number(values.seconds) * 1_000;
const seed = Number(values.seed);
const random = seededRandom(seed);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const stillMsMax = 4_000;
const betweenMsMax = 1_500;
const roundsPerReport = 25;
const problemsShown = 20;
/** Leaves the machine time to start servers, which is what a round waits for. */
const betweenStepsMs = 100;

if (positionals[0] === 'query-of-death') process.exit(await queryOfDeath(Number(values.seconds), say));

const folder = await mkdtemp(join(tmpdir(), 'barograph-torture-'));
let server = await startServerProcess(folder, serverSettings);
const clients = startClients({ url: server.url, count: 4, seed, pauseMs: betweenStepsMs });
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
  server = await startServerProcess(folder, serverSettings);
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

let rounds = 0;
while (rounds < roundsMax && Date.now() < endMs) {
  rounds++;
  await delay(random() * betweenMsMax);
  const name = names[Math.floor(random() * names.length)]!;
  done.set(name, done.get(name)! + 1);
  await harms[name]();
  if (rounds % roundsPerReport === 0) say(`${rounds} rounds: ${clients.sent()}`);
}
await clients.finish();
const problems = await clients.problems(server.url);
await server.kill('SIGTERM');

say(`${rounds} rounds: ${Array.from(done, ([name, times]) => `${name} ${times}`).join(', ')}`);
say(`acknowledged: ${clients.sent()}`);
for (const problem of problems.slice(0, problemsShown)) say(problem);
const isSound = problems.length === 0;
say(
  isSound
    ? 'everything acknowledged is there, once, unchanged, and the totals are right'
    : `${problems.length} PROBLEMS; the folder is kept: ${folder}`,
);
if (isSound) await rm(folder, { recursive: true, force: true });
process.exitCode = isSound ? 0 : 1;
