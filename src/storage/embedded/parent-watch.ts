/** The worker thread of `child.ts`: ends the whole process when the parent has closed its end of standard input. */
import { createReadStream } from 'node:fs';
import { parentPort } from 'node:worker_threads';

function endProcess(): void {
  // The main thread is inside a native call and can run no handler, so nothing gentler would be heard.
  process.kill(process.pid, 'SIGKILL');
}

// Read from the descriptor itself: a worker's process.stdin is fed by the main thread, which is busy.
const input = createReadStream('', { fd: 0, autoClose: false });
input.on('data', () => {});
input.on('end', endProcess);
input.on('error', endProcess);
parentPort?.postMessage('watching');
