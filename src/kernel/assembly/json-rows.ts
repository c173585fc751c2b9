/**
 * Rows of JSON, one a line, of the form in which programs write them: known fields, texts without escapes, numbers, objects whose names come in a known
 * order, lists of numbers. A row comes out as tokens, one for each field that has a value. The scan stops at the first row that is of another form, or wrong,
 * or not whole: JavaScript reads that one (`src/protocols/json/row-reader.ts`), and takes or refuses it.
 *
 * The text ends with a NUL, which no token takes; `slackBytes` behind it are readable.
 */
import { numberRead, readNumber } from './json-numbers';

const tab: u8 = 0x09;
const newline: u8 = 0x0a;
const carriageReturn: u8 = 0x0d;
const space: u8 = 0x20;
const quote: u8 = 0x22;
const comma: u8 = 0x2c;
const colon: u8 = 0x3a;
const openBracket: u8 = 0x5b;
const backslash: u8 = 0x5c;
const closeBracket: u8 = 0x5d;
const lowerF: u8 = 0x66;
const lowerN: u8 = 0x6e;
const lowerT: u8 = 0x74;
const openBrace: u8 = 0x7b;
const closeBrace: u8 = 0x7d;
const trueWord: u32 = 0x65757274;
const alseWord: u32 = 0x65736c61;
const nullWord: u32 = 0x6c6c756e;

// Kinds of tokens and of entries, and, as bits, those that a field takes. As `src/kernel/row-scan.ts` has them.
const nullKind: u32 = 0;
const textKind: u32 = 1;
const numberKind: u32 = 2;
const entriesKind: u32 = 3;
const numbersByNameKind: u32 = 4;
const listKind: u32 = 5;
const falseKind: u32 = 6;
const trueKind: u32 = 7;

const rowsMax: u32 = 1024;
const tokensMax: u32 = 16_384;
const entriesMax: u32 = 32_768;

// A description of fields, as JavaScript lays it out: addresses of names, kinds and orders, 32-bit words.
const namesWord: usize = 0;
const kindsWord: usize = 4;
const ordersWord: usize = 8;
const followersWord: usize = 12;
const requiredWord: usize = 16;

let rowEnds: usize = 0;
let rowTokenEnds: usize = 0;
let tokenFields: usize = 0;
let tokenKinds: usize = 0;
let tokenStarts: usize = 0;
let tokenEnds: usize = 0;
let tokenNumbers: usize = 0;
let entryNames: usize = 0;
let entryKinds: usize = 0;
let entryStarts: usize = 0;
let entryEnds: usize = 0;
let entryNumbers: usize = 0;
let tokens: u32 = 0;
let entries: u32 = 0;

/** Makes room for what is scanned, once, and answers where column `which` of it is. */
export function scannedRowColumn(which: u32): usize {
  if (rowEnds == 0) makeRoom();
  switch (which) {
    case 0: return rowEnds;
    case 1: return rowTokenEnds;
    case 2: return tokenFields;
    case 3: return tokenKinds;
    case 4: return tokenStarts;
    case 5: return tokenEnds;
    case 6: return tokenNumbers;
    case 7: return entryNames;
    case 8: return entryKinds;
    case 9: return entryStarts;
    case 10: return entryEnds;
    default: return entryNumbers;
  }
}

function makeRoom(): void {
  rowEnds = heap.alloc(4 * rowsMax);
  rowTokenEnds = heap.alloc(4 * rowsMax);
  tokenFields = heap.alloc(tokensMax);
  tokenKinds = heap.alloc(tokensMax);
  tokenStarts = heap.alloc(4 * tokensMax);
  tokenEnds = heap.alloc(4 * tokensMax);
  tokenNumbers = heap.alloc(8 * tokensMax);
  entryNames = heap.alloc(4 * entriesMax);
  entryKinds = heap.alloc(entriesMax);
  entryStarts = heap.alloc(4 * entriesMax);
  entryEnds = heap.alloc(4 * entriesMax);
  entryNumbers = heap.alloc(8 * entriesMax);
}

/** Scans rows from `at` on; answers how many. Fewer than there is room for: the next row is for others. */
export function scanRows(fields: usize, at: usize): u32 {
  tokens = 0;
  entries = 0;
  let rows: u32 = 0;
  while (rows < rowsMax) {
    at = rowEnd(fields, at);
    if (at == 0) return rows;
    store<u32>(rowEnds + 4 * rows, <u32>at);
    store<u32>(rowTokenEnds + 4 * rows, tokens);
    rows++;
  }
  return rows;
}

/** Where the row at `at` ends, its newline counted; 0 where it is for others. */
function rowEnd(fields: usize, at: usize): usize {
  if (load<u8>(at) != openBrace) return 0;
  const names = <usize>load<u32>(fields + namesWord);
  const followers = <usize>load<u32>(fields + followersWord);
  let seen: u32 = 0;
  let follower = followers;
  at = skipSpace(at + 1);
  for (;;) {
    let field = load<u32>(follower);
    let end = nameEnd(names, field, at);
    if (end == 0) {
      field = 0;
      const count = load<u32>(names);
      while (field < count && (end = nameEnd(names, field, at)) == 0) field++;
      if (field == count) return 0;
      store<u32>(follower, field);
    }
    const bit = (<u32>1) << field;
    if (seen & bit) return 0;
    seen |= bit;
    at = valueStart(end);
    if (at == 0) return 0;
    at = takeField(fields, field, at);
    if (at == 0) return 0;
    at = skipSpace(at);
    const code = load<u8>(at++);
    if (code == closeBrace) break;
    if (code != comma) return 0;
    at = skipSpace(at);
    follower = followers + 4 * (field + 1);
  }
  const required = load<u32>(fields + requiredWord);
  if ((seen & required) != required) return 0;
  at = skipSpace(at);
  return load<u8>(at) == newline ? at + 1 : 0;
}

/** Takes the value of a field; answers where it ends, 0 where it is for others. */
function takeField(fields: usize, field: u32, at: usize): usize {
  if (tokens == tokensMax) return 0;
  const kinds = load<u8>(<usize>load<u32>(fields + kindsWord) + field);
  store<u8>(tokenFields + tokens, <u8>field);
  let kind = textKind;
  let end: usize = 0;
  switch (load<u8>(at)) {
    case quote: {
      end = textEnd(at + 1);
      if (end == 0) return 0;
      store<u32>(tokenStarts + 4 * tokens, <u32>(at + 1));
      store<u32>(tokenEnds + 4 * tokens, <u32>(end - 1));
      break;
    }
    case lowerN:
      return load<u32>(at) == nullWord && (kinds >> <u8>nullKind) & 1 ? at + 4 : 0;
    case openBrace: {
      const from = entries;
      end = takeEntries(<usize>load<u32>(<usize>load<u32>(fields + ordersWord) + 4 * field), at + 1);
      store<u32>(tokenStarts + 4 * tokens, from);
      store<u32>(tokenEnds + 4 * tokens, entries);
      store<u8>(tokenKinds + tokens, <u8>(onlyNumbers ? numbersByNameKind : entriesKind));
      if (end == 0 || !((kinds >> <u8>entriesKind) & 1)) return 0;
      tokens++;
      return end;
    }
    case openBracket: {
      const from = entries;
      end = takeList(at + 1);
      store<u32>(tokenStarts + 4 * tokens, from);
      store<u32>(tokenEnds + 4 * tokens, entries);
      kind = listKind;
      break;
    }
    default: {
      end = readNumber(at);
      store<f64>(tokenNumbers + 8 * tokens, numberRead());
      kind = numberKind;
    }
  }
  store<u8>(tokenKinds + tokens, <u8>kind);
  if (end == 0 || !((kinds >> <u8>kind) & 1)) return 0;
  tokens++;
  return end;
}

/** Whether the entries taken last were all numbers. */
let onlyNumbers: bool = false;

/** Takes the rest of an object whose names come in an order, of which some may be left out; answers where it ends, else 0. */
function takeEntries(order: usize, at: usize): usize {
  if (order == 0) return 0;
  const count = load<u32>(order);
  let next: u32 = 0;
  onlyNumbers = true;
  at = skipSpace(at);
  if (load<u8>(at) == closeBrace) return at + 1;
  for (;;) {
    if (entries == entriesMax) return 0;
    let end: usize = 0;
    while (next < count && (end = nameEnd(order, next, at)) == 0) next++;
    if (next == count) return 0;
    store<u32>(entryNames + 4 * entries, next++);
    at = valueStart(end);
    if (at == 0) return 0;
    at = takeEntry(at);
    if (at == 0) return 0;
    entries++;
    at = skipSpace(at);
    const code = load<u8>(at++);
    if (code == closeBrace) return at;
    if (code != comma) return 0;
    at = skipSpace(at);
  }
  return 0;
}

/** Takes the value of an entry; answers where it ends, else 0. */
// @ts-expect-error: decorator
@inline
function takeEntry(at: usize): usize {
  const code = load<u8>(at);
  if (code != quote && code < 0x40) {
    const end = readNumber(at);
    store<f64>(entryNumbers + 8 * entries, numberRead());
    store<u8>(entryKinds + entries, <u8>numberKind);
    return end;
  }
  onlyNumbers = false;
  if (code == quote) {
    const end = textEnd(at + 1);
    store<u32>(entryStarts + 4 * entries, <u32>(at + 1));
    store<u32>(entryEnds + 4 * entries, <u32>(end - 1));
    store<u8>(entryKinds + entries, <u8>textKind);
    return end;
  }
  const word = load<u32>(at);
  if (word == trueWord) return endOfWord(trueKind, at + 4);
  if (word == nullWord) return endOfWord(nullKind, at + 4);
  return code == lowerF && load<u32>(at + 1) == alseWord ? endOfWord(falseKind, at + 5) : 0;
}

// @ts-expect-error: decorator
@inline
function endOfWord(kind: u32, end: usize): usize {
  store<u8>(entryKinds + entries, <u8>kind);
  return end;
}

/** Takes the rest of a list of numbers; answers where it ends, else 0. */
function takeList(at: usize): usize {
  at = skipSpace(at);
  if (load<u8>(at) == closeBracket) return at + 1;
  for (;;) {
    if (entries == entriesMax) return 0;
    at = readNumber(at);
    if (at == 0) return 0;
    store<f64>(entryNumbers + 8 * entries++, numberRead());
    at = skipSpace(at);
    const code = load<u8>(at++);
    if (code == closeBracket) return at;
    if (code != comma) return 0;
    at = skipSpace(at);
  }
  return 0;
}

/** Where the value begins behind a name and its colon, else 0. */
// @ts-expect-error: decorator
@inline
function valueStart(at: usize): usize {
  at = skipSpace(at);
  return load<u8>(at) == colon ? skipSpace(at + 1) : 0;
}

// @ts-expect-error: decorator
@inline
function skipSpace(at: usize): usize {
  let code = load<u8>(at);
  while (code == space || code == tab || code == carriageReturn) code = load<u8>(++at);
  return at;
}

/** Behind the quote that ends the text at `at`; 0 where an escape or a control character comes first. */
function textEnd(at: usize): usize {
  for (;;) {
    const some = v128.load(at);
    const stops = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(some, i8x16.splat(<i8>quote)), i8x16.eq(some, i8x16.splat(<i8>backslash))),
        i8x16.lt_u(some, i8x16.splat(<i8>space)),
      ),
    );
    if (stops != 0) {
      at += ctz(stops);
      return load<u8>(at) == quote ? at + 1 : 0;
    }
    at += 16;
  }
  return 0;
}

/**
 * Behind name `i` of a table where it stands, quotes included, at `at`; else 0. A table is the number of names, a word that is not used, where each begins and
 * how long it is, then the names, each padded with NULs to words of eight bytes.
 */
// @ts-expect-error: decorator
@inline
function nameEnd(table: usize, i: u32, at: usize): usize {
  const place = table + 8 + 8 * <usize>i;
  let own = table + load<u32>(place);
  const end = at + load<u32>(place + 4);
  for (; at + 8 <= end; at += 8, own += 8) if (load<u64>(at) != load<u64>(own)) return 0;
  if (at == end) return end;
  const unused = <u64>(64 - 8 * (end - at));
  return load<u64>(at) << unused == load<u64>(own) << unused ? end : 0;
}
