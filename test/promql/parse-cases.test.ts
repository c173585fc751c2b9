// Judged by Prometheus' own parser: fixtures/prometheus-parser/README.md tells how its answers were made.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { childrenOf, type Expression } from '../../src/promql/ast.js';
import { parseQuery } from '../../src/promql/parse/parse-query.js';
import { astJson } from '../../src/promql/print/ast-json.js';
import { formatExpression } from '../../src/promql/print/format-expression.js';
import { prettify } from '../../src/promql/print/prettify.js';

interface Tree {
  readonly type: string;
  readonly pos: readonly [from: number, to: number];
  readonly expr?: Tree;
  readonly param?: Tree | null;
  readonly lhs?: Tree;
  readonly rhs?: Tree;
  readonly args?: readonly Tree[];
}

interface Case {
  readonly query: string;
  readonly error?: string;
  readonly string?: string;
  readonly pretty?: string;
  readonly tree?: Tree;
}

const root = new URL('../../../', import.meta.url);
const cases: readonly Case[] = JSON.parse(readFileSync(new URL('test/promql/fixtures/parse-cases.json', root), 'utf8'));

/** What differs, and why. A case here that agrees fails the test. */
const otherwise = new Map<string, string>();
const listed = (reason: string, ...queries: readonly string[]): void => {
  for (const query of queries) otherwise.set(query, reason);
};
listed('a label without a name never is, and the matchers of the index refuse it', '{""="0"}', '{``="0"}');
listed(
  'Prometheus meets a fault of meaning before the fault of form behind it; the grammar reads the whole form first',
  'sum_over_time(metric1_total[29s1s:5s+5s])+',
  'count ( ) request_duration_seconds',
  'topk()http_requests3',
  'sum ( sum ( mode , job ) ( node_cpu ) / on ( job ) group_left sum by ( job ) ( node_cpu ) )',
  'sum ( __name__ , env ) ( metric_total { env = "1" } )',
);
listed(
  'a text here holds characters, and no bytes that are none',
  String.raw`"\a\b\f\n\r\t\v\\\" - \xFF\377\u1234\U00010111\U0001011111☺"`,
  String.raw`'\a\b\f\n\r\t\v\\\' - \xFF\377\u1234\U00010111\U0001011111☺'`,
  String.raw`label_replace ( testmetric , "\xff" , "" , "src" , "(.*)" )`,
);

type Answer = { readonly error: string } | { readonly expression: Expression };

function ask(query: string): Answer {
  try {
    return { expression: parseQuery(query) };
  } catch (error) {
    if (!isBarographError(error, 'invalid_promql')) throw error;
    return { error: error.message };
  }
}

/** The tree without its positions. */
function withoutPositions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPositions);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'pos');
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutPositions(part)]));
}

function positionsOf(tree: Tree): unknown {
  // A range's selector is no node of its own in this form.
  const children = tree.args ?? [tree.lhs, tree.rhs, tree.expr, tree.param].filter((part) => part != null);
  return [tree.pos, ...children.map(positionsOf)];
}

function ownPositions(expression: Expression, query: string): unknown {
  const bytesTo = (at: number): number => Buffer.byteLength(query.slice(0, at));
  const children = expression.kind === 'matrix_selector' ? [] : childrenOf(expression);
  const own = [bytesTo(expression.from), bytesTo(expression.to)];
  return [own, ...children.map((child) => ownPositions(child, query))];
}

function checkCase({ query, error, string, pretty, tree }: Case): void {
  const answer = ask(query);
  if (error !== undefined || 'error' in answer) {
    assert.equal('error' in answer ? answer.error : 'no error', error ?? 'no error');
    return;
  }
  assert.equal(formatExpression(answer.expression), string);
  assert.equal(prettify(answer.expression), pretty);
  assert.deepEqual(JSON.parse(JSON.stringify(astJson(answer.expression))), withoutPositions(tree));
  assert.deepEqual(ownPositions(answer.expression, query), positionsOf(tree!));
}

describe('the parser says what Prometheus says', () => {
  for (const each of cases) {
    const reason = otherwise.get(each.query);
    const name = JSON.stringify(each.query).slice(0, 120);
    if (reason === undefined) it(name, () => checkCase(each));
    else it(`${name}, but: ${reason}`, () => assert.throws(() => checkCase(each)));
  }

  it('has a case for each difference that is listed', () => {
    const queries = new Set(cases.map(({ query }) => query));
    assert.deepEqual(
      Array.from(otherwise.keys()).filter((query) => !queries.has(query)),
      [],
    );
  });
});
