import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeSeen,
  fateOf,
  modeOfMmapLock,
  takesMmapLock,
  takesVmaLock,
  wasQueuedWriter,
  type Seen,
} from '../../src/doctor/lock-verdict.js';

const passing: Seen = { n: 60, latest_ns: 2_000_000, waited_n: 0, longestWait_ns: 0, unclear_n: 0 };
const blocked: Seen = { n: 20, latest_ns: 280_000_000, waited_n: 2, longestWait_ns: 250_000_000, unclear_n: 0 };
const blockedShortly: Seen = { n: 20, latest_ns: 80_000_000, waited_n: 4, longestWait_ns: 80_000_000, unclear_n: 0 };
const notScheduled: Seen = { n: 20, latest_ns: 80_000_000, waited_n: 0, longestWait_ns: 0, unclear_n: 1 };
const late: Seen = { n: 20, latest_ns: 80_000_000, waited_n: 0, longestWait_ns: 0, unclear_n: 0 };
const starved: Seen = { n: 3, latest_ns: 1_000_000, waited_n: 0, longestWait_ns: 0, unclear_n: 0 };

const seen = fc.record({
  n: fc.nat({ max: 100 }),
  latest_ns: fc.nat({ max: 1_000_000_000 }),
  waited_n: fc.nat({ max: 3 }),
  longestWait_ns: fc.nat({ max: 1_000_000_000 }),
  unclear_n: fc.nat({ max: 3 }),
});

describe('what a call did in a trial', () => {
  test.each([
    ['waits in the kernel', blocked, 'blocks'],
    ['is quick each time', passing, 'passes'],
    ['was long because it had no CPU', notScheduled, 'unclear'],
    ['was quick, but begun late without a CPU', late, 'unclear'],
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

  test('nothing is decided by waits so short that a call could have come and gone beside them', () => {
    expect(takesMmapLock(passing, { reader: blockedShortly, writer: blocked })).toBeNull();
    expect(takesMmapLock(passing, { reader: blocked, writer: blockedShortly })).toBeNull();
  });

  test('nothing is decided unless the known reader and the known writer were blocked', () => {
    fc.assert(
      fc.property(
        seen,
        (call) =>
          takesMmapLock(call, { reader: passing, writer: blocked }) === null &&
          takesMmapLock(call, { reader: blocked, writer: passing }) === null,
      ),
    );
  });
});

describe('beside the holder alone', () => {
  test('a writer blocks, and the known reader behind it', () => {
    expect(modeOfMmapLock(blocked, { reader: blocked, held_n: 3 })).toBe('mmap_lock write');
  });

  test('a reader passes while the holder is preempted in its call', () => {
    expect(modeOfMmapLock(passing, { reader: passing, held_n: 3 })).toBe('mmap_lock read');
  });

  test('a contradiction decides nothing', () => {
    expect(modeOfMmapLock(blocked, { reader: passing, held_n: 3 })).toBeNull();
    expect(modeOfMmapLock(passing, { reader: blocked, held_n: 3 })).toBeNull();
    expect(modeOfMmapLock(passing, { reader: passing, held_n: 1 })).toBeNull();
  });
});

test('a call that was long without a CPU is never given a lock', () => {
  expect(takesMmapLock(notScheduled, { reader: blocked, writer: blocked })).toBeNull();
  expect(modeOfMmapLock(notScheduled, { reader: blocked, held_n: 3 })).toBeNull();
  expect(takesVmaLock(notScheduled, { reader: blocked })).toBeNull();
});

test('in the same VMA, blocking means its lock', () => {
  expect(takesVmaLock(blocked, { reader: blocked })).toBe(true);
  expect(takesVmaLock(passing, { reader: blocked })).toBe(false);
  expect(takesVmaLock(passing, { reader: passing })).toBeNull();
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

test('the figures of an undecided call say what was seen of it', () => {
  expect(describeSeen(notScheduled)).toBe(
    '20 done, the latest ended 80.0 ms after it was due, none blocked, 1 long without a CPU',
  );
  expect(describeSeen(blocked)).toBe('20 done, the latest ended 280 ms after it was due, 2 blocked, up to 250 ms');
  expect(describeSeen({ ...starved, n: 0, latest_ns: Infinity })).toBe('0 done, none blocked');
});
