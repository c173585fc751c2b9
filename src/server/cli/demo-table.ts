/** Tables for the eye: aligned columns of plain text. */

export interface TextColumn {
  readonly title: string;
  /** Numbers stand right, so that their digits line up; texts stand left. */
  readonly align: 'left' | 'right';
}

/** Lines of a table with a header and a rule under it. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]!.align === 'left' ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(columns.map(({ title }) => title)), rule, ...rows.map(line)];
}

/** Text in lines of at most `width` characters, broken after commas and spaces where there are any. */
export function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.match(/[^, ]*[, ]+|[^, ]+/g) ?? []) {
    if (line !== '' && line.length + piece.trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += piece;
  }
  return [...lines, line.trimEnd()];
}
