/** Starts a private engine on the folder given, says the ids of both processes on a line, and waits to be killed. */
import { startEmbeddedEngine } from '../../../src/storage/embedded/embedded-engine.js';
import { silentLog } from '../test-engine.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('a data folder is wanted');
const embedded = await startEmbeddedEngine({ dataFolder: folder, memoryBytesMax: 1024 ** 3, log: silentLog });
process.on('SIGINT', () => process.stdout.write('interrupted\n'));
process.stdout.write(`${JSON.stringify({ parent: process.pid, child: embedded.pid })}\n`);
