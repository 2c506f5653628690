/** What --trace cost and lost is said beside the figures. */
import { expect, test } from 'vitest';
import { traceNotes } from '../../src/verdict/run/trace-notes.js';
import { noteSentences } from '../support/stated.js';

const trace = { events_n: 120_000, lost_n: 0, call_ns: { without: 850, with: 1400 } };

test('nothing of runs without it', () => {
  expect(traceNotes([{ trace: null }, { trace: null }])).toEqual([]);
});

test('its events, and what a call takes without and with it', () => {
  expect(
    noteSentences(
      traceNotes([{ trace }, { trace: null }, { trace: { ...trace, call_ns: { without: 900, with: 1600 } } }]),
    ),
  ).toEqual([
    'Traced: 240,000 events in 2 runs. A call of mprotect took 875 ns without the trace and 1.50 µs with it, measured before each run: compare small percentiles only with those of traced runs.',
  ]);
});

test('its losses; of an older version not what it costs', () => {
  expect(noteSentences(traceNotes([{ trace: { ...trace, lost_n: 3, call_ns: null } }]))).toEqual([
    'Traced: 120,000 events in 1 run.',
    '3 events of the trace were lost, the oldest of a run first: stalls before that are explained without it.',
  ]);
});
