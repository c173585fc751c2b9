/** One node of the tree that `EXPLAIN AST` prints, a node a line, children below their parent and indented by a space more. */
export interface AstNode {
  /** The node's class, such as `Function` or `TableIdentifier`. */
  readonly kind: string;
  /** What stands behind the class: a name, a literal, a kind of EXPLAIN. Without alias and number of children. */
  readonly detail: string;
  readonly childCount: number;
}

/**
 * The nodes in the order printed. A quoted name may hold line breaks, so a statement can add lines to its tree. It cannot
 * take any away or begin the line of a node otherwise than with that node's class: each real node is among those returned.
 */
export function astNodes(text: string): readonly AstNode[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(nodeOf);
}

function nodeOf(line: string): AstNode {
  const parts = /^ *(\S*)(.*?)(?: \(alias .*?\))?(?: \(children (\d+)\))?$/.exec(line);
  return { kind: parts?.[1] ?? '', detail: parts?.[2]?.trim() ?? '', childCount: Number(parts?.[3] ?? 0) };
}
