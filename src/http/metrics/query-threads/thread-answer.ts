/** The body of an answer that another thread prints, piece by piece, at the pace at which the client takes it. */
import { Readable } from 'node:stream';
import { type ThreadControl, takenWord } from './thread-messages.js';

export interface ThreadAnswer {
  readonly body: Readable;
  add(piece: Uint8Array): void;
  end(): void;
  fail(error: Error): void;
}

/** `onClosed` is told when nobody reads the body any more, whether it came to its end or not. */
export function createThreadAnswer(control: ThreadControl, onClosed: () => void): ThreadAnswer {
  const waiting: Uint8Array[] = [];
  let isWanted = false;
  let hasEnded = false;

  function move(): void {
    while (isWanted && waiting.length > 0) {
      isWanted = body.push(waiting.shift());
      Atomics.add(control, takenWord, 1);
      Atomics.notify(control, takenWord);
    }
    if (isWanted && hasEnded) {
      isWanted = false;
      body.push(null);
    }
  }

  const body = new Readable({
    read() {
      isWanted = true;
      move();
    },
  });
  body.once('close', onClosed);
  return {
    body,
    add(piece) {
      waiting.push(piece);
      move();
    },
    end() {
      hasEnded = true;
      move();
    },
    fail: (error) => void body.destroy(error),
  };
}
