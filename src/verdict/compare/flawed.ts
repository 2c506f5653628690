/**
 * Comparisons of figures that may be too good: runs that lost records, or in which nobody could wait because nothing was
 * given back. The true figure is as bad or worse. So a candidate that is worse in spite of its flaw has regressed, and one
 * that is better than a reference that looks too good has improved. Nothing else can be concluded.
 *
 * A figure that points the other way is refused before anything is decided, so that it is in no test of all figures
 * together.
 */
import type { FlawFact, Pair, Refusal } from '../../facts/compare-facts.js';
import type { Labels } from '../../facts/side-facts.js';
import { mean } from '../../stats/sample.js';
import type { Metric } from '../evidence/metrics.js';
import type { Decision, MetricInput } from './decide.js';
import { inWords } from './worse.js';

export type Flaws = Pair<FlawFact | null>;

interface Flawed {
  readonly input: MetricInput;
  readonly metric: Pick<Metric, 'worse'>;
  readonly flaws?: Flaws;
}

/** As it may be decided: with a refusal if what it looks like could not stand. */
export function inputOf({ input, metric, flaws }: Flawed, labels: Labels): MetricInput {
  const { a, b, refusal } = input;
  if (flaws === undefined || refusal !== null || a.length === 0 || b.length === 0) return input;
  const isMore = mean(b) > mean(a);
  const isWorse = mean(b) !== mean(a) && isMore === (metric.worse === 'more');
  return { ...input, refusal: isWorse ? refusalOf('a', flaws, labels) : refusalOf('b', flaws, labels) };
}

/** A decision that does not stand is refused. */
export function asFarAsSeen(decision: Decision, { metric, flaws }: Flawed, labels: Labels): Decision {
  if (flaws === undefined || decision.refusal !== null) return decision;
  const verdict = inWords(decision.verdict, metric.worse);
  const refusal =
    (verdict === 'regressed' ? null : refusalOf('b', flaws, labels)) ??
    (verdict === 'improved' ? null : refusalOf('a', flaws, labels));
  if (refusal === null) return decision;
  const undecided = { p: null, pAdjusted: null, resolution: null, score: null, wouldDecide: null } as const;
  return { ...decision, ...undecided, verdict: 'inconclusive', reason: 'refused', refusal };
}

function refusalOf(side: 'a' | 'b', flaws: Flaws, labels: Labels): Refusal | null {
  const flaw = flaws[side];
  return flaw === null ? null : { code: 'side-flawed', side: labels[side], flaw };
}
