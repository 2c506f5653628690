import { createHash } from 'node:crypto';
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
