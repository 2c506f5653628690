import { existsSync } from 'node:fs';
import { onPath } from '../../src/base/on-path.mjs';
import { mustRun, run } from './child.mjs';

export function isDebianLike() {
  return existsSync('/etc/debian_version') && onPath('apt-get') !== null;
}

/** As root. */
export async function aptInstall(names, logFile) {
  const args = ['install', '-y', '--no-install-recommends', ...names];
  const env = {
    DEBIAN_FRONTEND: 'noninteractive',
    // A shell got by `su` has no sbin in its PATH, and dpkg insists on it.
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
  };
  const first = await run('apt-get', args, { env });
  if (first.code === 0) return;
  // No package lists yet, or lists so old that the files they name are gone.
  await run('apt-get', ['update'], { env });
  await mustRun('apt-get', args, { env, logFile, exitCode: 5, sentence: `"apt-get ${args.join(' ')}" failed` });
}

/** The version apt-get would install, or undefined. */
export async function candidateVersion(name) {
  if (!isDebianLike()) return undefined;
  const { output } = await run('apt-cache', ['policy', name]);
  return /Candidate: (?:\d+:)?(\d\S*)/.exec(output)?.[1];
}
