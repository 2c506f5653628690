/** Rows of text in aligned columns: the first two to the left, the others, numbers, to the right. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isHeading = (row: readonly string[]): boolean => row.length === 1;
  const widths = head.map((title, column) => Math.max(title.length, ...rows.filter((row) => !isHeading(row)).map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  return [line(head), ...rows.map((row) => (isHeading(row) ? (row[0] ?? '') : line(row)))].join('\n');
}
