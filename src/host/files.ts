/** Reading small files of /proc and /sys, which may be absent or refused on another kernel. */
import { readFileSync } from 'node:fs';
import { unfit } from '../base/failure.js';

/** Trimmed text, or null where there is no such file or no permission. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** A file that every Linux has, and that a container may hide (proc mounted with subset=pid). */
export function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unfit(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}), and nothing can be measured without it; mount /proc in full, without subset=pid`, { cause });
  }
}
