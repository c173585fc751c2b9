/** Durations that are expressions become milliseconds. Source: Prometheus, promql/durations.go. */
import { unreachable } from '../../base/assert.js';
import { BarographError } from '../../base/errors.js';
import type { Duration, DurationBinary, DurationOperand } from '../ast.js';
import type { QueryRange } from './query-range.js';

/** Longest duration, seconds: what fits Go's 64-bit nanoseconds. */
const secondsMax = 2 ** 63 / 1e9;

/** Milliseconds; throws `query_failed` where a range or step is not positive, or the result is no duration. */
export function resolveDuration(duration: Duration, query: QueryRange, mayBeNegative: boolean): number {
  if (duration.kind === 'fixed_duration') return duration.ms;
  const seconds = secondsOf(duration, query);
  const refused = (what: string): BarographError =>
    new BarographError('query_failed', `${duration.from}:${duration.to}: ${what}`);
  if (!Number.isFinite(seconds)) throw refused('duration is NaN or infinite');
  if (seconds <= 0 && !mayBeNegative) throw refused('duration must be greater than 0');
  if (Math.abs(seconds) > secondsMax) throw refused('duration is out of range');
  return Math.trunc(seconds * 1000);
}

function secondsOf(operand: DurationOperand, query: QueryRange): number {
  switch (operand.kind) {
    case 'number_literal':
      return operand.value;
    case 'duration_of_query':
      return (operand.op === 'step' ? query.stepMs : query.endMs - query.startMs) / 1000;
    case 'duration_sign':
      return operand.op === '-' ? -secondsOf(operand.operand, query) : secondsOf(operand.operand, query);
    case 'duration_binary':
      return combined(operand, secondsOf(operand.left, query), secondsOf(operand.right, query));
    default:
      return unreachable(operand);
  }
}

function combined({ op, from, to }: DurationBinary, left: number, right: number): number {
  const refused = (what: string): BarographError => new BarographError('query_failed', `${from}:${to}: ${what}`);
  switch (op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (right === 0) throw refused('division by zero');
      return left / right;
    case '%':
      if (right === 0) throw refused('modulo by zero');
      return left % right;
    case '^':
      return left ** right;
    case 'min_of':
      return Math.min(left, right);
    case 'max_of':
      return Math.max(left, right);
    default:
      return unreachable(op);
  }
}
