/** Markdown, with foreign text escaped so that it stays text. */

export function escaped(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\|<>&*_`[\]#~]/g, (character) => `\\${character}`);
}

/** The lines of a table. The first two columns are aligned left; the others hold numbers and are aligned right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (row: readonly string[]): string => `| ${row.map((cell) => escaped(cell.trim())).join(' | ')} |`;
  return [line(head), `| ${head.map((_, i) => (i < 2 ? '---' : '---:')).join(' | ')} |`, ...rows.map(line)];
}
