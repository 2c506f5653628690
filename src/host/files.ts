/**
 * Reading small files of /proc, /sys and /boot, which may be absent or refused on another kernel. They have no size
 * before they are read and nobody else can write them, so they need no limit; files of users are read by
 * base/read-file.ts.
 */
import { readFileSync } from 'node:fs';
import { unfit } from '../base/failure.js';

/** Trimmed text, or null where there is no such file or no permission. */
export function readIfThere(path: string): string | null {
  try {
    return readKernelFile(path).trim();
  } catch {
    return null;
  }
}

/** A file that every Linux has, and that a container may hide (proc mounted with subset=pid). */
export function readProc(path: string): string {
  try {
    return readKernelFile(path);
  } catch (cause) {
    throw unfit(
      `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}), and nothing can be measured without it; mount /proc in full, without subset=pid`,
      { cause },
    );
  }
}

/** Throws what the system says; of a process that has ended, ENOENT or ESRCH. */
export function readKernelFile(path: string): string {
  return readFileSync(path, 'utf8');
}

export function readKernelBytes(path: string): Buffer {
  return readFileSync(path);
}
