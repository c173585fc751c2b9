/** The children of a node of the grammar's tree. */
import type { SyntaxNode } from '@lezer/common';

export function childNodes(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}
