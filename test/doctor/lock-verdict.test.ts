import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agrees, probesOfTable } from '../../src/doctor/lock-table.js';
import { fateOf, modeOfMmapLock, takesMmapLock, takesVmaLock, wasQueuedWriter, type Seen } from '../../src/doctor/lock-verdict.js';

const passing: Seen = { n: 60, max_ns: 2_000_000, blocked_n: 0, blocked_ns: 0, unclear_n: 0 };
const blocked: Seen = { n: 20, max_ns: 280_000_000, blocked_n: 2, blocked_ns: 500_000_000, unclear_n: 0 };
const notScheduled: Seen = { n: 20, max_ns: 80_000_000, blocked_n: 0, blocked_ns: 0, unclear_n: 1 };
const starved: Seen = { n: 3, max_ns: 1_000_000, blocked_n: 0, blocked_ns: 0, unclear_n: 0 };

const seen = fc.record({
  n: fc.nat({ max: 100 }),
  max_ns: fc.nat({ max: 1_000_000_000 }),
  blocked_n: fc.nat({ max: 3 }),
  blocked_ns: fc.nat({ max: 1_000_000_000 }),
  unclear_n: fc.nat({ max: 3 }),
});

describe('what a call did in a trial', () => {
  test.each([
    ['waits in the kernel', blocked, 'blocks'],
    ['is quick each time', passing, 'passes'],
    ['was long because it had no CPU', notScheduled, 'unclear'],
    ['was tried too rarely', starved, 'unclear'],
  ])('a call that %s', (_, what, fate) => {
    expect(fateOf(what)).toBe(fate);
  });
});

describe('behind a queued writer', () => {
  test('blocking means mmap_lock, passing means none of it', () => {
    expect(takesMmapLock(blocked, { reader: blocked, writer: blocked })).toBe(true);
    expect(takesMmapLock(passing, { reader: blocked, writer: blocked })).toBe(false);
  });

  test('nothing is decided unless the known reader and the known writer were blocked', () => {
    fc.assert(fc.property(seen, (call) => takesMmapLock(call, { reader: passing, writer: blocked }) === null && takesMmapLock(call, { reader: blocked, writer: passing }) === null));
  });
});

describe('beside the holder alone', () => {
  test('a writer blocks, and the known reader behind it', () => {
    expect(modeOfMmapLock(blocked, { reader: blocked, heldFor_ns: 270_000_000 })).toBe('mmap_lock write');
  });

  test('a reader passes while the holder is preempted in its call', () => {
    expect(modeOfMmapLock(passing, { reader: passing, heldFor_ns: 270_000_000 })).toBe('mmap_lock read');
  });

  test('a contradiction decides nothing', () => {
    expect(modeOfMmapLock(blocked, { reader: passing, heldFor_ns: 270_000_000 })).toBeNull();
    expect(modeOfMmapLock(passing, { reader: blocked, heldFor_ns: 270_000_000 })).toBeNull();
    expect(modeOfMmapLock(passing, { reader: passing, heldFor_ns: 1_000_000 })).toBeNull();
  });
});

test('a call that was long for want of a CPU is never given a lock', () => {
  expect(takesMmapLock(notScheduled, { reader: blocked, writer: blocked })).toBeNull();
  expect(modeOfMmapLock(notScheduled, { reader: blocked, heldFor_ns: 270_000_000 })).toBeNull();
  expect(takesVmaLock(notScheduled, { reader: blocked })).toBeNull();
});

test('in the same VMA, blocking means its lock', () => {
  expect(takesVmaLock(blocked, { reader: blocked })).toBe(true);
  expect(takesVmaLock(passing, { reader: blocked })).toBe(false);
  expect(takesVmaLock(passing, { reader: passing })).toBeNull();
});

test('what was not found agrees and contradicts with nothing', () => {
  expect(agrees('undecided', 'none')).toBeNull();
  expect(agrees('refused', 'none')).toBeNull();
  expect(agrees('no mmap_lock', 'VMA lock')).toBe(true);
  expect(agrees('no mmap_lock', 'mmap_lock read')).toBe(false);
});

test('every victim operation is in the table, calls on a range twice', () => {
  const probes = probesOfTable();
  expect(probes.filter(({ operation }) => operation === 'madvise_free_page').map(({ layout }) => layout)).toEqual(['isolated', 'crossing']);
  expect(probes.filter(({ operation }) => operation === 'mprotect').map(({ layout }) => layout)).toContain('isolated');
});

describe('when calls take turns', () => {
  const own = { start_ns: 1000, duration_ns: 500 };
  const before = { start_ns: 800, duration_ns: 400 };
  const reader = { start_ns: 1100, duration_ns: 400 };

  test('a call that waited with the known reader behind it was a queued writer', () => {
    expect(wasQueuedWriter([own], [], [reader])).toBe(true);
  });

  test('not if the reader went on, and not if another call was waiting already', () => {
    expect(wasQueuedWriter([own], [], [])).toBe(false);
    expect(wasQueuedWriter([own], [before], [reader])).toBe(false);
  });
});
