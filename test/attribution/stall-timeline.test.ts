/** What a thread did during a stall: derived once, and from the looks of the span alone. */
import { expect, test } from 'vitest';
import { stallTimeline } from '../../src/attribution/stall-timeline.js';
import { ms, timelineOf } from './fake-evidence.js';

const seen = timelineOf(12, [
  [0, 'S'],
  [1000, 'D'],
  [1100, 'R'],
  [1200, 'r'],
]);
const timeline = () => stallTimeline({ timelines: new Map([[12, seen]]) });
const during = (from_ms: number, to_ms: number) => ({ start_ns: from_ms * ms, end_ns: to_ms * ms });

test('activities partition a span', () => {
  const thread = timeline().thread(12);
  expect(thread.activities(during(990, 1300)).map(({ activity }) => activity)).toEqual([
    'asleep',
    'blocked',
    'runnable',
  ]);
  expect(thread.time_ns(during(1000, 1090), 'blocked')).toBe(90 * ms);
  expect(thread.time_ns(during(1000, 1090), 'running')).toBe(0);
});

test('the same question has the same answer: it is derived once', () => {
  const stall = timeline();
  expect(stall.thread(12).activities(during(1000, 1300))).toBe(stall.thread(12).activities(during(1000, 1300)));
  expect(stall.thread(12).growth(during(1000, 1300))).toBe(stall.thread(12).growth(during(1000, 1300)));
});

test('a look beyond the end of a span says nothing of the span', () => {
  // The look at 1,090 ms saw it blocked, the look at 1,100 ms running.
  const part = timeline().thread(12).activities(during(1092, 1098));
  expect(part.map(({ activity }) => activity)).not.toContain('blocked');
});

test('counters grow between the looks around a span', () => {
  const thread = timeline().thread(12);
  expect(thread.growth(during(1105, 1195))).toEqual({ onCpu_ns: 90 * ms, runDelay_ns: 10 * ms });
  expect(thread.hasLooksAround(during(1105, 1195))).toBe(true);
  expect(thread.hasLooksAround(during(2900, 3100))).toBe(false);
});

test('of a thread that nobody looked at nothing is known', () => {
  const thread = timeline().thread(99);
  expect(thread.activities(during(0, 10)).map(({ activity }) => activity)).toEqual(['unobserved']);
  expect(thread.growth(during(0, 10))).toBeNull();
  expect(thread.hasLooksAround(during(0, 10))).toBe(false);
  expect(thread.states(during(0, 10))).toBe('?×1');
});

test('threads of one process are found by its pid', () => {
  expect(timeline().tidsIn(10)).toEqual([12]);
  expect(timeline().tidsIn(11)).toEqual([]);
});
