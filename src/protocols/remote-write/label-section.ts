/** The label messages of remote write 1.0, as they lie in a TimeSeries or an Exemplar, turned into canonical label bytes. */
import { isBarographError } from '../../base/errors.js';
import {
  checkCanonical,
  emptyNameProblem,
  type LabelProblem,
  textProblem,
  tooManyLabelsProblem,
} from '../../model/label-check.js';
import type { LabelWriter } from '../../model/label-writer.js';
import { labelLimits } from '../../model/labels.js';
import { WireReader } from '../protobuf/wire-reader.js';

/** Number of the field that holds a label, in TimeSeries and in Exemplar. Source: prometheus prompb/types.proto. */
export const labelField = 1;

/**
 * The canonical label bytes of a series whose key of the form `remote_write_1` is keys[start, end); valid until `writer` is used again. Or
 * what is wrong with them: broken protobuf, no UTF-8, a name that is empty or comes twice, too many or too long ones, no metric's name. Labels
 * may come in any order, and empty values count as none.
 */
export function canonicalLabels(
  keys: Uint8Array,
  start: number,
  end: number,
  writer: LabelWriter,
): Uint8Array | LabelProblem {
  return readLabels(new WireReader(keys, start, end), writer, true);
}

/** The same for the label fields of the message that `reader` is in, as in an exemplar, where no metric's name is needed. Passes over other fields. */
export const exemplarLabels = (reader: WireReader, writer: LabelWriter): Uint8Array | LabelProblem =>
  readLabels(reader, writer, false);

function readLabels(reader: WireReader, writer: LabelWriter, needsName: boolean): Uint8Array | LabelProblem {
  writer.clear();
  let problem: LabelProblem | undefined;
  try {
    while (problem === undefined && reader.next()) {
      if (reader.field === labelField) problem = addLabel(reader, writer);
      else reader.skip();
    }
  } catch (error) {
    if (!isBarographError(error)) throw error;
    problem = { code: error.code, message: error.message };
  }
  if (problem !== undefined) return problem;
  const bytes = writer.finish();
  return checkCanonical(bytes, 0, bytes.length, needsName) ?? bytes;
}

/** Adds the Label message that the reader is at. Its texts are looked at here, because the writer takes none with the byte 0xFF. */
function addLabel(reader: WireReader, writer: LabelWriter): LabelProblem | undefined {
  let nameStart = 0;
  let nameEnd = 0;
  let valueStart = 0;
  let valueEnd = 0;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) {
      reader.range();
      nameStart = reader.start;
      nameEnd = reader.stop;
    } else if (reader.field === 2) {
      reader.range();
      valueStart = reader.start;
      valueEnd = reader.stop;
    } else reader.skip();
  }
  reader.leave(outer);
  const { bytes } = reader;
  if (nameStart === nameEnd) return emptyNameProblem;
  const problem = textProblem(bytes, nameStart, nameEnd) ?? textProblem(bytes, valueStart, valueEnd);
  if (problem !== undefined) return problem;
  writer.add(bytes, nameStart, nameEnd, bytes, valueStart, valueEnd);
  // Here already, since the writer may have to sort them.
  return writer.count > labelLimits.labelsMax ? tooManyLabelsProblem : undefined;
}
