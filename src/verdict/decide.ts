/**
 * The decision core of comparisons and gates: from per-run values of two sides to verdicts. Pure and seeded. The unit is
 * the run; of every metric more is worse.
 *
 *   regressed, improved  a rank test over all divisions of the runs, adjusted by Holm over all metrics, finds a difference
 *                        at `alpha`; the mean's interval is on the same side of 0; and the effect exceeds the margin
 *   equivalent           both intervals, of the mean (bootstrap) and of the typical run (Hodges and Lehmann), lie inside the
 *                        margin, and there are at least 6 runs a side, from which on a median is bounded at all
 *   inconclusive         anything else, with the reason and what would decide
 *
 * False alarms: if runs of both sides come from one distribution, whatever it is, the probability that any metric is
 * called regressed or improved is at most `alpha`. A metric of which no division of these very values could reach `alpha`
 * (all runs equal, or too few) is no test and does not count in Holm's family (Tarone 1990).
 */
import { bootstrapMeans, leastRuns, type MeanEffects } from '../stats/bootstrap.js';
import { clopperPearson, type Share } from '../stats/clopper-pearson.js';
import { hodgesLehmann, type Interval, type Shift } from '../stats/hodges-lehmann.js';
import { holm } from '../stats/holm.js';
import { rankTest, type PermutationTest } from '../stats/permutation.js';
import { seededRandom, type Random } from '../stats/prng.js';
import { alpha as intervalAlpha, leastN } from '../stats/quantile-bounds.js';
import { leastRunsFor, runsForDifference, runsForWidth } from '../stats/required-runs.js';
import { mean } from '../stats/sample.js';

/** A difference inside either of the two does not matter. */
export interface Margin {
  /** 0.1: from 1/1.1 to 1.1 times. */
  readonly relative: number;
  /** In the metric's unit. */
  readonly absolute: number;
}

export interface MetricInput {
  /** Names it among all metrics of the decision; its bootstrap is seeded from it. */
  readonly key: string;
  /** One value a run; the reference. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly margin: Margin;
  /** Why no conclusion may be drawn whatever the values, in words; null: none. */
  readonly refusal: string | null;
}

export interface DecisionPolicy {
  /** Probability of any false alarm among all metrics. */
  readonly alpha: number;
  /** Fewer runs on a side decide nothing. */
  readonly minimumRuns: number;
  readonly resamples: number;
  readonly seed: number;
  /** Whether to estimate what would decide: the slow part. */
  readonly estimates: boolean;
}

export const defaultPolicy: DecisionPolicy = { alpha: intervalAlpha, minimumRuns: 2, resamples: 4_000, seed: 1, estimates: true };

/** From here on a median has a finite interval at 95 %. */
export const leastRunsForEquivalence = leastN(0.5);

export const decidedVerdicts = ['regressed', 'improved', 'equivalent', 'inconclusive'] as const;
export type Verdict = (typeof decidedVerdicts)[number];

export const decisionReasons = ['difference', 'inside-margin', 'refused', 'too-few-runs', 'not-significant', 'many-metrics', 'mean-unclear', 'about-margin'] as const;
export type Reason = (typeof decisionReasons)[number];

export interface WouldDecide {
  /** Runs a side, in all; null: none up to 1,000. */
  readonly runs: number | null;
  readonly of: 'difference' | 'equivalence';
}

export interface Decision {
  readonly key: string;
  readonly verdict: Verdict;
  readonly reason: Reason;
  readonly refusal: string | null;
  readonly runs: { readonly a: number; readonly b: number };
  /** Null without a run. */
  readonly mean: { readonly a: number | null; readonly b: number | null };
  readonly difference: MeanEffects['difference'] | null;
  readonly ratio: MeanEffects['ratio'];
  /** Of the typical run. */
  readonly shift: Shift | null;
  readonly p: number | null;
  readonly pAdjusted: number | null;
  /** The smallest p that these values could have given. */
  readonly resolution: number | null;
  /** Runs in which the value is not 0, and how large their true share may be. */
  readonly affected: { readonly a: Share; readonly b: Share } | null;
  readonly wouldDecide: WouldDecide | null;
}

export function decide(metrics: readonly MetricInput[], policy: DecisionPolicy = defaultPolicy): Decision[] {
  const measured = metrics.map((metric) => measure(metric, policy));
  const family = measured.flatMap(({ test }, i) => (test !== null && test.resolution <= policy.alpha ? [{ i, p: test.p }] : []));
  const adjusted = new Map(holm(family.map(({ p }) => p)).map((p, k) => [family[k]?.i, p]));
  // Were there more runs, every metric whose runs differ at all would be a test.
  const tests = measured.filter(({ test, metric }) => test !== null && new Set([...metric.a, ...metric.b]).size > 1).length;
  return measured.map((one, i) => conclude(one, adjusted.get(i) ?? null, policy, policy.alpha / Math.max(1, tests)));
}

interface Measured {
  readonly metric: MetricInput;
  readonly random: Random;
  /** These three are null where nothing can be tested. */
  readonly test: PermutationTest | null;
  readonly effects: MeanEffects | null;
  readonly shift: Shift | null;
}

function measure(metric: MetricInput, { seed, resamples }: DecisionPolicy): Measured {
  const { key, a, b, refusal } = metric;
  const random = seededRandom((seed ^ hashOf(key)) >>> 0);
  if (a.length === 0 || b.length === 0 || refusal !== null) return { metric, random, test: null, effects: null, shift: null };
  return { metric, random, test: rankTest(a, b, random), effects: bootstrapMeans(a, b, random, resamples), shift: hodgesLehmann(a, b) };
}

function conclude({ metric, random, test, effects, shift }: Measured, pAdjusted: number | null, policy: DecisionPolicy, level: number): Decision {
  const { key, a, b, refusal } = metric;
  const base = {
    key,
    refusal,
    runs: { a: a.length, b: b.length },
    mean: { a: a.length === 0 ? null : mean(a), b: b.length === 0 ? null : mean(b) },
  };
  if (test === null || effects === null || shift === null) {
    const nothing = { difference: null, ratio: null, shift: null, p: null, pAdjusted: null, resolution: null, affected: null, wouldDecide: null };
    return { ...base, ...nothing, verdict: 'inconclusive', reason: refusal === null ? 'too-few-runs' : 'refused' };
  }
  const judged = judge({ metric, test, effects, shift }, pAdjusted, policy);
  return {
    ...base,
    ...judged,
    difference: effects.difference,
    ratio: effects.ratio,
    shift,
    p: test.p,
    pAdjusted,
    resolution: test.resolution,
    affected: { a: affectedShare(a), b: affectedShare(b) },
    wouldDecide: judged.verdict === 'inconclusive' && policy.estimates ? estimate(metric, effects, level, random) : null,
  };
}

type Compared = { readonly [K in 'metric' | 'test' | 'effects' | 'shift']: NonNullable<Measured[K]> };

function judge({ metric, test, effects, shift }: Compared, pAdjusted: number | null, { alpha, minimumRuns }: DecisionPolicy): Pick<Decision, 'verdict' | 'reason'> {
  const fewest = Math.min(metric.a.length, metric.b.length);
  const open = (reason: Reason): Pick<Decision, 'verdict' | 'reason'> => ({ verdict: 'inconclusive', reason });
  if (fewest < minimumRuns) return open('too-few-runs');
  if (fewest >= leastRunsForEquivalence && isInside(effects, shift, metric)) return { verdict: 'equivalent', reason: 'inside-margin' };
  if (test.p > alpha) return open(fewest < leastRuns ? 'too-few-runs' : 'not-significant');
  if (pAdjusted === null || pAdjusted > alpha) return open('many-metrics');
  const side = sideOf(effects.difference);
  // A few runs may weigh more in the mean than all others: then ranks say one thing and the mean another, or nothing.
  if (side === 0 || side !== Math.sign(test.difference)) return open('mean-unclear');
  if (!isBeyond(effects, metric.margin)) return open('about-margin');
  return { verdict: side > 0 ? 'regressed' : 'improved', reason: 'difference' };
}

function sideOf({ low, high }: Interval): -1 | 0 | 1 {
  if (low !== null && low > 0) return 1;
  return high !== null && high < 0 ? -1 : 0;
}

function isInside({ difference, ratio }: MeanEffects, shift: Shift, { a, margin }: MetricInput): boolean {
  const within = ({ low, high }: Interval, least: number, most: number): boolean => low !== null && high !== null && low >= least && high <= most;
  const meanInside = within(difference, -margin.absolute, margin.absolute) || (ratio !== null && within(ratio, 1 / (1 + margin.relative), 1 + margin.relative));
  const allowed = allowedDifference(a, margin);
  return meanInside && within(shift, -allowed, allowed);
}

function isBeyond({ difference, ratio }: MeanEffects, { absolute, relative }: Margin): boolean {
  if (Math.abs(difference.estimate) <= absolute) return false;
  return ratio === null || ratio.estimate > 1 + relative || ratio.estimate < 1 / (1 + relative);
}

function allowedDifference(a: readonly number[], { absolute, relative }: Margin): number {
  return Math.max(absolute, relative * Math.abs(mean(a)));
}

function affectedShare(values: readonly number[]): Share {
  return clopperPearson(values.filter((value) => value !== 0).length, values.length);
}

function estimate({ a, b, margin }: MetricInput, effects: MeanEffects, level: number, random: Random): WouldDecide {
  const { estimate: difference, low, high } = effects.difference;
  const fewest = Math.min(a.length, b.length);
  if (isBeyond(effects, margin)) {
    const runs = runsForDifference(a, b, level, random);
    return { of: 'difference', runs: runs === null ? null : Math.max(runs, leastRunsFor(level), fewest + 1) };
  }
  if (low === null || high === null) return { of: 'equivalence', runs: leastRunsForEquivalence };
  const reach = Math.max(high - difference, difference - low);
  const runs = runsForWidth(fewest, reach, allowedDifference(a, margin) - Math.abs(difference));
  return { of: 'equivalence', runs: runs === null ? null : Math.max(runs, leastRunsForEquivalence) };
}

/** FNV-1a. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
