/** What a client of remote read asks. Source: Prometheus, prompb/remote.proto and types.proto, `ReadRequest`, `Query`, `LabelMatcher`. */
import { BarographError } from '../../base/errors.js';
import { createMatcher, type Matcher } from '../../model/matcher.js';
import { WireReader } from '../protobuf/wire-reader.js';

export interface ReadQuery {
  /** Epoch milliseconds, both ends included. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly matchers: readonly Matcher[];
}

export type ReadAnswerType = 'samples' | 'streamed_xor_chunks';

export interface ReadRequest {
  readonly queries: readonly ReadQuery[];
  /** The first of the types that the client takes which is known here. */
  readonly answerType: ReadAnswerType;
  /** Whether the client takes samples, which alone have a place for native histograms. */
  readonly takesSamples: boolean;
}

const answerTypes: readonly ReadAnswerType[] = ['samples', 'streamed_xor_chunks'];
const operators = ['=', '!=', '=~', '!~'] as const;

/** Most queries of a request. A guess: Prometheus sends one. */
const queriesMax = 1_000;

/**
 * Fails with `invalid_protobuf` and `invalid_utf8`, with `invalid_matcher` for what no selector takes, and with `bad_request` where none of the
 * types is known. A client that names no type takes samples.
 */
export function decodeReadRequest(message: Uint8Array): ReadRequest {
  const reader = new WireReader(message);
  const queries: ReadQuery[] = [];
  const accepted: number[] = [];
  while (reader.next()) {
    if (reader.field === 1) queries.push(readQuery(reader));
    else if (reader.field === 2) readAccepted(reader, accepted);
    else reader.skip();
    if (queries.length > queriesMax) reader.fail(`there are more than ${queriesMax} queries, the limit`);
  }
  return { queries, answerType: answerTypeOf(accepted), takesSamples: accepted.length === 0 || accepted.includes(0) };
}

/** Packed, as proto3 writes enums, or each by itself. */
function readAccepted(reader: WireReader, accepted: number[]): void {
  if (reader.type === 0) {
    accepted.push(reader.uint32());
    return;
  }
  const outer = reader.enterPacked();
  while (reader.hasMore) accepted.push(reader.packedVarint());
  reader.leave(outer);
}

function answerTypeOf(accepted: readonly number[]): ReadAnswerType {
  if (accepted.length === 0) return 'samples';
  const first = accepted.find((type) => answerTypes[type] !== undefined);
  if (first !== undefined) return answerTypes[first]!;
  throw new BarographError(
    'bad_request',
    `server does not support any of the requested response types: ${accepted}; supported: 0 (SAMPLES), 1 (STREAMED_XOR_CHUNKS)`,
  );
}

function readQuery(reader: WireReader): ReadQuery {
  let fromMs = 0;
  let toMs = 0;
  const matchers: Matcher[] = [];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) fromMs = reader.int64();
    else if (reader.field === 2) toMs = reader.int64();
    else if (reader.field === 3) matchers.push(readMatcher(reader));
    else reader.skip();
  }
  reader.leave(outer);
  return { fromMs, toMs, matchers };
}

function readMatcher(reader: WireReader): Matcher {
  let operator = 0;
  let name = '';
  let value = '';
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) operator = reader.uint32();
    else if (reader.field === 2) name = reader.text();
    else if (reader.field === 3) value = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return createMatcher(name, operators[operator] ?? String(operator), value);
}
