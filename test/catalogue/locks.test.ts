/** Which lock a call takes on which kernel. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lockOfCall, locksOf, type KernelWorkName } from '../../src/catalogue/calls.js';
import { jvmProbes } from '../../src/catalogue/jvm-probes.js';
import { changedIn, lockOn, onEveryKernel, takesNoLock } from '../../src/catalogue/locks.js';
import { operationNamed, operations } from '../../src/catalogue/operations.js';
import { systemCallName, systemCallNames, systemCallNumber } from '../../src/catalogue/system-calls.js';

const changed = { locks: changedIn('6.17', ['mmap_lock read', 'mmap_lock read'], ['VMA lock', null]) };

describe('a lock that changed in 6.17', () => {
  test.each([
    ['5.10.0-28-amd64', 'mmap_lock read'],
    ['6.2', 'mmap_lock read'],
    ['6.16.12+deb13-cloud-amd64', 'mmap_lock read'],
    ['6.17.0-rc1', 'VMA lock'],
    ['6.17.13+deb13-cloud-amd64', 'VMA lock'],
    ['6.100.1', 'VMA lock'],
    ['7.0.1', 'VMA lock'],
    ['10.2', 'VMA lock'],
    // Without a version: the newest.
    ['custom', 'VMA lock'],
  ])('on %s is %s', (release, lock) => {
    expect(lockOn(changed, release, { crossing: false })).toBe(lock);
  });

  test('across VMAs is the one of its range, and where there is no such range that of one VMA', () => {
    expect(lockOn(changed, '6.16', { crossing: true })).toBe('mmap_lock read');
    expect(lockOn(changed, '6.17', { crossing: true })).toBe('VMA lock');
  });
});

test('no lock is none on every kernel', () => {
  expect(takesNoLock({ locks: onEveryKernel('none', null) })).toBe(true);
  expect(takesNoLock({ locks: changedIn('7.0', ['VMA lock', null], ['none', null]) })).toBe(false);
});

test.each([...operations, ...jvmProbes])('the ranges of $name are in order, without gaps', ({ locks }) => {
  expect(locks[0].from).toBeUndefined();
  expect(locks.at(-1)?.until).toBeUndefined();
  expect(locks.slice(1).map(({ from }) => from)).toEqual(locks.slice(0, -1).map(({ until }) => until));
  const cross = new Set(locks.map(({ crossing }) => crossing !== null));
  expect(cross.size).toBe(1);
});

/** The kernels of Debian that are known to differ: one VMA, across VMAs. */
const kernels = ['6.1.0', '6.12.90', '6.16.12', '6.17.13', '6.18.5', '6.19.10', '7.1.13', '7.2.1', '7.3.0'];

test.each([
  ['madvise.DONTNEED', 'R R R V V V V V V', 'R R R R R R R R R'],
  ['madvise.FREE', 'R R R V V V V V V', 'R R R R R R R R R'],
  ['process_madvise.DONTNEED', 'R R R V V V V V V', 'R R R R R R R R R'],
  ['madvise.GUARD_INSTALL', 'R R R R R V V V V', 'R R R R R R R R R'],
  ['madvise.COLD', 'R R R R R R R R R', 'R R R R R R R R R'],
  ['madvise.COLLAPSE', 'W W W W W W W W W', 'W W W W W W W W W'],
  ['collapse of a huge page', 'R R R R R R R R R', 'R R R R R R R R R'],
  ['fork', 'W W W W W W W W W', 'W W W W W W W W W'],
  ['get_mempolicy', '- - - - - - - - -', '- - - - - - - - -'],
  ['get_mempolicy.ADDR', 'R R R R R R R R R', 'R R R R R R R R R'],
  ['/proc/PID/clear_refs', 'W W W W W W W W W', 'W W W W W W W W W'],
  ['/proc/PID/pagemap', 'R R R R R R R R R', 'R R R R R R R R R'],
  ['/proc/PID/cmdline', 'R R R R R R R R R', 'R R R R R R R R R'],
  ['copy-on-write fault', 'R V V V V V V V V', 'R V V V V V V V V'],
  ['mmap.NONE', 'W W W W W W W W W', 'W W W W W W W W W'],
  ['/proc/PID/maps', 'R R R V V V V V V', 'R R R V V V V V V'],
  ['/proc/PID/smaps', 'R R R R R R R V V', 'R R R R R R R V V'],
  ['/proc/PID/numa_maps', 'R R R R R R R V V', 'R R R R R R R V V'],
  ['/proc/PID/smaps_rollup', 'R R R R R R R R R', 'R R R R R R R R R'],
  ['warm fault', 'R V V V V V V V V', 'R V V V V V V V V'],
  ['first fault', 'R R R R R R R R R', 'R R R R R R R R R'],
] as const satisfies readonly (readonly [KernelWorkName, string, string])[])('%s', (name, oneVma, crossing) => {
  const letters = { 'mmap_lock read': 'R', 'mmap_lock write': 'W', 'VMA lock': 'V', none: '-' };
  const on = (isAcross: boolean): string =>
    kernels.map((release) => letters[lockOn({ locks: locksOf(name) }, release, { crossing: isAcross })]).join(' ');
  expect([on(false), on(true)]).toEqual([oneVma, crossing]);
});

test('a call is known by its name under strace, and one that is not listed is suspected of the strongest lock', () => {
  expect(lockOfCall('madvise.DONTNEED', '6.16.12')).toBe('mmap_lock read');
  expect(lockOfCall('madvise.DONTNEED', '6.17.13')).toBe('VMA lock');
  expect(lockOfCall('process_madvise.COLD', '6.17.13')).toBe('mmap_lock read');
  expect(lockOfCall('fallocate.PUNCH_HOLE', '6.17.13')).toBe('none');
  expect(lockOfCall('madvise.SOFT_OFFLINE', '6.17.13')).toBe('mmap_lock write');
  expect(lockOfCall('mmap', '6.17.13')).toBe('mmap_lock write');
});

test('a thread that the libc kept a stack for is a reader at its end on every kernel', () => {
  const one = operationNamed('thread_start_join');
  expect(kernels.map((release) => lockOn(one, release, { crossing: false }))).toEqual(
    kernels.map(() => 'mmap_lock read'),
  );
});

const header = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';

test('system calls have the numbers of the header', ({ skip }) => {
  skip(process.arch !== 'x64' || !existsSync(header), `needs ${header}, on x86-64`);
  const numbers = new Map(
    [...readFileSync(header, 'utf8').matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(
      ([, name = '', number]): [string, number] => [name, Number(number)],
    ),
  );
  for (const name of systemCallNames) {
    expect([name, systemCallNumber(name)]).toEqual([name, numbers.get(name)]);
    expect(systemCallName(numbers.get(name) ?? -1)).toBe(name);
  }
});
