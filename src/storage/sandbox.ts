/**
 * Vets SQL that users wrote, before the reader runs it. The reader's grants are the other wall (`reader-profile.ts`); this one
 * is needed because ClickHouse guards no scalar function by grants, and in the private engine file() reads any file of ours.
 *
 * The engine's own parser says what a statement is: `EXPLAIN AST` runs with the reader's rights, parses one statement and
 * executes nothing of it. What follows is an allow-list over that tree: each node must be of a known kind, each function of a
 * known family, each table in our database. Kinds that hide a part of the statement from the tree are not on the list.
 */
import { BarographError } from '../base/errors.js';
import type { Engine } from './engine.js';
import { type AstNode, astNodes } from './sandbox/ast-nodes.js';
import { checkFunctions } from './sandbox/functions.js';
import { checkShow } from './sandbox/show-statements.js';

export interface VetOptions {
  /** Values of the statement's parameters: the parser wants them, and a name given by one is looked at like one in the text. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

/** Longest statement, bytes: ClickHouse's own `max_query_size`. */
const statementBytesMax = 256 * 1024;

/**
 * Resolves where `sql` is one statement that readers may run: SELECT, EXPLAIN of one, DESCRIBE, and SHOW or EXISTS of our
 * tables. Rejects with `query_not_allowed` and the reason, or with `invalid_query` where it does not parse.
 */
export async function vetReaderStatement(engine: Engine, sql: string, options: VetOptions = {}): Promise<void> {
  const size = Buffer.byteLength(sql);
  if (size > statementBytesMax) {
    throw new BarographError('invalid_query', `A statement has ${size} bytes, and ${statementBytesMax} are the most.`);
  }
  const nodes = astNodes(await explainedAst(engine, sql, options));
  const [root] = nodes;
  if (root === undefined) throw new BarographError('invalid_query', 'The statement is empty.');
  if (/^(?:Show|Exists)/.test(root.kind)) return checkShow(engine, sql, options.signal);
  for (const node of nodes.slice(checkedRootCount(nodes, root))) checkNode(node, engine.database);
  const functions = nodes.filter(({ kind }) => kind === 'Function').map(({ detail }) => detail);
  await checkFunctions(engine, functions);
}

async function explainedAst(engine: Engine, sql: string, { params, signal }: VetOptions): Promise<string> {
  const { body } = await engine.stream(
    {
      sql: `EXPLAIN AST\n${sql}`,
      user: 'reader',
      ...(params === undefined ? {} : { params }),
      ...(signal === undefined ? {} : { signal }),
    },
    'TSVRaw',
  );
  let text = '';
  for await (const chunk of body.setEncoding('utf8')) text += chunk;
  return text;
}

/** Checks the statement as a whole and returns how many nodes at the tree's start need no further look. */
function checkedRootCount(nodes: readonly AstNode[], root: AstNode): number {
  const explain = root.kind === 'Explain';
  if (explain && !/^EXPLAIN(?: SYNTAX| AST| QUERY TREE| PIPELINE| ESTIMATE)?$/.test(root.detail))
    throw refused(root.detail);
  // The options of EXPLAIN, such as `indexes = 1`, are a node of their own and no settings of the query.
  const options = explain && nodes[1]?.kind === 'Set';
  const statement = explain ? nodes[options ? 2 : 1] : root;
  const kinds = explain ? ['SelectWithUnionQuery'] : ['SelectWithUnionQuery', 'DescribeQuery'];
  if (statement === undefined || !kinds.includes(statement.kind)) {
    throw refused('statements other than SELECT, EXPLAIN of a SELECT, DESCRIBE, SHOW and EXISTS');
  }
  // The clauses at a statement's end hang below its root.
  const wanted = options ? 2 : 1;
  if (root.childCount !== wanted || statement.childCount !== 1) {
    throw refused(
      'FORMAT, INTO OUTFILE and SETTINGS at the end of a statement',
      'The request itself names the format.',
    );
  }
  return explain ? wanted : 0;
}

/** Kinds of nodes that show all they hold. */
const openKinds = new Set([
  ...['ArrayJoin', 'Asterisk', 'ColumnsExceptTransformer', 'ColumnsListMatcher', 'ColumnsRegexpMatcher'],
  ...['ColumnsReplaceTransformer', 'ColumnsReplaceTransformer::Replacement', 'ColumnsTransformerList', 'DescribeQuery'],
  ...[
    'ExpressionList',
    'Function',
    'Identifier',
    'InterpolateElement',
    'Literal',
    'OrderByElement',
    'QualifiedAsterisk',
  ],
  ...['QualifiedColumnsListMatcher', 'QualifiedColumnsRegexpMatcher', 'SampleRatio', 'SelectIntersectExceptQuery'],
  ...['SelectQuery', 'SelectWithUnionQuery', 'Subquery', 'TableExpression', 'TableIdentifier', 'TableJoin'],
  ...['TablesInSelectQuery', 'TablesInSelectQueryElement', 'WindowDefinition', 'WindowListElement', 'WithElement'],
]);

/** How the kinds that people may meet are called in SQL. */
const namesOfKinds: Readonly<Record<string, string>> = {
  ColumnsApplyTransformer: 'APPLY',
  Set: 'a SETTINGS clause',
};

function checkNode({ kind, detail }: AstNode, database: string): void {
  if (!openKinds.has(kind))
    throw refused(namesOfKinds[kind] ?? `this part of SQL (${kind || 'a name over several lines'})`);
  if (kind === 'Function' && !/^\w+$/.test(detail)) throw refused(`a function named ${detail}`);
  if (kind === 'TableIdentifier') checkTable(detail, database);
  // The right side of IN may be a table, which the tree shows as any name.
  if (kind === 'Identifier' && /^(?:system|information_schema)\./i.test(detail)) checkTable(detail, database);
}

function checkTable(name: string, database: string): void {
  const ours = !name.includes('.') || name.startsWith(`${database}.`);
  if (!ours && name !== 'system.one') throw refused(`the table ${name}`, `The tables of ${database} are open.`);
}

const refused = (what: string, hint?: string) =>
  new BarographError('query_not_allowed', `Readers may not use ${what}.`, hint === undefined ? {} : { hint });
