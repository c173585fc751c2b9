// Style that a machine can hold: lengths, names, leftovers.
import { isCode } from './project-files.mjs';

const fileLinesMax = 800;
/** A longer file says why: a comment line within its first lines that begins with "Long because". */
const fileLinesWithoutReasonMax = 400;
const reasonLinesMax = 40;
const reasonPattern = /^\s*(?:\/\/|\/?\*+)\s*Long because \S+ \S+/;
const functionLinesMax = 70;

const folderNamesForbidden = new Set(['utils', 'util', 'helpers', 'helper', 'services', 'common', 'misc']);
const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*$/;

const leftover = /\b(?:TODO|FIXME|XXX)\b/;
/** Folders that exist on one person's machine only. */
const machinePath = /(?<![\w.:/~-])\/(?:root|work|Users|home)\/[\w.-]+/;
const registryHost = 'https://registry.npmjs.org/';

/**
 * Every breach of style in the project.
 * @param {import('./project-files.mjs').ProjectFile[]} files
 * @param {import('./source-tree.mjs').SourceFile[]} sources the code among the files, parsed
 * @returns {string[]}
 */
export function tidyProblems(files, sources) {
  return [
    ...sources.flatMap(fileLengthProblems),
    ...sources.flatMap(functionLengthProblems),
    ...sources.flatMap(barrelProblems),
    ...sources.filter(({ path }) => path.startsWith('test/')).flatMap(testMarkProblems),
    ...files.flatMap(nameProblems),
    ...[...sources.map(wordsOfCode), ...files.filter((file) => !isCode(file)).map(wordsOfText)].flatMap(
      leftoverProblems,
    ),
    ...files.flatMap(machinePathProblems),
    ...files.flatMap(registryProblems),
  ];
}

function fileLengthProblems({ path, text }) {
  const lines = text.split('\n');
  const count = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (count > fileLinesMax) return [`${path}: ${count} lines; the most is ${fileLinesMax}`];
  const hasReason = lines.slice(0, reasonLinesMax).some((line) => reasonPattern.test(line));
  if (count <= fileLinesWithoutReasonMax || hasReason) return [];
  return [`${path}: ${count} lines; past ${fileLinesWithoutReasonMax} a comment at its top says "Long because …"`];
}

const functionLengthProblems = ({ path, functions }) =>
  functions
    .filter(({ lines }) => lines > functionLinesMax)
    .map(({ name, line, lines }) => `${path}:${line}: ${name} has ${lines} lines; the most is ${functionLinesMax}`);

const barrelProblems = ({ path, isBarrel }) =>
  isBarrel ? [`${path}: only exports what other files define; import from those`] : [];

const testMarkProblems = ({ path, testMarks }) => testMarks.map(({ line, message }) => `${path}:${line}: ${message}`);

function nameProblems(file) {
  const folders = file.path.split('/').slice(0, -1);
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  const bare = name.slice(0, name.indexOf('.'));
  return [
    ...folders
      .filter((folder) => folderNamesForbidden.has(folder))
      .map((folder) => `${file.path}: no folder is called ${folder}; name what is in it`),
    ...(isCode(file) && folderNamesForbidden.has(bare)
      ? [`${file.path}: no file is called ${bare}; name what is in it`]
      : []),
    ...(isCode(file) && !kebabCase.test(name) ? [`${file.path}: the names of source files are kebab-case`] : []),
  ];
}

/** In code, a word inside a string or a pattern is data. */
const wordsOfCode = ({ path, textWithoutLiterals }) => ({ path, text: textWithoutLiterals });
/** In a document, a word between backticks is spoken about. */
const wordsOfText = ({ path, text }) => ({ path, text: text.replace(/`[^`\n]*`/g, '') });

const leftoverProblems = ({ path, text }) =>
  matchingLines(text, leftover).map(([line, word]) => `${path}:${line}: ${word}; do it, or open an issue`);

const machinePathProblems = ({ path, text }) =>
  matchingLines(text, machinePath).map(([line, place]) => `${path}:${line}: ${place} is a path of one machine`);

/** The lock file and npm's settings must work on every machine, so they name no registry but the public one. */
function registryProblems({ path, text }) {
  if (path === '.npmrc')
    return matchingLines(text, /^.*(?:registry|\/\/).*$/).map(([line]) => `${path}:${line}: names a registry`);
  if (path !== 'package-lock.json') return [];
  return matchingLines(text, /"resolved": "(?!https:\/\/registry\.npmjs\.org\/).*/).map(
    ([line]) => `${path}:${line}: a package from elsewhere than ${registryHost}`,
  );
}

/** The lines that match, from 1, each with what matched. */
function matchingLines(text, pattern) {
  return text.split('\n').flatMap((line, i) => {
    const match = pattern.exec(line);
    return match === null ? [] : [[i + 1, match[0]]];
  });
}
