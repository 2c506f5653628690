/**
 * A result into a file that the user named: whole, or not at all; directly into what is no file (base/atomic-file.ts).
 */
import { dirname } from 'node:path';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { guard } from '../../base/files/write-guard.js';

export function writeText(path: string, text: string): void {
  guard(path, () => {
    makeFolders(dirname(path));
    writeAtomically(path, text);
  });
}
