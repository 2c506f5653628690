import { fileURLToPath } from 'node:url';
import { readText } from '../base/files/read-file.js';

/** The version of package.json, the only place that has it. */
export function toolVersion(): string {
  const { version } = JSON.parse(
    readText(fileURLToPath(new URL('../../package.json', import.meta.url)), { mostBytes: 2 ** 20 }),
  ) as { version: string };
  return version;
}
