/**
 * A result into a file that the user named: whole, or not at all; directly into what is no file (base/atomic-file.ts).
 */
import { dirname } from 'node:path';
import { makeFolders, writeAtomically } from '../../base/atomic-file.js';
import { guard } from '../../base/write-guard.js';

export function writeText(path: string, text: string): void {
  guard(path, () => {
    makeFolders(dirname(path));
    writeAtomically(path, text);
  });
}
