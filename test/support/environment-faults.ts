/** Faults of the environment that a run meets, each as the wrapper that makes it. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { expectFault, mainFile, pauselab, shell } from './pauselab.js';
import { scratchFolder } from './scratch.js';
import { shortProfile } from './short-profile.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);
export const isRoot = process.getuid?.() === 0;
export const needsRoot = 'needs root, for mounts of its own';
/** Of no other test: a limit counts all threads of its user, also those of tests that run beside this one. */
const limitedUser = 65_533;
const asLimitedUser = ['setpriv', `--reuid=${limitedUser}`, `--regid=${limitedUser}`, '--clear-groups'];
const limitedUserCannot =
  !isRoot ||
  spawnSync('env', [...asLimitedUser, process.execPath, '-e', `require('fs').accessSync(${JSON.stringify(mainFile)})`])
    .status !== 0;
export const inOwnMounts = (script: string): string[] => ['unshare', '--mount', ...shell(`${script} && exec "$@"`, [])];

/** A run ends with 5 and this sentence, and leaves nothing. */
export async function expectUnfit(wrapper: readonly string[], says: RegExp): Promise<void> {
  const out = scratch.fresh('out');
  expectFault(await pauselab(['run', short, '--out', out], { wrapper }), { code: 5, says: [says], out });
}

export async function expectFileLimit(blocks: number): Promise<void> {
  const says = /no file may be so large \(File too large\); raise the limit \(ulimit -f\)/;
  await expectUnfit(shell(`ulimit -f ${blocks}; exec "$@"`, []), says);
}

/** As a user who may have so many threads. */
export async function expectThreadLimit(
  most: number,
  { skip }: { readonly skip: (condition: boolean, reason: string) => void },
): Promise<void> {
  skip(limitedUserCannot, 'needs root, and a folder that other users can read');
  const home = scratch.fresh('home');
  mkdirSync(home);
  chownSync(home, limitedUser, limitedUser);
  const out = `${home}/out`;
  const ended = await pauselab(['run', short, '--out', out], {
    wrapper: [...asLimitedUser, 'prlimit', `--nproc=${most}`],
    env: { HOME: home },
  });
  expectFault(ended, { code: 5, says: [/(failed|could not be started) \(?.*EAGAIN.*ulimit -u/], out });
}
