/** A fragment of SQL and the parameters that it binds. */
export interface SqlFragment {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The parameters of several fragments; a name stands for one value only. */
export const paramsOf = (...fragments: readonly SqlFragment[]): Record<string, unknown> =>
  Object.assign({}, ...fragments.map(({ params }) => params));
