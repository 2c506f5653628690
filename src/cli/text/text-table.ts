/** Text tables. A cell is always a single line. */
import { printableLine } from '../../base/text/printable.js';
import { textWidth } from '../../base/text/text-width.js';

/** Most characters of a cell. A name in a foreign bundle can have half a million, and measuring graphemes is slow. */
const mostCharacters = 2000;

/**
 * Rows of text in aligned columns. The first columns are aligned left; the others hold numbers and are aligned right. A
 * row with a single cell is a heading.
 */
export function renderTable(head: readonly string[], cells: readonly (readonly string[])[], leftColumns = 2): string {
  const rows = cells.map((row) =>
    row.map((cell) => printableLine(cell.length <= mostCharacters ? cell : `${cell.slice(0, mostCharacters)}…`)),
  );
  const isHeading = (row: readonly string[]): boolean => row.length === 1;
  const widths = head.map((title, column) =>
    Math.max(textWidth(title), ...rows.filter((row) => !isHeading(row)).map((row) => textWidth(row[column] ?? ''))),
  );
  const padding = (cell: string, column: number): string =>
    ' '.repeat(Math.max(0, (widths[column] ?? 0) - textWidth(cell)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < leftColumns ? cell + padding(cell, column) : padding(cell, column) + cell))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map((row) => (isHeading(row) ? (row[0] ?? '') : line(row)))].join('\n');
}
