import { existsSync } from 'node:fs';
import { onPath } from '../../src/base/on-path.mjs';
import { mustRun, run } from './child.mjs';

export function isDebianLike() {
  return existsSync('/etc/debian_version') && onPath('apt-get') !== null;
}

/** Needs root. */
export async function aptInstall(names, logFile) {
  const args = ['install', '-y', '--no-install-recommends', ...names];
  const env = {
    DEBIAN_FRONTEND: 'noninteractive',
    // dpkg needs sbin in the PATH, and the PATH of a shell from `su` lacks it.
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
  };
  const first = await run('apt-get', args, { env });
  if (first.code === 0) return;
  // There are no package lists yet, or they are so old that their files no longer exist.
  await run('apt-get', ['update'], { env });
  await mustRun('apt-get', args, { env, logFile, exitCode: 5, sentence: `"apt-get ${args.join(' ')}" failed` });
}

/** The version apt-get would install, or undefined. */
export async function candidateVersion(name) {
  if (!isDebianLike()) return undefined;
  const { output } = await run('apt-cache', ['policy', name]);
  return /Candidate: (?:\d+:)?(\d\S*)/.exec(output)?.[1];
}
