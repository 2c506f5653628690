import { lstatSync } from 'node:fs';

/**
 * Whether nothing has this path. False if that is not known, as without permission: then opening the path tells why.
 * `existsSync` says of such a path that it does not exist.
 */
export function isMissing(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // No path has a name that long, such as that of a list of files.
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
  }
}
