/** One load sent to one server: what that cost it, and what it kept of it. */
import type { MetricLoad } from '../load/metric-load.js';
import type { MeasuredServer } from '../servers/measured-server.js';
import { cpuSeconds } from './process-tree.js';
import { type ReadBack, readBack } from './read-back.js';
import { replay } from './replay.js';
import { settle } from './settle.js';

export interface IngestRun {
  readonly samplesPerSecond: number;
  /** Until the last acknowledgement. */
  readonly samplesPerCpuSecondAtAck: number;
  /** Until all is in its place and merged. */
  readonly samplesPerCpuSecond: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly retries: number;
  /** Cores that the client used while it sent. */
  readonly clientCores: number;
  readonly bytesPerSample: number;
  readonly readBack: ReadBack;
  readonly hasSettled: boolean;
}

export async function ingestRun(server: MeasuredServer, load: MetricLoad, senders: number): Promise<IngestRun> {
  await settle(server.pid, server.isIdle);
  const cpuBefore = cpuSeconds(server.pid);
  const { seconds, latenciesMs, retries, clientCpuSeconds } = await replay(load, server.writeUrl, senders);
  const cpuAtAck = cpuSeconds(server.pid) - cpuBefore;
  await server.flush();
  const settled = await settle(server.pid, server.isIdle);
  const { sampleCount } = load;
  const latency = (share: number): number => latenciesMs[Math.floor(share * (latenciesMs.length - 1))]!;
  return {
    samplesPerSecond: sampleCount / seconds,
    samplesPerCpuSecondAtAck: sampleCount / cpuAtAck,
    samplesPerCpuSecond: sampleCount / (settled.cpuSeconds - cpuBefore),
    ackP50Ms: latency(0.5),
    ackP99Ms: latency(0.99),
    retries,
    clientCores: clientCpuSeconds / seconds,
    readBack: await readBack(server, load),
    bytesPerSample: (await server.diskBytes()) / sampleCount,
    hasSettled: settled.hasSettled,
  };
}
