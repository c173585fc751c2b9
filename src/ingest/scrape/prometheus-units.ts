/**
 * Durations and sizes as Prometheus' configuration writes them, which is not how our own does: `1h30m`, `1w`, `10MB` (binary).
 * Sources: prometheus/common model/time.go, `ParseDuration`, `Duration.String`; alecthomas/units, `ParseBase2Bytes`.
 */

const durationForm = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const dayMs = 86_400_000;
const durationUnitsMs = [365 * dayMs, 7 * dayMs, dayMs, 3_600_000, 60_000, 1_000, 1] as const;
const durationUnitNames = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const;

/** Milliseconds of `15s`, `1h30m` or `0`; undefined for anything else. */
export function parsePrometheusDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  const match = durationForm.exec(text);
  if (match === null || text === '') return undefined;
  const ms = durationUnitsMs.reduce((sum, unitMs, i) => sum + unitMs * Number(match[i + 1] ?? 0), 0);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** A duration as Prometheus prints it: years and weeks only where they are exact. */
export function formatPrometheusDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  let rest = durationMs;
  return durationUnitsMs
    .map((unitMs, i) => {
      const isCoarse = i < 2;
      const count = isCoarse && rest % unitMs !== 0 ? 0 : Math.floor(rest / unitMs);
      rest -= count * unitMs;
      return count === 0 ? '' : `${count}${durationUnitNames[i]}`;
    })
    .join('');
}

const sizePart = /^(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i?B|B)/;

/** Bytes of `10MB`, `1.5GiB`, `1MB512KB` or `0`; K, M, G, T, P and E are powers of 1024 with and without the i. Undefined for anything else. */
export function parsePrometheusSizeBytes(text: string): number | undefined {
  if (text === '0') return 0;
  let rest = text;
  let bytes = 0;
  while (rest !== '') {
    const match = sizePart.exec(rest);
    if (match === null) return undefined;
    bytes += Number(match[1]) * 1024 ** 'BKMGTPE'.indexOf(match[2]![0]!);
    rest = rest.slice(match[0].length);
  }
  return text !== '' && Number.isSafeInteger(Math.trunc(bytes)) ? Math.trunc(bytes) : undefined;
}
