/** Pages of the documentation, as tests read them. */
import { readFileSync } from 'node:fs';

/**
 * Relative to the repository. Rows of tables have one blank around each cell, however wide the formatter makes their
 * columns.
 */
export function readPage(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    .split('\n')
    .map((line) =>
      line.startsWith('|') ? line.replace(/ +\|/g, ' |').replace(/\| +/g, '| ').replace(/-{3,}/g, '---') : line,
    )
    .join('\n');
}
