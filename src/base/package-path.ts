/**
 * Where the parts of pauselab lie that are no modules. One place says it: a path relative to its module would name
 * another file when the module moves, and a file that is not there may look like a part that is not installed.
 */
import { fileURLToPath } from 'node:url';

/** Of a file or folder of this package, by its path from the package's root: `profiles`, `package.json`. */
export function packagePath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
