// Tests as the syntax tree shows them; above all those that are singled out, or skipped without saying why: both make a
// green run mean less than it seems to.
import { SyntaxKind } from 'typescript/unstable/ast';

const testFunctions = new Set(['test', 'it', 'describe', 'suite']);
/** What tests call their own context. */
const contexts = new Set(['t', 'context', 'ctx']);
const skips = new Set(['skip', 'todo']);

/** True for the function of `test('…', () => {…})`, of a suite, or of a test within a test. */
export function isTestBody({ parent }) {
  return parent?.kind === SyntaxKind.CallExpression && testFunctions.has(calledName(parent));
}

/** What is wrong with a node of a test file, in words, else undefined. */
export function testMarkOf(node) {
  switch (node.kind) {
    case SyntaxKind.PropertyAccessExpression:
      return accessMark(node);
    case SyntaxKind.CallExpression:
      return callMark(node);
    case SyntaxKind.PropertyAssignment:
      return isTestOption(node) ? optionMark(node) : undefined;
    default:
      return undefined;
  }
}

/** `test.only`, `describe.skip` */
function accessMark({ expression, name }) {
  if (!testFunctions.has(expression.text)) return undefined;
  if (name.text === 'only') return 'singles out a test, so that the others do not run';
  return skips.has(name.text) ? "skips a test without a reason: write { skip: 'the reason' }" : undefined;
}

/** `t.skip()`; `t.skip('the reason')` is right. */
function callMark({ expression, arguments: given }) {
  const isSkip = contexts.has(expression.expression?.text) && skips.has(expression.name?.text);
  return isSkip && given.length === 0 ? 'skips a test without a reason: give it as the argument' : undefined;
}

/** True for `name: value` in the options of `test('…', {…}, …)` or `t.test('…', {…}, …)`. */
function isTestOption({ parent }) {
  const call = parent.parent;
  if (call?.kind !== SyntaxKind.CallExpression || !call.arguments.includes(parent)) return false;
  return testFunctions.has(calledName(call));
}

/** The last name of what is called: `test` of `test(…)` and of `t.test(…)`. */
const calledName = ({ expression }) => expression.text ?? expression.name?.text;

function optionMark({ name, initializer }) {
  if (initializer.kind !== SyntaxKind.TrueKeyword) return undefined;
  if (name.text === 'only') return 'singles out a test, so that the others do not run';
  return skips.has(name.text) ? 'skips a test without a reason: write the reason instead of true' : undefined;
}
