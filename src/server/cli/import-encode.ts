/** Rows of files as lines of an NDJSON body, one encoder for cells in columns and one for objects. */
import { BarographError, type ErrorCode } from '../../base/errors.js';
import { nameOf, type Target } from './import-fields.js';
import { checkColumns, leftOver, type Mapping } from './import-mapping.js';
import type { TimeFormat } from './import-time.js';
import { rememberingTexts, typedByContent, utf8, type ValueEncoder, valueEncoder } from './import-values.js';

/** A row on its way: the line to send, or why there is none. */
export interface EncodedRow {
  /** Number of the row in its file, from 1: of the line in NDJSON, of the record without its header elsewhere. */
  readonly row: number;
  /** Rows of the same key are sent in their order. */
  readonly key: string;
  readonly line: string;
  readonly rejection?: { readonly code: ErrorCode; readonly message: string };
}

/** How cells are read. */
export interface CellOptions {
  readonly time: TimeFormat;
  /** Texts that stand for "no value" in files without types. */
  readonly nulls: ReadonlySet<string>;
}

/** Where one value goes and how it is written. */
interface Place {
  readonly target: Target;
  /** JSON of the name with its colon. */
  readonly prefix: string;
  readonly encode: ValueEncoder;
}

type RowEncoder<Row> = (row: number, value: Row) => EncodedRow;

/**
 * Encodes rows of cells in the order of `columns`. `typed` files say what is a number and what a text; the others are
 * read by their content. Fails with `bad_use` where the columns do not fit the mapping.
 */
export function tableEncoder(
  mapping: Mapping,
  columns: readonly string[],
  typed: boolean,
  options: CellOptions,
): RowEncoder<readonly unknown[]> {
  checkColumns(mapping, columns);
  const constants = constantsOf(mapping, options);
  const places = columns.flatMap((column, index) => {
    const isText = mapping.options.text.has(column);
    return (mapping.targetsOf(column) ?? []).map((target) => ({
      index,
      ...placeOf(target, typed ? typedCell(target, isText, options) : untypedCell(target, isText, options)),
    }));
  });
  const writer = lineWriter();
  return (row, cells) => {
    try {
      for (const { place, json } of constants) writer.add(place, json);
      for (const place of places) writer.add(place, place.encode(cells[place.index]));
      return writer.finish(row);
    } catch (error) {
      return writer.reject(row, error);
    }
  };
}

/** Encodes JSON objects, one a line, whose members are the columns. Fails with `bad_use` at a member that nothing names. */
export function objectEncoder(mapping: Mapping, options: CellOptions): RowEncoder<Uint8Array> {
  const constants = constantsOf(mapping, options);
  const known = new Map<string, Place[]>();
  const writer = lineWriter();
  const placesOf = (member: string, row: number): Place[] => {
    const targets = mapping.targetsOf(member);
    if (targets === undefined) {
      const { code, message, hint } = leftOver(mapping.kind, [member]);
      throw new BarographError(code, `${message} (first met on line ${row})`, hint === undefined ? {} : { hint });
    }
    const isText = mapping.options.text.has(member);
    return targets.map((target) => placeOf(target, typedCell(target, isText, options)));
  };
  return (row, bytes) => {
    const parsed = objectOf(bytes);
    if ('code' in parsed) return { row, key: '', line: '', rejection: parsed };
    for (const member of Object.keys(parsed.members)) {
      if (!known.has(member)) known.set(member, placesOf(member, row));
    }
    try {
      for (const { place, json } of constants) writer.add(place, json);
      for (const [member, value] of Object.entries(parsed.members)) {
        for (const place of known.get(member)!) writer.add(place, place.encode(value));
      }
      return writer.finish(row);
    } catch (error) {
      return writer.reject(row, error);
    }
  };
}

function placeOf(target: Target, encode: ValueEncoder): Place {
  return { target, prefix: `${JSON.stringify(target.member ?? target.field)}:`, encode };
}

function typedCell(target: Target, isText: boolean, { time }: CellOptions): ValueEncoder {
  const encode = valueEncoder(target, time);
  if (!isText) return encode;
  return (value) =>
    encode(
      typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : value,
    );
}

/** A text field takes the cell as it is written; other places take what the cell looks like. */
function untypedCell(target: Target, isText: boolean, { time, nulls }: CellOptions): ValueEncoder {
  const encode = valueEncoder(target, time);
  const asWritten = isText || target.type === 'text' || target.type === 'json' || target.type === 'time';
  return rememberingTexts((cell) => {
    const text = cell as string;
    if (nulls.has(text)) return encode(null);
    return encode(asWritten ? text : typedByContent(text));
  });
}

function constantsOf(mapping: Mapping, options: CellOptions): { place: Place; json: string }[] {
  return mapping.constants.map(({ target, text }) => {
    const place = placeOf(target, untypedCell(target, false, { ...options, nulls: new Set() }));
    const json = place.encode(text);
    if (json !== undefined) return { place, json };
    throw new BarographError('bad_use', `--set ${nameOf(target)}= gives no value`);
  });
}

/** Puts the members of a row together. One is used for all rows of a file: a row makes no object but its own text. */
interface LineWriter {
  add(place: Place, json: string | undefined): void;
  /** The row since the last call. */
  finish(row: number): EncodedRow;
  /** Forgets the row, which is rejected. */
  reject(row: number, error: unknown): EncodedRow;
}

function lineWriter(): LineWriter {
  let key = '';
  let fields = '';
  const members = { features: '', scores: '' };
  const clear = (): void => {
    key = '';
    fields = '';
    members.features = '';
    members.scores = '';
  };
  const joined = (before: string, text: string): string => (before === '' ? text : `${before},${text}`);
  return {
    add({ target, prefix }, json) {
      if (json === undefined) return;
      const { field } = target;
      if (field === 'features' || field === 'scores') {
        // Of a whole object the members are taken, so that single columns can add to them.
        const isObject = target.member === undefined && json.startsWith('{');
        const text = isObject ? json.slice(1, -1).trim() : target.member === undefined ? undefined : prefix + json;
        if (text === '') return;
        if (text !== undefined) {
          members[field] = joined(members[field], text);
          return;
        }
      }
      if (field === 'request_id') key = json;
      fields = joined(fields, prefix + json);
    },
    finish(row) {
      if (members.features !== '') fields = joined(fields, `"features":{${members.features}}`);
      if (members.scores !== '') fields = joined(fields, `"scores":{${members.scores}}`);
      const encoded = { row, key, line: `{${fields}}` };
      clear();
      return encoded;
    },
    reject(row, error) {
      clear();
      if (!(error instanceof BarographError)) throw error;
      return { row, key: '', line: '', rejection: { code: error.code, message: error.message } };
    },
  };
}

function objectOf(
  bytes: Uint8Array,
): { readonly members: Readonly<Record<string, unknown>> } | { readonly code: ErrorCode; readonly message: string } {
  try {
    const value: unknown = JSON.parse(withExactIntegers(utf8(bytes, 'the line')));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { members: value as Record<string, unknown> };
    return { code: 'wrong_type', message: 'the line is not a JSON object' };
  } catch (error) {
    if (error instanceof BarographError) return { code: error.code, message: error.message };
    return { code: 'invalid_json', message: (error as SyntaxError).message };
  }
}

const longInteger = /\d{16}/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON.parse would round an integer past 2^53 without a word; as a text it keeps its digits. */
export function withExactIntegers(json: string): string {
  if (!longInteger.test(json)) return json;
  return json.replace(stringOrNumber, (token) => {
    const isInteger = /^-?\d+$/.test(token);
    return isInteger && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
  });
}

/** The request id of a line that goes as it lies, for its order. Broken lines have none: the server says what is wrong with them. */
export function keyOfLine(line: Uint8Array): string {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length);
  const text = bytes.toString('latin1');
  const first = text.indexOf(idMember);
  if (first < 0) return '';
  if (text.indexOf(idMember, first + 1) < 0) {
    const match = plainId.exec(text.slice(first, first + 600));
    if (match !== null) return match[1]!;
  }
  try {
    const parsed = JSON.parse(bytes.toString('utf8')) as { request_id?: unknown } | null;
    // Spelled as it would be without escapes, and in the same characters as the short way above: one for each byte.
    return typeof parsed?.request_id === 'string' ? Buffer.from(parsed.request_id, 'utf8').toString('latin1') : '';
  } catch {
    return '';
  }
}

const idMember = '"request_id"';
/** An id without escapes. */
const plainId = /^"request_id"\s*:\s*"([^"\\]*)"/;
