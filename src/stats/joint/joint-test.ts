/**
 * A single permutation test for all figures of an experiment: is any of them worse by more than its margin?
 *
 * If nothing differs, whole rounds may be divided in any way (divisions.ts), and each division shows what chance could
 * have produced. Two statistics of all figures' scores (scores.ts) are computed, in the same divisions:
 *
 *   largest  the figure that is furthest beyond its margin: finds a single arm among many
 *   sum      of all figures beyond their margins: finds a change that is spread thinly
 *
 * The smaller of their two p-values is the third statistic, and the one that counts: its p is the share of divisions in
 * which the smaller p-value is as small (minP: Westfall and Young, Resampling-Based Multiple Testing, 1993). So two
 * statistics spend the error only once. Exact: if rounds of both sides come from the same distribution, whatever it is
 * and however figures and arms depend on each other, p ≤ α has a probability of at most α.
 *
 * Figures are named by the step-down of the largest (Westfall and Young; Romano and Wolf, JASA 2005): each is compared
 * with the largest among itself and those below it. The probability of naming any figure that did not change is at most
 * α, even if others changed.
 *
 * A margin affects what is counted, and does not shift the values: a figure inside its margin has the score 0. So a
 * figure that is called worse is both beyond chance and, by its best estimate, beyond the margin (a dual criterion:
 * Roychoudhury, Scheuer and Neuenschwander, Clinical Trials 2018). docs/statistics.md says why, and how often this is
 * wrong near the margin.
 */
import type { Random } from '../prng.js';
import { divisionsOf, forEachDivision, type Shape } from './divisions.js';
import { scorerOf, type RoundValues, type Scores } from './scores.js';

/** Figures whose rounds are divided together. Blocks of the same shape share their divisions. */
export interface JointBlock {
  readonly shape: Shape;
  readonly figures: readonly RoundValues[];
}

/** Whether the question is only if b is worse (more is worse), or if either side is. */
export type Sidedness = 'one' | 'two';

export interface JointFigure {
  /** In standard errors beyond the margin; 0 inside it. */
  readonly score: number;
  /** For this figure alone. */
  readonly p: number;
  /** The probability that chance alone would name any figure with such a score. At least `p`. */
  readonly pAdjusted: number;
  /** The smallest p that any division of these values gives. */
  readonly resolution: number;
}

export interface JointTest {
  readonly p: number;
  readonly pLargest: number;
  readonly pSum: number;
  /** Number of divisions examined; all that exist, if exact. */
  readonly divisions: number;
  readonly exact: boolean;
  /** In the order of the blocks, and of the figures within them. */
  readonly figures: readonly JointFigure[];
}

/** `random` is used only if there are too many divisions to examine all. */
export function jointTest(blocks: readonly JointBlock[], sidedness: Sidedness, random: Random): JointTest {
  for (const { shape, figures } of blocks)
    figures.forEach((figure) => {
      assertRounds(shape, figure);
    });
  const shapes = distinctShapes(blocks.map(({ shape }) => shape));
  const scorers = blocks.map(({ shape, figures }, i) => ({
    score: scorerOf(shape, figures),
    shape: shapes.findIndex((candidate) => keyOf(candidate) === keyOf(shape)),
    at: blocks.slice(0, i).reduce((sum, block) => sum + block.figures.length, 0),
  }));
  const n = blocks.reduce((sum, { figures }) => sum + figures.length, 0);
  const { divisions, exact } = divisionsOf(shapes);
  const scores: Scores = { worse: new Float64Array(n), better: new Float64Array(n), difference: new Float64Array(n) };
  const [largest, sums] = [new Float64Array(divisions), new Float64Array(divisions)];
  let tally: Tally | null = null;
  let division = 0;
  forEachDivision(shapes, random, (marks) => {
    for (const { score, shape, at } of scorers) score(marks[shape] ?? new Uint8Array(), scores, at);
    const [up, down] = [sumOf(scores.worse), sumOf(scores.better)];
    sums[division] = sidedness === 'one' ? up : Math.max(up, down);
    // From here on, a figure's score is the requested one.
    if (sidedness === 'two')
      for (let k = 0; k < n; k += 1) scores.worse[k] = Math.max(scores.worse[k] ?? 0, scores.better[k] ?? 0);
    if (sidedness === 'two') for (let k = 0; k < n; k += 1) scores.difference[k] = Math.abs(scores.difference[k] ?? 0);
    tally ??= tallyOf(scores);
    largest[division] = tally.add(scores);
    division += 1;
  });
  const counts = (tally as Tally | null)?.counts() ?? [];
  const [rarityLargest, raritySum] = [asLarge(largest), asLarge(sums)];
  return {
    p: n === 0 ? 1 : smallerOfBoth(rarityLargest, raritySum) / divisions,
    pLargest: (rarityLargest[0] ?? divisions) / divisions,
    pSum: (raritySum[0] ?? divisions) / divisions,
    divisions,
    exact,
    figures: counts.map(({ score, alone, adjusted, mostExtreme }) => ({
      score,
      p: alone / divisions,
      pAdjusted: adjusted / divisions,
      resolution: mostExtreme / divisions,
    })),
  };
}

function assertRounds(shape: Shape, { a, b }: RoundValues): void {
  const [inA, inB] = shape.kind === 'apart' ? [shape.a, shape.b] : [shape.rounds, shape.rounds];
  if (a.length !== inA || b.length !== inB)
    throw new RangeError(`a figure has ${a.length} and ${b.length} rounds, but its block has ${inA} and ${inB}`);
  if (![...a, ...b].every((value) => value === null || Number.isFinite(value)))
    throw new RangeError('a joint test needs finite values');
}

/** Equal scores that were added or divided in another order differ in the last bits; a tie must stay a tie. */
function justBelow(score: number): number {
  return score - 1e-9 * Math.max(1, Math.abs(score));
}

interface Tally {
  /** Returns the largest score of the division. */
  add(scores: Scores): number;
  counts(): {
    readonly score: number;
    readonly alone: number;
    readonly adjusted: number;
    readonly mostExtreme: number;
  }[];
}

/**
 * Counts the divisions in which a figure has at least its observed score, alone and by step-down. The first division
 * that is added is the observed one.
 */
function tallyOf(observed: Scores): Tally {
  const n = observed.worse.length;
  const score = observed.worse.slice();
  const needed = score.map(justBelow);
  // Alone, a figure inside its margin is judged by its difference.
  const neededAlone = observed.difference.map(justBelow);
  const upwards = Array.from(score.keys()).sort((i, j) => (score[i] ?? 0) - (score[j] ?? 0));
  const [alone, stepped, mostExtreme] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const furthest = new Float64Array(n).fill(-Infinity);
  return {
    add: ({ worse, difference }) => {
      let largest = 0;
      for (const k of upwards) {
        const current = worse[k] ?? 0;
        largest = Math.max(largest, current);
        if (largest >= (needed[k] ?? 0)) stepped[k] = (stepped[k] ?? 0) + 1;
        const apart = difference[k] ?? 0;
        if ((score[k] ?? 0) > 0 ? current >= (needed[k] ?? 0) : apart >= (neededAlone[k] ?? 0))
          alone[k] = (alone[k] ?? 0) + 1;
        const far = furthest[k] ?? 0;
        if (justBelow(apart) > far) {
          furthest[k] = apart;
          mostExtreme[k] = 1;
        } else if (apart >= justBelow(far)) mostExtreme[k] = (mostExtreme[k] ?? 0) + 1;
      }
      return largest;
    },
    counts: () => {
      // From the highest score down, no figure may be more certain than the one above it.
      const adjusted = stepped.slice();
      let least = 0;
      for (const k of upwards.toReversed()) {
        least = Math.max(least, stepped[k] ?? 0);
        adjusted[k] = least;
      }
      return Array.from(score, (observedScore, k) => ({
        score: observedScore,
        alone: alone[k] ?? 0,
        adjusted: adjusted[k] ?? 0,
        mostExtreme: mostExtreme[k] ?? 0,
      }));
    },
  };
}

/** For each division, the number of divisions in which the statistic is at least as large. */
function asLarge(statistic: Float64Array): Int32Array {
  const sorted = statistic.toSorted();
  return Int32Array.from(statistic, (value) => {
    const least = justBelow(value);
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? 0) < least) low = middle + 1;
      else high = middle;
    }
    return sorted.length - low;
  });
}

/**
 * The number of divisions in which the smaller of the two is as small as in the observed division. If two divisions
 * have the same smaller value, a value from the largest counts as rarer: it names a figure, and with 4 and 4 runs a tie
 * would leave no outcome below 5 %.
 */
function smallerOfBoth(largest: Int32Array, sum: Int32Array): number {
  const of = (i: number): [number, number] => [Math.min(largest[i] ?? 0, sum[i] ?? 0), largest[i] ?? 0];
  const [smaller, own] = of(0);
  let asSmall = 0;
  for (let i = 0; i < largest.length; i += 1) {
    const [other, ofLargest] = of(i);
    if (other < smaller || (other === smaller && ofLargest <= own)) asSmall += 1;
  }
  return asSmall;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function keyOf(shape: Shape): string {
  return shape.kind === 'apart' ? `${shape.a} and ${shape.b}` : `${shape.rounds} in turns`;
}

function distinctShapes(shapes: readonly Shape[]): Shape[] {
  return [...new Map(shapes.map((shape) => [keyOf(shape), shape])).values()];
}
