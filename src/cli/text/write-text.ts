/**
 * Writes a result to a file that the user named, atomically. A pipe or a device is written directly
 * (base/files/atomic-file.ts).
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
