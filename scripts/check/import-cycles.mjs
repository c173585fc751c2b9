// Files that import each other, directly or in a ring. Type imports count: a ring of types is one idea in two files.
import { resolveImport } from './import-table.mjs';

/**
 * One problem for each ring.
 * @param {import('./source-tree.mjs').SourceFile[]} sources
 * @returns {string[]}
 */
export function importCycles(sources) {
  const paths = new Set(sources.map(({ path }) => path));
  const edges = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.map(({ specifier }) => resolveImport(path, specifier)).filter((target) => paths.has(target)),
    ]),
  );
  return components(edges)
    .filter((ring) => ring.length > 1 || edges.get(ring[0]).includes(ring[0]))
    .map((ring) => `${ring.sort().join(' ↔ ')}: import each other in a ring`);
}

/** The strongly connected components of a graph (Tarjan, SIAM J. Comput. 1972). */
function components(edges) {
  const found = [];
  const stack = [];
  const order = new Map();
  const lowest = new Map();
  const visit = (node) => {
    order.set(node, order.size);
    lowest.set(node, order.get(node));
    stack.push(node);
    for (const next of edges.get(node)) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node), lowest.get(next)));
    }
    if (lowest.get(node) === order.get(node)) found.push(stack.splice(stack.indexOf(node)));
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found;
}
