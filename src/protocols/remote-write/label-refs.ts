/** The labels of a series of a remote write 2.0 request, as references to its symbols. */
import { emptyNameProblem, type LabelProblem, tooManyLabelsProblem } from '../../model/label-check.js';
import { labelLimits } from '../../model/labels.js';
import { type WireReader, wireType } from '../protobuf/wire-reader.js';
import type { SymbolTable } from './symbol-table.js';

const { labelsMax, labelBytesMax } = labelLimits;

/** References to symbols, a name and a value in turn. Only as many are kept as a series may have. */
export class LabelRefs {
  /** How many were added, kept or not. */
  count = 0;
  readonly numbers = new Uint32Array(2 * labelsMax);

  clear(): void {
    this.count = 0;
  }

  add(ref: number): void {
    if (this.count < this.numbers.length) this.numbers[this.count] = ref;
    this.count++;
  }

  /** Adds the references that `reader` is at: packed, as proto3 writes them, or a single one, which a reader of proto3 has to take as well. */
  read(reader: WireReader): void {
    if (reader.type === wireType.varint) {
      this.add(reader.uint32());
      return;
    }
    const outer = reader.enterPacked();
    const { bytes, end } = reader;
    while (reader.position < end) {
      const first = bytes[reader.position]!;
      const second = reader.position + 1 < end ? bytes[reader.position + 1]! : 128;
      // Below 16,384, as nearly all symbols of ordinary requests are, a number takes one byte or two.
      if (first < 128) {
        this.add(first);
        reader.position += 1;
      } else if (second < 128) {
        this.add((first & 127) | (second << 7));
        reader.position += 2;
      } else this.add(reader.packedVarint());
    }
    reader.leave(outer);
  }

  /** What is wrong with them, if anything is. */
  problem(symbols: SymbolTable): LabelProblem | undefined {
    if (this.count > 2 * labelsMax) return tooManyLabelsProblem;
    if (this.count % 2 !== 0)
      return { code: 'missing_field', message: `got ${this.count} label references, wanted a value for each name` };
    for (let i = 0; i < this.count; i++) {
      const ref = this.numbers[i]!;
      if (ref >= symbols.count) return refProblem('a label', ref, symbols.count);
      if (i % 2 === 0 && symbols.isEmpty(ref)) return emptyNameProblem;
      if (!symbols.isUtf8(ref))
        return { code: 'invalid_utf8', message: `symbol ${ref}, of a label, is not valid UTF-8` };
      if (symbols.lengthOf(ref) > labelBytesMax) return tooLong(symbols.lengthOf(ref));
    }
    return undefined;
  }
}

export const refProblem = (what: string, ref: number, symbolCount: number): LabelProblem => ({
  code: 'out_of_range',
  message: `${what} refers to symbol ${ref}, and there are ${symbolCount}`,
});

const tooLong = (length: number): LabelProblem => ({
  code: 'too_long',
  message: `got a label text of ${length} bytes, wanted at most ${labelBytesMax}`,
});
