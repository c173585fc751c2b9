/** A server that metrics are written to, measured from outside: the same for Barograph and for its rivals. */
import type { WatchedSeries } from '../load/metric-load.js';

export const serverNames = ['Barograph', 'VictoriaMetrics', 'Prometheus'] as const;
export type ServerName = (typeof serverNames)[number];

/** A series as a server gives it back. */
export type StoredSeries = WatchedSeries;

export interface MeasuredServer {
  readonly name: ServerName;
  /** Another one after `restart`. */
  readonly pid: number;
  /** Where Prometheus' API begins. */
  readonly url: string;
  /** Where remote write 1.0 goes. */
  readonly writeUrl: string;
  /** Asks it to bring what it holds in memory to disk, where it can be asked. */
  flush(): Promise<void>;
  /** Whether it says that nothing waits or is being merged; servers that do not say are judged by their CPU alone. */
  isIdle(): Promise<boolean>;
  /** All samples of an instance's series between two times. */
  read(instance: string, startMs: number, endMs: number): Promise<StoredSeries[]>;
  /** Bytes on disk of what is stored, index included, once the server has compacted what it will compact. */
  diskBytes(): Promise<number>;
  /** Ends it in order and starts it again on the same folder; resolves when it is ready. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** The body of an answer that is not an error. */
export async function fetched(url: string, init?: RequestInit): Promise<string> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text.slice(0, 300)}`);
  return text;
}

/** Reads JSON lines `{"metric": {…}, "values": […], "timestamps": […]}`; a series may come in several lines. */
export function parseExport(text: string): StoredSeries[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { metric, values, timestamps } = JSON.parse(line) as {
      metric: Record<string, string>;
      values: number[];
      timestamps: number[];
    };
    return { labels: Object.entries(metric), timesMs: timestamps, values };
  });
}
