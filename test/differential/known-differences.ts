/** Queries that Prometheus answers in a way that is its mistake, with the reason. Matched with the smallest part of a query that differs. */
export const knownDifferences: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /^timestamp\(.*( @ .* offset | offset .* @ )/,
    reason: 'Prometheus 3 forgets the offset of a selector with @ under timestamp().',
  },
];
