/**
 * Comparisons of figures that may be too good: runs that lost records, or in which nobody could wait because nothing was
 * given back. The true figure is as bad or worse. So a candidate that is worse in spite of its flaw has regressed, and
 * one that is better than a reference that looks too good has improved. Nothing else can be concluded.
 *
 * What a figure could not be called is kept out of the test of all figures together: it would find a difference that is
 * not known to be one. Such a figure is tested in a second test, which has all figures, and its p comes from there.
 *
 * Stalls in a state that was not seen bound their figure: it is at most what it is with all of them. The side that may
 * be too good is then tested with them.
 */
import type { Caveat, FigureDoubt, Pair } from '../../facts/compare-facts.js';
import type { FlawFact } from '../../facts/flaw-facts.js';
import type { Labels } from '../../facts/side-facts.js';
import { mean } from '../../stats/sample.js';
import type { Metric } from '../evidence/metrics.js';
import { decide, type Decided, type Decision, type DecisionPolicy, type MetricInput } from './decide.js';
import { inWords } from './worse.js';

export type Flaws = Pair<FlawFact | null>;

/** What may make a figure look better than it is; what is absent does not. */
export interface Doubts {
  readonly flaws?: Flaws;
  /** Values of each side with the stalls in a state that was not seen. */
  readonly withUnseen?: Pair<readonly number[]>;
  /** Of a number of stalls: the stalled share. A stall that lasts longer leaves less time for others. */
  readonly stalledShare?: Pair<number>;
}

export interface DoubtedFigure extends Doubts {
  readonly input: MetricInput;
  readonly metric: Pick<Metric, 'worse'>;
  readonly labels: Labels;
}

export interface DecidedFigure {
  /** With the values that were tested. */
  readonly input: MetricInput;
  readonly decision: Decision;
  readonly caveat: Caveat | null;
  /** Whether it is in the test of all figures together. */
  readonly isJoint: boolean;
}

export interface DecidedFigures extends Pick<Decided, 'jointOf'> {
  readonly figures: readonly DecidedFigure[];
}

export function decideAsSeen(figures: readonly DoubtedFigure[], policy: DecisionPolicy): DecidedFigures {
  const seen = figures.map(asSeen);
  const { decisions, jointOf } = decide(
    seen.map(({ input, doubt }) => (doubt === null ? input : { ...input, refusal: doubt })),
    policy,
  );
  const withDoubted = seen.every(({ doubt }) => doubt === null)
    ? decisions
    : decide(
        seen.map(({ input }) => input),
        policy,
      ).decisions;
  return {
    figures: seen.map((one, i) => {
      const isJoint = one.doubt === null;
      const decision = (isJoint ? decisions : withDoubted)[i];
      if (decision === undefined) throw new Error('a figure without a decision');
      return { input: one.input, isJoint, ...asFarAsSeen(decision, one) };
    }),
    jointOf,
  };
}

interface SeenFigure {
  readonly figure: DoubtedFigure;
  readonly input: MetricInput;
  /** Why it could not be called what it looks like. */
  readonly doubt: FigureDoubt | null;
  /** The side whose stalls in a state that was not seen are in `input`. */
  readonly counted: 'a' | 'b' | null;
}

function asSeen(figure: DoubtedFigure): SeenFigure {
  const { input, metric, withUnseen } = figure;
  const plain = { figure, input, doubt: null, counted: null };
  if (input.refusal !== null || input.a.length === 0 || input.b.length === 0) return plain;
  const side = looksWorse(input, metric) ? 'a' : 'b';
  const counted = withUnseen === undefined ? input : withValues(input, side, withUnseen[side]);
  // With them it must still point the same way: the truth lies anywhere between the two.
  if (withUnseen !== undefined && figure.flaws?.[side]?.code === 'states-unseen' && pointsAlike(input, counted))
    return { ...plain, input: counted, counted: side, doubt: side === 'b' ? longerStalls(figure, counted) : null };
  return { ...plain, doubt: flawOfSide(figure, side) ?? (side === 'b' ? longerStalls(figure, input) : null) };
}

function withValues(input: MetricInput, side: 'a' | 'b', values: readonly number[]): MetricInput {
  return side === 'a' ? { ...input, a: values } : { ...input, b: values };
}

function looksWorse({ a, b }: MetricInput, { worse }: Pick<Metric, 'worse'>): boolean {
  return worse === 'more' ? mean(b) > mean(a) : mean(b) < mean(a);
}

function pointsAlike(one: MetricInput, other: MetricInput): boolean {
  return Math.sign(mean(one.b) - mean(one.a)) === Math.sign(mean(other.b) - mean(other.a));
}

/** A decision that does not stand is refused; one that leaves all open keeps its figures. */
function asFarAsSeen(
  decision: Decision,
  { figure, input, counted }: SeenFigure,
): Pick<DecidedFigure, 'decision' | 'caveat'> {
  if (decision.refusal !== null) return { decision, caveat: null };
  const verdict = inWords(decision.verdict, figure.metric.worse);
  const of = (side: 'a' | 'b'): FigureDoubt | null => (counted === side ? null : flawOfSide(figure, side));
  const countedText = counted === null ? null : statesCounted(figure, counted);
  switch (verdict) {
    case 'regressed':
      return refusedFor(of('a'), decision, countedText);
    case 'improved':
      return refusedFor(of('b') ?? longerStalls(figure, input), decision, countedText);
    // Counted in full they may be too many, so that they show no equality.
    case 'equivalent':
      return refusedFor(flawOfSide(figure, 'b') ?? flawOfSide(figure, 'a'), decision, null);
    case 'inconclusive':
      return {
        decision,
        caveat: of('b') ?? of('a') ?? countedText ?? longerStalls(figure, input),
      };
  }
}

function refusedFor(
  refusal: FigureDoubt | null,
  decision: Decision,
  caveat: Caveat | null,
): Pick<DecidedFigure, 'decision' | 'caveat'> {
  if (refusal === null) return { decision, caveat };
  const undecided = { p: null, pAdjusted: null, resolution: null, score: null, wouldDecide: null } as const;
  return { decision: { ...decision, ...undecided, verdict: 'inconclusive', reason: 'refused', refusal }, caveat: null };
}

function flawOfSide({ flaws, labels }: DoubtedFigure, side: 'a' | 'b'): FigureDoubt | null {
  const flaw = flaws?.[side] ?? null;
  return flaw === null ? null : { code: 'side-flawed', side: labels[side], flaw };
}

function statesCounted({ flaws, labels }: DoubtedFigure, side: 'a' | 'b'): Caveat | null {
  const flaw = flaws?.[side] ?? null;
  return flaw === null ? null : { code: 'states-counted', side: labels[side], flaw };
}

/** Null unless there are fewer stalls, and they are longer in all. */
function longerStalls({ stalledShare, labels }: DoubtedFigure, { a, b }: MetricInput): FigureDoubt | null {
  return stalledShare !== undefined && mean(b) < mean(a) && stalledShare.b > stalledShare.a
    ? { code: 'stalls-longer', side: labels.b, stalled_share: stalledShare }
    : null;
}
