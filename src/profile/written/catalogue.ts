/** The profiles of pauselab: the YAML files of profiles/, each with the name of its profile. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packagePath } from '../../base/package-path.js';
import { didYouMean } from '../../base/text/near-miss.js';

const folder = packagePath('profiles');
const ending = '.yaml';

export async function shippedNames(): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

/** Whether the text names a file: it has a slash or ends in .yaml or .yml. Other texts name a shipped profile. */
export function isPath(nameOrPath: string): boolean {
  return /[/\\]|\.ya?ml$/.test(nameOrPath);
}

export function shippedFile(name: string): string {
  return join(folder, name + ending);
}

/** The error for an unknown name; undefined if the profile exists. */
export async function unknownProfile(name: string): Promise<string | undefined> {
  const names = await shippedNames();
  if (names.includes(name)) return undefined;
  const hint = didYouMean(name, names) || `; there are ${names.join(', ')}`;
  return `no profile is named ${JSON.stringify(name)}${hint} (the path of a file has a slash or ends in .yaml)`;
}
