/**
 * Regular expressions that JavaScript's own engine may run in place of RE2's: those in which both mean the same, and on texts so
 * short that backtracking stays within a bound. RE2 in JavaScript takes some 10 µs to find the groups of a metric's name, the engine's
 * own 0.3 µs; relabelling rules are nearly all of this kind.
 *
 * Taken are texts, `.`, `\d`, `\w`, plain classes, `* + ? {n,m}` on one character, alternatives and groups, a group with at most a
 * `?` behind it. Both engines prefer the leftmost alternative and the longest repetition there. All else is RE2's.
 * Source: github.com/google/re2/wiki/Syntax; ECMA-262, "RegExp Objects".
 */

export interface SimpleRegex {
  /** The whole text's match and its groups, null where it does not match; undefined where the text is too long to try. */
  exec(text: string): readonly (string | undefined)[] | null | undefined;
}

/** Most steps of backtracking, about a millisecond of them. A guess: far more than names of metrics and labels need. */
const stepsMax = 2 ** 18;

/** How an expression can branch: by alternatives and options so many ways at once, and by repetitions at every character. */
interface Reading {
  readonly source: string;
  readonly ways: number;
  readonly repetitions: number;
}

/** The expression, anchored at both ends, its dot taking line ends; undefined where it is not simple. */
export function compileSimpleRegex(pattern: string): SimpleRegex | undefined {
  const reading = readExpression(pattern);
  if (reading === undefined) return undefined;
  const { source, ways, repetitions } = reading;
  const regex = compiled(`^(?:${source})$`);
  if (regex === undefined || ways > stepsMax) return undefined;
  const lengthMax = repetitions === 0 ? Number.POSITIVE_INFINITY : (stepsMax / ways) ** (1 / repetitions);
  return { exec: (text) => (text.length > lengthMax ? undefined : regex.exec(text)) };
}

/** Undefined for what JavaScript does not take, such as a range that ends in a class. */
function compiled(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'su');
  } catch {
    return undefined;
  }
}

const tokens = new RegExp(
  [
    String.raw`(?<group>\((?:\?:|\?P?<[A-Za-z_]\w*>)?(?!\?))`,
    String.raw`(?<end>\))(?<option>\?\??)?`,
    String.raw`(?<bar>\|)`,
    String.raw`(?<one>\.|\\[dDwW]|\\[^A-Za-z0-9\s]|\[\^?(?:[^\]\\[&^-]|\\[dw])(?:[^\]\\[&-]|-(?=[A-Za-z0-9])|\\[dw])*\]|[^\\.^$()[\]{}?*+|])(?<repeat>(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})\??)?`,
  ].join('|'),
  'suy',
);

/** A group that is open, or the whole expression, for whether every match of it takes a character. */
interface OpenGroup {
  /** Whether the alternatives before the present one do. */
  alternativesTake: boolean;
  /** Whether what was read of the present one does. */
  takes: boolean;
}

function readExpression(pattern: string): Reading | undefined {
  let source = '';
  let ways = 1;
  let repetitions = 0;
  const open: OpenGroup[] = [{ alternativesTake: true, takes: false }];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < pattern.length) {
    const found = tokens.exec(pattern)?.groups;
    if (found === undefined) return undefined;
    const { group, end, option = '', bar, one = '', repeat = '' } = found;
    const inner = open.at(-1)!;
    if (group !== undefined) {
      open.push({ alternativesTake: true, takes: false });
      source += group === '(?:' ? '(?:' : '(';
    } else if (end !== undefined) {
      open.pop();
      const outer = open.at(-1);
      const takes = inner.alternativesTake && inner.takes;
      // JavaScript passes over an optional group that would match nothing; RE2 does not.
      if (outer === undefined || (option !== '' && !takes)) return undefined;
      outer.takes ||= takes && option === '';
      if (option !== '') ways *= 2;
      source += `)${option}`;
    } else if (bar !== undefined) {
      inner.alternativesTake &&= inner.takes;
      inner.takes = false;
      ways *= 2;
      source += '|';
    } else {
      inner.takes ||= !/^(?:[*?]|\{0)/.test(repeat);
      if (repeat !== '') repetitions++;
      source += escaped(one) + repeat;
    }
  }
  // What a repetition in braces says must be in order.
  return open.length === 1 && areBracesSound(pattern) ? { source, ways, repetitions } : undefined;
}

/** JavaScript lets only characters of its syntax be escaped; RE2 all that are no letters. */
function escaped(one: string): string {
  if (!one.startsWith('\\') || /^\\[dDwW]$/.test(one)) return one;
  return one.slice(1).replace(/^[$()*+.?[\\\]^{|}]$/, String.raw`\$&`);
}

const areBracesSound = (pattern: string): boolean =>
  Array.from(pattern.matchAll(/\{(\d+),(\d+)\}/g)).every(([, least, most]) => Number(least) <= Number(most));
