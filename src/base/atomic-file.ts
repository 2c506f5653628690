/** Files that others see whole or not at all, be it after a crash or on a full disk. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Beside its place, synced and renamed into it; `unique` tells writers of the same file apart. Throws what the system says. */
export function writeAtomically(path: string, content: string | Iterable<Uint8Array>, unique = ''): void {
  const temporary = join(dirname(path), `.${basename(path)}${unique}.partial`);
  try {
    const fd = openSync(temporary, 'w');
    try {
      const pieces = typeof content === 'string' ? [Buffer.from(content)] : content;
      for (const piece of pieces) for (let written = 0; written < piece.length; ) written += writeSync(fd, piece, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** As `mkdir -p`. Node's own recursive mkdir tries for ever where a folder is missing that nobody can make, as in /proc. */
export function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another pauselab may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
