/**
 * A gate asks a single question: is it worse? A metric passes if it is shown to be no worse than the margin allows,
 * however much better it may be, which is why this is more than *equivalent*. Both bounds must lie inside the margin,
 * each at 95 %:
 *
 *   typical run  the upper bound that inverts the rank test (Hodges and Lehmann): exact for every distribution. It
 *                alone limits false passes: what is worse by the margin in every run passes with a probability of at most 5 %
 *   mean         the upper end of the bootstrap, which reflects what only some runs have
 *
 * Every metric of a gate must pass by itself. That needs no adjustment for their number: the gate passes wrongly only
 * if the metric that is worse does (intersection–union test: Berger, Technometrics 1982).
 *
 * The highest run of each side may be left out of the mean: any machine causes a stall now and then, such as in one of
 * six runs. The bound of the typical run still has to hold with that run. The sentence states how many runs may be like
 * it.
 */
import type { MeanEffects } from '../../stats/bootstrap.js';
import type { Margin } from '../../stats/joint/scores.js';
import type { Random } from '../../stats/prng.js';
import { effectsOf, factorOf, shiftOf } from './effects.js';
import { alpha, leastN } from '../../stats/quantile-bounds.js';

export interface NoWorse {
  readonly holds: boolean;
  /** How much worse it may be, in the metric's unit; null: unbounded by so few runs. */
  readonly bound: number | null;
  /** The same as a share of the baseline; null: unbounded, as where the baseline is 0. */
  readonly boundRelative: number | null;
  /** Runs of each side that were left out of the mean. */
  readonly setAside: 0 | 1;
}

interface Sides {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly margin: Margin;
  /** Whether the k-th values of both sides are of one round. */
  readonly paired: boolean;
}

/** `effects` with ends at 95 % each. */
export function noWorseOf(
  { a, b, margin, paired }: Sides,
  effects: MeanEffects,
  random: Random,
  resamples: number,
): NoWorse {
  // A relative margin is a factor, so its bound is one of factors: both are exact.
  const typical: Bounds = { difference: shiftOf(a, b, paired, alpha).high, factor: factorOf(a, b, paired, alpha) };
  const enough = Math.min(a.length, b.length) >= leastN(0.5);
  // To lie inside a margin takes as many runs as bound a median. What is better in every respect needs no margin, and
  // its bound is exact.
  const isBetter = typical.difference !== null && typical.difference < 0;
  const isTypical = (enough || isBetter) && isInside(typical, margin);
  const all = ofMean(effects);
  const result = (ofMeans: Bounds, setAside: 0 | 1): NoWorse => {
    const factor = larger(typical.factor, ofMeans.factor);
    return {
      holds: isTypical && isInside(ofMeans, margin),
      bound: larger(typical.difference, ofMeans.difference),
      boundRelative: factor === null ? null : factor - 1,
      setAside,
    };
  };
  if (!isTypical || isInside(all, margin)) return result(all, 0);
  // Without its highest run of either side a round is no pair any more.
  const rest = ofMean(effectsOf(withoutHighest(a), withoutHighest(b), false, random, resamples, alpha));
  return isInside(rest, margin) ? result(rest, 1) : result(all, 0);
}

/** Upper ends; null: unbounded. */
interface Bounds {
  readonly difference: number | null;
  readonly factor: number | null;
}

function ofMean({ difference, ratio }: MeanEffects): Bounds {
  return { difference: difference.high, factor: ratio?.high ?? null };
}

function isInside({ difference, factor }: Bounds, { absolute, relative }: Margin): boolean {
  return (difference !== null && difference <= absolute) || (factor !== null && factor <= 1 + relative);
}

function larger(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.max(one, other);
}

function withoutHighest(values: readonly number[]): number[] {
  return values.toSorted((x, y) => x - y).slice(0, -1);
}
