/**
 * Turns deltas into cumulative values: of each stream (a series, or all series of a histogram) it keeps the total so far. It outlives
 * requests: one accumulator serves one server, and a stream's deltas must all come to it, in their order.
 *
 * - A delta is added where it ends later than the last one. Whether a gap or an overlap lies between them makes no difference: totals only
 *   have to grow by what happened, since queries take differences. (The collector's deltatocumulative processor does the same.)
 * - The last delta again, with equal times and values, as a client sends it that heard no answer, changes nothing and has the same total.
 * - Any other delta that does not end later is refused.
 * - Totals begin anew, which queries take for a counter's reset, where a histogram's bounds change, after a start of the server, and for
 *   streams that were forgotten.
 * - The streams' memory is bounded. Past it those go that were not heard of for longest (nearly: by second chance), and are counted.
 *
 * Source: OpenTelemetry specification, metrics/data-model.md, "Sums: Delta-to-Cumulative".
 */
import { bucketsMax, type ExponentialHistogram, merged } from './exponential-buckets.js';

/**
 * `added`: the delta is in the total. `repeated`: it was before. `out_of_order`: it is refused, because it ends before the stream's last
 * one does, or with it but with other values.
 */
export type DeltaOutcome = 'added' | 'repeated' | 'out_of_order';

export interface DeltaAccumulator {
  /**
   * Adds values[0, count), deltas of the stream, to its totals, and puts the totals in their place, unless the delta is refused.
   * @param stream Any bytes that name the stream: canonical label bytes.
   * @param bounds The histogram's bounds, to which the totals belong; none where the stream is no histogram.
   * @param timeNs When the delta ends, epoch nanoseconds, as the nearest double.
   */
  add(stream: Uint8Array, bounds: ArrayLike<number>, timeNs: number, values: Float64Array, count: number): DeltaOutcome;
  /** As `add`, for a histogram within the limits of exponential-buckets.ts; `total` is undefined where the delta is refused. */
  addExponential(stream: Uint8Array, timeNs: number, delta: ExponentialHistogram): ExponentialDelta;
  /** Forgets a stream that has ended. */
  end(stream: Uint8Array): void;
  readonly streamCount: number;
  /** Memory of the streams, bytes, by estimate. */
  readonly streamBytes: number;
  /** Streams that were forgotten because the bound was reached. */
  readonly streamsForgotten: number;
}

export interface ExponentialDelta {
  readonly outcome: DeltaOutcome;
  readonly total: ExponentialHistogram | undefined;
}

export interface DeltaAccumulatorOptions {
  /** Most memory for streams, bytes. The default, 128 MiB, holds about 120,000 counters of ten labels or 90,000 histograms of 16 buckets. */
  readonly streamBytesMax?: number;
}

const streamBytesMaxDefault = 128 * 1024 * 1024;

/** What a stream costs beside its name and numbers: the map's entry, the object, its arrays. Measured on Node 20, with names of 350 bytes. */
const streamOverheadBytes = 750;

/** A stream's total and, to know it again, its last delta. */
type Stream = StreamState & (ValueStream | ExponentialStream);

interface StreamState {
  /** When the last delta ended. */
  timeNs: number;
  bytes: number;
  /** Whether a delta came since the bound last passed over the stream. */
  wasUsed: boolean;
}

interface ValueStream {
  readonly kind: 'values';
  readonly bounds: Float64Array;
  readonly last: Float64Array;
  readonly totals: Float64Array;
}

interface ExponentialStream {
  readonly kind: 'exponential';
  last: ExponentialHistogram;
  total: ExponentialHistogram;
}

export function createDeltaAccumulator(options: DeltaAccumulatorOptions = {}): DeltaAccumulator {
  const table = new StreamTable(options.streamBytesMax ?? streamBytesMaxDefault);
  return {
    add(stream, bounds, timeNs, values, count) {
      const name = nameOf(stream);
      const known = table.streams.get(name);
      if (known?.kind !== 'values' || known.last.length !== count || !startsWith(bounds, known.bounds, bounds.length)) {
        if (known !== undefined && timeNs <= known.timeNs) return 'out_of_order';
        table.begin(name, valueStream(bounds, timeNs, values.slice(0, count)));
        return 'added';
      }
      const outcome = outcomeOf(known, timeNs, () => startsWith(values, known.last, count));
      if (outcome === 'out_of_order') return outcome;
      if (outcome === 'added') {
        for (let i = 0; i < count; i++) {
          known.last[i] = values[i]!;
          known.totals[i]! += values[i]!;
        }
      }
      values.set(known.totals);
      return outcome;
    },
    addExponential(stream, timeNs, delta) {
      const name = nameOf(stream);
      const known = table.streams.get(name);
      const outcome = known === undefined ? 'added' : outcomeOf(known, timeNs, () => isLast(known, delta));
      if (outcome === 'out_of_order') return { outcome, total: undefined };
      if (known?.kind === 'exponential') {
        const total = outcome === 'added' ? merged(known.total, delta) : known.total;
        if (total !== undefined) {
          known.last = delta;
          known.total = total;
          return { outcome, total };
        }
      }
      table.begin(name, exponentialStream(timeNs, delta));
      return { outcome, total: delta };
    },
    end: (stream) => table.forget(nameOf(stream)),
    get streamCount() {
      return table.streams.size;
    },
    get streamBytes() {
      return table.bytes;
    },
    get streamsForgotten() {
      return table.forgotten;
    },
  };
}

/** The streams by name, within the bound. */
class StreamTable {
  readonly streams = new Map<string, Stream>();
  bytes = 0;
  forgotten = 0;

  constructor(private readonly bytesMax: number) {}

  forget(name: string): void {
    this.bytes -= this.streams.get(name)?.bytes ?? 0;
    this.streams.delete(name);
  }

  begin(name: string, stream: Stream): void {
    this.forget(name);
    stream.bytes += name.length;
    while (this.bytes + stream.bytes > this.bytesMax && this.streams.size > 0) this.forgetOldest();
    this.streams.set(name, stream);
    this.bytes += stream.bytes;
  }

  /** Second chance: streams lie in the order of their beginning; one that was used since goes to the end instead. */
  private forgetOldest(): void {
    for (const [name, stream] of this.streams) {
      if (!stream.wasUsed) {
        this.forget(name);
        this.forgotten++;
        return;
      }
      stream.wasUsed = false;
      this.streams.delete(name);
      this.streams.set(name, stream);
    }
  }
}

/** What becomes of a delta that ends at `timeNs`; marks the stream as used, and moves its time where the delta is to be added. */
function outcomeOf(stream: Stream, timeNs: number, isRepeated: () => boolean): DeltaOutcome {
  stream.wasUsed = true;
  if (timeNs <= stream.timeNs) return timeNs === stream.timeNs && isRepeated() ? 'repeated' : 'out_of_order';
  stream.timeNs = timeNs;
  return 'added';
}

function valueStream(bounds: ArrayLike<number>, timeNs: number, deltas: Float64Array): Stream {
  const bytes = streamOverheadBytes + 8 * (bounds.length + 2 * deltas.length);
  const values = { bounds: Float64Array.from(bounds), last: deltas, totals: deltas.slice() };
  return { kind: 'values', ...values, timeNs, bytes, wasUsed: false };
}

function exponentialStream(timeNs: number, delta: ExponentialHistogram): Stream {
  // Totals may grow to the limit; the last delta is counted as if it had.
  const bytes = streamOverheadBytes + 2 * 2 * 8 * bucketsMax;
  return { kind: 'exponential', last: delta, total: delta, timeNs, bytes, wasUsed: false };
}

const isLast = (stream: Stream, delta: ExponentialHistogram): boolean =>
  stream.kind === 'exponential' && stream.last.count === delta.count && Object.is(stream.last.sum, delta.sum);

function startsWith(values: ArrayLike<number>, wanted: ArrayLike<number>, count: number): boolean {
  if (wanted.length !== count) return false;
  for (let i = 0; i < count; i++) if (!Object.is(values[i], wanted[i])) return false;
  return true;
}

/** Latin 1 keeps bytes apart, and one byte of memory for each. */
const nameOf = (stream: Uint8Array): string =>
  Buffer.from(stream.buffer, stream.byteOffset, stream.length).toString('latin1');
