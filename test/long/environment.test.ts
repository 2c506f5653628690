/** Faults of the environment, as test/command/environment.test.ts has them: more of each kind. */
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
    ['with one inode', 'mount -t tmpfs -o nr_inodes=2 tmpfs /dev/shm', /ENOSPC/],
    ['with three', 'mount -t tmpfs -o nr_inodes=4 tmpfs /dev/shm', /ENOSPC/],
    [
      'with inodes for all but the board',
      'mount -t tmpfs -o nr_inodes=5 tmpfs /dev/shm',
      /board .* could not be created \(No space left on device\); free some/,
    ],
    ['that is too small', 'mount -t tmpfs -o size=64k tmpfs /dev/shm', /no room for it.*mount -o remount/],
    ['that is read-only', 'mount -t tmpfs -o ro tmpfs /dev/shm', /\(EROFS\): its file system is read-only/],
    ['that is no tmpfs', 'mount -t proc proc /dev/shm', /\/dev\/shm is not a tmpfs/],
  ])('%s', async ([, mount, says], { skip }) => {
    skip(!isRoot, needsRoot);
    await expectUnfit(inOwnMounts(mount), says);
  });
});

test.each([64])('ulimit -f %i', expectFileLimit);

test.for([11, 13])('prlimit --nproc=%i: Node itself has 11 threads', expectThreadLimit);

expectNothingLeft();
