import {
  type PredictionBatch,
  type PredictionBuilders,
  predictionBuilders,
  predictionLimits,
} from '../../model/prediction.js';
import { type DecoderOptions, type EventDecoder, eventDecoder } from './event-decoder.js';
import type { FieldReader } from './field-reader.js';
import { FeaturesField, NumberListField, NumberMapField, ObjectTextField } from './nested-fields.js';
import { NumberField, OutcomeField, TextField, TimeField } from './scalar-fields.js';

const { requestIdBytesMax, nameBytesMax, textBytesMax, featuresMax, scoresMax, embeddingMax } = predictionLimits;

/** Most objects and arrays within one another in `metadata`. Guess: far past what people write, far under what breaks readers. */
const metadataDepthMax = 64;

/** A decoder of prediction events in JSON. Fields are those of `model/prediction.ts`, `features` and `prediction` undivided. */
export const predictionDecoder = (options: DecoderOptions): EventDecoder<PredictionBatch> =>
  eventDecoder(predictionFields(), predictionBuilders, options);

/** In an order that senders often use: it is what `FieldNames` tries first before it has seen a row. */
function predictionFields(): readonly FieldReader<PredictionBuilders>[] {
  return [
    new TextField('request_id', requestIdBytesMax, true),
    new TextField('model', nameBytesMax, true),
    new TextField('version', nameBytesMax, true),
    new TimeField('ts'),
    new TextField('endpoint', textBytesMax),
    new TextField('region', textBytesMax),
    new TextField('segment', textBytesMax),
    new OutcomeField('prediction', { text: 'prediction_text', number: 'prediction_number' }, textBytesMax),
    new NumberField('score'),
    new NumberMapField('scores', scoresMax, textBytesMax),
    new NumberField('confidence'),
    new NumberField('latency_ms', { min: 0 }),
    new TextField('status', textBytesMax),
    new FeaturesField(featuresMax, textBytesMax),
    new NumberListField('embedding', embeddingMax),
    new TextField('experiment_id', textBytesMax),
    new TextField('variant', textBytesMax),
    new TextField('unit_id', textBytesMax),
    new TextField('trace_id', textBytesMax),
    new TextField('input_hash', textBytesMax),
    new ObjectTextField('metadata', { bytesMax: textBytesMax, depthMax: metadataDepthMax }),
  ];
}
