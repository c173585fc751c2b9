/**
 * The metrics' numbers, and what is counted by metric. A metric keeps its number for as long as the process lives, even
 * without series, so that what others keep by it never comes to stand for another metric. Number 0 is that of series without a name.
 */
import { withRoom } from './grown.js';
import type { TextTable } from './text-table.js';

/** New series are told by minute for so many minutes, the present one included. */
export const growthMinutes = 16;

export const unnamedMetric = 0;

export class MetricTable {
  /** One past the largest number. */
  limit = 1;
  /** By metric: live series. */
  seriesCounts = new Uint32Array(64);
  /** By metric: changes of its set of series, so that what was computed from it is known to be stale. */
  versions = new Uint32Array(64);
  /** By metric: the text of its name among the values; that of metric 0 means nothing. */
  private texts = new Uint32Array(64);
  /** By text: the metric plus one, 0 where the text names none. */
  private metricsByText = new Uint32Array(64);
  /** By minute modulo `growthMinutes`, then by metric: series added in it. */
  private readonly added = Array.from({ length: growthMinutes }, () => new Uint32Array(64));
  private latestMinute = 0;

  constructor(private readonly values: TextTable) {}

  get stateBytes(): number {
    const columns = [this.seriesCounts, this.versions, this.texts, this.metricsByText, ...this.added];
    return columns.reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** The metric whose name is this text among the values; a new one holds the text for ever. */
  ofText(text: number): number {
    this.metricsByText = withRoom(this.metricsByText, text + 1);
    const known = this.metricsByText[text]!;
    if (known > 0) return known - 1;
    const metric = this.limit++;
    this.texts = withRoom(this.texts, this.limit);
    this.seriesCounts = withRoom(this.seriesCounts, this.limit);
    this.versions = withRoom(this.versions, this.limit);
    this.texts[metric] = text;
    this.metricsByText[text] = metric + 1;
    this.values.hold(text);
    return metric;
  }

  nameOf(metric: number): string {
    return metric === unnamedMetric ? '' : this.values.textOf(this.texts[metric]!);
  }

  nameBytesOf(metric: number): Uint8Array {
    return metric === unnamedMetric ? new Uint8Array() : this.values.bytesOf(this.texts[metric]!);
  }

  countSeries(metric: number): void {
    this.seriesCounts[metric]!++;
    this.versions[metric]!++;
  }

  discountSeries(metric: number): void {
    this.seriesCounts[metric]!--;
    this.versions[metric]!++;
  }

  /** Counts a series that was added at a time. */
  countNew(metric: number, nowMs: number): void {
    const minute = this.turnTo(nowMs);
    const column = withRoom(this.added[minute % growthMinutes]!, this.limit);
    this.added[minute % growthMinutes] = column;
    column[metric]!++;
  }

  /** Series added in the last `minutes` minutes, the present one included, by metric. At most `growthMinutes`. */
  newSeries(minutes: number, nowMs: number): Uint32Array {
    const latest = this.turnTo(nowMs);
    const sums = new Uint32Array(this.limit);
    for (let ago = 0; ago < minutes; ago++) {
      const column = this.added[(latest - ago + growthMinutes) % growthMinutes]!;
      for (let metric = 0; metric < this.limit && metric < column.length; metric++) sums[metric]! += column[metric]!;
    }
    return sums;
  }

  /** Empties the minutes that have begun since; a clock that was put back counts into the latest. */
  private turnTo(nowMs: number): number {
    const minute = Math.floor(nowMs / 60_000);
    const turned = Math.min(Math.max(minute - this.latestMinute, 0), growthMinutes);
    for (let i = 0; i < turned; i++) this.added[(minute - i) % growthMinutes]!.fill(0);
    this.latestMinute = Math.max(minute, this.latestMinute);
    return this.latestMinute;
  }
}
