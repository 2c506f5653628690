/**
 * Two-sample permutation test on the difference of means, one value per run.
 *
 * If arms did not matter, every way of dealing the values out to two groups of these sizes was equally likely; p is
 * the share of them whose difference is at least as large as the one observed (Fisher 1935; Ernst, "Permutation
 * methods", Statistical Science 2004). Exact, free of assumptions about the distribution, and honest about few runs:
 * with two runs each no p below 1/3 exists, and `resolution` says so.
 */
import { shuffle, type Random } from './prng.js';

export interface PermutationTest {
  /** mean(b) − mean(a). */
  readonly difference: number;
  /** Two-sided. */
  readonly p: number;
  /** The smallest p that this test could have given. */
  readonly resolution: number;
  /** Divisions looked at; of all that exist, if exact. */
  readonly divisions: number;
  readonly exact: boolean;
}

export const exactUpTo = 100_000;
const draws = 99_999;

/** `random` is used only where more than `exactUpTo` divisions exist. */
export function permutationTest(a: readonly number[], b: readonly number[], random: Random): PermutationTest {
  if (a.length === 0 || b.length === 0) throw new RangeError('a permutation test needs a value in each group');
  const all = [...a, ...b];
  if (!all.every(Number.isFinite)) throw new RangeError('a permutation test needs finite values');
  const total = sum(all);
  const difference = (sum(b) / b.length) - (sum(a) / a.length);
  const differenceOf = (sumA: number): number => Math.abs((total - sumA) / b.length - sumA / a.length);
  // The same values added in another order differ in the last bits; a tie must stay one.
  const atLeast = Math.abs(difference) - 1e-12 * all.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

  const ways = binomial(all.length, a.length);
  if (ways > exactUpTo) {
    let asExtreme = 1; // the division observed is one of them (Davison and Hinkley 1997, section 4.3)
    for (let i = 0; i < draws; i += 1) {
      if (differenceOf(sum(shuffle(all, random).slice(0, a.length))) >= atLeast) asExtreme += 1;
    }
    return { difference, p: asExtreme / (draws + 1), resolution: 1 / (draws + 1), divisions: draws + 1, exact: false };
  }

  let asExtreme = 0;
  let mostExtreme = 0;
  let largest = -Infinity;
  const slack = Math.abs(difference) - atLeast;
  forEachSum(all, a.length, (sumA) => {
    const d = differenceOf(sumA);
    if (d >= atLeast) asExtreme += 1;
    if (d > largest + slack) {
      largest = d;
      mostExtreme = 1;
    } else if (d >= largest - slack) mostExtreme += 1;
  });
  return { difference, p: asExtreme / ways, resolution: mostExtreme / ways, divisions: ways, exact: true };
}

/** Calls back with the sum of each subset of `size` values. */
function forEachSum(values: readonly number[], size: number, use: (sum: number) => void): void {
  const choose = (from: number, left: number, sumSoFar: number): void => {
    if (left === 0) {
      use(sumSoFar);
      return;
    }
    for (let i = from; i <= values.length - left; i += 1) choose(i + 1, left - 1, sumSoFar + (values[i] ?? 0));
  };
  choose(0, size, 0);
}

/** C(n, k), exact below 2^53. */
function binomial(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= Math.min(k, n - k); i += 1) ways = (ways * (n - i + 1)) / i;
  return Math.round(ways);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
