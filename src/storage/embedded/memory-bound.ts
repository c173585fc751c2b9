import { totalmem } from 'node:os';

/** Share of the machine's memory that the engine may hold where nothing else is configured. */
const memoryShare = 0.4;
/** The server does not open in less. Measured: it needs about 100 MB at rest. */
const memoryBytesMin = 512 * 1024 ** 2;

/** The engine's memory bound where none is configured: a share of what this process may use, bytes. */
export function defaultMemoryBytesMax(): number {
  // Zero or an absurdly large number says that no container limits us.
  const constrained = process.constrainedMemory() ?? 0;
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(memoryBytesMin, Math.floor(available * memoryShare));
}
