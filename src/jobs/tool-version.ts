import { fileURLToPath } from 'node:url';
import { readText } from '../base/files/read-file.js';

/** As in package.json, which is the only place that says it. */
export function toolVersion(): string {
  const { version } = JSON.parse(
    readText(fileURLToPath(new URL('../../package.json', import.meta.url)), { mostBytes: 2 ** 20 }),
  ) as { version: string };
  return version;
}
