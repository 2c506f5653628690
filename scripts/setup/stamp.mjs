import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A hash over the names and contents of files, and of all files in folders, except those in `except`. */
export function hashOf(root, paths, except = []) {
  const hash = createHash('sha256');
  const add = (path) => {
    const found = except.includes(path) ? undefined : statSync(join(root, path), { throwIfNoEntry: false });
    if (found?.isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) add(join(path, name));
    } else if (found?.isFile()) {
      const content = read(join(root, path)) ?? '';
      hash.update(`${path}\0${content.length}\0`).update(content);
    }
  };
  paths.forEach(add);
  return hash.digest('hex');
}

/**
 * A file that records what the folder around it was made from. It goes when the folder goes.
 * @param {string} file
 */
export function stamp(file) {
  return {
    file,
    exists: () => existsSync(file),
    says: (text) => read(file)?.toString() === text,
    remove: () => rmSync(file, { force: true }),
    write: (text) => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
  };
}

/** Undefined if the file does not exist: an editor's temporary file may vanish in between. */
function read(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
