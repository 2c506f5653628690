/**
 * Reads small files of /proc, /sys and /boot, which may be absent or refused on another kernel. Their size is unknown
 * before they are read, and nobody else can write them, so they need no limit. base/files/read-file.ts reads users' files.
 */
import { readFileSync } from 'node:fs';
import { unfit } from '../base/failure.js';

/** Trimmed text, or null if the file does not exist or may not be read. */
export function readIfThere(path: string): string | null {
  try {
    return readKernelFile(path).trim();
  } catch {
    return null;
  }
}

/** A file that every Linux has, but that a container may hide (proc mounted with subset=pid). */
export function readProc(path: string): string {
  try {
    return readKernelFile(path);
  } catch (cause) {
    throw unfit(
      `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}), ` +
        'and nothing can be measured without it; mount /proc in full, without subset=pid',
      { cause },
    );
  }
}

/** Throws the system's error; for a process that has ended, ENOENT or ESRCH. */
export function readKernelFile(path: string): string {
  return readFileSync(path, 'utf8');
}

export function readKernelBytes(path: string): Buffer {
  return readFileSync(path);
}
