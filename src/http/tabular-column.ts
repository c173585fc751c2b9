/** A column of a table that is sent as a file. */

/**
 * One column; all of a table have the same length. Times are epoch milliseconds, integers are safe ones. Null is "not
 * there", which is another thing than an empty text.
 */
export type TabularColumn =
  | { readonly name: string; readonly type: 'text'; readonly values: readonly (string | null)[] }
  | {
      readonly name: string;
      readonly type: 'time' | 'integer' | 'number';
      readonly values: readonly (number | null)[];
    };

/** Values as those formats take them whose integers have 64 bits. */
export const bigIntsOf = (values: readonly (number | null)[]): (bigint | null)[] =>
  values.map((value) => (value === null ? null : BigInt(value)));
