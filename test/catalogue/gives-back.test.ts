/** Whether what a stalled thread waited for was giving memory back: yes, no, or not seen. */
import { describe, expect, test } from 'vitest';
import { givesBackOf, type GivesBack } from '../../src/catalogue/gives-back.js';
import type { Collector } from '../../src/catalogue/collectors.js';
import { causes, type Cause, type Grade } from '../../src/facts/blame.js';

type Role = 'other' | 'victim' | 'holder';
const threadOf = (name: string | null, role: Role = 'other') => (name === null ? null : { name, role });
const judged = (cause: Cause, call: string | null, grade: Grade = 'likely', name: string | null = 'G1 Service') =>
  givesBackOf({ cause, thread: threadOf(name) }, call, grade);

const held = [
  'mmap-lock-reader',
  'mmap-lock-writer',
  'mmap-lock-holder',
  'vma-lock',
  'allocator-mutex',
  'mutex',
] as const;

test.each(held)('%s: its call decides, also as an operation of a holder', (cause) => {
  expect(
    ['madvise.DONTNEED', 'munmap', 'madvise_free across VMAs', 'malloc_trim'].map((call) => judged(cause, call)),
  ).toEqual(Array(4).fill('yes'));
  expect(['mprotect', 'read', '/proc/PID/smaps', 'read_smaps'].map((call) => judged(cause, call))).toEqual(
    Array(4).fill('no'),
  );
});

describe('without a call', () => {
  test.each<readonly [Cause, GivesBack, GivesBack]>([
    ['mmap-lock-holder', 'open', 'open'],
    ['mmap-lock-writer', 'open', 'open'],
    // Such as a page fault, which takes the lock for reading.
    ['mmap-lock-reader', 'no', 'open'],
    ['vma-lock', 'no', 'open'],
    ['allocator-mutex', 'open', 'open'],
    ['mutex', 'open', 'open'],
  ])('%s is %s if proven, else %s', (cause, proven, else_) => {
    expect(judged(cause, null, 'proven')).toBe(proven);
    expect([judged(cause, null, 'likely'), judged(cause, null, 'possible')]).toEqual([else_, else_]);
  });

  test.each(['safepoint', 'gc-pause'] as const)('%s for which no thread is to blame is open', (cause) => {
    expect(judged(cause, null, 'proven', null)).toBe('open');
  });

  test.each(causes.filter((cause) => cause !== 'unknown' && !held.some((one) => one === cause)))(
    '%s of a thread that a pause waited for is open where that thread may give heap back',
    (cause) => {
      expect(judged(cause, null)).toBe('open');
      expect(judged(cause, null, 'likely', 'worker-1')).toBe('no');
      expect(givesBackOf({ cause, thread: threadOf('G1 Service', 'victim') }, null, 'likely')).toBe('no');
      expect(judged(cause, 'mmap.NONE')).toBe('yes');
    },
  );
});

test('of a thread that a pause waited for the collector decides, where it is known', () => {
  const late = (name: string, role: 'other' | 'outside', collector: Collector | null) =>
    givesBackOf({ cause: 'not-scheduled', thread: { name, role } }, null, 'likely', collector);
  expect((['g1', 'serial', null] as const).map((one) => late('VM Thread', 'other', one))).toEqual(
    Array(3).fill('open'),
  );
  expect((['zgc', 'shenandoah', 'epsilon'] as const).map((one) => late('VM Thread', 'other', one))).toEqual(
    Array(3).fill('no'),
  );
  // Of another JVM it is not known, and these give back memory that is no heap.
  expect(late('VM Thread', 'outside', 'zgc')).toBe('open');
  expect(['Reference Handler', 'Native Heap Trimmer'].map((one) => late(one, 'other', 'zgc'))).toEqual([
    'open',
    'open',
  ]);
});

test('a thread of the kernel that makes huge pages or merges equal ones gives none back', () => {
  const ofKernel = (name: string, role: 'outside' | 'other') =>
    held.map((cause) => givesBackOf({ cause, thread: { name, role } }, null, 'likely'));
  expect(new Set([...ofKernel('khugepaged', 'outside'), ...ofKernel('ksmd', 'outside')])).toEqual(new Set(['no']));
  expect(new Set([...ofKernel('khugepaged', 'other'), ...ofKernel('kdamond.0', 'outside')])).toEqual(new Set(['open']));
});

test('a thread that is only possibly to blame rules nothing out, whatever it did', () => {
  const late = ['safepoint', 'gc-pause', 'block-io', 'swap-in', 'not-scheduled', 'running'] as const;
  const by = (cause: Cause, call: string | null, grade: Grade, name = 'worker-1') =>
    givesBackOf({ cause, thread: { name, role: 'other' } }, call, grade);
  expect([...late, ...held].map((cause) => by(cause, 'read', 'likely'))).toEqual([...late, ...held].map(() => 'no'));
  expect([...late, ...held].map((cause) => by(cause, 'read', 'possible'))).toEqual(
    [...late, ...held].map(() => 'open'),
  );
  expect([by('safepoint', null, 'likely'), by('safepoint', null, 'possible')]).toEqual(['no', 'open']);
  expect([by('mmap-lock-reader', null, 'possible', 'khugepaged'), by('safepoint', 'munmap', 'possible')]).toEqual([
    'open',
    'yes',
  ]);
  const own = { name: 'worker-1', role: 'victim' } as const;
  expect([null, own].map((thread) => givesBackOf({ cause: 'not-scheduled', thread }, null, 'possible'))).toEqual([
    'no',
    'no',
  ]);
});

test('a wait for no other thread is not giving back, and of an unknown cause nothing is known', () => {
  const own = [
    'block-io',
    'swap-in',
    'memory-reclaim',
    'cpu-limit',
    'freezer',
    'not-scheduled',
    'stopped',
    'steal',
  ] as const;
  expect([...own, 'running' as const].map((cause) => judged(cause, null, 'likely', null))).toEqual(Array(9).fill('no'));
  expect([judged('unknown', null, 'possible', null), judged('unknown', 'munmap')]).toEqual(['open', 'open']);
});
