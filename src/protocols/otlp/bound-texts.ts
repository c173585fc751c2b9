/** Bounds and quantiles as the bytes of their labels' values. They mostly are those of the data point before, and then cost a comparison. */
import { decimalText } from './decimal-text.js';

const encoder = new TextEncoder();

export const infinityText = encoder.encode('+Inf');

export class BoundTexts {
  private bounds = new Float64Array(0);
  private texts: readonly Uint8Array[] = [];

  /** The texts of bounds[0, count). */
  of(bounds: ArrayLike<number>, count: number): readonly Uint8Array[] {
    if (!this.holds(bounds, count)) {
      this.bounds = Float64Array.from({ length: count }, (_, i) => bounds[i]!);
      this.texts = Array.from(this.bounds, (bound) => encoder.encode(decimalText(bound)));
    }
    return this.texts;
  }

  private holds(bounds: ArrayLike<number>, count: number): boolean {
    if (this.bounds.length !== count) return false;
    for (let i = 0; i < count; i++) if (!Object.is(bounds[i], this.bounds[i])) return false;
    return true;
  }
}
