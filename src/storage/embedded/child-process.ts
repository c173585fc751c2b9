/** One run of the private server, as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BarographError } from '../../base/errors.js';
import { childFailure } from './child-failure.js';

export interface ChildOptions {
  readonly libraryPath: string;
  /** Where the server keeps its data; also its working directory. */
  readonly folder: string;
  readonly configPath: string;
  readonly port: number;
}

export interface EngineChild {
  readonly pid: number;
  /** Resolves once the process is gone, with the failure that its last words tell. */
  readonly exited: Promise<BarographError>;
  /** False from the moment the process is gone. */
  isRunning(): boolean;
  /** Asks it to end, and kills it where it does not within `graceMs`. Resolves once it is gone. */
  end(graceMs: number): Promise<void>;
}

/** How much of the child's last words is kept, bytes: the exception that ended it, not the stack traces before. */
const lastWordsBytesMax = 16 * 1024;

/** What keeps the server alive: its listeners end with its last statement, so that one never ends. */
const serve =
  'SYSTEM START LISTEN HTTP; ' +
  'SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1, max_execution_time = 0 FORMAT Null';

/** Starts the server; it is not ready yet. Throws `engine_failed` where no process can be made. */
export function startChild(options: ChildOptions): EngineChild {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./child.js', import.meta.url)), ...commandLine(options)],
    {
      cwd: options.folder,
      env: environment(),
      // A process group of its own: an interrupt typed at the terminal is for the parent, which stops the server in order.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const lastWords = collectLastWords(child);
  let running = true;
  const exited = new Promise<BarographError>((resolve) => {
    child.once('error', (cause) => {
      running = false;
      resolve(
        new BarographError('engine_failed', `No process can be started for the engine: ${cause.message}`, { cause }),
      );
    });
    child.once('close', (status, signal) => {
      running = false;
      resolve(childFailure(lastWords(), signal === null ? `status ${status}` : signal, options.folder));
    });
  });
  return {
    pid: child.pid ?? 0,
    exited,
    isRunning: () => running,
    async end(graceMs) {
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(kill);
    },
  };
}

const commandLine = ({ libraryPath, folder, configPath, port }: ChildOptions): string[] => [
  libraryPath,
  // ClickHouse finds the program to run by this name.
  'clickhouse',
  `--path=${folder}`,
  `--config-file=${configPath}`,
  '--listen_host=127.0.0.1',
  `--http_port=${port}`,
  '--session_timezone=UTC',
  `--query=${serve}`,
];

/** Nothing of our environment is the server's business: it would take credentials of clouds and AI services from there. */
function environment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
  const kept = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  return { ...Object.fromEntries(kept), TZ: 'UTC' };
}

function collectLastWords(child: ChildProcess): () => string {
  let words = '';
  const collect = (chunk: string) => {
    words = (words + chunk).slice(-lastWordsBytesMax);
  };
  child.stdout?.setEncoding('utf8').on('data', collect);
  child.stderr?.setEncoding('utf8').on('data', collect);
  // The write end of standard input is never written to; it breaks when the child dies, which `close` reports.
  child.stdin?.on('error', () => {});
  return () => words;
}
