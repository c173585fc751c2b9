/**
 * Names of labels that no URL of old takes, as clients of Prometheus write them: `U__`, then the name with `__` for an underscore and `_2e_`
 * for the character with that hexadecimal code. Source: prometheus/common, model/metric.go, `UnescapeName`.
 */

const escapedName = /^U__(?:[^_]|__|_[0-9a-f]{1,6}_)*$/iu;

/** The name that is meant; the name itself where it is not escaped, or not rightly. */
export function unescapeName(name: string): string {
  if (!name.startsWith('U__') || !escapedName.test(name)) return name;
  let isValid = true;
  const meant = name.slice('U__'.length).replace(/__|_([0-9a-f]{1,6})_/giu, (_, code?: string) => {
    if (code === undefined) return '_';
    const point = Number.parseInt(code, 16);
    const isCharacter = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    isValid &&= isCharacter;
    return isCharacter ? String.fromCodePoint(point) : '';
  });
  return isValid ? meant : name;
}
