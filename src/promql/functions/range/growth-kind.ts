/** What tells `rate`, `increase` and `delta` apart. */
export interface GrowthKind {
  /** Resets are made up for, and the value is never taken below zero. */
  readonly isCounter: boolean;
  /** Per second rather than over the window. */
  readonly isPerSecond: boolean;
}
