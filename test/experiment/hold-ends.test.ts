/** Which waits in the kernel ended when a hold did: runs made by hand, in milliseconds. */
import { expect, test } from 'vitest';
import { blockedIn } from '../../src/experiment/run/hold-ends.js';
import type { RunFile, SeriesFigures } from '../../src/bundle/bundle-schema.js';
import {
  attributed,
  callOf,
  evidenceOf,
  holderOf,
  holderThread,
  ms,
  reader,
  readerThread,
  timelineOf,
  victimOf,
  writerThread,
  type Seen,
} from '../attribution/fake-evidence.js';
import { analyse } from './fake-run.js';

const window = { windowStart_ns: 0, windowEnd_ns: 3000 * ms, drainEnd_ns: 3000 * ms };
const series: readonly SeriesFigures[] = analyse({}).series.map(({ figures }) => figures);

/** A writer that waits from 1,000 to 1,500 ms, beside a holder with these calls, each across VMAs. */
function blocked(
  calls: readonly (readonly [from: number, to: number])[],
  {
    seen = [
      [0, 'S'],
      [1000, 'D'],
      [1501, 'S'],
    ] as Seen,
    to = 1500,
  } = {},
): NonNullable<RunFile['blocked']> {
  const holder = holderOf({ calls: calls.map(([from, until]) => callOf(from, until, { crossed: true })) });
  const run = evidenceOf([timelineOf(writerThread.tid, seen)], {
    holders: [holder],
    victims: [victimOf({ slow: [{ start_ns: 1000 * ms, duration_ns: (to - 1000) * ms }] })],
  });
  return blockedIn([attributed(run, victimOf(), 1000, to)], series, {
    evidence: run,
    holderCalls: holder.calls,
    window,
  });
}

test('a wait that ends with the hold that is blamed is counted, with the share of time that is as near to the end of one', () => {
  expect(
    blocked([
      [980, 1500],
      [1600, 2000],
    ]),
  ).toEqual({
    stalls_n: 1,
    ends_n: 1,
    unseen_n: 0,
    lost_records: 0,
    blamed: [
      {
        thread: 'holder',
        call: 'madvise_free across VMAs',
        cause: 'mmap-lock-reader',
        endedWithHold_n: 1,
        endsWithHold_n: 1,
        series: ['writer.mprotect'],
        longest_ns: 500 * ms,
        nearEnds_share: 40 / 3000,
      },
    ],
  });
});

test.each<[string, readonly (readonly [number, number])[]]>([
  ['a hold that goes on', [[100, 3000]]],
  ['one that ended some time before', [[980, 1480]]],
  ['one that ended after', [[980, 1515]]],
])('a wait beside %s did not end with it', (_, calls) => {
  expect(blocked(calls).blamed).toMatchObject([{ endedWithHold_n: 0, endsWithHold_n: 0, series: [], longest_ns: 0 }]);
});

test('who goes on and has no CPU has waited until then: the wait ends, and not the stall', () => {
  expect(
    blocked(
      [
        [980, 1300],
        [1400, 1500],
      ],
      {
        seen: [
          [0, 'S'],
          [1000, 'D'],
          [1305, 'r'],
          [1501, 'S'],
        ],
      },
    ).blamed,
  ).toMatchObject([{ endedWithHold_n: 1 }]);
});

test('a hold ends when its thread ran last inside the call, which may return only when it has a CPU again', () => {
  const calls = [callOf(980, 1900, { crossed: true })];
  const waiter: Seen = [
    [0, 'S'],
    [1000, 'D'],
    [1501, 'S'],
  ];
  // Without a CPU but from 1,490 to 1,500, and when it returns.
  const inside = (runs: Seen): Seen => [[0, 'r'], ...runs];
  const judged = (runs: Seen): unknown => {
    const run = evidenceOf([timelineOf(writerThread.tid, waiter), timelineOf(holderThread.tid, inside(runs))], {
      holders: [holderOf({ calls })],
    });
    return blockedIn([attributed(run)], series, { evidence: run, holderCalls: calls, window }).blamed;
  };
  const ran = (from: number): Seen => [
    [from, 'R'],
    [from + 10, 'r'],
    [1910, 'R'],
  ];
  // Near to the call's end, and to the two looks between which it ran.
  expect(judged(ran(1500))).toMatchObject([{ endedWithHold_n: 1, nearEnds_share: 50 / 3000 }]);
  expect(judged(ran(1400))).toMatchObject([{ endedWithHold_n: 0 }]);
  expect(judged(ran(1600))).toMatchObject([{ endedWithHold_n: 0 }]);
  expect(judged([[1910, 'R']])).toMatchObject([{ endedWithHold_n: 0, nearEnds_share: 20 / 3000 }]);
});

test('a wait whose end nobody saw has ended with nothing, and is one of all waits', () => {
  expect(
    blocked([[980, 1450]], {
      seen: [
        [0, 'S'],
        [1000, 'D'],
        [1400, '?'],
        [1460, 'r'],
        [1501, 'S'],
      ],
    }),
  ).toMatchObject({ stalls_n: 1, ends_n: 1, blamed: [{ endedWithHold_n: 0 }] });
  // Its counters are the same on both sides of the gap: it was one wait.
  expect(
    blocked([[980, 1500]], {
      seen: [
        [0, 'S'],
        [1000, 'D'],
        [1200, '?'],
        [1300, 'D'],
        [1501, 'S'],
      ],
    }),
  ).toMatchObject({ blamed: [{ endedWithHold_n: 1 }] });
});

test('of a wait that nobody saw end, the end of its operation counts', () => {
  const seen: Seen = [
    [0, 'S'],
    [1000, 'D'],
    [1400, '?'],
    [1501, 'S'],
  ];
  expect(blocked([[980, 1500]], { seen }).blamed).toMatchObject([{ endedWithHold_n: 1 }]);
  expect(blocked([[980, 1450]], { seen }).blamed).toMatchObject([{ endedWithHold_n: 0 }]);
});

test('victims that go on together are two stalls and one end', () => {
  const calls = [callOf(980, 1500, { crossed: true })];
  const seen: Seen = [
    [0, 'S'],
    [1000, 'D'],
    [1501, 'S'],
  ];
  const run = evidenceOf([timelineOf(writerThread.tid, seen), timelineOf(readerThread.tid, seen)], {
    holders: [holderOf({ calls })],
  });
  const stalls = [attributed(run), attributed(run, reader)];
  const found = blockedIn(stalls, series, { evidence: run, holderCalls: calls, window });
  expect(found).toMatchObject({ stalls_n: 2, ends_n: 1 });
  expect(found.blamed).toMatchObject([
    { endedWithHold_n: 2, endsWithHold_n: 1, series: ['writer.mprotect', 'reader.first_fault'] },
  ]);
});

test('stalls outside the kernel, and waits that no lock is blamed for, have no hold', () => {
  expect(
    blocked([[980, 1500]], {
      seen: [
        [0, 'S'],
        [1000, 'r'],
        [1501, 'S'],
      ],
    }),
  ).toMatchObject({ stalls_n: 0, ends_n: 0, blamed: [] });
  expect(blocked([])).toMatchObject({ stalls_n: 1, ends_n: 1, blamed: [] });
});
