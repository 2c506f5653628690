/**
 * Reads what programs printed into files of the runtime folder. A user's program may print without end, so only the end
 * is read.
 */
import { existsSync, statSync } from 'node:fs';
import { linesOf } from '../base/text/lines.js';
import { readEnd } from '../base/files/read-file.js';

/** Limit for the bundle. */
const mostBytes = 64 * 2 ** 20;
/** Limit for searching a program's output, repeatedly during its start. */
const mostLookedAtBytes = 4 * 2 ** 20;

/** Empty if nothing was printed. If the start is left out, the first line says so. */
export function printedText(path: string, most = mostBytes): string {
  if (!existsSync(path)) return '';
  const leftOut = statSync(path).size - most;
  const end = readEnd(path, most).toString('utf8');
  return leftOut <= 0
    ? end
    : `[pauselab: about ${leftOut} bytes before this line are left out]\n${end.slice(end.indexOf('\n') + 1)}`;
}

/** Without empty lines. */
export function printedLines(path: string): string[] {
  return linesOf(printedText(path, mostLookedAtBytes)).filter((text) => text !== '');
}
