import { packagePath } from '../base/package-path.js';
import { readText } from '../base/files/read-file.js';

/** The version of package.json, the only place that has it. */
export function toolVersion(): string {
  const { version } = JSON.parse(readText(packagePath('package.json'), { mostBytes: 2 ** 20 })) as { version: string };
  return version;
}
