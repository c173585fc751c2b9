import {
  type GroundTruthBatch,
  type GroundTruthBuilders,
  groundTruthBuilders,
  revisionMax,
} from '../../model/ground-truth.js';
import { predictionLimits } from '../../model/prediction.js';
import { type DecoderOptions, type EventDecoder, eventDecoder } from './event-decoder.js';
import type { FieldReader } from './field-reader.js';
import { NumberField, OutcomeField, TextField, TimeField } from './scalar-fields.js';

const { requestIdBytesMax, textBytesMax } = predictionLimits;

/** A decoder of ground-truth events in JSON. Fields are those of `model/ground-truth.ts`, `label` undivided. */
export const groundTruthDecoder = (options: DecoderOptions): EventDecoder<GroundTruthBatch> =>
  eventDecoder(groundTruthFields(), groundTruthBuilders, options);

function groundTruthFields(): readonly FieldReader<GroundTruthBuilders>[] {
  return [
    new TextField('request_id', requestIdBytesMax, true),
    new OutcomeField('label', { text: 'label_text', number: 'label_number' }, textBytesMax, true),
    new TimeField('ts'),
    new TextField('source', textBytesMax),
    new NumberField('revision', { min: 0, max: revisionMax, whole: true }),
  ];
}
