import type { MetricLoad } from '../load/metric-load.js';
import type { MeasuredServer } from '../servers/measured-server.js';
import { anonymousBytes, residentBytes } from './process-tree.js';
import { replay } from './replay.js';
import { settle } from './settle.js';

export interface SeriesMemory {
  /** Growth of resident memory over the empty server, bytes a series. */
  readonly residentBytesPerSeries: number;
  /** The part of it that is no page of a file. */
  readonly ownBytesPerSeries: number;
  readonly emptyBytes: number;
}

/** What a server's process tree holds for each series of a load once it has settled. */
export async function seriesMemory(server: MeasuredServer, load: MetricLoad, senders: number): Promise<SeriesMemory> {
  await settle(server.pid, server.isIdle);
  const resident = residentBytes(server.pid);
  const own = anonymousBytes(server.pid);
  await replay(load, server.writeUrl, senders);
  await settle(server.pid, server.isIdle);
  return {
    residentBytesPerSeries: (residentBytes(server.pid) - resident) / load.seriesCount,
    ownBytesPerSeries: (anonymousBytes(server.pid) - own) / load.seriesCount,
    emptyBytes: resident,
  };
}
