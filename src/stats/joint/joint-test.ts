/**
 * One permutation test for all figures of an experiment: is any of them worse, by more than its margin?
 *
 * If nothing differs, whole rounds may be divided in any way (divisions.ts), and each division gives what chance could
 * have given. Two statistics of all figures' scores (scores.ts) are looked at, in the same divisions:
 *
 *   largest  the figure that is the furthest beyond its margin: finds one arm among many
 *   sum      of all figures beyond their margins: finds a change that is spread thinly
 *
 * The smaller of their two p-values is the third statistic, and what counts: its own p is the share of the divisions in
 * which the smaller one is as small (minP: Westfall and Young, Resampling-Based Multiple Testing, 1993). So two looks
 * spend the error once. Exact: if rounds of both sides come from one distribution, whatever it is and however figures
 * and arms depend on each other, p ≤ α has a probability of at most α.
 *
 * Figures are named by the step-down of the largest (Westfall and Young; Romano and Wolf, JASA 2005): each is compared
 * with the largest among itself and those below it. The probability that any figure is named that did not change is at
 * most α, also where others did.
 *
 * A margin enters by what is counted, and not by a shift of the values: a figure inside its margin has the score 0. So
 * what is called worse is both beyond chance and beyond the margin by its best estimate (a dual criterion:
 * Roychoudhury, Scheuer and Neuenschwander, Clinical Trials 2018). docs/statistics.md says why, and how often that is
 * wrong near the margin.
 */
import type { Random } from '../prng.js';
import { divisionsOf, forEachDivision, type Shape } from './divisions.js';
import { scorerOf, type RoundValues, type Scores } from './scores.js';

/** Figures whose rounds are divided together. Blocks of one shape share their divisions. */
export interface JointBlock {
  readonly shape: Shape;
  readonly figures: readonly RoundValues[];
}

/** Whether b is only asked to be no worse (more is worse), or whether either may be. */
export type Sidedness = 'one' | 'two';

export interface JointFigure {
  /** In standard errors beyond the margin; 0 inside it. */
  readonly score: number;
  /** For this figure alone. */
  readonly p: number;
  /** The probability that chance alone would name any figure by as much. At least `p`. */
  readonly pAdjusted: number;
  /** The smallest p that any division of these very values gives. */
  readonly resolution: number;
}

export interface JointTest {
  readonly p: number;
  readonly pLargest: number;
  readonly pSum: number;
  /** Divisions looked at; of all that exist, if exact. */
  readonly divisions: number;
  readonly exact: boolean;
  /** In the order of the blocks, and of the figures in them. */
  readonly figures: readonly JointFigure[];
}

/** `random` is used only where there are more divisions than can be looked at. */
export function jointTest(blocks: readonly JointBlock[], sidedness: Sidedness, random: Random): JointTest {
  for (const { shape, figures } of blocks)
    figures.forEach((figure) => {
      assertRounds(shape, figure);
    });
  const shapes = distinctShapes(blocks.map(({ shape }) => shape));
  const scorers = blocks.map(({ shape, figures }, i) => ({
    score: scorerOf(shape, figures),
    shape: shapes.findIndex((one) => keyOf(one) === keyOf(shape)),
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
    // From here on a figure's score is the one that is asked for.
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
    throw new RangeError(`a figure has ${a.length} and ${b.length} rounds where its block has ${inA} and ${inB}`);
  if (![...a, ...b].every((value) => value === null || Number.isFinite(value)))
    throw new RangeError('a joint test needs finite values');
}

/** The same scores added or divided in another order differ in the last bits; a tie must stay one. */
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
 * Divisions in which a figure has at least its observed score, alone and by step-down. The first one added is the
 * observed.
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
        const own = worse[k] ?? 0;
        largest = Math.max(largest, own);
        if (largest >= (needed[k] ?? 0)) stepped[k] = (stepped[k] ?? 0) + 1;
        const apart = difference[k] ?? 0;
        if ((score[k] ?? 0) > 0 ? own >= (needed[k] ?? 0) : apart >= (neededAlone[k] ?? 0))
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
      // Down from the highest score, none may be more certain than the one above it.
      const adjusted = stepped.slice();
      let least = 0;
      for (const k of upwards.toReversed()) {
        least = Math.max(least, stepped[k] ?? 0);
        adjusted[k] = least;
      }
      return Array.from(score, (own, k) => ({
        score: own,
        alone: alone[k] ?? 0,
        adjusted: adjusted[k] ?? 0,
        mostExtreme: mostExtreme[k] ?? 0,
      }));
    },
  };
}

/** For each division, in how many the statistic is at least as large as there. */
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
 * In how many divisions the smaller of the two is as small as in the observed one. Of two with one smaller value that
 * of the largest counts as the rarer: it names a figure, and with 4 and 4 runs a tie would leave no outcome below 5 %.
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
