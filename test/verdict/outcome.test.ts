import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SeriesRunFigures } from '../../src/bundle/bundle-schema.js';
import { outcomeOf } from '../../src/verdict/run/outcome.js';
import { runOf, seriesOf, stalledRun, writer } from './fake-summary.js';

function judged(runs: readonly SeriesRunFigures[], control: readonly SeriesRunFigures[]) {
  return outcomeOf(seriesOf(writer, runs), { foreign: seriesOf(writer, control) });
}

function judgedBesideIdle(runs: readonly SeriesRunFigures[], idle: readonly SeriesRunFigures[]) {
  return outcomeOf(seriesOf(writer, runs), { foreign: seriesOf(writer, [quiet, quiet]), idle: seriesOf(writer, idle) });
}

const quiet = runOf();

describe('an arm', () => {
  test('stalls when every run is blocked for longer than the control is ever stalled', () => {
    expect(judged([stalledRun(3, 0.3), stalledRun(1, 0.1)], [quiet, stalledRun(1, 0.05)]).outcome).toBe('stalls');
    expect(judged([stalledRun(3, 0.3), stalledRun(1, 0.1)], [quiet, stalledRun(2, 0.1)])).toEqual({
      outcome: 'unclear',
      reason: 'control-stalls',
    });
  });

  test('stalls by a stall of the warm-up that lasts through the window', () => {
    expect(judged([runOf({ stalled_share: 1, blocked_share: 1 })], [quiet]).outcome).toBe('stalls');
  });

  test('does not stall when only a part of what it has beyond the control was blocked in the kernel', () => {
    expect(judged([stalledRun(4, 0.4, 1)], [stalledRun(2, 0.2, 0)])).toEqual({
      outcome: 'unclear',
      reason: 'control-stalls',
    });
  });

  test('is like the control without a stall, and with stalls outside the kernel that the control has too', () => {
    expect(judged([quiet, quiet], [quiet, quiet]).outcome).toBe('like-foreign');
    expect(judged([quiet, stalledRun(1, 0.1, 0)], [quiet, stalledRun(1, 0.1, 0)]).outcome).toBe('like-foreign');
  });

  test.each<[string, SeriesRunFigures[], SeriesRunFigures[]]>([
    ['some-runs', [stalledRun(3, 0.3), quiet], [quiet]],
    ['not-blocked', [stalledRun(3, 0.3, 0), stalledRun(1, 0.1, 0)], [quiet]],
    ['not-blocked', [stalledRun(3, 0.9, 0), stalledRun(3, 0.9, 0), quiet], [quiet]],
    ['not-blocked', [quiet, stalledRun(1, 0.2, 0)], [quiet, stalledRun(1, 0.1, 0)]],
    ['unseen', [runOf({ count: 1, stalled_share: 0.1, unseen_count: 1 })], [stalledRun(1, 0.2, 0)]],
    ['unseen', [quiet, runOf({ lost_records: 7 })], [quiet]],
    ['holder-idle', [quiet, runOf({ holder_calls: 0 })], [quiet]],
    ['holder-idle', [stalledRun(3, 0.3), { ...stalledRun(3, 0.3), holder_calls: 0 }], [quiet]],
    ['exhausted', [quiet, runOf({ exhausted: 1 })], [quiet]],
    ['control-unseen', [stalledRun(3, 0.3)], [runOf({ lost_records: 1 })]],
    ['control-gave-nothing', [stalledRun(3, 0.3)], [runOf({ holder_calls: 0 })]],
  ])('is unclear: %s', (reason, runs, control) => {
    expect(judged(runs, control)).toEqual({ outcome: 'unclear', reason });
  });

  test.each<[string, SeriesRunFigures[], SeriesRunFigures[]]>([
    ['no-run', [], [quiet]],
    ['no-control-run', [stalledRun(3, 0.3)], []],
    ['no-run', [runOf({ status: 'partial' }), runOf({ status: 'failed' })], [quiet]],
    ['no-operation', [runOf({ n: 0 })], [quiet]],
    ['no-operation', [runOf({ n: 0 }), runOf({ status: 'partial' })], [quiet]],
    ['no-control-run', [stalledRun(3, 0.3)], [runOf({ status: 'partial' })]],
  ])('has no data: %s', (reason, runs, control) => {
    expect(judged(runs, control)).toEqual({ outcome: 'no-data', reason });
  });

  test('has no data where the control has no such series', () => {
    expect(outcomeOf(seriesOf(writer, [quiet]), { foreign: undefined })).toEqual({
      outcome: 'no-data',
      reason: 'no-control-series',
    });
  });
});

describe('beside the idle control, in which nothing is given back', () => {
  const stalling = [stalledRun(3, 0.3), stalledRun(2, 0.2)];

  test('an arm stalls where the idle control does so less', () => {
    expect(judgedBesideIdle(stalling, [quiet, stalledRun(1, 0.1)]).outcome).toBe('stalls');
  });

  test.each<[string, SeriesRunFigures[]]>([
    ['idle-stalls', [quiet, stalledRun(2, 0.2)]],
    ['idle-stalls', [stalledRun(9, 0.9, 0)]],
    ['idle-unseen', [runOf({ lost_records: 1 })]],
    ['no-idle-run', []],
    ['no-idle-run', [runOf({ status: 'partial' })]],
  ])('no conclusion is drawn: %s', (reason, idle) => {
    expect(judgedBesideIdle(stalling, idle).reason).toBe(reason);
  });

  test('that it stalls makes no arm less like the foreign control', () => {
    expect(judgedBesideIdle([quiet, quiet], [stalledRun(2, 0.2)]).outcome).toBe('like-foreign');
  });
});

// Shares from a few values, so that ties are common.
const share = fc.constantFrom(0, 0.001, 0.1, 0.2, 0.5, 1);
const anyRun = fc
  .record({
    n: fc.constantFrom(0, 1, 3000),
    count: fc.nat(3),
    blocked: fc.nat(3),
    unseen: fc.nat(1),
    stalled: share,
    blockedPart: fc.constantFrom(0, 0.5, 1),
    exhausted: fc.constantFrom(0, 0, 0, 9),
    lost: fc.constantFrom(0, 0, 0, 2),
    calls: fc.constantFrom(0, 3, 3, 3),
    status: fc.constantFrom('complete', 'complete', 'complete', 'partial', 'failed'),
  })
  .map(({ n, count, blocked, unseen, stalled, blockedPart, exhausted, lost, calls, status }) =>
    runOf({
      n,
      count,
      blocked_count: Math.min(blocked, count),
      unseen_count: Math.min(unseen, count - Math.min(blocked, count)),
      stalled_share: stalled,
      blocked_share: stalled * blockedPart,
      exhausted,
      lost_records: lost,
      holder_calls: calls,
      status: status as 'complete',
    }),
  );
const someRuns = fc.array(anyRun, { maxLength: 4 });

describe('whatever the runs are', () => {
  test('their order does not matter', () => {
    const both = fc
      .tuple(someRuns, someRuns)
      .chain(([runs, control]) => fc.tuple(fc.constant(runs), fc.constant(control), shuffled(runs), shuffled(control)));
    fc.assert(
      fc.property(both, ([runs, control, otherRuns, otherControl]) => {
        expect(judged(otherRuns, otherControl)).toEqual(judged(runs, control));
      }),
    );
  });

  test('a stall more in the control never makes a stall of the arm', () => {
    fc.assert(
      fc.property(someRuns, fc.array(anyRun, { minLength: 1, maxLength: 4 }), fc.nat(), (runs, control, which) => {
        const before = judged(runs, control).outcome;
        const worse = control.map((run, i) =>
          i === which % control.length
            ? { ...run, count: run.count + 1, stalled_share: Math.min(1, run.stalled_share + 0.1) }
            : run,
        );
        if (before !== 'stalls' && before !== 'no-data') expect(judged(runs, worse).outcome).not.toBe('stalls');
      }),
    );
  });

  test('a blocked stall more in the arm never makes it like the control', () => {
    fc.assert(
      fc.property(fc.array(anyRun, { minLength: 1, maxLength: 4 }), someRuns, fc.nat(), (runs, control, which) => {
        const worse = runs.map((run, i) =>
          i === which % runs.length
            ? { ...run, count: run.count + 1, blocked_count: run.blocked_count + 1, status: 'complete' as const }
            : run,
        );
        expect(judged(worse, control).outcome).not.toBe('like-foreign');
      }),
    );
  });

  test('it is like the control only if no whole run is stalled for more than the control in its worst run', () => {
    fc.assert(
      fc.property(someRuns, someRuns, (runs, control) => {
        if (judged(runs, control).outcome !== 'like-foreign') return;
        const worst = (all: readonly SeriesRunFigures[]): number =>
          Math.max(...all.flatMap(({ status, stalled_share }) => (status === 'complete' ? stalled_share : [])));
        expect(worst(runs)).toBeLessThanOrEqual(worst(control));
      }),
    );
  });

  test('runs that were cut short change nothing', () => {
    const cut = fc.array(
      anyRun.map((run) => ({ ...run, status: 'partial' as const })),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(someRuns, someRuns, cut, cut, (runs, control, more, moreControl) => {
        expect(judged([...runs, ...more], [...control, ...moreControl])).toEqual(judged(runs, control));
      }),
    );
  });

  test('it stalls only with a blocked stall in every whole run and the control below', () => {
    fc.assert(
      fc.property(someRuns, someRuns, (runs, control) => {
        if (judged(runs, control).outcome !== 'stalls') return;
        const whole = runs.filter(({ status, n, count }) => status === 'complete' && n + count > 0);
        expect(whole.every(({ blocked_share }) => blocked_share > 0)).toBe(true);
      }),
    );
  });
});

function shuffled<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}
