import { describe, expect, test } from 'vitest';
import {
  analyseLog,
  eventsInWindow,
  heapReturnsIn,
  logFigures,
  logSeriesNames,
  untimedInWindow,
} from '../../src/experiment/run/analyse-log.js';
import { parseJvmLog, type JvmEvent, type JvmEventName } from '../../src/record/jvm-log.js';

const go_ns = 9_007_199_254_740_993n; // beyond what a double holds
const window = { windowStart_ns: 1000, windowEnd_ns: 2000, drainEnd_ns: 2000 };

function log(events: readonly [name: JvmEventName, start_ns: number, duration_ns: number][]): {
  series: Map<JvmEventName, JvmEvent[]>;
} {
  const series = new Map<JvmEventName, JvmEvent[]>();
  for (const [name, start_ns, duration_ns] of events) {
    const from_ns = go_ns + BigInt(start_ns);
    series.set(name, [
      ...(series.get(name) ?? []),
      { label: `${name} at ${start_ns}`, start_ns: from_ns, end_ns: from_ns + BigInt(duration_ns) },
    ]);
  }
  return { series };
}

const written = log([
  ['gc.pause', 999, 5000],
  ['gc.pause', 1000, 7],
  ['gc.pause', 1999, 5000],
  ['gc.pause', 2000, 5],
  ['gc.uncommit', 1500, 100],
]);

test('an event belongs to the window that it began in, to the nanosecond', () => {
  const [pauses, uncommits] = analyseLog(written, go_ns, window, 100);
  expect([pauses?.counts.n, pauses?.counts.min_ns, pauses?.counts.max_ns, pauses?.long_count]).toEqual([2, 7, 5000, 1]);
  expect([uncommits?.name, uncommits?.counts.n, uncommits?.long_count]).toEqual(['gc.uncommit', 1, 1]);
});

test('time in events has of each event the part inside the window, once where events overlap', () => {
  const inside = (
    ...events: readonly (readonly [start_ns: number, duration_ns: number])[]
  ): number | null | undefined =>
    analyseLog(log(events.map(([start_ns, duration_ns]) => ['gc.pause', start_ns, duration_ns])), go_ns, window, 100)[0]
      ?.inWindow_ns;
  expect(inside([900, 150], [1500, 100], [1990, 5000], [3000, 1])).toBe(50 + 100 + 10);
  expect(inside([900, 50])).toBe(0);
  expect(inside([0, 5000], [1500, 100])).toBe(1000);
});

test('a series of the log without an event in the window stays, with n 0', () => {
  expect(analyseLog(log([['gc.pause', 1, 1]]), go_ns, window, 100)[0]).toMatchObject({
    name: 'gc.pause',
    long_count: 0,
    counts: { n: 0 },
  });
});

test('events are listed by start, relative to go, the short ones left out', () => {
  expect(eventsInWindow(written, go_ns, window, 8)).toEqual([
    { name: 'gc.uncommit', label: 'gc.uncommit at 1500', start_ns: 1500, duration_ns: 100 },
    { name: 'gc.pause', label: 'gc.pause at 1999', start_ns: 1999, duration_ns: 5000 },
  ]);
});

test('runs of a series are pooled', () => {
  const runs = analyseLog(written, go_ns, window, 100);
  expect(logSeriesNames([...runs, ...runs])).toEqual(['gc.pause', 'gc.uncommit']);
  expect(logFigures('gc.pause', [...runs, ...runs])).toMatchObject({
    name: 'gc.pause',
    long_count: 2,
    total_ns: 10_014,
    inWindow_ns: 2000,
    durations: { n: 4, max_ns: 5000 },
  });
});

describe('returns of heap in the window', () => {
  const shrunkAt = (ns: number): string =>
    `[${go_ns + BigInt(ns)}ns][debug][gc] GC(1) Shrinking ParOldGen from 9K by 4K to 5K\n`;
  const returnsIn = (text: string): number | null => heapReturnsIn(parseJvmLog(text), go_ns, window);

  test('are those with a length and those without', () => {
    const timed = `[${go_ns + 1_001_900n}ns][info][gc] Concurrent uncommit 9M->5M(9M) 1.000ms\n`;
    expect(returnsIn(timed + shrunkAt(1000) + shrunkAt(1999))).toBe(3);
  });

  test('are not those of the warm-up and of the drain', () => {
    const outside = shrunkAt(999) + shrunkAt(2000);
    expect(returnsIn(outside)).toBe(0);
    expect(untimedInWindow(parseJvmLog(outside), go_ns, window)).toEqual([]);
  });

  test('a log that may lack some proves their presence, not their absence', () => {
    expect(returnsIn('')).toBeNull();
    expect(returnsIn(`${shrunkAt(999)}[1ns`)).toBeNull();
    expect(returnsIn(`${shrunkAt(1000)}[1ns`)).toBe(1);
    expect(returnsIn('[1ns][warning][gc] no\n')).toBe(0);
  });
});
