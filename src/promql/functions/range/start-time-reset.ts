/** Counter resets that samples' start times tell of. Source: Prometheus, promql/functions.go, `isStartTimestampReset`. */

/** Whether a counter began anew between two samples. A start time of 0, or at or after its sample, says nothing. */
export function isStartTimeReset(
  previousStartMs: number,
  previousMs: number,
  currentStartMs: number,
  currentMs: number,
): boolean {
  if (currentStartMs === 0 || currentStartMs >= currentMs || currentStartMs < previousMs) return false;
  if (currentStartMs > previousMs) return true;
  // The start is the previous sample's time: a delta; or a counter whose start nobody knew, which the previous sample tells.
  if (previousStartMs > previousMs) return false;
  return previousStartMs !== 0 && previousStartMs !== previousMs;
}

/** Whether a sample's start lies before the sample before it, though that has another start. */
export const isStartTimeOverlap = (previousStartMs: number, previousMs: number, currentStartMs: number): boolean =>
  currentStartMs !== 0 && currentStartMs < previousMs && currentStartMs !== previousStartMs;
