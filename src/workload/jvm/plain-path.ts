/**
 * Files of this tree under a name that everything on the way to a JVM takes: java-caller gives a path with a blank to a
 * shell, a class path is parted at colons, an agent's path ends at `=`, and a JVM without a locale reads ASCII only.
 */
import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** `path` itself if it is plain, else a link to it in `folder`, which is the run's. */
export function plainPath(path: string, folder: string): string {
  if (/^[\w./+@%,-]+$/.test(path)) return path;
  const link = join(folder, basename(path));
  try {
    symlinkSync(path, link);
  } catch (error) {
    // The run's first JVM made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return link;
}
