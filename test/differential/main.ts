/**
 * `npm run differential -- [--prometheus PATH] [--queries N] [--seed N] [--rounds N] [--restart]`: random series go into a real Prometheus and into
 * Barograph, and random queries to both are compared point by point. Ends with 1 where an answer differs. With `--restart` Barograph is restarted before
 * it is asked, so that it reads the rows of its tables and not what it wrote to memory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram } from '../../bench/servers/find-program.js';
import { type ServerProcess, startServerProcess } from '../torture/server-process.js';
import { compareQueries, type Difference, loadMetrics } from './differential-run.js';
import { startJudge } from './prometheus-process.js';

const { values: options } = parseArgs({
  options: {
    prometheus: { type: 'string' },
    queries: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '1' },
    restart: { type: 'boolean', default: false },
  },
});

const settings = ['metrics.accept.behind=off'];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tell({ query, parameters, what, narrowed }: Difference): void {
  say(`DIFFERS ${query}`);
  say(`  with ${new URLSearchParams(parameters)}`);
  say(`  ${what}`);
  if (narrowed !== query) say(`  so does ${narrowed}`);
}

async function runRound(program: string, seed: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'barograph-differential-'));
  const judge = await startJudge(program);
  let server: ServerProcess | undefined;
  try {
    server = await startServerProcess(folder, settings);
    const servers = {
      ours: server.url,
      theirs: judge.url,
      isVersion3: judge.isVersion3,
      hasRestarted: options.restart,
    };
    const metrics = await loadMetrics(servers, seed);
    if (options.restart) {
      await server.kill('SIGTERM');
      server = await startServerProcess(folder, settings);
      servers.ours = server.url;
    }
    const { queries, answered, failed, undecided, known, differences } = await compareQueries(
      servers,
      metrics,
      Number(options.queries),
      tell,
    );
    say(
      `seed ${seed}, Prometheus ${judge.version}: ${queries} queries, ${answered} with a result, ${failed} refused, ${undecided} undecided, ${known} known to differ; ` +
        `${differences.length} DIFFER`,
    );
    return differences.length;
  } finally {
    await judge.stop();
    await server?.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
}

const program = findProgram('prometheus', options.prometheus);
if (program === undefined) {
  process.stderr.write('no prometheus on PATH: name one with --prometheus\n');
  process.exit(2);
}
let differing = 0;
for (let round = 0; round < Number(options.rounds); round++)
  differing += await runRound(program, Number(options.seed) + round);
process.exitCode = differing === 0 ? 0 : 1;
