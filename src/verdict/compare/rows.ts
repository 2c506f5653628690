/** From figures of two sides to the rows and the conclusions of a comparison, whatever the sides are. */
import { sentencesOf, type Stated } from '../../facts/stated.js';
import type { Labels } from '../../facts/side-facts.js';
import type { CompareNote, Refusal, ValuePer } from '../../facts/compare-facts.js';
import type { BetweenBuilds } from '../../facts/verdict-facts.js';
import { refusalText, rowSentence, statedCompareNote, statedComparison } from '../../words/compare-words.js';
import type { Metric } from '../evidence/metrics.js';
import type { ComparedSide, CompareRow, Comparison } from './compared.js';
import { conclusionOf } from './conclusions.js';
import { decide, type Decision, type DecisionPolicy, type MetricInput } from './decide.js';
import { asFarAsSeen, inputOf, type Flaws } from './flawed.js';
import { inWords } from './worse.js';

/** A figure of both sides that is to be decided. */
export interface RowDraft {
  readonly candidate: string;
  readonly arms: CompareRow['arms'];
  readonly series: string;
  readonly metric: Pick<Metric, 'name' | 'title' | 'unit' | 'worse'>;
  readonly valuePer: ValuePer;
  readonly window_ns: CompareRow['window_ns'];
  readonly input: MetricInput;
  /** Why the figure of a side may be too good (flawed.ts). Absent: it is as it looks. */
  readonly flaws?: Flaws;
}

interface Sides {
  readonly reference: ComparedSide;
  readonly candidates: readonly ComparedSide[];
}

/** All drafts are decided together. `between`: what lies between the kernels of the sides, where that is known. */
export function comparisonOf(
  { reference, candidates }: Sides,
  drafts: readonly RowDraft[],
  notes: readonly CompareNote[],
  policy: DecisionPolicy,
  between?: BetweenBuilds,
): Comparison {
  const sideOf = ({ candidate }: RowDraft): Labels => ({ a: reference.label, b: candidate });
  const { decisions: decided, jointOf } = decide(
    drafts.map((draft) => inputOf(draft, sideOf(draft))),
    policy,
  );
  const decisions = decided.map((decision, i) => {
    const draft = drafts[i];
    return draft === undefined ? decision : asFarAsSeen(decision, draft, sideOf(draft));
  });
  const rows = drafts.map((draft, i) => rowOf(draft, decisions[i], decisions.length));
  const joint = candidates.map(({ label }) => ({
    candidate: label,
    ...jointOf(decisions.filter((_, i) => drafts[i]?.candidate === label)),
  }));
  const conclusions = candidates.map((candidate) =>
    statedComparison({
      ...conclusionOf(
        reference,
        candidate,
        rows.filter((row) => row.candidate === candidate.label),
        joint.find((one) => one.candidate === candidate.label),
      ),
      ...(between === undefined ? {} : { between }),
    }),
  );
  return {
    schemaVersion: 2,
    verdict: sentencesOf(conclusions).join(' '),
    conclusions,
    alpha: policy.alpha,
    reference,
    candidates,
    joint,
    rows,
    notes: notes.map(statedCompareNote),
  };
}

export function rowOf(
  { candidate, arms, series, metric, valuePer, window_ns, input }: RowDraft,
  decision: Decision | undefined,
  metrics: number,
): CompareRow {
  if (decision === undefined) throw new Error('a metric without a decision');
  const refusal = decision.refusal === null ? null : statedRefusal(decision.refusal);
  const row = {
    ...decision,
    refusal,
    verdict: inWords(decision.verdict, metric.worse),
    candidate,
    arms,
    series,
    metric: metric.name,
    title: metric.title,
    unit: metric.unit,
    valuePer,
    margin: input.margin,
    values: { a: input.a, b: input.b },
    window_ns,
  };
  return { ...row, sentence: rowSentence(row, metrics) };
}

function statedRefusal(refusal: Refusal): Stated<Refusal> {
  return { ...refusal, sentence: refusalText(refusal) };
}
