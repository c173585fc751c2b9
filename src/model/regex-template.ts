/**
 * Replacement texts as Prometheus' relabelling has them: `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar. A name is the
 * longest run of letters, digits and underscores; what is not of these forms stands for itself, a group that does not exist for
 * nothing. Source: Go, package regexp, `Regexp.Expand`.
 */
export interface RegexTemplate {
  /** Literal texts (strings) and references to groups (numbers, 0 for the whole match), in order. */
  readonly parts: readonly (string | number)[];
  /** Whether the text refers to a group at all; if not, its expansion is always the same. */
  readonly hasGroups: boolean;
}

const reference = /^(?:\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/u;

/** A template for a regex whose named groups have these numbers. */
export function parseRegexTemplate(text: string, namedGroups: Readonly<Record<string, number>>): RegexTemplate {
  const parts: (string | number)[] = [];
  let rest = text;
  for (let at = rest.indexOf('$'); at >= 0; at = rest.indexOf('$')) {
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
    const match = reference.exec(rest);
    if (rest.startsWith('$')) {
      parts.push('$');
      rest = rest.slice(1);
    } else if (match === null) parts.push('$');
    else {
      const group = groupNumber((match[1] ?? match[2])!, namedGroups);
      if (group !== undefined) parts.push(group);
      rest = rest.slice(match[0].length);
    }
  }
  parts.push(rest);
  return { parts, hasGroups: parts.some((part) => typeof part === 'number') };
}

/** A number with a leading zero, or of nine digits and more, is a name. */
function groupNumber(name: string, namedGroups: Readonly<Record<string, number>>): number | undefined {
  if (/^(?:0|[1-9][0-9]{0,8})$/.test(name)) return Number(name);
  return Object.hasOwn(namedGroups, name) ? namedGroups[name] : undefined;
}

/** The template with its groups filled in; `groups[0]` is the whole match. */
export const expandTemplate = (template: RegexTemplate, groups: readonly (string | null | undefined)[]): string =>
  template.parts.map((part) => (typeof part === 'string' ? part : (groups[part] ?? ''))).join('');
