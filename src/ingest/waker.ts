/** A pause that can be cut short. */
export interface Waker {
  /** Resolves after `ms`, or at `wake`. One at a time. */
  pause(ms: number): Promise<void>;
  wake(): void;
}

export function createWaker(): Waker {
  let wake = (): void => {};
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
  };
}
