/**
 * Decoders that are used over and over. What a body is decoded into is gone as soon as it is encoded for the log; made anew for each
 * body, it costs more time in the garbage collector than decoding does. A decoder also knows the order of fields of the body before.
 */
import { Kernel } from '../../kernel/kernel.js';
import { RowScan } from '../../kernel/row-scan.js';
import type { GroundTruthBatch } from '../../model/ground-truth.js';
import type { PredictionBatch } from '../../model/prediction.js';
import type { EventDecoder } from '../../protocols/json/event-decoder.js';
import type { TimeWindow } from '../../protocols/json/field-reader.js';
import { groundTruthDecoder } from '../../protocols/json/ground-truth-decoder.js';
import { predictionDecoder } from '../../protocols/json/prediction-decoder.js';
import type { EventKind } from '../counters.js';

type Decoder = EventDecoder<PredictionBatch> | EventDecoder<GroundTruthBatch>;

export interface DecoderPool {
  take(kind: EventKind, window: TimeWindow): Decoder;
  /** To be called when the decoder has ended and the batches that it gave are read no more. One that failed is not given back. */
  giveBack(kind: EventKind, decoder: Decoder): void;
}

/** Decoders of a kind that are kept. A guess: bodies that arrive at the same time, each a megabyte or so. */
const keptMax = 8;

const decoderOf = { prediction: predictionDecoder, ground_truth: groundTruthDecoder };

export function createDecoderPool(): DecoderPool {
  const kernel = new Kernel();
  const scans: Record<EventKind, RowScan> = { prediction: new RowScan(kernel), ground_truth: new RowScan(kernel) };
  const kept: Record<EventKind, Decoder[]> = { prediction: [], ground_truth: [] };
  return {
    take(kind, window) {
      const decoder = kept[kind].pop();
      if (decoder === undefined) return decoderOf[kind]({ ...window, framing: 'auto', scan: scans[kind] });
      decoder.reset(window);
      return decoder;
    },
    giveBack(kind, decoder) {
      if (kept[kind].length < keptMax) kept[kind].push(decoder);
    },
  };
}
