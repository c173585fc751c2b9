/** How many bytes of samples are kept, where the configuration leaves it open. */
import { totalmem } from 'node:os';
import type { Configuration } from './configuration.js';

/** Most bytes of chunks in memory. */
export const chunkBytesMaxOf = ({ metrics }: Configuration): number =>
  metrics.chunkBytesMax ?? Math.floor(totalmem() / 4);

/** Most bytes of the file that a stop leaves of them. Others may write to a database that a URL names: whether they do, who configures it knows. On a cluster it cannot be seen either. */
export function snapshotBytesMaxOf(configuration: Configuration): number {
  const { engine, metrics } = configuration;
  if (engine.cluster !== undefined) return 0;
  return metrics.snapshot.bytesMax ?? (engine.url === undefined ? chunkBytesMaxOf(configuration) : 0);
}
