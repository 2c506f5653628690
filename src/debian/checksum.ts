import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { streamOf } from '../base/files/read-file.js';

/** A vmlinux with debugging data has about 1 GB. */
export const mostKernelBytes = 4 * 2 ** 30;

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(streamOf(path, { mostBytes: mostKernelBytes }), hash);
  return hash.digest('hex');
}

export function sha256OfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Of files, by their paths below a folder. */
export type Checksums = Readonly<Record<string, string>>;

export async function checksumsOf(folder: string, paths: readonly string[]): Promise<Checksums> {
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await sha256OfFile(join(folder, path))] as const)),
  );
}

/** Of all files of a folder, by their paths below `folder`, which it lies in. */
export function pathsOf(folder: string, part: string): string[] {
  return readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort();
}

/** False also if a file is missing or cannot be read. */
export async function hasChecksums(folder: string, checksums: Checksums): Promise<boolean> {
  try {
    for (const [path, sha256] of Object.entries(checksums))
      if ((await sha256OfFile(join(folder, path))) !== sha256) return false;
    return true;
  } catch {
    return false;
  }
}
