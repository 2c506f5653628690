/** What report, explain and exports say of a stall's threads, calls and events: the same words everywhere. */
import { expect, test } from 'vitest';
import { callText, eventText, threadText, unusualEnd, waitText } from '../../src/words/seen-words.js';
import { writerThread } from '../support/stalls.js';

const ms = 1e6;

test('an operation that ended has no unusual end', () => {
  expect(unusualEnd({ threadEnded: false, stillRunning: false })).toBeNull();
  expect(unusualEnd({ threadEnded: false, stillRunning: true })).toBe('still running at the last look');
  expect(unusualEnd({ threadEnded: true, stillRunning: true })).toBe('its thread ended in it');
});

test('calls, events and waits are named', () => {
  expect(callText({ holder: 'holder.madvise_free', crossed: true })).toBe('holder.madvise_free across VMAs');
  expect(callText({ holder: 'holder.madvise_free', crossed: false })).toBe('holder.madvise_free');
  expect(eventText({ name: 'gc.pause', label: 'Pause Full', duration_ns: 20 * ms })).toBe(
    'the JVM’s log: gc.pause Pause Full, 20.0 ms',
  );
  expect(waitText('mprotect')).toBe('the victim waited in mprotect()');
  expect(waitText('none')).toBe('the victim waited in a page fault');
});

test('a thread is described by its longest activities and its counters', () => {
  const thread = {
    thread: writerThread,
    spans: [
      { activity: 'running', duration_ns: 10 * ms },
      { activity: 'blocked', duration_ns: 300 * ms },
      { activity: 'blocked', duration_ns: 190 * ms },
    ] as const,
    onCpu_ns: 10 * ms,
    runDelay_ns: 0,
    taken_ns: 0,
  };
  expect(threadText(thread)).toBe(
    'writer.mprotect: blocked in the kernel 490 ms, mostly on a CPU 10.0 ms; by its counters at most 10.0 ms on a CPU and 0 ns waiting for one',
  );
  expect(threadText({ ...thread, spans: [], onCpu_ns: null, taken_ns: 50 * ms })).toBe(
    'writer.mprotect: had the holder’s CPU for 50.0 ms; not seen',
  );
});
