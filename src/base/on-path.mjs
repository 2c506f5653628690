/** Programs of PATH. Plain JavaScript, for the set-up (scripts/setup) too. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The file that a shell would run, or null.
 * @param {string} program
 * @param {string | undefined} [path]
 * @returns {string | null}
 */
export function onPath(program, path = process.env.PATH) {
  const files = (path ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program));
  return files.find(isExecutable) ?? null;
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
