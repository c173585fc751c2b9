// The few forms of Markdown that the generated references are made of.

/** Says where the text comes from, so that nobody edits it. */
export const generatedNote = '<!-- Written by scripts/docs.mjs from the code. Do not edit. -->';

/** A table. @param {string[]} head @param {string[][]} rows */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const code = (text) => `\`${text}\``;
