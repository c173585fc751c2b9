/**
 * The registry of every error that a user can meet: its code, the HTTP status that carries it, and whether the same
 * request can succeed later. `docs/reference/errors.md` is generated from it. Nothing decides by message text.
 */
export interface ErrorKind {
  /** HTTP status of an answer that fails as a whole with this code. A row's rejection travels inside a 200 or 400. */
  readonly status: number;
  /** True when the same request, unchanged, can succeed later. */
  readonly retryable: boolean;
  /** One sentence for the reference. */
  readonly meaning: string;
}

const kind = (status: number, meaning: string, retryable = false): ErrorKind => ({ status, retryable, meaning });

export const errorKinds = {
  // requests
  bad_request: kind(400, 'The request is not of the documented form; the message names the parameter or place.'),
  unknown_parameter: kind(400, 'A query parameter or configuration key is not known; the nearest known one is named.'),
  unsupported_content_type: kind(415, 'The body has a content type that this endpoint does not take.'),
  unsupported_encoding: kind(415, 'The body has a content encoding that this endpoint does not take.'),
  corrupt_encoding: kind(400, 'The compressed body does not decompress; nothing of it was stored.'),
  empty_body: kind(400, 'The body holds no row.'),
  incomplete_body: kind(400, 'The body ended before its announced or encoded end; nothing of it was stored.'),
  body_too_large: kind(413, 'The body is over its limit, as sent or once decompressed; nothing of it was stored.'),
  not_found: kind(404, 'What was asked for does not exist.'),
  method_not_allowed: kind(405, 'The path exists, but not with this method.'),
  not_acceptable: kind(406, 'None of the formats that the request accepts is offered here.'),
  // rows
  invalid_json: kind(400, 'The text is not JSON; the message names the place.'),
  invalid_protobuf: kind(400, 'The body is not the protobuf message that it should be; the message names the byte.'),
  invalid_exposition: kind(
    400,
    'The text is not of the Prometheus text format or OpenMetrics; the message names the place.',
  ),
  invalid_line_protocol: kind(400, 'The line is not of the Influx line protocol; the message names the place.'),
  invalid_utf8: kind(400, 'The bytes are not valid UTF-8.'),
  missing_field: kind(400, 'A required field is absent.'),
  wrong_type: kind(400, 'A field holds a value of another type than its own.'),
  out_of_range: kind(400, 'A number is outside what a field can hold.'),
  empty_field: kind(400, 'A field that needs text holds none.'),
  too_long: kind(400, 'A text is longer than its limit.'),
  too_many_features: kind(400, 'A row has more features than the limit.'),
  too_many_values: kind(400, 'A list or map of a row, other than its features, has more entries than its limit.'),
  too_many_samples: kind(400, 'A body holds more samples than its limit; nothing of it was stored.'),
  duplicate_sample: kind(400, 'A body holds two samples of one series without times of their own; the first was kept.'),
  too_deep: kind(400, 'Objects and arrays lie deeper within one another than the limit.'),
  duplicate_key: kind(400, 'An object holds the same key twice.'),
  unknown_field: kind(400, 'A row holds a field that is not known; the nearest known one is named.'),
  outside_time_window: kind(400, 'A time lies outside the accepted window.'),
  time_refused: kind(400, 'A pushed sample has a time of its own; pushes are of the time at which they arrive.'),
  inconsistent_push: kind(
    400,
    'What was pushed does not go together with itself or with other groups: a metric of another type, or a series that is there already.',
  ),
  row_too_large: kind(400, 'A row is longer than its limit.'),
  over_cardinality_budget: kind(
    400,
    'A new series is over a budget of cardinality, and none of its labels could be folded.',
  ),
  rejected_by_rule: kind(400, 'A cardinality rule of the configuration refuses the series.'),
  invalid_histogram: kind(400, 'The parts of a histogram do not fit together.'),
  unsupported_metric: kind(400, 'A metric is of a kind that is not stored; the message names one that is.'),
  out_of_order: kind(
    400,
    'A delta does not end later than the last one of its series, and was not added to the total.',
  ),
  native_histogram: kind(
    400,
    'A native histogram belongs to a series that is folded or routed; only series under their own labels hold native histograms.',
  ),
  series_id_taken: kind(
    400,
    'Another series has the same 64-bit id; this one is refused, since both would be one in the tables.',
  ),
  // queries
  invalid_query: kind(400, 'The SQL statement is not valid; the message is the engine’s.'),
  invalid_promql: kind(
    400,
    'The PromQL query is not valid; the message names the line, the column and what was expected, as Prometheus does.',
  ),
  invalid_matcher: kind(400, 'A condition on a label is not valid; the message names the place.'),
  query_not_allowed: kind(403, 'The SQL statement tries something that readers may not do.'),
  query_failed: kind(422, 'A PromQL query cannot be carried out on the series that it meets; the message says why.'),
  query_timeout: kind(422, 'The query ran longer than its limit and was stopped.'),
  query_memory: kind(422, 'The query needed more memory than its limit and was stopped.'),
  query_too_large: kind(422, 'The query reads or returns more rows than its limit.'),
  query_cancelled: kind(499, 'The query was cancelled, because the client went away or asked for it.', true),
  // state of the server
  too_many_requests: kind(429, 'A bounded queue is full; the answer says when to try again.', true),
  push_limit: kind(
    429,
    'The groups of pushed metrics would be over a limit; the message names it. Deleting groups makes room.',
    true,
  ),
  log_full: kind(
    503,
    'The write-ahead log reached its bound on disk; writes are refused until the engine catches up.',
    true,
  ),
  log_failed: kind(
    503,
    'The write-ahead log could not read or write its files; a write that meets it does not count as stored.',
    true,
  ),
  disk_full: kind(503, 'The disk is full; reads go on, writes are refused until there is room.', true),
  engine_unavailable: kind(503, 'The engine does not answer; the log keeps taking writes until its bound.', true),
  shutting_down: kind(503, 'The server is stopping.', true),
  // the command line as a client
  bad_use: kind(400, 'A command was given options or files that do not go together; nothing was begun.'),
  server_unreachable: kind(503, 'Nothing answers at the server’s address, or the connection broke off.', true),
  unexpected_answer: kind(502, 'What answers at the address does not answer as Barograph’s API does.'),
  invalid_file: kind(400, 'A file cannot be read as its format; the message names the place.'),
  // scraping
  scrape_failed: kind(
    502,
    'A target or a discovery of targets did not answer as it should; the message says how.',
    true,
  ),
  scrape_timeout: kind(504, 'A target did not answer within the timeout of its scrapes.', true),
  too_many_targets: kind(503, 'A job has more targets than its limit, so that none of them is scraped.', true),
  // start-up
  bad_configuration: kind(500, 'The configuration is not valid; the message names the key and its source.'),
  folder_in_use: kind(500, 'Another Barograph holds the data folder.'),
  platform_unsupported: kind(500, 'There is no embedded engine for this platform.'),
  newer_database: kind(500, 'The database was written by a newer Barograph than this one.'),
  engine_failed: kind(500, 'The engine refused or broke off; the message is its own.'),
  log_corrupt: kind(500, 'A record of the write-ahead log is damaged; it was quarantined and the rest was kept.'),
  internal: kind(500, 'A defect in Barograph itself.'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export interface ErrorOptions {
  /** What the reader can do about it. */
  readonly hint?: string;
  /** When to try again, seconds; sent as Retry-After. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** Every failure that leaves a module on purpose. `message` says what was got and what was wanted, and where. */
export class BarographError extends Error {
  override readonly name = 'BarographError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }
}

export const isBarographError = (error: unknown, code?: ErrorCode): error is BarographError =>
  error instanceof BarographError && (code === undefined || error.code === code);

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
