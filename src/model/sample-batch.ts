/**
 * Samples as every protocol's decoder gives them: runs of samples, each run of one series, as columns. A series may have
 * several runs in a batch, and its samples may come in any order of time.
 *
 * A run's series is told by bytes in `keys`, in one of these forms:
 * - `canonical`: canonical label bytes (`labels.ts`).
 * - `remote_write_1`: the label messages of a TimeSeries as they lie in the request (field 1, length, Label …), so that
 *   labels of a series that was seen before are compared as bytes and never decoded.
 *
 * Decoders see to the form; what the labels may say (their number, lengths, UTF-8, order, a name that comes twice) is checked once,
 * when a series is met for the first time.
 */

import { assert } from '../base/assert.js';
import type { ErrorCode } from '../base/errors.js';
import type { HistogramBytes } from './native-histogram-bytes.js';
import type { Rejection } from './rejection.js';

export type SeriesKeyForm = 'canonical' | 'remote_write_1';

export interface SampleBatch {
  readonly keyForm: SeriesKeyForm;
  /** Run i's key is keys[keyStarts[i], keyEnds[i]). May be the request's body itself. */
  readonly keys: Uint8Array;
  readonly keyStarts: Uint32Array;
  readonly keyEnds: Uint32Array;
  readonly runCount: number;
  /** Run i's samples are [sampleEnds[i - 1], sampleEnds[i]), the first run's from 0. Length at least `runCount`. */
  readonly sampleEnds: Uint32Array;
  readonly sampleCount: number;
  /** Epoch milliseconds, whole numbers. Length at least `sampleCount`. */
  readonly timesMs: Float64Array;
  /** Every bit counts: NaNs, among them the stale marker, must be written through `valueWords`. Length at least `sampleCount`. */
  readonly values: Float64Array;
}

/** Native histograms of a body, beside its samples. They are fewer and larger than samples, so each is bytes of its own. */
export interface HistogramBatch {
  /** Series and times as those of samples have them; a value is the number of the histogram among `histograms`. */
  readonly runs: SampleBatch;
  readonly histograms: HistogramBytes;
}

export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

/** What is known of a metric (a metric family in OpenMetrics' words). */
export interface MetricMetadata {
  /** Name of the family as Prometheus' metadata API gives it, for example `http_requests_total`. */
  readonly metric: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

export interface Exemplar {
  /** Canonical label bytes of the series. */
  readonly series: Uint8Array;
  /** Canonical label bytes of the exemplar's own labels, for example trace_id. */
  readonly labels: Uint8Array;
  readonly timeMs: number;
  readonly value: number;
}

/** A body of metrics, decoded. */
export interface DecodedMetrics {
  readonly batch: SampleBatch;
  readonly metadata: readonly MetricMetadata[];
  readonly exemplars: readonly Exemplar[];
  /** Native histograms, where the body has any. Their runs' keys are of the same form as those of `batch`. */
  readonly histograms?: HistogramBatch | undefined;
  /** Samples, histograms, lines or data points left out. */
  readonly rejected: number;
  readonly rejectedByCode: ReadonlyMap<ErrorCode, number>;
  /** The first of them, at most `rejectionsMax`. */
  readonly rejections: readonly Rejection[];
}

/** So many rejections of a body are told one by one; the others are counted. */
export const rejectionsMax = 100;

/** The bits of Prometheus' stale marker: a NaN that says that the series ends here. Source: prometheus model/value. */
export const staleMarkerHigh = 0x7ff00000;
export const staleMarkerLow = 0x00000002;

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Words of doubles: value i is words[2 * i] (low half) and words[2 * i + 1] (high half). Needs a little-endian machine, as all that Node runs on are. */
export function valueWords(values: Float64Array): Uint32Array {
  assert(isLittleEndian, 'this machine is big-endian');
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}
