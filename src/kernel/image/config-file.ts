/** A kernel's .config: given by the user, from a package, or found beside an image. */
import { usage } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';

/** A .config has 0.3 MB. A larger file is something else. */
export const mostConfigBytes = 4 << 20;

export function readConfig(path: string): string {
  try {
    return readText(path, { mostBytes: mostConfigBytes });
  } catch (cause) {
    throw usage(
      `${path} could not be read as a kernel's .config (${(cause as Error).message}); ` +
        'name the .config that the kernel was built with',
      { cause },
    );
  }
}
