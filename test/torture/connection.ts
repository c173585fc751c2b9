/** The way to a server that is killed and comes back under another address. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Body {
  readonly path: string;
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether an answer says that all of the body is safe. */
  isAcknowledged(status: number, text: string): boolean;
}

export interface Connection {
  /** Says where the server is now. */
  moveTo(url: string): void;
  /** One attempt; false where nothing is known of what became of it. Throws where the server refuses the body. */
  send(body: Body): Promise<boolean>;
  /** Sends until it is acknowledged, as a real client does. */
  sendUntilAcknowledged(body: Body): Promise<void>;
}

const retryPauseMs = 20;
/** A server that is stopped answers nothing; one that is killed resets the connection. */
const answerMsMax = 30_000;

export function createConnection(firstUrl: string): Connection {
  let url = firstUrl;

  async function send({ path, body, headers, isAcknowledged }: Body): Promise<boolean> {
    let answer: { status: number; text: string };
    try {
      const signal = AbortSignal.timeout(answerMsMax);
      const response = await fetch(url + path, { method: 'POST', body: body as string, headers, signal });
      answer = { status: response.status, text: await response.text() };
    } catch {
      return false;
    }
    if (isAcknowledged(answer.status, answer.text)) return true;
    if (answer.status < 429) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return false;
  }

  return {
    moveTo(next) {
      url = next;
    },
    send,
    async sendUntilAcknowledged(body) {
      while (!(await send(body))) await delay(retryPauseMs);
    },
  };
}

/** The rows that a query finds once everything acknowledged is in its table. */
export async function sqlRows<Row>(url: string, query: string): Promise<Row[]> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/sql?fresh=1`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const answer = (await response.json()) as { data: Row[] };
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  return answer.data;
}
