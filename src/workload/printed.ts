/**
 * What programs printed into files of the runtime folder. A program of the user's may print without end: what is read
 * is its end.
 */
import { existsSync, statSync } from 'node:fs';
import { linesOf } from '../base/text/lines.js';
import { readEnd } from '../base/files/read-file.js';

/** For the bundle. */
const mostBytes = 64 * 2 ** 20;
/** To look for words of a program, again and again while it starts. */
const mostLookedAtBytes = 4 * 2 ** 20;

/** Empty where nothing was printed; what is left out is said in the first line. */
export function printedText(path: string, most = mostBytes): string {
  if (!existsSync(path)) return '';
  const leftOut = statSync(path).size - most;
  const end = readEnd(path, most).toString('utf8');
  return leftOut <= 0
    ? end
    : `[pauselab: about ${leftOut} bytes before this are left out]\n${end.slice(end.indexOf('\n') + 1)}`;
}

/** Without empty lines. */
export function printedLines(path: string): string[] {
  return linesOf(printedText(path, mostLookedAtBytes)).filter((text) => text !== '');
}
