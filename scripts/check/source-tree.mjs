// What the checks need to know of source files, read from the compiler's own syntax trees: a regular expression would
// take text in a string or a comment for code. The compiler's interface is marked unstable; its version is pinned.
import { SyntaxKind } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/async';
import { isCode } from './project-files.mjs';
import { isTestBody, testMarkOf } from './test-marks.mjs';

/**
 * @typedef {object} SourceFile
 * @property {string} path
 * @property {string} text
 * @property {string} textWithoutLiterals of the same length and lines, so that only code and comments are left
 * @property {{specifier: string, line: number, typeOnly: boolean}[]} imports static, dynamic, re-exports and `import('…')` types
 * @property {{name: string, line: number, lines: number}[]} functions tests inside of one are not counted as its lines
 * @property {boolean} isBarrel true where all it does is to export what other files define
 * @property {{line: number, message: string}[]} testMarks tests that are singled out, or skipped without a reason
 */

const virtualRoot = '/project';
const options = { allowJs: true, noResolve: true, noLib: true, types: [], module: 'nodenext', target: 'esnext' };

/**
 * Parses the files that are code. Nothing is resolved and nothing is read from disk.
 * @param {{path: string, text: string}[]} files
 * @returns {Promise<SourceFile[]>}
 */
export async function parseSources(files) {
  const code = files.filter(isCode);
  if (code.length === 0) return [];
  const texts = new Map(code.map(({ path, text }) => [`${virtualRoot}/${path}`, text]));
  const config = `${virtualRoot}/tsconfig.json`;
  texts.set(config, JSON.stringify({ compilerOptions: options, files: code.map(({ path }) => path) }));
  const api = new API({ cwd: virtualRoot, fs: memoryFileSystem(texts) });
  try {
    const snapshot = await api.updateSnapshot({ openProjects: [config] });
    const { program } = snapshot.getProjects()[0];
    return await Promise.all(
      code.map(async ({ path, text }) => describe(path, text, await program.getSourceFile(`${virtualRoot}/${path}`))),
    );
  } finally {
    await api.close();
  }
}

const memoryFileSystem = (texts) => ({
  readFile: (name) => texts.get(name) ?? null,
  fileExists: (name) => texts.has(name),
  directoryExists: () => true,
  getAccessibleEntries: () => ({ files: [], directories: [] }),
  realpath: (name) => name,
});

function describe(path, text, tree) {
  const lineStarts = lineStartsOf(text);
  const lineOf = (offset) => upperBound(lineStarts, offset);
  const functions = [];
  const literals = [];
  const testMarks = [];
  const enclosing = [];
  const visit = (node) => {
    if (literalKinds.has(node.kind)) literals.push([node.getStart(), node.end]);
    const mark = testMarkOf(node);
    if (mark !== undefined) testMarks.push({ line: lineOf(node.getStart()), message: mark });
    if (!functionKinds.has(node.kind)) return void node.forEachChild(visit);
    const measured = { ...measure(node, lineOf), isTest: path.startsWith('test/') && isTestBody(node) };
    if (measured.isTest) takeFromSuite(measured, enclosing);
    functions.push(measured);
    enclosing.push(measured);
    node.forEachChild(visit);
    enclosing.pop();
  };
  tree.forEachChild(visit);
  return {
    path,
    text,
    textWithoutLiterals: blanked(text, literals),
    imports: tree.imports.map((node) => ({
      specifier: node.text,
      line: lineOf(node.getStart()),
      typeOnly: isTypeOnly(node.parent),
    })),
    functions,
    isBarrel: tree.statements.length > 0 && tree.statements.every(isReExport),
    testMarks,
  };
}

const functionKinds = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

const literalKinds = new Set([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.JsxText,
]);

function measure(node, lineOf) {
  const line = lineOf(node.getStart());
  return { name: nameOf(node), line, lines: lineOf(node.end - 1) - line + 1 };
}

/** A suite is a heading over tests, each of which is measured for itself: its lines but the first and last are no lines of what encloses it. */
function takeFromSuite(test, enclosing) {
  // What lies outside of an enclosing test has lost these lines together with it.
  const suite = enclosing.findLastIndex(({ isTest }) => isTest);
  for (const outer of enclosing.slice(Math.max(0, suite))) outer.lines -= Math.max(0, test.lines - 2);
}

/** A function's own name, else that of what it is assigned to. */
function nameOf(node) {
  if (node.kind === SyntaxKind.Constructor) return `the constructor of ${node.parent.name?.text ?? 'a class'}`;
  return node.name?.text ?? node.parent?.name?.text ?? 'an unnamed function';
}

const isReExport = (statement) =>
  statement.kind === SyntaxKind.ExportDeclaration && statement.moduleSpecifier !== undefined;

/** True where nothing of the import is left when the program runs. */
function isTypeOnly(parent) {
  if (parent.kind === SyntaxKind.LiteralType) return true;
  if (parent.kind === SyntaxKind.ExportDeclaration) return parent.isTypeOnly;
  return parent.kind === SyntaxKind.ImportDeclaration && parent.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
}

function blanked(text, ranges) {
  let rest = 0;
  let result = '';
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    result += text.slice(rest, start) + text.slice(start, end).replace(/[^\n]/g, ' ');
    rest = end;
  }
  return result + text.slice(rest);
}

function lineStartsOf(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** How many of the sorted numbers are not above `value`. */
function upperBound(numbers, value) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
