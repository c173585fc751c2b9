/** Values that are no numbers of JSON, as the word bytes[start, end). */

/**
 * The double that a word stands for: NaN and the infinities, in the spellings that VictoriaMetrics takes and the bare ones that its older
 * versions export. `null`, which stands for no value, becomes the stale marker: VictoriaMetrics stores no other NaN, and exports
 * a stale marker as null. Undefined where it is none of them. Source: VictoriaMetrics lib/protoparser/vmimport/parser.go.
 */
export function specialValue(word: string): number | 'stale' | undefined {
  const isNegative = word.startsWith('-');
  switch (isNegative || word.startsWith('+') ? word.slice(1) : word) {
    case 'null':
    case 'Null':
      return 'stale';
    case 'NaN':
    case 'nan':
      return Number.NaN;
    case 'Infinity':
    case 'infinity':
    case 'Inf':
    case 'inf':
      return isNegative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    default:
      return undefined;
  }
}
