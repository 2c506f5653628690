/**
 * How many runs a side would decide. Estimates: they take the runs at hand for the truth, and few runs are a rough one.
 */
import { normalQuantile } from './normal.js';
import { randomBelow, type Random } from './prng.js';
import { binomial, assertGroups, midranks } from './sample.js';

/** Beyond this many runs a side an effect is not worth the wait, and the answer is "no number". */
export const mostRuns = 1_000;

const wantedPower = 0.8;
const simulations = 100;

/** The least n a side at which any p of at most `level` exists: 2 / C(2n, n) ≤ level. */
export function leastRunsFor(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`${level} is not a level between 0 and 1`);
  let n = 1;
  while (2 / binomial(2 * n, n) > level) n += 1;
  return n;
}

/**
 * Runs a side at which the rank test would find this difference at `level` in 8 of 10 tries, if further runs were like
 * those at hand: new experiments are drawn from them with replacement. Null: none up to `mostRuns`.
 */
export function runsForDifference(a: readonly number[], b: readonly number[], level: number, random: Random): number | null {
  assertGroups('an estimate of runs', a, b);
  const critical = -normalQuantile(level / 2);
  const isEnough = (n: number): boolean => {
    let found = 0;
    for (let i = 0; i < simulations; i += 1) if (standardised(drawn(a, n, random), drawn(b, n, random)) >= critical) found += 1;
    return found >= wantedPower * simulations;
  };
  const least = leastRunsFor(level);
  let high = least;
  while (!isEnough(high)) {
    if (high >= mostRuns) return null;
    high = Math.min(mostRuns, high * 2);
  }
  let low = high === least ? least : Math.ceil(high / 2);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/**
 * Runs a side at which an interval that now reaches `reach` from its estimate would reach only `room`: widths shrink
 * with the root of the number of runs.
 */
export function runsForWidth(runs: number, reach: number, room: number): number | null {
  if (!(room > 0)) return null;
  const n = Math.max(runs, Math.ceil(runs * (reach / room) ** 2));
  return n > mostRuns ? null : n;
}

function drawn(values: readonly number[], n: number, random: Random): number[] {
  return Array.from({ length: n }, () => values[randomBelow(values.length, random)] ?? 0);
}

/** The rank sum's distance from its expectation in standard deviations, these corrected for ties: normal for many runs. */
function standardised(a: readonly number[], b: readonly number[]): number {
  const ranks = midranks([...a, ...b]);
  const n = ranks.length;
  const center = (n + 1) / 2;
  let rankSum = 0;
  let squares = 0;
  ranks.forEach((rank, i) => {
    if (i < a.length) rankSum += rank - center;
    squares += (rank - center) ** 2;
  });
  return squares === 0 ? 0 : (Math.abs(rankSum) - 0.5) / Math.sqrt((a.length * b.length * squares) / (n * (n - 1)));
}
