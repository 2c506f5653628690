/** Profiles in a folder of their own, and what is wrong with them, without the folder's name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { loadResolved } from '../../src/profile/written/load.js';
import type { ResolvedProfile } from '../../src/profile/resolved/resolved.js';
import { parseSet } from '../support/parse-set.js';

export type Files = Readonly<Record<string, string>>;

/** The first file is the one that is loaded. */
export async function resolveFiles(files: Files, ...sets: string[]): Promise<ResolvedProfile> {
  const [first = ''] = Object.keys(files);
  return loadResolved(join(folderWith(files), first), sets.map(parseSet));
}

/** The lines of the failure; none if there is none. */
export async function problemsIn(files: string | Files, ...sets: string[]): Promise<string[]> {
  const folder = folderWith(typeof files === 'string' ? { 'p.yaml': files } : files);
  const [first = ''] = Object.keys(typeof files === 'string' ? { 'p.yaml': '' } : files);
  const load = async () => loadResolved(join(folder, first), sets.map(parseSet));
  return linesOf(load(), folder);
}

export async function linesOf(loading: Promise<unknown>, folder = ''): Promise<string[]> {
  try {
    await loading;
    return [];
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.exitCode !== ExitCode.usage) throw thrown;
    const message = folder === '' ? thrown.message : thrown.message.replaceAll(`${folder}/`, '');
    return message.split('\n');
  }
}

/** The least profile that is valid, on four lines, with more YAML after it. */
export function valid(more = '', victims = '[{ operation: mprotect, rate: 1000/s }]'): string {
  return `name: p\ntitle: P\nholder: { operation: madvise_free }\nvictims: ${victims}\n${more.includes('arms:') ? more : `${more}\narms: [{ name: a }]`}\n`;
}

export function folderWith(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-profile-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
