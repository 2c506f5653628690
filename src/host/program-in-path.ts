/** Where a shell would find a program. */
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/** Absolute path of a program by its name or path; null: there is none that can be executed. */
export function programInPath(name: string, path = process.env.PATH ?? ''): string | null {
  const places = name.includes('/')
    ? [resolve(name)]
    : path
        .split(':')
        .map((folder) => join(folder, name))
        .filter(isAbsolute);
  return places.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
