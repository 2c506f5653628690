/** Markdown: text of others in it is text, whatever it holds. */

export function escaped(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\|<>&*_`[\]#~]/g, (character) => `\\${character}`);
}

/** Lines. The first two columns to the left, the others, numbers, to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (row: readonly string[]): string => `| ${row.map((cell) => escaped(cell.trim())).join(' | ')} |`;
  return [line(head), `| ${head.map((_, i) => (i < 2 ? '---' : '---:')).join(' | ')} |`, ...rows.map(line)];
}
