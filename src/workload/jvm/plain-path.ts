/**
 * Gives files of this tree a path that every step on the way to a JVM accepts: java-caller passes a path with a blank
 * to a shell, colons separate a class path, an agent's path ends at `=`, and a JVM without a locale reads only ASCII.
 */
import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** `path` itself if it is plain, else a link to it in `folder`, the run's folder. */
export function plainPath(path: string, folder: string): string {
  if (/^[\w./+@%,-]+$/.test(path)) return path;
  const link = join(folder, basename(path));
  try {
    symlinkSync(path, link);
  } catch (error) {
    // The run's first JVM created it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return link;
}
