import { expect, test } from 'vitest';
import { kernelWork } from '../../src/catalogue/calls.js';
import { callNamed, rangeOf } from '../../src/catalogue/named-calls.js';
import { systemCallNumber, type SystemCallName } from '../../src/catalogue/system-calls.js';

const number = (name: SystemCallName): number => systemCallNumber(name) ?? -1;

test.each([
  ['madvise', ['7f00', '1000', '4'], 'madvise.DONTNEED'],
  ['madvise', ['7f00', '1000', '8'], 'madvise.FREE'],
  // The upper half of the register is left over from something else.
  ['madvise', ['7f00', '1000', 'deadbeef00000008'], 'madvise.FREE'],
  ['madvise', ['7f00', '1000', '66'], 'madvise.GUARD_INSTALL'],
  ['process_madvise', ['3', '7f00', '1', '4', '0'], 'process_madvise.DONTNEED'],
  ['mmap', ['7f00', '100000', '0', '4032', 'ffffffff', '0'], 'mmap.NONE'],
  ['mmap', ['0', '1000', '3', '22', 'ffffffff', '0'], 'mmap'],
  // A guard page: no access, but nothing was there.
  ['mmap', ['0', '1000', '0', '22', 'ffffffff', '0'], 'mmap'],
  ['fallocate', ['3', '3', '0', '1000'], 'fallocate.PUNCH_HOLE'],
  ['fallocate', ['3', '0', '0', '1000'], 'fallocate'],
  ['munmap', ['7f00', '1000'], 'munmap'],
  // glibc's fork, and its start of a thread.
  ['clone', ['1200011', '0', '0', '7f00', '0'], 'fork'],
  ['clone', ['3d0f00', '7f00', '7f00', '7f00', '7f00'], 'clone'],
  ['get_mempolicy', ['7ffd', '0', '0', '7f00', '3'], 'get_mempolicy.ADDR'],
  ['get_mempolicy', ['7ffd', '7ffe', '400', '0', '0'], 'get_mempolicy'],
] as const)('%s(%j) is %s', (name, args, expected) => {
  expect(callNamed(number(name), args)).toBe(expected);
  expect(kernelWork).toContain(expected);
});

// Calls in which a program holds mmap_lock, and which pauselab itself does not make.
test.each(['execve', 'mlockall', 'shmdt'] as const)('%s has a name', (name) => {
  expect(callNamed(number(name), [])).toBe(name);
});

test('an advice or a call that is not known keeps its number', () => {
  expect(callNamed(number('madvise'), ['0', '0', '63'])).toBe('madvise.99');
  expect(callNamed(9999, [])).toBe('system call 9999');
});

test('a call has the range of its first two arguments, if it has one', () => {
  const args = ['7f0000001000', '2000', '4'];
  expect(rangeOf(number('madvise'), args)).toEqual({ address: 0x7f0000001000n, bytes: 0x2000n });
  expect(rangeOf(number('process_madvise'), args)).toBeNull();
  expect(rangeOf(number('madvise'), [])).toBeNull();
});
