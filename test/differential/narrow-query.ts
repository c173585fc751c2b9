/** Finds the smallest part of a query that shows a difference by itself. */
import { childrenOf, type Expression, valueTypeOf } from '../../src/promql/ast.js';
import { parseQuery } from '../../src/promql/parse/parse-query.js';
import { formatExpression } from '../../src/promql/print/format-expression.js';

/** `differs` tells whether the answers to a query differ. What it is given is printed anew from the query's tree. */
export async function narrowQuery(query: string, differs: (part: string) => Promise<boolean>): Promise<string> {
  let smallest = query;
  let tree: Expression;
  try {
    tree = parseQuery(query);
  } catch {
    return query;
  }
  for (;;) {
    const smaller = await firstOf(partsOf(tree), differs);
    if (smaller === undefined) return smallest;
    tree = smaller;
    smallest = formatExpression(smaller);
  }
}

/** Parts of the types that a query may have; of those that have not, their own parts. */
const partsOf = (tree: Expression): Expression[] =>
  childrenOf(tree).flatMap((child) => {
    const type = valueTypeOf(child);
    return type === 'vector' || type === 'scalar' ? [child] : partsOf(child);
  });

async function firstOf(
  parts: readonly Expression[],
  differs: (part: string) => Promise<boolean>,
): Promise<Expression | undefined> {
  for (const part of parts) if (await differs(formatExpression(part))) return part;
  return undefined;
}
