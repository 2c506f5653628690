/** Locks that `pauselab doctor` finds: right or open in every try, and within some tries decided. */
import { expect } from 'vitest';
import { noisy } from './tries.js';

/** That a call takes no mmap_lock is less than which lock it takes, and not wrong. */
export function isOpen(lock: string | undefined, wanted: string): boolean {
  return lock === 'undecided' || (lock === 'no mmap_lock' && wanted === 'VMA lock');
}

/** Inside `withinTries`, one lock for each kernel: none may be wrong, and noise may leave some undecided. */
export function expectLocks(found: readonly (string | undefined)[], wanted: readonly string[], what: string): void {
  expect(found, what).toHaveLength(wanted.length);
  const wrong = wanted.filter((lock, i) => found[i] !== lock && !isOpen(found[i], lock));
  expect({ found, wrong }, what).toMatchObject({ wrong: [] });
  noisy(() => {
    expect(found, what).toEqual(wanted);
  });
}
