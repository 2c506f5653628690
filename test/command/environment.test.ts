/**
 * Faults of the environment that a workload meets: one sentence with what to do, exit code 5, nothing left behind. More of
 * each kind are in test/long/environment.test.ts.
 */
import { describe, test } from 'vitest';
import {
  expectFileLimit,
  expectThreadLimit,
  expectUnfit,
  inOwnMounts,
  isRoot,
  needsRoot,
} from '../support/environment-faults.js';
import { expectNothingLeft } from '../support/pauselab.js';

describe('/dev/shm', () => {
  test.for<[string, string, RegExp]>([
    [
      'without an inode',
      'mount -t tmpfs -o nr_inodes=1 tmpfs /dev/shm',
      /no folder could be created in \/dev\/shm \(ENOSPC\)/,
    ],
    [
      'with a page',
      'mount -t tmpfs -o size=4k tmpfs /dev/shm',
      /ended before its window with exit code 5, and had no space to write its message; free some space in \/dev\/shm/,
    ],
    ['that is not there', 'mount -t tmpfs tmpfs /dev', /\/dev\/shm does not exist/],
  ])('%s', async ([, mount, says], { skip }) => {
    skip(!isRoot, needsRoot);
    await expectUnfit(inOwnMounts(mount), says);
  });
});

test('without /proc', async ({ skip }) => {
  skip(!isRoot, needsRoot);
  await expectUnfit(inOwnMounts('umount -l /proc'), /\/proc\/self\/status cannot be read.*mount \/proc/);
});

test.each([8])('ulimit -f %i', expectFileLimit);

test.for([12])('prlimit --nproc=%i: Node itself has 11 threads', expectThreadLimit);

expectNothingLeft();
