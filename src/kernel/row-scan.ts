/** Rows of JSON, read in the kernel into tokens where they are of the form in which programs write them; see `assembly/json-rows.ts`. */
import type { Kernel } from './kernel.js';

/** Kinds of tokens and of entries. `numbersByName` is an object that holds numbers only, `entries` any other. */
export const scannedKind = {
  null: 0,
  text: 1,
  number: 2,
  entries: 3,
  numbersByName: 4,
  list: 5,
  false: 6,
  true: 7,
} as const;

/** A field as the scan has to know it. */
export interface ScannedField {
  readonly name: string;
  readonly required: boolean;
  /** Kinds of values that are scanned, beside null where the field is not required. Rows with others are left. */
  readonly scannedKinds: readonly number[];
}

/** Names as they stand in JSON, quotes included. */
export interface NameOrder {
  readonly count: number;
  quotedName(i: number): Uint8Array;
}

/** Bytes behind the text that the kernel may read, in words of 16 bytes. */
const slackBytes = 32;
const wordBytes = 8;
/** Of each column of the scan, in entries; as in `assembly/json-rows.ts`. */
const rowsMax = 1024;
const tokensMax = 16_384;
const entriesMax = 32_768;

/** Rows of one kind of event, scanned by one decoder after the other; what a scan gave is read before the next. */
export class RowScan {
  /** Row i has the tokens [rowTokenEnds[i - 1], rowTokenEnds[i]), and ends before rowEnds[i], its newline counted. */
  rowEnds!: Uint32Array;
  rowTokenEnds!: Uint32Array;
  /** Number of each token's field, and its kind. A field that is null has no token. */
  fields!: Uint8Array;
  kinds!: Uint8Array;
  /** Of texts the bytes, of objects and lists the entries. */
  starts!: Uint32Array;
  ends!: Uint32Array;
  numbers!: Float64Array;
  /** Of an object's entries the number of the name in the order. Lists have `entryNumbers` only. */
  entryNames!: Uint32Array;
  entryKinds!: Uint8Array;
  entryStarts!: Uint32Array;
  entryEnds!: Uint32Array;
  entryNumbers!: Float64Array;
  /** The kernel's memory, in which texts lie. */
  bytes!: Uint8Array;
  view!: DataView;
  /** Where the text begins in the memory. */
  textStart = 0;
  private textRoom = 0;
  private description = 0;
  private orders = 0;
  /** By field: whose order was told last. */
  private readonly told: { readonly names: NameOrder | undefined; readonly address: number }[] = [];

  constructor(private readonly kernel: Kernel) {}

  /** Tells the fields of rows, once. */
  describe(fields: readonly ScannedField[]): void {
    if (this.description !== 0) return;
    const { exports } = this.kernel;
    const count = fields.length;
    const names = fields.map(({ name }) => Buffer.from(JSON.stringify(name)));
    const table = this.placeNames({ count, quotedName: (i) => names[i]! });
    const kinds = exports.allocate(count);
    this.orders = exports.allocate(4 * count);
    const followers = exports.allocate(4 * (count + 1));
    this.description = exports.allocate(20);
    const { buffer } = exports.memory;
    new Uint8Array(buffer, kinds, count).set(fields.map(kindBits));
    new Uint32Array(buffer, this.orders, count).fill(0);
    // At first the order of the names. Behind the last nothing is expected; the first stands for it.
    new Uint32Array(buffer, followers, count + 1).set(Array.from({ length: count + 1 }, (_, i) => i % count));
    const required = fields.reduce((mask, field, i) => (field.required ? mask | (1 << i) : mask), 0);
    new Uint32Array(buffer, this.description, 5).set([table, kinds, this.orders, followers, required]);
    this.told.length = 0;
    for (let field = 0; field < count; field++) this.told.push({ names: undefined, address: 0 });
  }

  /** Tells in which order the names of a field's objects come. Objects without one are not scanned. */
  setOrder(field: number, names: NameOrder): void {
    const told = this.told[field]!;
    if (told.names === names) return;
    const { exports } = this.kernel;
    if (told.address !== 0) exports.release(told.address);
    const address = names.count === 0 ? 0 : this.placeNames(names);
    this.told[field] = { names, address };
    new Uint32Array(exports.memory.buffer, this.orders, this.told.length)[field] = address;
  }

  /** Takes the text of which rows are scanned. */
  load(text: Uint8Array): void {
    const { exports } = this.kernel;
    const wanted = text.length + slackBytes;
    if (wanted > this.textRoom) {
      if (this.textRoom > 0) exports.release(this.textStart);
      this.textRoom = 2 * wanted;
      this.textStart = exports.allocate(this.textRoom) >>> 0;
    }
    if (this.bytes?.buffer !== exports.memory.buffer) this.look();
    this.bytes.set(text, this.textStart);
    this.bytes[this.textStart + text.length] = 0;
  }

  /** Scans from byte `from` of the text on. Answers how many rows there are; the next row is for others unless there is no room for it. */
  scan(from: number): number {
    const { exports } = this.kernel;
    const rows = exports.scanRows(this.description, this.textStart + from);
    if (this.bytes.buffer !== exports.memory.buffer) this.look();
    return rows;
  }

  private placeNames(order: NameOrder): number {
    const { count } = order;
    const names = Array.from({ length: order.count }, (_, i) => order.quotedName(i));
    const headBytes = wordBytes * (count + 1);
    const bytes = names.reduce((sum, name) => sum + paddedLength(name), headBytes);
    const { exports } = this.kernel;
    const address = exports.allocate(bytes) >>> 0;
    const table = new Uint8Array(exports.memory.buffer, address, bytes).fill(0);
    const words = new Uint32Array(exports.memory.buffer, address, headBytes / 4);
    words[0] = count;
    let start = headBytes;
    for (const [i, name] of names.entries()) {
      words[2 * i + 2] = start;
      words[2 * i + 3] = name.length;
      table.set(name, start);
      start += paddedLength(name);
    }
    return address;
  }

  private look(): void {
    const { exports } = this.kernel;
    const at = (column: number): number => exports.scannedRowColumn(column) >>> 0;
    at(0);
    const { buffer } = exports.memory;
    this.rowEnds = new Uint32Array(buffer, at(0), rowsMax);
    this.rowTokenEnds = new Uint32Array(buffer, at(1), rowsMax);
    this.fields = new Uint8Array(buffer, at(2), tokensMax);
    this.kinds = new Uint8Array(buffer, at(3), tokensMax);
    this.starts = new Uint32Array(buffer, at(4), tokensMax);
    this.ends = new Uint32Array(buffer, at(5), tokensMax);
    this.numbers = new Float64Array(buffer, at(6), tokensMax);
    this.entryNames = new Uint32Array(buffer, at(7), entriesMax);
    this.entryKinds = new Uint8Array(buffer, at(8), entriesMax);
    this.entryStarts = new Uint32Array(buffer, at(9), entriesMax);
    this.entryEnds = new Uint32Array(buffer, at(10), entriesMax);
    this.entryNumbers = new Float64Array(buffer, at(11), entriesMax);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }
}

const paddedLength = (name: Uint8Array): number => Math.ceil(name.length / wordBytes) * wordBytes;

const kindBits = ({ required, scannedKinds }: ScannedField): number =>
  scannedKinds.reduce((bits, kind) => bits | (1 << kind), required ? 0 : 1 << scannedKind.null);
