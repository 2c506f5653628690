/** Waits for mutexes, by each way of observing; a process that stalls for sure records them itself. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { observedMutexWaits } from '../support/mutex-waits.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';

const scratch = scratchFolder();
const out = (): string => scratch.fresh('mutex');
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');

describe('a wait for a mutex', () => {
  skipEach(!isAllowed, 'needs root, and BTF of this kernel');
  test('has the thread that had it, by tracefs', async () => {
    for (const { cause } of await observedMutexWaits({ tier: 'tracefs', lock: 'mutex', seconds: 10, out }))
      expect(cause).toMatchObject({ cause: 'mutex', grade: 'proven', thread: { name: 'purger' } });
  });

  test('is found by looks, and its holder is possible at most', async () => {
    for (const { cause } of await observedMutexWaits({ tier: 'sampling', lock: 'mutex', seconds: 10, out }))
      expect(cause).toMatchObject({ cause: 'mutex', grade: 'possible' });
  });

  // A heap of an arena begins at a multiple of its size, so its mutex is known.
  test('of malloc is known, and who gave memory back while it had the mutex', async () => {
    const stalls = await observedMutexWaits({ tier: 'ebpf', lock: 'arena', seconds: 10, out });
    for (const { cause } of stalls)
      expect(cause).toMatchObject({ cause: 'allocator-mutex', grade: 'proven', thread: { name: 'purger' } });
    expect(stalls.flatMap(({ chain }) => (chain ?? []).map(({ call }) => call))).toContain('madvise.DONTNEED');
  });
});
