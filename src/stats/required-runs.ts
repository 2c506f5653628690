/**
 * How many runs per side would decide. These are estimates: they treat the runs at hand as the true distribution, which
 * is rough for few runs.
 */
import { normalQuantile } from './normal.js';
import { randomBelow, type Random } from './prng.js';
import { assertGroups, binomial } from './sample.js';

/** If an effect needs more runs per side than this, it is not worth the wait, and the answer is "no number". */
export const mostRuns = 1_000;

const wantedPower = 0.8;
const simulations = 100;

/** The least n per side at which a p of at most `level` exists: 2 / C(2n, n) ≤ level. */
export function leastRunsFor(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`${level} is not a level between 0 and 1`);
  let n = 1;
  while (2 / binomial(2 * n, n) > level) n += 1;
  return n;
}

/**
 * Runs per side at which the rank test would find this difference at `level` in 8 of 10 tries, if further runs were
 * like those at hand: new experiments are drawn from them with replacement. Null: no number up to `mostRuns`.
 */
export function runsForDifference(
  a: readonly number[],
  b: readonly number[],
  level: number,
  random: Random,
): number | null {
  assertGroups('an estimate of runs', a, b);
  const critical = -normalQuantile(level / 2);
  const standardised = resampler(a, b, random);
  const isEnough = (n: number): boolean => {
    let found = 0;
    for (let i = 0; i < simulations; i += 1) if (standardised(n) >= critical) found += 1;
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
 * Runs per side at which an interval that now reaches `reach` from its estimate would reach only `room`: widths shrink
 * with the square root of the number of runs.
 */
export function runsForWidth(runs: number, reach: number, room: number): number | null {
  if (reach <= room) return runs;
  if (!(room > 0)) return null;
  const n = Math.ceil(runs * (reach / room) ** 2);
  return n > mostRuns ? null : n;
}

/**
 * For a new experiment of n runs per side, drawn from those at hand: the rank sum's distance from its expectation in
 * standard deviations, corrected for ties; normal for many runs. A draw is the place of a distinct value, so nothing is
 * sorted.
 */
function resampler(a: readonly number[], b: readonly number[], random: Random): (n: number) => number {
  const distinct = [...new Set([...a, ...b])].sort((x, y) => x - y);
  const places = new Map(distinct.map((value, place) => [value, place]));
  const [ofA, ofB] = [a, b].map((values) => values.map((value) => places.get(value) ?? 0));
  const [timesA, timesB] = [new Uint32Array(distinct.length), new Uint32Array(distinct.length)];
  const draw = (from: readonly number[], n: number, times: Uint32Array): void => {
    times.fill(0);
    for (let left = n; left > 0; left -= 1) {
      const place = from[randomBelow(from.length, random)] ?? 0;
      times[place] = (times[place] ?? 0) + 1;
    }
  };
  return (n) => {
    draw(ofA ?? [], n, timesA);
    draw(ofB ?? [], n, timesB);
    let before = 0;
    let rankSum = 0;
    let squares = 0;
    for (const [place, times] of timesA.entries()) {
      const tied = times + (timesB[place] ?? 0);
      const distance = before + (tied + 1) / 2 - (2 * n + 1) / 2;
      rankSum += times * distance;
      squares += tied * distance ** 2;
      before += tied;
    }
    return squares === 0 ? 0 : (Math.abs(rankSum) - 0.5) / Math.sqrt((n * n * squares) / (2 * n * (2 * n - 1)));
  };
}
