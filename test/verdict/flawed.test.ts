/** Figures that may be too good: what of them can be concluded, and what their rows and the first line say. */
import { expect, test } from 'vitest';
import type { SeriesFigures } from '../../src/bundle/bundle-schema.js';
import { compareSides } from '../../src/verdict/compare/compare.js';
import type { Comparison, CompareRow } from '../../src/verdict/compare/compared.js';
import { defaultPolicy } from '../../src/verdict/compare/decide.js';
import { chooseMetrics, metricsFor } from '../../src/verdict/evidence/metrics.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, valuesWithP99, writeFakeBundle, type FakeRun } from './fake-bundle.js';

const scratch = scratchFolder();

function compare(a: readonly FakeRun[], b: readonly FakeRun[], metrics: readonly string[] = []): Comparison {
  const sides = [a, b].map((runs, i) => {
    const path = scratch.fresh(i === 0 ? 'a' : 'b');
    writeFakeBundle(path, { runs });
    return { ...readSide(path, { threshold_ns: 1 }), label: i === 0 ? 'a' : 'b' };
  });
  return compareSides(sides, {
    metrics: chooseMetrics(metricsFor([99]), metrics),
    margins: [],
    arms: [],
    policy: { ...defaultPolicy, resamples: 500 },
  });
}

function row({ rows }: Comparison, metric: string): CompareRow {
  const found = rows.find((one) => one.metric === metric);
  if (found === undefined) throw new Error(`no row of ${metric}`);
  return found;
}

function runs(n: number, of: (i: number) => FakeRun): FakeRun[] {
  return Array.from({ length: n }, (_, i) => ({ values_ns: valuesWithP99(20_000 + i * 100), ...of(i) }));
}

/** As `count` stalls, with another share. */
function sharing(count: number, stalled_share: number): Partial<SeriesFigures['stalls']> {
  return { ...stalled(count), stalled_share };
}

const noise = [3, 9, 5, 11, 4, 10, 6, 8, 2, 12];
const saturatedIn = (runs_n: number, i: number): FakeRun => ({ figures: { saturated: i < runs_n } });

test.each([
  ['a little better', 0],
  ['a little worse', 1],
])('a flawed run among noisy runs leaves a row that is %s its p and what would decide', (_, more) => {
  const a = runs(10, (i) => ({ stalls: stalled((noise[i] ?? 0) + (1 - more)) }));
  const b = runs(10, (i) => ({ ...saturatedIn(1, i), stalls: stalled((noise[9 - i] ?? 0) + more) }));
  const comparison = compare(a, b);
  const share = row(comparison, 'stalled_share');
  expect(share).toMatchObject({ verdict: 'inconclusive', reason: 'not-significant', refusal: null });
  expect(share.p).toBeGreaterThan(0.05);
  expect(share.wouldDecide).not.toBeNull();
  expect(share.caveat).toMatchObject({
    code: 'side-flawed',
    side: 'b',
    flaw: { code: 'saturated', runs_n: 1, of_n: 10 },
  });
  expect(share.sentence).toMatch(
    /^chance alone shows as much in .* of comparisons; in b the series is saturated in 1 run of 10: .*; about \d+ runs of 10\.0 s a side where that is not so would show a difference like this one$/,
  );
  expect(comparison.conclusions[0]).toMatchObject({ code: 'may-be-too-good', runs: { a: 10, b: 10 } });
  expect(comparison.verdict).toMatch(
    /^b against a: no difference is certain \(10 and 10 runs\): of 6 metrics 6 inconclusive; figures of \d of them may be too good: in b the series is saturated in 1 run of 10: /,
  );
});

test('too few runs are the reason before anything that is flawed', () => {
  const { conclusions } = compare(
    runs(3, () => ({ stalls: stalled(5) })),
    runs(3, () => ({ ...saturatedIn(3, 0), stalls: stalled(4) })),
  );
  expect(conclusions[0]?.code).toBe('too-few-runs');
});

test('what is worse in spite of its flaw, and only all together, counts with what is beyond its margin', () => {
  const arms = (of: (arm: number, round: number) => number, flaw: FakeRun): FakeRun[] =>
    Array.from({ length: 12 }, (_, arm) =>
      Array.from({ length: 6 }, (__, round) => ({
        ...flaw,
        arm: `arm-${arm}`,
        stalls: stalled(of(arm, round)),
        run: { repetition: round + 1 },
      })),
    ).flat();
  const { conclusions, verdict } = compare(
    arms(() => 0, {}),
    arms((arm, round) => (arm % 6 === round ? 1 : 0), { figures: { saturated: true } }),
    ['stalled_share', 'stalls_per_minute', 'longest_ns', 'blocked_per_minute'],
  );
  expect(conclusions[0]).toMatchObject({ code: 'differs-unnamed', beyond_n: 48, worst: { difference: {} } });
  expect(verdict).toMatch(/of 48 metrics 48 are beyond their margins, most of all arm-/);
});

test('the side that is saturated in more of its runs has figures that may be too good', () => {
  const verdictOf = (inA: number, inB: number): string => {
    const a = runs(10, (i) => ({ ...saturatedIn(inA, i), stalls: stalled(10 + (i % 2)) }));
    const b = runs(10, (i) => ({ ...saturatedIn(inB, i), stalls: stalled(5 + (i % 2)) }));
    const { verdict, refusal } = row(compare(a, b), 'stalls_per_minute');
    return refusal?.code ?? verdict;
  };
  expect(verdictOf(1, 10)).toBe('side-flawed');
  expect(verdictOf(10, 10)).toBe('improved');
  expect(verdictOf(10, 1)).toBe('improved');
});

test.each(['stalls_per_minute', 'blocked_per_minute', 'stalls.count'])(
  '%s: fewer stalls are no improvement while the stalled share rises',
  (metric) => {
    const a = runs(8, (i) => ({ stalls: sharing(10 + (i % 2), 0.4) }));
    const fewer = (share: number): FakeRun[] => runs(8, (i) => ({ stalls: sharing(4 + (i % 2), share) }));
    const longer = compare(a, fewer(0.6), [metric]);
    expect(row(longer, metric)).toMatchObject({ verdict: 'inconclusive', refusal: { code: 'stalls-longer' } });
    expect(row(longer, metric).sentence).toBe(
      'b is stalled for more of the time (40 % → 60 %), so fewer stalls are no improvement',
    );
    expect(longer.joint[0]?.finding).not.toBe('named');
    expect(row(compare(a, fewer(0.3), [metric]), metric).verdict).toBe('improved');
  },
);

test.each<[string, Partial<SeriesFigures['stalls']>]>([
  ['blocked_per_minute', { blocked_count: 12 }],
  ['stalls.mutex_count', { mutex_count: 12, blocked_count: 0 }],
  ['stalls.longest_blocked_ns', { longest_blocked_ns: 2e9 }],
  ['stalls.blocked_share', { blocked_share: 0.5 }],
])('%s: stalls in an unknown state are counted for the side that looks better', (metric, worse) => {
  const better = (unseen: number): FakeRun[] =>
    runs(8, (i) => ({ stalls: { ...stalled(3 + (i % 2)), ...(i === 0 ? { unseen_count: unseen } : {}) } }));
  const bad = runs(8, () => ({ stalls: { ...sharing(12, 0.6), ...worse } }));
  const regressed = row(compare(better(1), bad, [metric]), metric);
  expect(regressed).toMatchObject({ verdict: 'regressed', caveat: { code: 'states-counted', side: 'a' } });
  expect(regressed.values.a[0]).toBeGreaterThan(row(compare(better(0), bad, [metric]), metric).values.a[0] ?? 0);
  expect(regressed.sentence).toMatch(
    /; stalls of a in a state that was not seen \(1 run of 8\) are counted in the figure$/,
  );
  expect(row(compare(bad, better(1), [metric]), metric)).toMatchObject({
    verdict: 'improved',
    caveat: { code: 'states-counted', side: 'b' },
  });
});

test('so many stalls in an unknown state that the difference may point the other way leave it open', () => {
  const a = runs(8, (i) => ({ stalls: { ...stalled(3 + (i % 2)), unseen_count: 20 } }));
  const b = runs(8, (i) => ({ stalls: stalled(10 + (i % 2)) }));
  expect(row(compare(a, b), 'blocked_per_minute')).toMatchObject({
    verdict: 'inconclusive',
    refusal: { code: 'side-flawed', side: 'a', flaw: { code: 'states-unseen' } },
  });
  // Nor are sides equal, of which one has such stalls.
  const same = runs(8, (i) => ({ stalls: { ...stalled(10 + (i % 2)), unseen_count: i === 0 ? 1 : 0 } }));
  expect(row(compare(b, same), 'blocked_per_minute').verdict).toBe('inconclusive');
});

test('a series that takes no lock needs nothing given back', () => {
  const times = { min_ns: null, p50_ns: null, p90_ns: null, p99_ns: null, p99_9_ns: null, p99_99_ns: null };
  const calling = (n: number): NonNullable<FakeRun['run']> => ({
    holder: {
      name: 'holder.madvise_free',
      service: { ...times, n, mean_ns: null, max_ns: null },
      hold_ns: null,
      calls_cpu_ns: 0,
      window_calls: n,
      crossed_calls: 0,
      releasedBytes: 0,
      lost_records: 0,
    },
  });
  const verdictOf = (series: string): string => {
    const side = (calls: number): FakeRun[] => runs(8, () => ({ series, run: calling(calls) }));
    return row(compare(side(5), side(0)), 'service.p99_ns').verdict;
  };
  expect(verdictOf('control.timer')).toBe('equivalent');
  expect(verdictOf('writer.mprotect')).toBe('inconclusive');
});

test('operations whose work the kernel gave up are a flaw above 1 % of those that were served', () => {
  const verdictOf = (gaveUp: number): string => {
    const b = runs(8, () => ({ figures: { gaveUp } }));
    return row(
      compare(
        runs(8, (i) => ({ stalls: stalled(5 + (i % 2)) })),
        b,
      ),
      'stalled_share',
    ).sentence;
  };
  expect(verdictOf(10)).toMatch(/^larger than the margin/);
  expect(verdictOf(11)).toMatch(
    /^in b the kernel gave up the work of more than 1 % of the operations in 8 runs of 8, /,
  );
});
