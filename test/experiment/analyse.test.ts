import { describe, expect, test } from 'vitest';
import { analyse, ms, type FakeRun } from './fake-run.js';

function stallsOf(run: FakeRun) {
  const [series] = analyse(run).series;
  if (series === undefined) throw new Error('no series');
  return series.figures.stalls;
}

test('a calm run has no stall, and everything else that is to be had', () => {
  const {
    series: [series],
    window_ns,
    holder,
  } = analyse({});
  expect(window_ns).toBe(3000 * ms);
  expect(holder).toBeNull();
  expect(series?.figures).toMatchObject({
    name: 'writer.mprotect',
    service: { n: 2000, min_ns: 5000, max_ns: 5000, p99_ns: 5000, p99_9_ns: null },
    response: { n: 2000 },
    stalls: {
      threshold_ns: 100 * ms,
      count: 0,
      blocked_count: 0,
      unseen_count: 0,
      longest_ns: 0,
      longest_blocked_ns: 0,
      total_ns: 0,
      stalled_share: 0,
      blocked_share: 0,
    },
    unserved: 0,
    inflight_ns: null,
    saturated: false,
    refused: {},
    exhausted: 0,
    lost_records: 0,
  });
});

describe('stalls', () => {
  test('are told apart by what the victim was seen doing', () => {
    expect(
      stallsOf({
        slow: [
          { from: 300, to: 600, state: 'D' },
          { from: 1000, to: 2200, state: 'R' },
          { from: 2500, to: 2800, state: null },
          { from: 3000, to: 3050, state: 'D' },
        ],
      }),
    ).toEqual({
      threshold_ns: 100 * ms,
      count: 3,
      blocked_count: 1,
      unseen_count: 1,
      longest_ns: 1200 * ms,
      longest_blocked_ns: 300 * ms,
      total_ns: 1800 * ms,
      stalled_share: 0.6,
      blocked_share: 0.1,
      mutex_count: 0,
      longest_mutex_ns: 0,
      mutex_share: 0,
    });
  });

  test('of the warm-up count if they reach into the window: share, count and longest are of the same stalls', () => {
    expect(stallsOf({ slow: [{ from: 100, to: 500 }] })).toMatchObject({
      count: 1,
      blocked_count: 1,
      unseen_count: 0,
      longest_ns: 400 * ms,
      longest_blocked_ns: 400 * ms,
      total_ns: 400 * ms,
      stalled_share: 0.1,
      blocked_share: 0.1,
    });
    expect(stallsOf({ slow: [{ from: 10, to: 190 }] })).toMatchObject({
      count: 0,
      longest_ns: 0,
      total_ns: 0,
      stalled_share: 0,
    });
  });

  test('that are longer than the window are one stall of all of it, ended or not', () => {
    const whole = { count: 1, blocked_count: 1, unseen_count: 0, stalled_share: 1, blocked_share: 1 };
    expect(stallsOf({ quick_n: 0, slow: [{ from: 100, to: 3520 }], unserved: 3000 })).toMatchObject({
      ...whole,
      longest_ns: 3420 * ms,
      longest_blocked_ns: 3420 * ms,
    });
    expect(stallsOf({ quick_n: 0, inFlightFrom: 100, unserved: 3000 })).toMatchObject({
      ...whole,
      longest_ns: 3400 * ms,
      longest_blocked_ns: 3400 * ms,
    });
  });

  test('of a thread that began none of the operations that were due are one of all of the window', () => {
    const run: FakeRun = { quick_n: 0, unserved: 3000 };
    expect(stallsOf(run)).toMatchObject({ count: 1, longest_ns: 3300 * ms, total_ns: 3300 * ms, stalled_share: 1 });
    expect(analyse(run).series[0]?.stalls).toMatchObject([
      { start_ns: 200 * ms, stillRunning: true, recorded: true, dominant: 'S' },
    ]);
    // These were not due, or not to be had.
    expect(stallsOf({ quick_n: 0 })).toMatchObject({ count: 0, stalled_share: 0 });
    expect(stallsOf({ quick_n: 0, backToBack: true, unserved: 3000 })).toMatchObject({ count: 0, stalled_share: 0 });
    expect(stallsOf({ quick_n: 0, unserved: 3000, thread: { exhausted_n: 3 } })).toMatchObject({
      count: 0,
      stalled_share: 0,
    });
  });

  test('take no more of the window than they lie in', () => {
    expect(stallsOf({ slow: [{ from: 2900, to: 3400 }] })).toMatchObject({
      count: 1,
      longest_ns: 500 * ms,
      stalled_share: 0.1,
      blocked_share: 0.1,
    });
  });

  test('that have not ended count too, as long as they are known to have lasted', () => {
    const { figures } = analyse({ inFlightFrom: 2000 }).series[0] ?? {};
    expect(figures?.inflight_ns).toBe(1500 * ms);
    expect(figures?.stalls).toMatchObject({
      count: 1,
      blocked_count: 1,
      unseen_count: 0,
      longest_ns: 1500 * ms,
      longest_blocked_ns: 1500 * ms,
      stalled_share: 0.4,
      blocked_share: 0.4,
    });
  });

  test('end when their thread ends, in every figure', () => {
    const { figures, stalls } = analyse({ inFlightFrom: 2000, goneFrom: 2400 }).series[0] ?? {};
    expect(stalls).toMatchObject([{ duration_ns: 400 * ms, threadEnded: true }]);
    expect(figures?.inflight_ns).toBe(400 * ms);
    expect(figures?.stalls).toMatchObject({ count: 1, longest_ns: 400 * ms, blocked_share: 0.4 / 3 });
  });

  test('whose record was lost are counted, as ones that nobody saw', () => {
    const { figures } =
      analyse({
        slow: [
          { from: 300, to: 600, lost: true },
          { from: 1000, to: 1300 },
        ],
      }).series[0] ?? {};
    expect(figures?.stalls).toMatchObject({ count: 2, blocked_count: 1, unseen_count: 1, total_ns: 600 * ms });
    expect(figures?.lost_records).toBe(1);
  });
});

test('what was never served is owed, in response time alone, and makes the series saturated', () => {
  const {
    series: [series],
  } = analyse({ unserved: 100 });
  expect(series?.figures).toMatchObject({
    unserved: 100,
    saturated: true,
    service: { n: 2000 },
    response: { n: 2100, p50_ns: null, max_ns: 100 * ms },
  });
  expect(series?.owed.n).toBe(100);
});

test('back to back there is no response time, and nothing is owed', () => {
  expect(analyse({ backToBack: true, unserved: 100 }).series[0]?.figures).toMatchObject({
    response: null,
    unserved: 0,
    saturated: false,
  });
});

test('refusals and pages that are used up are reported', () => {
  expect(
    analyse({ thread: { refused_n: 3, refused_errno: 'ENOMEM', exhausted_n: 7, gaveUp_n: 2 } }).series[0]?.figures,
  ).toMatchObject({ refused: { ENOMEM: 3 }, exhausted: 7, gaveUp: 2 });
  expect(analyse({ thread: { refused_n: 1, refused_errno: null } }).series[0]?.figures.refused).toEqual({ unknown: 1 });
});

describe('the holder', () => {
  test('has the CPU time of its calls, and all calls that reached into the window', () => {
    const { holder } = analyse({
      holder: [
        { from: 50, to: 150 },
        { from: 180, to: 400 },
        { from: 500, to: 900 },
        { from: 3100, to: 3400 },
      ],
    });
    expect(holder?.figures).toMatchObject({
      name: 'holder.madvise_free',
      service: { n: 2 },
      hold_ns: 8 * ms,
      window_calls: 3,
      lost_records: 0,
    });
  });

  test('counts as working when its one call began before the window and ended after it', () => {
    expect(analyse({ holder: [{ from: 100, to: 3400 }] }).holder?.figures).toMatchObject({
      service: { n: 0 },
      hold_ns: null,
      window_calls: 1,
    });
  });

  test('counts as idle when it made none', () => {
    expect(analyse({ holder: [] }).holder?.figures.window_calls).toBe(0);
  });

  test('is found beside each stall', () => {
    const { series } = analyse({
      slow: [{ from: 550, to: 900 }],
      holder: [
        { from: 500, to: 900 },
        { from: 1000, to: 1100 },
      ],
    });
    expect(series[0]?.stalls[0]?.overlappingHolderCalls.map(({ start_ns }) => start_ns)).toEqual([500 * ms]);
  });
});
