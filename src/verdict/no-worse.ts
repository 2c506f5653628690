/**
 * A gate asks one thing: is it worse? A metric passes if it is shown to be no worse than the margin allows, however much better
 * it may be, which is why this is more than *equivalent*. Both bounds must lie inside the margin, each at 95 %:
 *
 *   typical run  the upper bound that inverts the rank test (Hodges and Lehmann): exact, whatever the distribution. It alone
 *                limits false passes: what is worse by the margin in every run passes with a probability of at most 5 %
 *   mean         the bootstrap's upper end, which sees what only some runs have
 *
 * Every metric of a gate must pass by itself. That needs no adjustment for their number: the gate passes wrongly only if the
 * metric that is worse does (intersection–union test: Berger, Technometrics 1982).
 *
 * One run of each side, the highest, may be left out of the mean: six runs without a stall and five with one beside them differ
 * by what any machine does once in a while. The typical run still has to hold with it. Its sentence says how many runs may be so.
 */
import { bootstrapMeans, type MeanEffects } from '../stats/bootstrap.js';
import { hodgesLehmann } from '../stats/hodges-lehmann.js';
import type { Margin } from '../stats/joint/scores.js';
import type { Random } from '../stats/prng.js';
import { alpha, leastN } from '../stats/quantile-bounds.js';
import { mean } from '../stats/sample.js';

export interface NoWorse {
  readonly holds: boolean;
  /** How much worse it may be, in the metric's unit; null: unbounded by so few runs. */
  readonly bound: number | null;
  /** Runs of each side that were left out of the mean. */
  readonly setAside: 0 | 1;
}

interface Sides {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly margin: Margin;
}

/** `effects` with ends at 95 % each. */
export function noWorseOf({ a, b, margin }: Sides, effects: MeanEffects, random: Random, resamples: number): NoWorse {
  const typical = hodgesLehmann(a, b, alpha).high;
  const enough = Math.min(a.length, b.length) >= leastN(0.5);
  const isTypical = enough && typicalIsNoWorse(a, b, margin, typical);
  const all = { holds: isTypical && meanIsNoWorse(effects, margin), bound: larger(typical, effects.difference.high), setAside: 0 as const };
  if (all.holds || !isTypical) return all;
  const rest = bootstrapMeans(withoutHighest(a), withoutHighest(b), random, resamples, alpha);
  if (!meanIsNoWorse(rest, margin)) return all;
  return { holds: true, bound: larger(typical, rest.difference.high), setAside: 1 };
}

function typicalIsNoWorse(a: readonly number[], b: readonly number[], { absolute, relative }: Margin, bound: number | null): boolean {
  if (bound === null) return false;
  // A relative margin is a factor, so the baseline is scaled by it: then the same test is exact.
  const scaled = hodgesLehmann(a.map((value) => value * (1 + relative)), b, alpha).high;
  return bound <= absolute || (mean(a) > 0 && scaled !== null && scaled <= 0);
}

function meanIsNoWorse({ difference, ratio }: MeanEffects, { absolute, relative }: Margin): boolean {
  return (difference.high !== null && difference.high <= absolute) || (ratio !== null && ratio.high !== null && ratio.high <= 1 + relative);
}

function larger(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.max(one, other);
}

function withoutHighest(values: readonly number[]): number[] {
  return values.toSorted((x, y) => x - y).slice(0, -1);
}
