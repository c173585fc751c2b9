/** A server as a process of its own on a folder of its own, which outlives the process. */
import { rm } from 'node:fs/promises';

export interface Restartable {
  /** Another one after `restart`. */
  readonly pid: number;
  readonly folder: string;
  /** Ends the process in order and starts another one on the same folder. */
  restart(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** A process that is up; `end` resolves when it has ended in order. */
export interface Running {
  readonly pid: number;
  readonly end: () => Promise<void>;
}

/** Starts it. Where it does not start its folder is removed. */
export async function restartable(folder: string, start: () => Promise<Running>): Promise<Restartable> {
  const remove = () => rm(folder, { recursive: true, force: true });
  let running = await start().catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    get pid() {
      return running.pid;
    },
    folder,
    async restart() {
      await running.end();
      running = await start();
    },
    async stop() {
      await running.end();
      await remove();
    },
  };
}
