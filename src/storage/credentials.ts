/** Who asks a ClickHouse server. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}
