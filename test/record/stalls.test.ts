import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RingRecord } from '../../src/record/board/rings.js';
import type { Timeline } from '../../src/record/samples.js';
import { findStalls, holderCalls, type VictimEvidence } from '../../src/record/stalls.js';

const ms = 1_000_000;

function operation(start_ms: number, end_ms: number, more: Partial<RingRecord> = {}): RingRecord {
  return {
    thread: 0,
    start_ns: start_ms * ms,
    end_ns: end_ms * ms,
    intended_ns: start_ms * ms,
    bytes: 0,
    call: null,
    crossed: false,
    runDelay_ns: 0,
    runDelayFrom_ns: 0,
    onCpu_ns: 0,
    ...more,
  };
}

/** Looked at every 10 ms up to 10 s; the letter changes at the given milliseconds. */
function timeline(...changes: [at_ms: number, state: string][]): Timeline {
  return {
    pid: 7,
    tid: 42,
    comm: 'victim',
    period_ns: 10 * ms,
    ticks_ns: Array.from({ length: 1_000 }, (_, i) => i * 10 * ms),
    changes: changes.map(([at_ms, state]) => ({
      tick: Math.ceil(at_ms / 10),
      time_ns: at_ms * ms,
      state,
      onCpu_ns: 0,
      runDelay_ns: 0,
    })),
  };
}

const evidence: VictimEvidence = {
  series: 'writer.mprotect',
  threshold_ns: 100 * ms,
  records: [],
  inFlight: { state: 'idle' },
  lastLook_ns: 8_000 * ms,
  windowStart_ns: 1_000 * ms,
  windowEnd_ns: 7_000 * ms,
  timeline: undefined,
  holderCalls: [],
};

describe('stalls', () => {
  test('are operations of at least the threshold; shorter ones are listed apart', () => {
    const report = findStalls({
      ...evidence,
      records: [operation(2_000, 2_099), operation(3_000, 3_100), operation(4_000, 4_700)],
    });
    expect(report.stalls.map(({ duration_ns }) => duration_ns)).toEqual([100 * ms, 700 * ms]);
    expect(report.slow).toEqual([
      {
        series: 'writer.mprotect',
        start_ns: 2_000 * ms,
        duration_ns: 99 * ms,
        intended_ns: 2_000 * ms,
        stillRunning: false,
        threadEnded: false,
        recorded: true,
      },
    ]);
    expect(report).toMatchObject({ count: 2, longest_ns: 700 * ms, total_ns: 800 * ms, stalledInWindow_ns: 800 * ms });
    expect(report.stalledShare).toBeCloseTo(800 / 6_000, 12);
  });

  test('count one that is still running up to the last look, and its part inside the window', () => {
    const report = findStalls({
      ...evidence,
      inFlight: { state: 'running', operation: 9, start_ns: 6_500 * ms, intended_ns: 6_400 * ms },
    });
    expect(report.stalls).toMatchObject([
      {
        stillRunning: true,
        recorded: true,
        duration_ns: 1_500 * ms,
        intended_ns: 6_400 * ms,
        ownRunDelayAtMost_ns: null,
      },
    ]);
    expect(report).toMatchObject({ count: 1, longest_ns: 1_500 * ms, stalledInWindow_ns: 500 * ms });
  });

  test('end when their thread ends', () => {
    const report = findStalls({
      ...evidence,
      lastLook_ns: 7_200 * ms,
      threadEnded: true,
      records: [operation(2_000, 2_500)],
      inFlight: { state: 'running', operation: 9, start_ns: 6_500 * ms, intended_ns: 6_400 * ms },
    });
    expect(report.stalls.map(({ duration_ns, threadEnded }) => [duration_ns, threadEnded])).toEqual([
      [500 * ms, false],
      [700 * ms, true],
    ]);
  });

  test('of the warm-up are no samples, and count where they reach into the window', () => {
    const report = findStalls({ ...evidence, records: [operation(500, 1_300)] });
    expect(report.stalls).toMatchObject([{ recorded: false }]);
    expect(report).toMatchObject({ count: 1, longest_ns: 800 * ms, stalledInWindow_ns: 300 * ms });
  });

  test('are not listed twice when a look falls between the record and the end of its slot', () => {
    const report = findStalls({
      ...evidence,
      records: [operation(2_000, 2_500)],
      inFlight: { state: 'running', operation: 3, start_ns: 2_000 * ms, intended_ns: 2_000 * ms },
      lastLook_ns: 2_501 * ms,
    });
    expect(report.stalls).toHaveLength(1);
  });

  test('say what the thread was seen doing', () => {
    const stalls = (t: Timeline | undefined): unknown[] =>
      findStalls({ ...evidence, records: [operation(2_001, 2_551)], timeline: t }).stalls.map(
        ({ states, dominant }) => [states, dominant],
      );
    expect(stalls(timeline([0, 'S'], [2_001, 'D'], [2_541, 'R']))).toEqual([['D×54 R×1', 'D']]);
    expect(stalls(timeline([0, 'S']))).toEqual([['S×55', 'S']]);
    expect(stalls(timeline([0, 'R']))).toEqual([['R×55', 'R']]);
    expect(stalls(timeline([0, 'T']))).toEqual([['T×55', 'other']]);
    expect(stalls(undefined)).toEqual([['?×1', 'unobserved']]);
  });

  test('bound the own run delay by the operation, since it is counted from an earlier look on', () => {
    const of = (runDelay_ms: number): unknown =>
      findStalls({ ...evidence, records: [operation(2_000, 2_200, { runDelay_ns: runDelay_ms * ms })] }).stalls[0]
        ?.ownRunDelayAtMost_ns;
    expect([of(30), of(900)]).toEqual([30 * ms, 200 * ms]);
  });

  test('name the calls of holders that overlap, those of the longest overlap first', () => {
    const a = holderCalls(
      'holder-a',
      [
        operation(1_000, 1_900),
        operation(1_950, 2_050),
        operation(2_060, 2_300, { call: 'release', bytes: 64, runDelay_ns: 200 * ms }),
        operation(2_600, 2_700),
      ],
      { state: 'idle' },
      8_000 * ms,
    );
    const b = holderCalls(
      'holder-b',
      [],
      { state: 'running', operation: 0, start_ns: 2_290 * ms, intended_ns: 2_290 * ms },
      8_000 * ms,
    );
    const { stalls } = findStalls({ ...evidence, records: [operation(2_000, 2_500)], holderCalls: [a, b] });
    expect(stalls[0]?.overlappingHolderCalls_n).toBe(3);
    expect(stalls[0]?.overlappingHolderCalls.map(({ holder, start_ns }) => [holder, start_ns / ms])).toEqual([
      ['holder-a', 2_060],
      ['holder-b', 2_290],
      ['holder-a', 1_950],
    ]);
    expect(stalls[0]?.overlappingHolderCalls[0]).toEqual({
      holder: 'holder-a',
      start_ns: 2_060 * ms,
      end_ns: 2_300 * ms,
      call: 'release',
      crossed: false,
      bytes: 64,
      runDelayAtMost_ns: 200 * ms,
    });
  });

  test('list a few of many calls and count them all', () => {
    const many = holderCalls(
      'holder',
      Array.from({ length: 1_000 }, (_, i) => operation(2_000 + i, 2_000.5 + i)),
      { state: 'idle' },
      8_000 * ms,
    );
    const { stalls } = findStalls({ ...evidence, records: [operation(2_000, 2_500)], holderCalls: [many] });
    expect(stalls[0]).toMatchObject({ overlappingHolderCalls_n: 500 });
    expect(stalls[0]?.overlappingHolderCalls).toHaveLength(5);
  });

  test('have a share of the window that is the union of their parts inside, counted millisecond by millisecond', () => {
    const spans = fc.array(fc.tuple(fc.nat(900), fc.nat(300)), { maxLength: 12 });
    fc.assert(
      fc.property(spans, fc.nat(900), fc.integer({ min: 1, max: 900 }), (all, from_ms, length_ms) => {
        const to_ms = from_ms + length_ms;
        const { stalledInWindow_ns, stalledShare } = findStalls({
          ...evidence,
          threshold_ns: 100 * ms,
          windowStart_ns: from_ms * ms,
          windowEnd_ns: to_ms * ms,
          records: all.map(([start, length]) => operation(start, start + length)),
        });
        let stalled_ms = 0;
        for (let t = from_ms; t < to_ms; t += 1)
          if (all.some(([start, length]) => length >= 100 && start <= t && t < start + length)) stalled_ms += 1;
        expect(stalledInWindow_ns).toBe(stalled_ms * ms);
        expect(stalledShare).toBeCloseTo(stalled_ms / length_ms, 12);
      }),
    );
  });
});
