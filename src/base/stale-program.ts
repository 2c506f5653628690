/** A native part of another version than the command: built before an update, and not again since. */
import { basename } from 'node:path';
import { unfit, type Failure } from './failure.js';

/** `what`: how it shows. */
export function staleProgram(program: string, what: string, cause?: unknown): Failure {
  return unfit(
    `${basename(program)} is of another version than pauselab: ${what}; build it again with \`npm run setup\``,
    { cause },
  );
}
