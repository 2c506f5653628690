/** Faults of the environment that a workload meets: one sentence with what to do, exit code 5, nothing left behind. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { describe, test } from 'vitest';
import { expectFault, expectNothingLeft, mainFile, pauselab, shell } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);
const isRoot = process.getuid?.() === 0;
const needsRoot = 'needs root, for mounts of its own';
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const nobodyCannot =
  !isRoot ||
  spawnSync('env', [...nobody, process.execPath, '-e', `require('fs').accessSync(${JSON.stringify(mainFile)})`])
    .status !== 0;
const inOwnMounts = (script: string): string[] => ['unshare', '--mount', ...shell(`${script} && exec "$@"`, [])];

describe('/dev/shm', () => {
  test.each([
    [
      'without an inode',
      'mount -t tmpfs -o nr_inodes=1 tmpfs /dev/shm',
      /no folder could be made in \/dev\/shm \(ENOSPC\)/,
    ],
    ['with one inode', 'mount -t tmpfs -o nr_inodes=2 tmpfs /dev/shm', /ENOSPC/],
    ['with three', 'mount -t tmpfs -o nr_inodes=4 tmpfs /dev/shm', /ENOSPC/],
    [
      'with inodes for all but the board',
      'mount -t tmpfs -o nr_inodes=5 tmpfs /dev/shm',
      /board .* could not be created \(No space left on device\); free some/,
    ],
    [
      'with a page',
      'mount -t tmpfs -o size=4k tmpfs /dev/shm',
      /ended before its window with exit code 5, and its sentence found no room; free some of \/dev\/shm/,
    ],
    ['that is too small', 'mount -t tmpfs -o size=64k tmpfs /dev/shm', /no room for it.*mount -o remount/],
    ['that is read-only', 'mount -t tmpfs -o ro tmpfs /dev/shm', /\(EROFS\): its file system is read-only/],
    ['that is no tmpfs', 'mount -t proc proc /dev/shm', /\/dev\/shm is no tmpfs/],
    ['that is not there', 'mount -t tmpfs tmpfs /dev', /\/dev\/shm is not there/],
  ])('%s', async (_, mount, says) => {
    if (!isRoot) return;
    const out = scratch.fresh('out');
    expectFault(await pauselab(['run', short, '--out', out], { wrapper: inOwnMounts(mount) }), {
      code: 5,
      says: [says],
      out,
    });
  });
});

test('without /proc', async ({ skip }) => {
  skip(!isRoot, needsRoot);
  const out = scratch.fresh('out');
  expectFault(await pauselab(['run', short, '--out', out], { wrapper: inOwnMounts('umount -l /proc') }), {
    code: 5,
    says: [/\/proc\/self\/status cannot be read.*mount \/proc/],
    out,
  });
});

test.each([8, 64])('ulimit -f %i', async (blocks) => {
  const out = scratch.fresh('out');
  expectFault(await pauselab(['run', short, '--out', out], { wrapper: shell(`ulimit -f ${blocks}; exec "$@"`, []) }), {
    code: 5,
    says: [/no file may be so large \(File too large\); raise the limit \(ulimit -f\)/],
    out,
  });
});

test.each([11, 12, 13])('prlimit --nproc=%i: Node itself has 11 threads', async (most) => {
  if (nobodyCannot) return;
  const home = scratch.fresh('nobody');
  mkdirSync(home);
  chownSync(home, 65534, 65534);
  const out = `${home}/out`;
  const ended = await pauselab(['run', short, '--out', out], {
    wrapper: [...nobody, 'prlimit', `--nproc=${most}`],
    env: { HOME: home },
  });
  expectFault(ended, { code: 5, says: [/(failed|could not be started) \(?.*EAGAIN.*ulimit -u/], out });
});

expectNothingLeft();
