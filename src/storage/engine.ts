/**
 * The contract with ClickHouse. There is one implementation, over HTTP with the official client
 * (`clickhouse-engine.ts`); whether a private child process or a cluster answers is decided elsewhere.
 */
import type { Readable } from 'node:stream';

/** Who asks. `reader` may only select from our own database, within limits that it cannot raise. */
export type EngineUser = 'admin' | 'reader';

/**
 * Rows that a statement brings along: a table which exists under this name for that statement alone. For long lists: a
 * parameter is analysed as a part of the statement, at several times the cost, and its length is bounded.
 */
export interface StatementTable {
  /** A plain name, not that of a table in the database. */
  readonly name: string;
  /** ClickHouse types by column name, in the order of the blocks. */
  readonly columns: Readonly<Record<string, string>>;
  /** Blocks of the Native format (`native/`); none where there are no rows. */
  readonly blocks: readonly Uint8Array[];
}

/** A whole statement. Values are bound as `{name:Type}`, never pasted. */
export interface Statement {
  readonly sql: string;
  /** Each at most 1 MiB (a list of 20,000 ids of 36 bytes). Longer lists go into `tables`. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Tables for this statement alone. Not for `reader`. */
  readonly tables?: readonly StatementTable[];
  readonly user?: EngineUser;
  /** Names the query so that it can be cancelled; generated where absent. */
  readonly queryId?: string;
  /** Aborting cancels the query in the engine too. */
  readonly signal?: AbortSignal;
  readonly limits?: QueryLimits;
  /** ClickHouse settings for this statement alone; refused for `reader` by the engine itself. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** Bounds of one query. Past any of them the engine stops it with `query_timeout`, `query_memory` or `query_too_large`. */
export interface QueryLimits {
  readonly timeMs?: number;
  readonly memoryBytes?: number;
  readonly resultRows?: number;
  readonly readRows?: number;
}

/** An insert of columns, encoded as one or more blocks of ClickHouse's Native format (`native/`). */
export interface NativeInsert {
  readonly table: string;
  /** Columns in the order of the block. */
  readonly columns: readonly string[];
  /** Parts of blocks, in order. They may be made as they are sent. */
  readonly blocks: readonly Uint8Array[] | AsyncIterable<Uint8Array>;
  /** Makes a repeated insert of the same rows void within the table's deduplication window. */
  readonly deduplicationToken?: string;
  /** ClickHouse settings for this insert alone. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly queryId?: string;
  readonly signal?: AbortSignal;
}

/** A streamed answer in the format that the statement named. Destroying `body` cancels the query. */
export interface StreamedResult {
  readonly queryId: string;
  readonly contentType: string;
  readonly body: Readable;
}

export interface EngineHealth {
  readonly ok: boolean;
  /** Version of ClickHouse where it answered. */
  readonly version?: string;
  /** What is wrong, in words, where it is not ok. */
  readonly reason?: string;
}

/**
 * Every method fails with a BarographError: `engine_unavailable` when nothing answers (retryable), `invalid_query` for
 * a statement the engine does not understand, `query_not_allowed`, `query_timeout`, `query_memory`, `query_too_large`,
 * `query_cancelled`, `disk_full`, and `engine_failed` for all else, with the engine's own words.
 */
export interface Engine {
  /** The database that holds our tables. */
  readonly database: string;
  /** Runs a select and gives all its rows as objects by column name. UInt64 and wider come as decimal strings. For small answers. */
  query<Row>(statement: Statement): Promise<Row[]>;
  /** Runs a select and gives its answer in `format` as bytes, streamed with back-pressure. */
  stream(statement: Statement, format: string): Promise<StreamedResult>;
  insert(insert: NativeInsert): Promise<void>;
  /** Runs a statement that answers nothing: DDL, INSERT … SELECT, SYSTEM. */
  command(statement: Statement): Promise<void>;
  /** Stops a running query and waits until it has stopped. True when there was one. */
  cancel(queryId: string): Promise<boolean>;
  health(): Promise<EngineHealth>;
  close(): Promise<void>;
}
