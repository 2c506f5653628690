import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divisionsOf, forEachDivision, mostDivisions, type Shape } from '../../src/stats/joint/divisions.js';
import { jointTest, type JointBlock, type Sidedness } from '../../src/stats/joint/joint-test.js';
import { leastRounds, smallestP } from '../../src/stats/joint/reachable.js';
import type { RoundValues } from '../../src/stats/joint/scores.js';
import { seededRandom } from '../../src/stats/prng.js';

const never = (): number => {
  throw new Error('an exact test draws nothing');
};
const margin = { relative: 0.1, absolute: 0.001 };

function apart(...figures: RoundValues[]): JointBlock {
  return { shape: { kind: 'apart', a: figures[0]?.a.length ?? 0, b: figures[0]?.b.length ?? 0 }, figures };
}

function judge(block: JointBlock, sidedness: Sidedness = 'one', random = never): ReturnType<typeof jointTest> {
  return jointTest([block], sidedness, random);
}

const zeros = (n: number): number[] => Array<number>(n).fill(0);
const stalled = [0.6, 0.63, 0.58, 0.66, 0.61, 0.65];

describe('divisions', () => {
  test.each<[string, Shape[], number]>([
    ['6 and 6 rounds', [{ kind: 'apart', a: 6, b: 6 }], 924],
    ['2 and 5', [{ kind: 'apart', a: 2, b: 5 }], 21],
    ['5 in turns', [{ kind: 'in turns', rounds: 5 }], 32],
    [
      'two shapes',
      [
        { kind: 'apart', a: 2, b: 2 },
        { kind: 'in turns', rounds: 3 },
      ],
      48,
    ],
    ['no round on one side', [{ kind: 'apart', a: 0, b: 3 }], 1],
  ])('%s: each once, the observed one first', (_, shapes, ways) => {
    const seen: string[] = [];
    forEachDivision(shapes, never, (marks) => {
      seen.push(marks.map((own) => own.join('')).join(' '));
    });
    expect(divisionsOf(shapes)).toEqual({ divisions: ways, exact: true });
    expect(seen).toHaveLength(ways);
    expect(new Set(seen).size).toBe(ways);
    expect(seen[0]).toBe(
      shapes
        .map((shape) => (shape.kind === 'apart' ? '0'.repeat(shape.a) + '1'.repeat(shape.b) : '0'.repeat(shape.rounds)))
        .join(' '),
    );
  });

  test('beyond what can be looked at they are drawn, the observed one first, each with as many rounds a side', () => {
    let n = 0;
    forEachDivision([{ kind: 'apart', a: 12, b: 10 }], seededRandom(1), ([marks]) => {
      expect(marks?.reduce((sum, mark) => sum + mark, 0)).toBe(10);
      if (n === 0) expect(marks?.join('')).toBe('0'.repeat(12) + '1'.repeat(10));
      n += 1;
    });
    expect(n).toBe(mostDivisions);
  });
});

describe('the error is spent once', () => {
  // Whatever the values are: of all divisions, taken for the observed one in turn, at most a share of alpha has p ≤
  // alpha.
  const value = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6 }), fc.double({ min: 0, max: 100, noNaN: true }));
  const cases = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 3 }))
    .chain(([a, b, k]) =>
      fc.tuple(
        fc.constant({ a, b }),
        fc.array(
          fc.array(fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }), {
            minLength: a + b,
            maxLength: a + b,
          }),
          { minLength: k, maxLength: k },
        ),
        fc.constantFrom<Sidedness>('one', 'two'),
      ),
    );

  test('for any values, with rounds that lack some, of one side and of two', () => {
    fc.assert(
      fc.property(cases, ([{ a, b }, figures, sidedness]) => {
        const ps: number[] = [];
        const named: number[] = [];
        forEachDivision([{ kind: 'apart', a, b }], never, ([marks]) => {
          const side = (values: readonly (number | null)[], wanted: number): (number | null)[] =>
            values.filter((_, round) => marks?.[round] === wanted);
          const result = judge(
            apart(...figures.map((values) => ({ a: side(values, 0), b: side(values, 1), margin }))),
            sidedness,
          );
          ps.push(result.p);
          named.push(Math.min(...result.figures.map(({ pAdjusted }) => pAdjusted)));
        });
        for (const alpha of [0.03, 0.05, 0.1, 0.2]) {
          expect(ps.filter((p) => p <= alpha).length).toBeLessThanOrEqual(alpha * ps.length);
          expect(named.filter((p) => p <= alpha).length).toBeLessThanOrEqual(alpha * ps.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is found', () => {
  const noise = (seed: number, n: number): RoundValues[] => {
    const random = seededRandom(seed);
    const values = (): number[] => Array.from({ length: 6 }, () => (random() < 0.6 ? 0 : random()));
    return Array.from({ length: n }, () => ({ a: values(), b: values(), margin }));
  };

  test('one figure at 0 → 60 % among 99 that are noise, by name', () => {
    const { p, figures } = judge(apart({ a: zeros(6), b: stalled, margin }, ...noise(1, 99)));
    expect(p).toBeLessThan(0.02);
    expect(figures[0]?.pAdjusted).toBeLessThan(0.02);
    expect(figures.slice(1).every(({ pAdjusted }) => pAdjusted > 0.05)).toBe(true);
  });

  test('a hundred figures at 0 → 60 %: each is named, and by 4 rounds a side too, of one side and of two', () => {
    const all = (n: number): JointBlock =>
      apart(
        ...Array.from({ length: 100 }, (_, k) => ({
          a: zeros(n),
          b: stalled.slice(0, n).map((value) => value + k / 1000),
          margin,
        })),
      );
    expect(judge(all(6))).toMatchObject({ p: 1 / 924, divisions: 924, exact: true });
    expect(judge(all(6)).figures.every(({ pAdjusted }) => pAdjusted === 1 / 924)).toBe(true);
    expect(judge(all(4)).p).toBe(1 / 70);
    expect(judge(all(4), 'two').p).toBe(2 / 70);
  });

  test('a change spread thinly over many figures is found by their sum, and no figure is named', () => {
    // Each of 60 arms stalls in one run of the candidate, each arm in another one, and none in the baseline.
    const thin = Array.from({ length: 60 }, (_, k) => ({
      a: zeros(6),
      b: zeros(6).map((_, round) => (round === k % 6 ? 0.02 : 0)),
      margin,
    }));
    const { p, pSum, pLargest, figures } = judge(apart(...thin));
    expect(p).toBeLessThan(0.05);
    expect(pSum).toBeLessThan(pLargest);
    expect(figures.every(({ pAdjusted }) => pAdjusted > 0.05)).toBe(true);
  });

  test('what is inside its margin counts for nothing, however certain it is', () => {
    const inside = {
      a: [10, 10.01, 10.02, 10, 10.01, 10.02],
      b: [10.5, 10.51, 10.5, 10.52, 10.5, 10.51],
      margin: { relative: 0.1, absolute: 0 },
    };
    expect(judge(apart(inside))).toMatchObject({ p: 1, figures: [{ score: 0, p: 1 / 924, pAdjusted: 1 }] });
    expect(judge(apart({ ...inside, margin: { relative: 0, absolute: 0.4 } })).p).toBe(1 / 924);
  });

  test('better is nothing of one side, and something of two', () => {
    const better = apart({ a: stalled, b: zeros(6), margin });
    expect(judge(better).p).toBe(1);
    expect(judge(better, 'two').p).toBe(2 / 924);
  });

  test('figures that never vary change nothing', () => {
    const one = { a: zeros(6), b: stalled, margin };
    const quiet = Array.from({ length: 50 }, () => ({ a: zeros(6), b: zeros(6), margin }));
    const [alone, beside] = [judge(apart(one)), judge(apart(one, ...quiet))];
    expect(beside.p).toBe(alone.p);
    expect(beside.figures[1]).toEqual({ score: 0, p: 1, pAdjusted: 1, resolution: 1 });
  });

  test('a full separation of two values hardly apart weighs little beside one of many margins', () => {
    const hardly = { a: zeros(6), b: Array<number>(6).fill(0.0011), margin };
    const [small, large] = judge(apart(hardly, { a: zeros(6), b: stalled, margin })).figures;
    expect(small?.score).toBeLessThan(1);
    expect(large?.score).toBeGreaterThan(20);
  });

  test('nothing without a figure', () => {
    expect(jointTest([], 'one', never)).toMatchObject({ p: 1, divisions: 1, figures: [] });
  });
});

describe('rounds', () => {
  test('in turns: what drifts from round to round is in both sides, and cancels', () => {
    const drift = [0, 10, 20, 30, 40, 50];
    const figure = {
      a: drift,
      b: drift.map((value, i) => value + 3 + (i % 2)),
      margin: { relative: 0, absolute: 0.5 },
    };
    expect(judge({ shape: { kind: 'in turns', rounds: 6 }, figures: [figure] }).p).toBe(1 / 64);
    expect(judge(apart(figure)).p).toBeGreaterThan(0.3);
  });

  test('a missing value is no value: the rest of its round counts', () => {
    const { figures } = judge(
      apart({ a: [0, 0, null, 0, 0, 0], b: stalled, margin }, { a: zeros(6), b: stalled, margin }),
    );
    expect(figures.map(({ pAdjusted }) => pAdjusted)).toEqual([1 / 924, 1 / 924]);
    const turns = judge({
      shape: { kind: 'in turns', rounds: 6 },
      figures: [{ a: [0, null, 0, 0, 0, 0], b: stalled, margin }],
    });
    // Five pairs are left, whichever way the sixth lies.
    expect(turns.p).toBe(2 / 64);
  });

  test('blocks of one shape share their divisions, of two they have their own', () => {
    const six = apart({ a: zeros(6), b: stalled, margin });
    const five = apart({ a: zeros(5), b: stalled.slice(1), margin });
    expect(jointTest([six, six, six, six], 'one', never)).toMatchObject({ p: 1 / 924, divisions: 924, exact: true });
    expect(jointTest([six, five], 'one', seededRandom(1))).toMatchObject({ divisions: mostDivisions, exact: false });
  });

  test('drawn divisions give what all of them give', () => {
    const random = seededRandom(5);
    const figures = Array.from({ length: 3 }, () => ({
      a: Array.from({ length: 8 }, random),
      b: Array.from({ length: 8 }, () => random() + 0.25),
      margin,
    }));
    const exact = judge(apart(...figures));
    // A ninth round on either side, the same in all figures, makes too many divisions to look at all.
    const [one, other] = [
      jointTest([apart(...figures), apart({ a: zeros(5), b: zeros(5), margin })], 'one', seededRandom(1)),
      jointTest([apart(...figures), apart({ a: zeros(5), b: zeros(5), margin })], 'one', seededRandom(2)),
    ];
    expect(exact.exact).toBe(true);
    expect(one.exact).toBe(false);
    for (const drawn of [one, other]) expect(Math.abs(drawn.p - exact.p)).toBeLessThan(0.01);
  });

  test('values that do not fit their block, or are no numbers, are refused', () => {
    expect(() =>
      judge({ shape: { kind: 'apart', a: 3, b: 3 }, figures: [{ a: [1, 2], b: [1, 2, 3], margin }] }),
    ).toThrow('2 and 3 rounds, but its block has 3 and 3');
    expect(() => judge(apart({ a: [1, NaN], b: [1, 2], margin }))).toThrow(/finite/);
  });
});

describe('what can be decided at all', () => {
  test.each<[number, Sidedness, number]>([
    [2, 'one', 1 / 6],
    [3, 'one', 1 / 20],
    [3, 'two', 2 / 20],
    [4, 'one', 1 / 70],
    [4, 'two', 2 / 70],
    [6, 'one', 1 / 924],
  ])('%d and %d rounds', (n, sidedness, p) => {
    expect(smallestP([{ kind: 'apart', a: n, b: n }], sidedness)).toBe(p);
    // The smallest p is one that some values have.
    expect(judge(apart({ a: zeros(n), b: stalled.slice(0, n), margin }), sidedness).p).toBe(p);
  });

  test('the least number of rounds', () => {
    expect([
      leastRounds(0.05, 'apart', 'one'),
      leastRounds(0.05, 'apart', 'two'),
      leastRounds(0.05, 'in turns', 'one'),
      leastRounds(0.05, 'in turns', 'two'),
    ]).toEqual([3, 4, 5, 6]);
    expect(leastRounds(0.001, 'apart', 'one')).toBe(7);
    // 20,000 divisions are looked at, so that none can be rarer.
    expect(leastRounds(1e-6, 'apart', 'one')).toBeNull();
    expect(() => leastRounds(0, 'apart', 'one')).toThrow(RangeError);
  });
});
