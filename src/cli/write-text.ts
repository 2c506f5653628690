/** A result into a file that the user named: whole, or not at all. */
import { dirname } from 'node:path';
import { makeFolders } from '../base/atomic-file.js';
import { guard, write } from '../bundle/store.js';

export function writeText(path: string, text: string): void {
  guard(path, () => { makeFolders(dirname(path)); });
  write(path, text);
}
