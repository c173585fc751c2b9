/** The common part of remote write's bodies, read in the kernel: TimeSeries as senders write them. */
import type { Kernel } from './kernel.js';

/** Runs of samples, each of one series, as the kernel left them: valid until the next scan. */
export interface ScannedRuns {
  readonly runCount: number;
  readonly sampleCount: number;
  /** Run i's labels are the bytes [keyStarts[i], keyEnds[i]) of the body. */
  readonly keyStarts: Uint32Array;
  readonly keyEnds: Uint32Array;
  /** Run i's samples are [sampleEnds[i - 1], sampleEnds[i]). */
  readonly sampleEnds: Uint32Array;
  /** Epoch milliseconds. */
  readonly timesMs: Float64Array;
  /** Bits of the values, low and high half of each. */
  readonly valueWords: Uint32Array;
}

export class WriteRequestScan {
  private buffer: ArrayBuffer | undefined;
  private views!: Omit<ScannedRuns, 'runCount' | 'sampleCount'>;
  private readonly room: number;

  constructor(private readonly kernel: Kernel) {
    this.room = kernel.exports.createScan();
  }

  /**
   * Scans `body`, which the kernel must have placed at `address`, from `at` on. Answers where it stopped: at the end, at a field that it leaves
   * to others, or where there is no room for more.
   */
  scan(address: number, at: number, bytes: number): number {
    return (this.kernel.exports.scanWriteRequest(address, address + at, address + bytes) >>> 0) - address;
  }

  /** What the last scan took. */
  scanned(): ScannedRuns {
    const { exports } = this.kernel;
    if (this.buffer !== exports.memory.buffer) this.look();
    return { runCount: exports.scannedRuns(), sampleCount: exports.scannedSamples(), ...this.views };
  }

  private look(): void {
    const { kernel, room } = this;
    const { exports } = kernel;
    const { buffer } = exports.memory;
    this.buffer = buffer;
    this.views = {
      keyStarts: new Uint32Array(buffer, exports.scannedKeyStarts(), room),
      keyEnds: new Uint32Array(buffer, exports.scannedKeyEnds(), room),
      sampleEnds: new Uint32Array(buffer, exports.scannedSampleEnds(), room),
      timesMs: new Float64Array(buffer, exports.scannedTimes(), room),
      valueWords: new Uint32Array(buffer, exports.scannedValues(), 2 * room),
    };
  }
}
