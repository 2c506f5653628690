/** Rows of text in aligned columns: the first ones to the left, the others, numbers, to the right. A row of one cell is a heading. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[], leftColumns = 2): string {
  const isHeading = (row: readonly string[]): boolean => row.length === 1;
  const widths = head.map((title, column) => Math.max(title.length, ...rows.filter((row) => !isHeading(row)).map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((cell, column) => (column < leftColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  return [line(head), ...rows.map((row) => (isHeading(row) ? (row[0] ?? '') : line(row)))].join('\n');
}
