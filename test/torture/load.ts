/** What clients send to a server that is killed meanwhile, and what must be there of it afterwards. */
export interface Load {
  /** A client's next bodies; resolves once all that is to be acknowledged is. */
  step(client: number, step: number): Promise<void>;
  /** How much was acknowledged, in words. */
  sent(): string;
  /** What is missing, doubled, changed or was never sent, in words. The clients must have finished, and the server must run. */
  problems(url: string): Promise<string[]>;
}
