import { expect, test } from 'vitest';
import { attributed } from '../../src/observe/observation.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { eventsOfLog, eventTotals, monotonicOffset_ns, withUnlogged } from '../../src/observe/jvm/jvm-log-events.js';
import { withKnowledge } from '../../src/observe/jvm/jvm-learning.js';
import type { JvmGap } from '../../src/facts/observed-jvm-facts.js';
import { parseJvmLog } from '../../src/record/jvm-log.js';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import { observed, observedThread, off, ran, target } from '../support/observed.js';

const ms = 1_000_000;
/** The observation starts at 5 s of the JVM's clock. */
const start_ns = 5e9;

const safepointLine = (end_ms: number, reach_ms: number, total_ms: number): string =>
  `[${5_000 + end_ms}000000ns][info][safepoint   ] Safepoint "Cleanup", Time since last: 1 ns, Reaching safepoint: ${reach_ms * ms} ns, At safepoint: 1 ns, Total: ${total_ms * ms} ns\n`;

function events(log: string, clockOffset_ns = 0n) {
  return eventsOfLog(parseJvmLog(log), { start_ns, watched_ns: 1000 * ms, clockOffset_ns });
}

test('times of the log count from the start of the observation', () => {
  const found = events(
    `${safepointLine(300, 50, 200)}[5400000000ns][info][gc] GC(1) Pause Young (Normal) 2M->1M(4M) 20.000ms\n`,
  );
  expect(found).toEqual([
    { name: 'safepoint.total', label: 'Cleanup', start_ns: 100 * ms, duration_ns: 200 * ms },
    { name: 'safepoint.reach', label: 'Cleanup', start_ns: 100 * ms, duration_ns: 50 * ms },
    { name: 'gc.pause', label: 'Pause Young (Normal)', start_ns: 380 * ms, duration_ns: 20 * ms },
  ]);
  expect(eventTotals([...found, ...found])).toContainEqual({
    name: 'gc.pause',
    events_n: 2,
    total_ns: 40 * ms,
    longest_ns: 20 * ms,
  });
});

test('a day has more events than a call has arguments', () => {
  const pause = { name: 'gc.pause', label: 'Pause Young', start_ns: 0, duration_ns: 2 };
  const all = [{ ...pause, duration_ns: 3 }, ...Array.from({ length: 300_000 }, () => pause)];
  expect(eventTotals(all)).toEqual([{ name: 'gc.pause', events_n: 300_001, total_ns: 600_003, longest_ns: 3 }]);
});

test('events before and after the window are left out, those across its ends are kept', () => {
  const log = [
    safepointLine(-10, 1, 20),
    safepointLine(10, 1, 20),
    safepointLine(1010, 1, 20),
    safepointLine(1100, 1, 20),
  ];
  expect(
    events(log.join(''))
      .filter(({ name }) => name === 'safepoint.total')
      .map((one) => one.start_ns),
  ).toEqual([-10 * ms, 990 * ms]);
});

test('a clock of a time namespace is ahead by its offset', () => {
  const offset_ns = monotonicOffset_ns('monotonic           3       250\nboottime           9         0\n');
  expect(offset_ns).toBe(3_000_000_250n);
  expect(monotonicOffset_ns('monotonic          -1         0')).toBe(-1_000_000_000n);
  expect(monotonicOffset_ns(null)).toBe(0n);
  expect(events(safepointLine(3300, 50, 200), 3_000_000_000n)[0]?.start_ns).toBe(100 * ms);
});

const worker = observedThread('worker', 101);
const late = observedThread('a thread with a', 102);
const vm = observedThread('VM Thread', 103);
const futex = (command: number, value: string) => ({
  number: systemCallNumber('futex') ?? 0,
  arguments: ['7f00', command.toString(16), value, '0', '0', '0'],
});

/** A worker waits 100 ms for a safepoint, for which another thread without a CPU was late by 80 ms. */
const seen = seenInKernel(
  observed({
    offs: [
      off(
        worker,
        { from: 100, woken: 200, to: 200 },
        {
          state: 'asleep',
          waker: vm,
          call: futex(128, '1'),
          wakerCall: futex(129, '7fffffff'),
        },
      ),
      off(late, { from: 90, to: 180 }, { state: 'runnable', taker: observedThread('hog', 900, 900) }),
    ],
    rans: [ran(observedThread('hog', 900, 900), 0, 90, 180)],
  }),
  { pids: [target], threshold_ns: 20 * ms, detail_ns: ms, symbols: new Map(), cpuCount: 2 },
);

function causeOfWorker(log: string | null, gaps: readonly JvmGap[] = []) {
  const knowledge = {
    jvms: new Map(),
    names: new Map([[102, { comm: 'a thread with a', name: 'a thread with a long name' }]]),
    events: new Map(log === null ? [] : [[target, events(log)]]),
    gaps,
  };
  return attributed(withKnowledge(seen, knowledge)).stalls.find(({ thread }) => thread?.tid === 101)?.cause;
}

test('a thread that is late for a safepoint is named, with its full name, where the log has the time to reach it', () => {
  expect(causeOfWorker(null)).toMatchObject({ cause: 'safepoint' });
  const found = causeOfWorker(safepointLine(200, 80, 100));
  expect(found).toMatchObject({ cause: 'not-scheduled', thread: { tid: 102, name: 'a thread with a long name' } });
  expect(found?.steps.map(({ step }) => step)).toEqual(['safepoint', 'time-to-safepoint', 'late-thread']);
});

test('a pause of the collector is one', () => {
  const pause = '[5199000000ns][info][gc] GC(1) Pause Full (System.gc()) 2M->1M(4M) 98.000ms\n';
  expect(causeOfWorker(pause)).toMatchObject({ cause: 'gc-pause' });
});

test('a log that lacks a safepoint does not hide it where it was seen from outside', () => {
  expect(causeOfWorker('')).toMatchObject({ cause: 'safepoint' });
  // The log was cut before the safepoint, or has only a later one.
  expect(causeOfWorker(safepointLine(50, 1, 20))).toMatchObject({ cause: 'safepoint' });
  expect(causeOfWorker(safepointLine(400, 1, 20))).toMatchObject({ cause: 'safepoint' });
});

test('a safepoint that the log has counts once, with the times of the log', () => {
  const outside = (start_ms: number) => ({
    name: 'safepoint.total',
    label: null,
    start_ns: start_ms * ms,
    duration_ns: 100 * ms,
  });
  const logged = events(safepointLine(300, 50, 200));
  for (const hasGap of [true, false]) {
    expect(withUnlogged(logged, [outside(150), outside(10)], { hasGap })).toEqual(logged);
    const all = withUnlogged(logged, [outside(0), outside(300)], { hasGap });
    expect(all.map(({ label, start_ns }) => [label, start_ns / ms])).toEqual([
      [null, 0],
      ['Cleanup', 100],
      ['Cleanup', 100],
      [null, 300],
    ]);
  }
});

test('threads that sleep on one word, as behind a spin lock, are in no safepoint where the log is whole and has none', () => {
  const around = safepointLine(50, 1, 20) + safepointLine(400, 1, 20);
  expect(causeOfWorker(around)).toMatchObject({ cause: 'unknown' });
  const ofJvm = { pid: target, name: 'java' };
  expect(causeOfWorker(around, [{ ...ofJvm, code: 'jvm-log-long', mostBytes: 1 }])).toMatchObject({
    cause: 'safepoint',
  });
  // Another JVM's log says nothing of this one.
  expect(causeOfWorker(around, [{ ...ofJvm, pid: 1, code: 'jvm-log-long', mostBytes: 1 }])).toMatchObject({
    cause: 'unknown',
  });
});
