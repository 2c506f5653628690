/** From figures of two sides to the rows and the conclusions of a comparison, whatever the sides are. */
import { sentencesOf, type Stated } from '../../facts/stated.js';
import type { Labels } from '../../facts/side-facts.js';
import type { Caveat, CompareNote, Refusal, ValuePer } from '../../facts/compare-facts.js';
import type { BetweenBuilds } from '../../facts/verdict-facts.js';
import {
  refusalText,
  rowSentence,
  statedCaveat,
  statedCompareNote,
  statedComparison,
} from '../../words/compare-words.js';
import type { Metric } from '../evidence/metrics.js';
import type { ComparedSide, CompareRow, Comparison } from './compared.js';
import { conclusionOf } from './conclusions.js';
import type { Decision, DecisionPolicy, MetricInput } from './decide.js';
import { decideAsSeen, type Doubts } from './flawed.js';
import { inWords } from './worse.js';

/** A figure of both sides that is to be decided. */
export interface RowDraft extends Doubts {
  readonly candidate: string;
  readonly arms: CompareRow['arms'];
  readonly series: string;
  readonly metric: Pick<Metric, 'name' | 'title' | 'unit' | 'worse'>;
  readonly valuePer: ValuePer;
  readonly window_ns: CompareRow['window_ns'];
  readonly input: MetricInput;
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
  const labelsOf = ({ candidate }: RowDraft): Labels => ({ a: reference.label, b: candidate });
  const { figures, jointOf } = decideAsSeen(
    drafts.map((draft) => ({ ...draft, labels: labelsOf(draft) })),
    policy,
  );
  const all = drafts.flatMap((draft, i) => {
    const figure = figures[i];
    if (figure === undefined) return [];
    const { input, decision, caveat, isJoint } = figure;
    return [{ row: rowOf({ ...draft, input }, decision, drafts.length, caveat), isJoint }];
  });
  const rows = all.map(({ row }) => row);
  const joint = candidates.map(({ label }) => ({
    candidate: label,
    ...jointOf(rows.filter((row) => row.candidate === label)),
  }));
  const conclusions = candidates.map((candidate) =>
    statedComparison({
      ...conclusionOf(
        reference,
        candidate,
        all.filter(({ row }) => row.candidate === candidate.label),
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
  caveat: Caveat | null,
): CompareRow {
  if (decision === undefined) throw new Error('a metric without a decision');
  const refusal = decision.refusal === null ? null : statedRefusal(decision.refusal);
  const row = {
    ...decision,
    refusal,
    caveat: caveat === null ? null : statedCaveat(caveat),
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
