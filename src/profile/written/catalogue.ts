/** The profiles that ship with pauselab: the YAML files of profiles/, each named as its profile is. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean } from '../../base/text/near-miss.js';

const folder = fileURLToPath(new URL('../../../profiles', import.meta.url));
const ending = '.yaml';

export async function shippedNames(): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

/** Whether a user means a file and not a shipped profile: it has a slash or ends as a YAML file does. */
export function isPath(nameOrPath: string): boolean {
  return /[/\\]|\.ya?ml$/.test(nameOrPath);
}

export function shippedFile(name: string): string {
  return join(folder, name + ending);
}

/** Nothing if there is such a profile, else what to say. */
export async function unknownProfile(name: string): Promise<string | undefined> {
  const names = await shippedNames();
  if (names.includes(name)) return undefined;
  const hint = didYouMean(name, names) || `; there are ${names.join(', ')}`;
  return `no profile is named ${JSON.stringify(name)}${hint} (a file of your own needs a slash or ends in .yaml)`;
}
