import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decide as decideAll,
  defaultPolicy,
  type Decision,
  type DecisionPolicy,
  type MetricInput,
} from '../../src/verdict/compare/decide.js';

type Values = Omit<MetricInput, 'origin'>;

/** Two experiments, whose k-th runs of every metric are of one round. */
function withRounds(values: Values): MetricInput {
  const origin = (side: 'a' | 'b') => ({ experiment: side, arm: '', rounds: values[side].map((_, round) => round) });
  return { ...values, origin: { a: origin('a'), b: origin('b') } };
}

function decide(metrics: readonly Values[], policy?: DecisionPolicy): readonly Decision[] {
  return decideAll(metrics.map(withRounds), policy).decisions;
}

const margin = { relative: 0.1, absolute: 0 };
/** Around 100, all different. */
const base = [98, 103, 97, 101, 99, 104, 96, 102, 100, 105];
const by = (factor: number): number[] => base.map((value, i) => value * factor + i * 0.01);

function one(a: readonly number[], b: readonly number[], more: Partial<Values> = {}): Decision {
  const [decision] = decide([{ key: 'metric', a, b, margin, refusal: null, ...more }]);
  if (decision === undefined) throw new Error('no decision');
  return decision;
}

describe('ten runs a side', () => {
  test.each<[string, number, Decision['verdict'], Decision['reason']]>([
    ['twice as much', 2, 'regressed', 'difference'],
    ['half as much', 0.5, 'improved', 'difference'],
    ['the same', 1, 'equivalent', 'inside-margin'],
    ['3 % more, which is seen and does not matter', 1.03, 'equivalent', 'inside-margin'],
    ['9 % more, which may be above the margin or below', 1.09, 'inconclusive', 'about-margin'],
  ])('%s', (_, factor, verdict, reason) => {
    expect(one(base, by(factor))).toMatchObject({ verdict, reason });
  });

  test('a difference whose mean hangs on one run is none of the mean', () => {
    const a = [...base.slice(0, 9), 100_000];
    expect(one(a, by(1.5))).toMatchObject({ verdict: 'inconclusive', reason: 'mean-unclear' });
  });

  test('one stalled run of ten is no proof of anything, and no equivalence', () => {
    const zeros = base.map(() => 0);
    expect(one(zeros, [...zeros.slice(1), 5e8], { margin: { relative: 0.1, absolute: 1e7 } })).toMatchObject({
      verdict: 'inconclusive',
      reason: 'not-significant',
      p: 1,
      pAdjusted: null,
    });
  });

  test('none in any run is equivalent, and says how often it may be all the same', () => {
    const zeros = base.map(() => 0);
    const decision = one(zeros, zeros);
    expect(decision).toMatchObject({ verdict: 'equivalent', difference: { estimate: 0, low: 0, high: 0 } });
    // R: binom.test(0, 10)$conf.int
    expect(decision.affected?.b.high).toBeCloseTo(0.3084971, 6);
  });

  test('a doubled value among 19 that are alike is found in spite of Holm', () => {
    const metrics = Array.from({ length: 20 }, (_, i) => ({
      key: String(i),
      a: by(1 + i / 1000),
      b: by(i === 7 ? 2 : 1 + i / 1000),
      margin,
      refusal: null,
    }));
    expect(decide(metrics).map(({ verdict }) => verdict)).toEqual(
      metrics.map((_, i) => (i === 7 ? 'regressed' : 'equivalent')),
    );
  });
});

describe('few runs', () => {
  test('one or two a side decide nothing, and say from how many on one could', () => {
    expect(one([1], [100])).toMatchObject({
      verdict: 'inconclusive',
      reason: 'too-few-runs',
      p: 1,
      difference: { estimate: 99, low: null, high: null },
    });
    const two = one([1, 2], [100, 101]);
    expect(two).toMatchObject({
      verdict: 'inconclusive',
      reason: 'too-few-runs',
      resolution: 1 / 3,
      wouldDecide: { of: 'difference' },
    });
    expect(two.wouldDecide?.runs).toBeGreaterThanOrEqual(4);
  });

  test('five equal ones a side are no equivalence; six are', () => {
    const zeros = (n: number): number[] => Array<number>(n).fill(0);
    expect(one(zeros(5), zeros(5))).toMatchObject({
      verdict: 'inconclusive',
      wouldDecide: { runs: 6, of: 'equivalence' },
    });
    expect(one(zeros(6), zeros(6)).verdict).toBe('equivalent');
  });

  test('four a side find a difference, alone and among twenty metrics of the same runs', () => {
    const metric = (key: string, b: readonly number[]): Values => ({ key, a: [1, 2, 3, 4], b, margin, refusal: null });
    expect(decide([metric('x', [11, 12, 13, 14])])).toMatchObject([{ verdict: 'regressed' }]);
    const many = decide([
      metric('x', [11, 12, 13, 14]),
      ...Array.from({ length: 19 }, (_, i) => metric(String(i), [1.5, 2.5, 3.5, 4.5])),
    ]);
    expect(many.map(({ verdict }) => verdict)).toEqual(['regressed', ...Array<string>(19).fill('inconclusive')]);
    // Three a side have 20 divisions, of which 2 are as far away.
    const three = decide([{ ...metric('x', [11, 12, 13]), a: [1, 2, 3] }]);
    expect(three).toMatchObject([
      { verdict: 'inconclusive', reason: 'too-few-runs', resolution: 0.1, wouldDecide: { of: 'difference' } },
    ]);
    expect(three[0]?.wouldDecide?.runs).toBeGreaterThanOrEqual(4);
  });

  test('a metric that no division could decide takes nothing from the others', () => {
    const quiet = Array.from({ length: 50 }, (_, i) => ({
      key: `quiet ${i}`,
      a: [0, 0, 0, 0],
      b: [0, 0, 0, 0],
      margin,
      refusal: null,
    }));
    expect(
      decide([{ key: 'x', a: [1, 2, 3, 4], b: [11, 12, 13, 14], margin, refusal: null }, ...quiet])[0],
    ).toMatchObject({ verdict: 'regressed' });
  });
});

describe('sides that were measured in turns', () => {
  const drift = [0, 30, 60, 90, 120, 150, 180, 210];
  const origin = (arm: string) => ({ experiment: 'one', arm, rounds: drift.map((_, round) => round) });
  const inTurns = (b: readonly number[], sidedness: DecisionPolicy['sidedness'] = 'two'): Decision | undefined =>
    decideAll(
      [
        {
          key: 'k',
          a: drift.map((value) => 100 + value),
          b,
          margin,
          refusal: null,
          origin: { a: origin('x'), b: origin('y') },
        },
      ],
      { ...defaultPolicy, sidedness },
    ).decisions[0];

  test('differ by what they differ inside their rounds, whatever drifts', () => {
    const decision = inTurns(drift.map((value, i) => (100 + value) * (1.3 + 0.001 * i)));
    expect(decision).toMatchObject({ verdict: 'regressed', pAdjusted: 2 / 256 });
    expect(decision?.ratio?.low).toBeGreaterThan(1.29);
    // The same values, measured one side after the other, show nothing.
    expect(
      one(
        drift.map((value) => 100 + value),
        drift.map((value, i) => (100 + value) * (1.3 + 0.001 * i)),
      ).verdict,
    ).toBe('inconclusive');
  });

  test('are no worse by the same measure', () => {
    expect(
      inTurns(
        drift.map((value, i) => 100 + value + (i % 2)),
        'one',
      ),
    ).toMatchObject({ noWorse: { holds: true, setAside: 0 } });
    expect(
      inTurns(
        drift.map((value) => (100 + value) * 1.12),
        'one',
      ),
    ).toMatchObject({ noWorse: { holds: false } });
  });
});

test('nothing is concluded from what was refused, or from no run', () => {
  expect(one(base, by(3), { refusal: { code: 'other-windows' } })).toMatchObject({
    verdict: 'inconclusive',
    reason: 'refused',
    p: null,
    difference: null,
    refusal: { code: 'other-windows' },
  });
  expect(one([], by(3))).toMatchObject({ verdict: 'inconclusive', reason: 'too-few-runs', p: null, mean: { a: null } });
  expect(() => one(base, [NaN, ...base])).toThrow(RangeError);
});

describe('for any runs', () => {
  // As many as are divided in all ways, so that p is exact.
  const runs = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 7 });
  const turned = {
    regressed: 'improved',
    improved: 'regressed',
    equivalent: 'equivalent',
    inconclusive: 'inconclusive',
  } as const;
  const quick = { ...defaultPolicy, resamples: 300, estimates: false };

  test('the verdict turns with the sides, and does not depend on the unit', () => {
    fc.assert(
      fc.property(runs, runs, (a, b) => {
        // Margins are relative to the reference; with none, sides are alike.
        const metric = (x: readonly number[], y: readonly number[], factor = 1): Values => ({
          key: 'k',
          a: x.map((v) => v * factor),
          b: y.map((v) => v * factor),
          margin: { relative: 0, absolute: 0 },
          refusal: null,
        });
        const [own] = decide([metric(a, b)], quick);
        expect(decide([metric(b, a)], { ...quick, seed: 2 })[0]?.p ?? 1).toBeCloseTo(own?.p ?? 1, 12);
        // Near the margin the resamples decide, which are others in the other direction.
        if (own?.reason !== 'mean-unclear' && decide([metric(b, a)], quick)[0]?.reason !== 'mean-unclear')
          expect(decide([metric(b, a)], quick)[0]?.verdict).toBe(turned[own?.verdict ?? 'inconclusive']);
        expect(decide([metric(a, b, 1024)], quick)[0]?.verdict).toBe(own?.verdict);
      }),
    );
  });

  test('no verdict contradicts the figures that are printed with it', () => {
    fc.assert(
      fc.property(runs, runs, fc.integer({ min: 0, max: 20 }), (a, b, shift) => {
        const [decision] = decide([{ key: 'k', a, b: b.map((value) => value + shift), margin, refusal: null }], quick);
        const differs = decision?.verdict === 'regressed' || decision?.verdict === 'improved';
        if (differs) expect(decision.pAdjusted).toBeLessThanOrEqual(0.05);
        if (decision?.verdict === 'regressed') expect(decision.mean.b).toBeGreaterThan(1.1 * (decision.mean.a ?? NaN));
        if (decision?.verdict === 'improved') expect(decision.mean.a).toBeGreaterThan(1.1 * (decision.mean.b ?? NaN));
        if (decision?.verdict === 'equivalent')
          expect(Math.min(decision.runs.a, decision.runs.b)).toBeGreaterThanOrEqual(6);
      }),
    );
  });

  test('a metric’s interval does not depend on which others are there', () => {
    const metric = { key: 'x', a: base, b: by(1.2), margin, refusal: null };
    const [alone] = decide([metric]);
    const [, beside] = decide([{ ...metric, key: 'y' }, metric]);
    expect(beside?.difference).toEqual(alone?.difference);
  });
});
