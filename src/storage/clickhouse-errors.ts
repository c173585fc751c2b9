/** Turns what ClickHouse and the connection to it fail with into the registry's codes: by number, never by message text. */
import { ClickHouseError } from '@clickhouse/client';
import { BarographError, type ErrorCode, isBarographError, messageOf } from '../base/errors.js';

/** Numbers and names of ClickHouse's `src/Common/ErrorCodes.cpp`, which never change. All others are `engine_failed`. */
export const clickhouseErrors: Partial<Record<ErrorCode, Readonly<Record<number, string>>>> = {
  query_timeout: {
    159: 'TIMEOUT_EXCEEDED',
    160: 'TOO_SLOW',
  },
  query_memory: {
    173: 'CANNOT_ALLOCATE_MEMORY',
    241: 'MEMORY_LIMIT_EXCEEDED',
  },
  query_too_large: {
    158: 'TOO_MANY_ROWS',
    161: 'TOO_MANY_COLUMNS',
    191: 'SET_SIZE_LIMIT_EXCEEDED',
    307: 'TOO_MANY_BYTES',
    396: 'TOO_MANY_ROWS_OR_BYTES',
  },
  query_cancelled: {
    394: 'QUERY_WAS_CANCELLED',
    735: 'QUERY_WAS_CANCELLED_BY_CLIENT',
  },
  query_not_allowed: {
    164: 'READONLY',
    291: 'DATABASE_ACCESS_DENIED',
    358: 'INTO_OUTFILE_NOT_ALLOWED',
    392: 'QUERY_IS_PROHIBITED',
    446: 'FUNCTION_NOT_ALLOWED',
    452: 'SETTING_CONSTRAINT_VIOLATION',
    481: 'PATH_ACCESS_DENIED',
    497: 'ACCESS_DENIED',
  },
  invalid_query: {
    6: 'CANNOT_PARSE_TEXT',
    8: 'THERE_IS_NO_COLUMN',
    10: 'NOT_FOUND_COLUMN_IN_BLOCK',
    16: 'NO_SUCH_COLUMN_IN_TABLE',
    20: 'NUMBER_OF_COLUMNS_DOESNT_MATCH',
    26: 'CANNOT_PARSE_QUOTED_STRING',
    27: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
    32: 'ATTEMPT_TO_READ_AFTER_EOF',
    36: 'BAD_ARGUMENTS',
    38: 'CANNOT_PARSE_DATE',
    41: 'CANNOT_PARSE_DATETIME',
    42: 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH',
    43: 'ILLEGAL_TYPE_OF_ARGUMENT',
    44: 'ILLEGAL_COLUMN',
    46: 'UNKNOWN_FUNCTION',
    47: 'UNKNOWN_IDENTIFIER',
    48: 'NOT_IMPLEMENTED',
    50: 'UNKNOWN_TYPE',
    51: 'EMPTY_LIST_OF_COLUMNS_QUERIED',
    52: 'COLUMN_QUERIED_MORE_THAN_ONCE',
    53: 'TYPE_MISMATCH',
    59: 'ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER',
    60: 'UNKNOWN_TABLE',
    62: 'SYNTAX_ERROR',
    63: 'UNKNOWN_AGGREGATE_FUNCTION',
    69: 'ARGUMENT_OUT_OF_BOUND',
    70: 'CANNOT_CONVERT_TYPE',
    72: 'CANNOT_PARSE_NUMBER',
    73: 'UNKNOWN_FORMAT',
    80: 'INCORRECT_QUERY',
    81: 'UNKNOWN_DATABASE',
    115: 'UNKNOWN_SETTING',
    117: 'INCORRECT_DATA',
    125: 'INCORRECT_RESULT_OF_SCALAR_SUBQUERY',
    130: 'CANNOT_READ_ARRAY_FROM_TEXT',
    128: 'TOO_LARGE_ARRAY_SIZE',
    131: 'TOO_LARGE_STRING_SIZE',
    135: 'ZERO_ARRAY_OR_TUPLE_INDEX',
    153: 'ILLEGAL_DIVISION',
    162: 'TOO_DEEP_SUBQUERIES',
    167: 'TOO_DEEP_AST',
    168: 'TOO_BIG_AST',
    169: 'BAD_TYPE_OF_FIELD',
    170: 'BAD_GET',
    179: 'MULTIPLE_EXPRESSIONS_FOR_ALIAS',
    181: 'ILLEGAL_FINAL',
    182: 'ILLEGAL_PREWHERE',
    183: 'UNEXPECTED_EXPRESSION',
    184: 'ILLEGAL_AGGREGATION',
    190: 'SIZES_OF_ARRAYS_DONT_MATCH',
    206: 'ALIAS_REQUIRED',
    207: 'AMBIGUOUS_IDENTIFIER',
    215: 'NOT_AN_AGGREGATE',
    229: 'QUERY_IS_TOO_LARGE',
    306: 'TOO_DEEP_RECURSION',
    321: 'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE',
    344: 'SUPPORT_IS_DISABLED',
    349: 'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN',
    352: 'AMBIGUOUS_COLUMN_NAME',
    386: 'NO_COMMON_TYPE',
    395: 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO',
    403: 'INVALID_JOIN_ON_EXPRESSION',
    407: 'DECIMAL_OVERFLOW',
    456: 'UNKNOWN_QUERY_PARAMETER',
    457: 'BAD_QUERY_PARAMETER',
    636: 'CANNOT_EXTRACT_TABLE_STRUCTURE',
    701: 'CLUSTER_DOESNT_EXIST',
  },
  too_many_requests: {
    201: 'QUOTA_EXCEEDED',
    202: 'TOO_MANY_SIMULTANEOUS_QUERIES',
    252: 'TOO_MANY_PARTS',
    700: 'USER_SESSION_LIMIT_EXCEEDED',
  },
  disk_full: {
    243: 'NOT_ENOUGH_SPACE',
  },
  engine_unavailable: {
    203: 'NO_FREE_CONNECTION',
    209: 'SOCKET_TIMEOUT',
    210: 'NETWORK_ERROR',
    225: 'NO_ZOOKEEPER',
    236: 'ABORTED',
    242: 'TABLE_IS_READ_ONLY',
    279: 'ALL_CONNECTION_TRIES_FAILED',
    319: 'UNKNOWN_STATUS_OF_INSERT',
    999: 'KEEPER_EXCEPTION',
  },
};

const codeByNumber = new Map<number, ErrorCode>(
  Object.entries(clickhouseErrors).flatMap(([code, names]) =>
    Object.keys(names).map((number) => [Number(number), code as ErrorCode] as const),
  ),
);

/** How long a client should wait before it repeats a request that found the engine away or busy. A guess. */
const retryAfterSeconds = 1;

/** The registry's code for a number of ClickHouse's. */
export const errorCodeOf = (number: number): ErrorCode => codeByNumber.get(number) ?? 'engine_failed';

/** A BarographError for an exception of ClickHouse's, with its own words. */
export function clickhouseFailure(number: number, message: string, cause?: unknown): BarographError {
  const code = errorCodeOf(number);
  const busy = code === 'too_many_requests' || code === 'engine_unavailable';
  return new BarographError(code, message.trim(), { cause, ...(busy ? { retryAfterSeconds } : {}) });
}

/**
 * Whatever a call to the engine failed with, as a BarographError: an exception of ClickHouse's by its number, and a failure
 * of the connection (refused, reset, timed out, closed half-way) as `engine_unavailable`.
 */
export function engineFailure(error: unknown): BarographError {
  if (isBarographError(error)) return error;
  if (error instanceof ClickHouseError) return clickhouseFailure(Number(error.code), error.message, error);
  const message = messageOf(error);
  // Exceptions of the libraries below ClickHouse come in another form, which the client does not take apart.
  const number = /^[\w:]*\.? ?Code: (\d+)/.exec(message)?.[1];
  if (number !== undefined) return clickhouseFailure(Number(number), message, error);
  return new BarographError('engine_unavailable', `The engine did not answer: ${message}`, {
    retryAfterSeconds,
    cause: error,
  });
}
