/**
 * The program of the child process: it runs ClickHouse's own main inside this process, through the library that npm brought,
 * until the process is killed. Its arguments are the library's path, then the server's command line.
 *
 * The main thread never comes back from the native call, so a worker thread holds on to standard input, a pipe whose other
 * end only the parent has: at its end the parent is gone, however it died, and this process ends too.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { DataType, load, open } from 'ffi-rs';
import { letOthersFirst } from './priority.js';

const library = 'chdb';

async function main(): Promise<void> {
  const [libraryPath, ...commandLine] = process.argv.slice(2);
  if (libraryPath === undefined) throw new Error('the path of the library is wanted as the first argument');
  const watch = new Worker(new URL('./parent-watch.js', import.meta.url));
  await once(watch, 'message');
  letOthersFirst();
  open({ library, path: libraryPath });
  load({
    library,
    funcName: 'chdb_query_cmdline',
    retType: DataType.External,
    paramsType: [DataType.I32, DataType.StringArray],
    paramsValue: [commandLine.length, commandLine],
  });
  // The server's statement runs for ever, so coming here means that it failed. ClickHouse has written why to standard error.
  process.exit(1);
}

await main();
