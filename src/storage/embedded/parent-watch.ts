/** The worker thread of `child.ts`: ends the whole process when the parent has closed its end of standard input. */
import { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';

function endProcess(): void {
  // The main thread is inside a native call and can run no handler, so nothing gentler would be heard.
  process.kill(process.pid, 'SIGKILL');
}

// Opened from its descriptor: a worker's own process.stdin is fed by the main thread, which is busy. As a socket it is
// waited for by the event loop, where a read of a file would hold a thread that keeps the process from exiting.
const input = new Socket({ fd: 0, readable: true, writable: false });
input.resume();
input.once('end', endProcess);
input.once('error', endProcess);
input.once('close', endProcess);
parentPort?.postMessage('watching');
