/**
 * The two-sample rank test (Wilcoxon, Mann and Whitney, with ties) with a value per run: a permutation test on the
 * difference of mean ranks.
 *
 * If arms did not matter, every way of assigning the values to two groups of these sizes would be equally likely. p is
 * the share of assignments whose difference is at least as large as the observed one (Fisher 1935; Ernst, "Permutation
 * methods", Statistical Science 2004). The test is exact, assumes no distribution, and is honest about few runs: with
 * two runs each, no p below 1/3 exists, and `resolution` says so.
 */
import { randomBelow, type Random } from './prng.js';
import { assertGroups, binomial, mean, midranks, sum } from './sample.js';

export interface RankTest {
  /** mean(b) − mean(a), of the ranks. */
  readonly difference: number;
  /** Two-sided. */
  readonly p: number;
  /** The smallest p that this test could have given. */
  readonly resolution: number;
  /** Number of divisions examined; all that exist, if exact. */
  readonly divisions: number;
  readonly exact: boolean;
}

const draws = 99_999;

/** The rank test is exact up to this many pairs with a value from each group (50 runs per side). */
export const exactPairs = 2_500;

/**
 * It depends only on the order of the values: an outlier weighs no more than any bad run, and no scale must be chosen.
 *
 * Exact by the shift algorithm (Streitberg and Röhmel, "Exact distributions for permutation and rank tests", 1986):
 * doubled midranks are whole numbers, so the subsets of each size can be counted by their sum, one value after the
 * other. `random` is used only beyond `exactPairs`.
 */
export function rankTest(a: readonly number[], b: readonly number[], random: Random): RankTest {
  assertGroups('a rank test', a, b);
  const doubled = midranks([...a, ...b]).map((rank) => 2 * rank);
  const ranksA = doubled.slice(0, a.length);
  const difference = (mean(doubled.slice(a.length)) - mean(ranksA)) / 2;
  const total = sum(doubled);
  // N Σ_A − n_A Σ: a whole number, so that ties between divisions are exact.
  const distance = (sumA: number): number => Math.abs(doubled.length * sumA - a.length * total);
  const observed = distance(sum(ranksA));

  if (a.length * b.length > exactPairs) {
    const pool = [...doubled];
    let asExtreme = 1; // the observed division is one of them (Davison and Hinkley 1997, section 4.3)
    for (let i = 0; i < draws; i += 1) if (distance(drawnSum(pool, a.length, random)) >= observed) asExtreme += 1;
    return { difference, p: asExtreme / (draws + 1), resolution: 1 / (draws + 1), divisions: draws + 1, exact: false };
  }
  const { smallest, shares } = sumsOfSubsets(doubled, a.length);
  let p = 0;
  let resolution = 0;
  let largest = -1;
  for (const [above, share] of shares.entries()) {
    if (share === 0) continue;
    const d = distance(smallest + above);
    if (d >= observed) p += share;
    if (d > largest) {
      largest = d;
      resolution = share;
    } else if (d === largest) resolution += share;
  }
  return {
    difference,
    p: Math.min(p, 1),
    resolution: Math.min(resolution, 1),
    divisions: binomial(doubled.length, a.length),
    exact: true,
  };
}

/** The sum of `size` values drawn without replacement; reorders the pool. */
function drawnSum(pool: number[], size: number, random: Random): number {
  let drawn = 0;
  for (let i = 0; i < size; i += 1) {
    const other = i + randomBelow(pool.length - i, random);
    const value = pool[other] ?? 0;
    pool[other] = pool[i] ?? 0;
    pool[i] = value;
    drawn += value;
  }
  return drawn;
}

interface SubsetSums {
  readonly smallest: number;
  /** The share of all subsets whose sum is `smallest` + index. */
  readonly shares: Float64Array;
}

const remembered = new Map<string, SubsetSums>();

/**
 * Values are whole numbers. The metrics of a comparison mostly have the same ranks, so the last few results are cached.
 */
export function sumsOfSubsets(values: readonly number[], size: number): SubsetSums {
  const sorted = values.toSorted((x, y) => x - y);
  const key = `${size}:${sorted.join()}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const made = countSums(sorted, size);
  if (remembered.size >= 64) remembered.clear();
  remembered.set(key, made);
  return made;
}

function countSums(sorted: readonly number[], size: number): SubsetSums {
  const least = sorted[0] ?? 0;
  const largest = sum(sorted.slice(-size)) - size * least;
  // ways[k × width + s]: number of subsets of k of the values so far, whose sum is s above k × least.
  const width = largest + 1;
  const ways = new Float64Array((size + 1) * width);
  ways[0] = 1;
  sorted.forEach((value, seen) => {
    const step = value - least;
    for (let k = Math.min(size, seen + 1); k >= 1; k -= 1) {
      const [to, from] = [k * width, (k - 1) * width];
      for (let s = largest; s >= step; s -= 1) ways[to + s] = (ways[to + s] ?? 0) + (ways[from + s - step] ?? 0);
    }
  });
  const all = ways.subarray(size * width);
  const count = all.reduce((total, subsets) => total + subsets, 0);
  return { smallest: size * least, shares: all.map((subsets) => subsets / count) };
}
