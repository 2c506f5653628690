import { readFileSync } from 'node:fs';

/** As in package.json, which is the only place that says it. */
export function toolVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
