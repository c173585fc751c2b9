/** Samples of one series as a line of an import carries them: its labels, and times and values side by side. */
import { ListBuilder, MapBuilder, NumberBuilder, TextBuilder, TimeBuilder } from './column-builders.js';
import type { Batch, ListColumn, MapColumn } from './columns.js';

/** The label that names the metric. */
export const metricNameLabel = '__name__';

export type MetricLineColumns = {
  /** Text by name, sorted by name; the metric's name is the label `__name__`. */
  readonly labels: MapColumn;
  /** Times of the samples. */
  readonly timestamps: ListColumn;
  /** Values of the samples, as many as times. Here NaN is a value like any other. */
  readonly values: ListColumn;
};

export type MetricLineBatch = Batch<MetricLineColumns>;

export const metricLineBuilders = () => ({
  labels: new MapBuilder(new TextBuilder()),
  timestamps: new ListBuilder(new TimeBuilder()),
  values: new ListBuilder(new NumberBuilder()),
});

export const metricLineLimits = {
  /** Most labels of a series. A guess, four times what Prometheus' users are advised. */
  labelsMax: 128,
  /** Longest label name or value, bytes of UTF-8. */
  labelBytesMax: 64 * 1024,
  /** Longest line, bytes of JSON. */
  lineBytesMax: 32 * 1024 * 1024,
} as const;
