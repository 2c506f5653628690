/**
 * The decision core of comparisons and gates: from per-run values of two sides to verdicts. Pure and seeded. The unit
 * is the run; of every metric more is worse.
 *
 *   regressed, improved  one test of all metrics together (joint.ts) finds at `alpha` that something differs, and names
 *                        this metric: its difference of means is beyond chance and beyond its margin
 *   equivalent           both intervals, of the mean (bootstrap) and of the typical run (Hodges and Lehmann), lie
 *                        inside the margin, and there are at least 6 runs a side: fewer do not bound a median
 *   inconclusive         anything else, with the reason and what would decide
 *
 * False alarms: if runs of both sides come from one distribution, whatever it is, the probability that any metric is
 * called regressed or improved is at most `alpha`. A gate asks only whether b is worse (`sidedness`): then nothing is
 * called improved, each end of an interval is certain at `alpha`, and `noWorse` shows whether its upper ends lie inside
 * the margin.
 */
import type { DecisionReason, Refusal } from '../../facts/compare-facts.js';
import { leastRuns, type MeanEffects } from '../../stats/bootstrap.js';
import { clopperPearson, type Share } from '../../stats/clopper-pearson.js';
import type { Interval, Shift } from '../../stats/hodges-lehmann.js';
import type { Sidedness } from '../../stats/joint/joint-test.js';
import type { Margin } from '../../stats/joint/scores.js';
import { rankTest } from '../../stats/rank-test.js';
import { seededRandom, type Random } from '../../stats/prng.js';
import { alpha as intervalAlpha, leastN } from '../../stats/quantile-bounds.js';
import { leastRunsFor, runsForDifference, runsForWidth } from '../../stats/required-runs.js';
import { mean } from '../../stats/sample.js';
import { effectsOf, shiftOf } from './effects.js';
import { judgeJointly, type JointResult, type JudgedFigure } from './joint.js';
import { isPaired, type Figure } from './joint-design.js';
import { noWorseOf, type NoWorse } from './no-worse.js';

export type { Margin } from '../../stats/joint/scores.js';

export interface MetricInput extends Figure {
  /** Names it among all metrics of the decision; its bootstrap is seeded from it. */
  readonly key: string;
  /** Why no conclusion may be drawn whatever the values; null: none. */
  readonly refusal: Refusal | null;
}

export interface DecisionPolicy {
  /** Probability of any false alarm among all metrics. */
  readonly alpha: number;
  readonly sidedness: Sidedness;
  /** Fewer runs on a side decide nothing. */
  readonly minimumRuns: number;
  readonly resamples: number;
  readonly seed: number;
  /** Whether to estimate what would decide: the slow part. */
  readonly estimates: boolean;
}

export const defaultPolicy: DecisionPolicy = {
  alpha: intervalAlpha,
  sidedness: 'two',
  minimumRuns: 2,
  resamples: 4_000,
  seed: 1,
  estimates: true,
};

/** From here on a median has a finite interval at 95 %. */
export const leastRunsForEquivalence = leastN(0.5);

export const decidedVerdicts = ['regressed', 'improved', 'equivalent', 'inconclusive'] as const;
export type Verdict = (typeof decidedVerdicts)[number];

export interface WouldDecide {
  /** Runs a side, in all; null: no number up to 1,000. */
  readonly runs: number | null;
  readonly of: 'difference' | 'equivalence';
}

export interface Decision {
  readonly key: string;
  readonly verdict: Verdict;
  readonly reason: DecisionReason;
  readonly refusal: Refusal | null;
  readonly runs: { readonly a: number; readonly b: number };
  /** Null without a run. */
  readonly mean: { readonly a: number | null; readonly b: number | null };
  readonly difference: MeanEffects['difference'] | null;
  readonly ratio: MeanEffects['ratio'];
  /** Of the typical run. */
  readonly shift: Shift | null;
  /** For this metric alone. */
  readonly p: number | null;
  /** For all metrics together; null where no division of these values could have reached `alpha`. */
  readonly pAdjusted: number | null;
  /** The smallest p that these values could have given. */
  readonly resolution: number | null;
  /** Standard errors beyond the margin; 0 inside it. */
  readonly score: number | null;
  /** Whether it is shown to be no worse than the margin allows; null where that was not asked (two-sided). */
  readonly noWorse: NoWorse | null;
  /** Runs in which the value is not 0, and how large their true share may be. */
  readonly affected: { readonly a: Share; readonly b: Share } | null;
  readonly wouldDecide: WouldDecide | null;
}

export interface Decided {
  readonly decisions: readonly Decision[];
  /** The result of the joint test for a selection of them, by default all. */
  readonly jointOf: (selected?: readonly Pick<Decision, 'key'>[]) => JointResult;
}

export function decide(metrics: readonly MetricInput[], policy: DecisionPolicy = defaultPolicy): Decided {
  const measured = metrics.map((metric) => measure(metric, policy));
  // A figure of fewer runs is shown, and no test is made of it.
  const tested = measured.filter(
    ({ effects, metric: { a, b } }) => effects !== null && Math.min(a.length, b.length) >= policy.minimumRuns,
  );
  const judged = judgeJointly(
    tested.map(({ metric }) => metric),
    policy.alpha,
    policy.sidedness,
    seededRandom(policy.seed),
  );
  const placeOf = (one: Measured): number => tested.indexOf(one);
  // Were there more runs, every metric whose runs differ at all would be a test.
  const tests = measured.filter(
    ({ effects, metric }) => effects !== null && new Set([...metric.a, ...metric.b]).size > 1,
  ).length;
  const decisions = measured.map((one) =>
    conclude(one, judged.figures[placeOf(one)] ?? null, policy, policy.alpha / Math.max(1, tests)),
  );
  return {
    decisions,
    jointOf: (selected = decisions) =>
      judged.resultOf(
        measured.flatMap((one, i) =>
          placeOf(one) >= 0 && selected.some(({ key }) => key === decisions[i]?.key) ? [placeOf(one)] : [],
        ),
      ),
  };
}

interface Measured {
  readonly metric: MetricInput;
  readonly random: Random;
  /** Its values are pairs, each from a round. */
  readonly paired: boolean;
  /** These are null where nothing can be tested. */
  readonly effects: MeanEffects | null;
  readonly shift: Shift | null;
}

function measure(metric: MetricInput, policy: DecisionPolicy): Measured {
  const { key, a, b, refusal } = metric;
  const random = seededRandom((policy.seed ^ hashOf(key)) >>> 0);
  if (a.length === 0 || b.length === 0 || refusal !== null)
    return { metric, random, paired: false, effects: null, shift: null };
  const tail = tailOf(policy.sidedness);
  const paired = isPaired(metric, policy.alpha, policy.sidedness);
  return {
    metric,
    random,
    paired,
    effects: effectsOf(a, b, paired, random, policy.resamples, tail),
    shift: shiftOf(a, b, paired, tail),
  };
}

/** The level of each end of an interval. A gate looks at the upper end only. */
function tailOf(sidedness: Sidedness): number {
  return sidedness === 'one' ? intervalAlpha : intervalAlpha / 2;
}

function conclude(
  { metric, random, paired, effects, shift }: Measured,
  tested: JudgedFigure | null,
  policy: DecisionPolicy,
  level: number,
): Decision {
  const { key, a, b, refusal } = metric;
  const base = {
    key,
    refusal,
    runs: { a: a.length, b: b.length },
    mean: { a: a.length === 0 ? null : mean(a), b: b.length === 0 ? null : mean(b) },
  };
  if (tested === null || effects === null || shift === null) {
    // Too few runs for the joint test are shown by the test on ranks.
    const alone = effects === null ? null : rankTest(a, b, random);
    const nothing = {
      p: alone?.p ?? null,
      pAdjusted: null,
      resolution: alone?.resolution ?? null,
      score: null,
      noWorse: null,
    };
    const seen = {
      difference: effects?.difference ?? null,
      ratio: effects?.ratio ?? null,
      shift,
      affected: effects === null ? null : { a: affectedShare(a), b: affectedShare(b) },
    };
    const wouldDecide = effects === null || !policy.estimates ? null : estimate(metric, effects, null, level, random);
    return {
      ...base,
      ...nothing,
      ...seen,
      wouldDecide,
      verdict: 'inconclusive',
      reason: refusal === null ? 'too-few-runs' : 'refused',
    };
  }
  const judged = judge({ metric, random, tested, effects, shift }, policy.alpha);
  const noWorse =
    policy.sidedness === 'one' ? noWorseOf({ ...metric, paired }, effects, random, policy.resamples) : null;
  const isOpen = judged.verdict === 'inconclusive' && noWorse?.holds !== true;
  return {
    ...base,
    ...judged,
    difference: effects.difference,
    ratio: effects.ratio,
    shift,
    p: tested.p,
    pAdjusted: tested.resolution <= policy.alpha ? tested.pAdjusted : null,
    resolution: tested.resolution,
    score: tested.score,
    noWorse,
    affected: { a: affectedShare(a), b: affectedShare(b) },
    wouldDecide: isOpen && policy.estimates ? estimate(metric, effects, noWorse, level, random) : null,
  };
}

interface Compared {
  readonly metric: MetricInput;
  readonly random: Random;
  readonly tested: JudgedFigure;
  readonly effects: MeanEffects;
  readonly shift: Shift;
}

function judge(
  { metric, random, tested, effects, shift }: Compared,
  alpha: number,
): Pick<Decision, 'verdict' | 'reason'> {
  const fewest = Math.min(metric.a.length, metric.b.length);
  const open = (reason: DecisionReason): Pick<Decision, 'verdict' | 'reason'> => ({ verdict: 'inconclusive', reason });
  if (tested.named)
    return { verdict: effects.difference.estimate > 0 ? 'regressed' : 'improved', reason: 'difference' };
  if (fewest >= leastRunsForEquivalence && isInside(effects, shift, metric))
    return { verdict: 'equivalent', reason: 'inside-margin' };
  if (tested.p <= alpha) return open(tested.score > 0 ? 'many-metrics' : 'about-margin');
  // A few runs may weigh more in the mean than all others: then ranks show a difference and the mean does not.
  if (rankTest(metric.a, metric.b, random).p <= alpha) return open('mean-unclear');
  return open(fewest < leastRuns ? 'too-few-runs' : 'not-significant');
}

function isInside({ difference, ratio }: MeanEffects, shift: Shift, { a, margin }: MetricInput): boolean {
  const within = ({ low, high }: Interval, least: number, most: number): boolean =>
    low !== null && high !== null && low >= least && high <= most;
  const meanInside =
    within(difference, -margin.absolute, margin.absolute) ||
    (ratio !== null && within(ratio, 1 / (1 + margin.relative), 1 + margin.relative));
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

/** With `noWorse` only the upper ends matter; otherwise both ends have to lie inside the margin. */
function estimate(
  { a, b, margin }: MetricInput,
  effects: MeanEffects,
  noWorse: NoWorse | null,
  level: number,
  random: Random,
): WouldDecide {
  const { estimate: difference, low, high } = effects.difference;
  const fewest = Math.min(a.length, b.length);
  // A gate has nothing to find in what is better.
  if (isBeyond(effects, margin) && (noWorse === null || difference > 0)) {
    const runs = runsForDifference(a, b, level, random);
    return { of: 'difference', runs: runs === null ? null : Math.max(runs, leastRunsFor(level), fewest + 1) };
  }
  if (low === null || high === null) return { of: 'equivalence', runs: leastRunsForEquivalence };
  const allowed = allowedDifference(a, margin);
  const runs =
    noWorse === null
      ? runsForWidth(fewest, Math.max(high - difference, difference - low), allowed - Math.abs(difference))
      : runsForWidth(fewest, (noWorse.bound ?? high) - difference, allowed - difference);
  return { of: 'equivalence', runs: runs === null ? null : Math.max(runs, leastRunsForEquivalence) };
}

/** FNV-1a. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
