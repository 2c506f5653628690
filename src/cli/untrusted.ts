/** Names come from bundles and logs of others: what of theirs may reach a terminal, and a page. */

/** No control character of theirs reaches a terminal or breaks a line. */
export function printable<T>(document: T): T {
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) => (typeof value === 'string' ? value.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e]/gu, '\ufffd') : value)) as T;
}

/** Text in Markdown. */
export function escaped(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\|<>&*_`[\]#~]/g, (character) => `\\${character}`);
}

/** Lines. The first two columns to the left, the others, numbers, to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (row: readonly string[]): string => `| ${row.map((cell) => escaped(cell.trim())).join(' | ')} |`;
  return [line(head), `| ${head.map((_, i) => (i < 2 ? '---' : '---:')).join(' | ')} |`, ...rows.map(line)];
}
