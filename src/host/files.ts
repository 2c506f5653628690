/** Reading small files of /proc and /sys, which may be absent or refused on another kernel. */
import { readFileSync } from 'node:fs';

/** Trimmed text, or null where there is no such file or no permission. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** A file that every Linux has; its absence is an error worth its stack. */
export function readProc(path: string): string {
  return readFileSync(path, 'utf8');
}
