/** What a comparison found, in words that claim no more than decide.ts does. */
import { formatDuration, formatShare } from '../../base/text/units.js';
import type { CandidateJoint, CompareRow } from './compared.js';
import { formatMetric } from '../evidence/metrics.js';
import { alpha } from '../../stats/quantile-bounds.js';
import type { Side } from '../evidence/side.js';
import { counted, listed } from '../../words/text.js';

/** The first line: quotable alone. */
export function compareVerdict(
  reference: Side,
  candidates: readonly Side[],
  rows: readonly CompareRow[],
  joint: readonly CandidateJoint[],
): string {
  return candidates
    .map((candidate) =>
      candidateVerdict(
        reference,
        candidate,
        rows.filter((row) => row.candidate === candidate.label),
        joint.find((one) => one.candidate === candidate.label),
      ),
    )
    .join(' ');
}

function candidateVerdict(
  reference: Side,
  candidate: Side,
  rows: readonly CompareRow[],
  joint: CandidateJoint | undefined,
): string {
  const [regressed, improved, equivalent, open] = (
    ['regressed', 'improved', 'equivalent', 'inconclusive'] as const
  ).map((verdict) => rows.filter((row) => row.verdict === verdict));
  if (
    regressed === undefined ||
    improved === undefined ||
    equivalent === undefined ||
    open === undefined ||
    rows.length === 0
  )
    return `Of ${candidate.label} nothing could be compared with ${reference.label}.`;
  const against = `${candidate.label} against ${reference.label}`;
  const rest = [
    ...(improved.length > 0 && regressed.length > 0 ? [`${improved.length} improved`] : []),
    ...(equivalent.length > 0 ? [`${equivalent.length} ${equivalent.length === 1 ? 'is' : 'are'} equivalent`] : []),
    ...(open.length > 0 ? [`${open.length} inconclusive`] : []),
  ];
  const others = rest.length === 0 ? '' : `; ${listed(rest)}`;
  const caveat = [reference, candidate].some(({ degraded }) => degraded.length > 0)
    ? ' The set-up was not as asked for (see the notes), so this may not hold.'
    : '';
  if (regressed.length > 0)
    return `${against}: regressed in ${regressed.length} of ${counted(rows.length, 'metric')}, most of all ${worst(regressed)}${others}.${caveat}`;
  if (improved.length > 0)
    return `${against}: improved in ${improved.length} of ${counted(rows.length, 'metric')}, most of all ${worst(improved)}${others}.${caveat}`;
  if (joint?.finding === 'unnamed')
    return `${against}: they differ (${equalsP(joint.p)}), but no single metric is certain to: of ${counted(rows.length, 'metric')} ${rows.filter(({ score }) => (score ?? 0) > 0).length} are beyond their margins, most of all ${worst(rows)}.${caveat}`;
  if (open.length === 0)
    return `${against}: equivalent in ${rows.length === 1 ? 'the one metric' : `all ${rows.length} metrics`}.${caveat}`;
  if (open.every(({ p }) => p === null))
    return `${against}: nothing could be compared${equivalent.length === 0 ? '' : ` beyond ${counted(equivalent.length, 'metric')}, equivalent`}; the notes and the last column say why.${caveat}`;
  if (joint?.finding === 'undecidable')
    return `${against}: so few runs (${mostRuns(rows)}) cannot show any difference, however large it is: of ${counted(rows.length, 'metric')} ${equivalent.length === 0 ? 'all are inconclusive' : listed(rest)}.${caveat}`;
  // Values that are nearly all the same leave no division of the runs that is rare enough.
  if (open.every(({ resolution }) => resolution === null || resolution > alpha))
    return `${against}: these runs could not have shown a difference, because in each metric too few of them differ from the others: of ${counted(rows.length, 'metric')} ${listed(rest)}.${caveat}`;
  return `${against}: no difference was found, which is not to say that there is none: of ${counted(rows.length, 'metric')} ${listed(rest)}.${caveat}`;
}

/** `3 and 2` */
function mostRuns(rows: readonly CompareRow[]): string {
  return `${Math.max(...rows.map(({ runs }) => runs.a))} and ${Math.max(...rows.map(({ runs }) => runs.b))}`;
}

/** The one of the smallest p, and of these the one of the largest effect for its margin. */
function worst(rows: readonly CompareRow[]): string {
  const size = (row: CompareRow): number =>
    Math.abs(Math.log((row.mean.b ?? 0) + 1e-9) - Math.log((row.mean.a ?? 0) + 1e-9));
  const [row] = rows.toSorted((x, y) => (x.pAdjusted ?? 1) - (y.pAdjusted ?? 1) || size(y) - size(x));
  if (row === undefined) return 'nothing';
  const { arms, series, title, unit, mean, difference } = row;
  const arm = arms.a === '' ? '' : `${arms.a === arms.b ? arms.a : `${arms.a} → ${arms.b}`}, `;
  return `${arm}${series}: ${title} ${shownValue(unit, mean.a)} → ${shownValue(unit, mean.b)} (difference ${shownInterval(unit, difference)}, ${equalsP(row.pAdjusted)})`;
}

export function shownValue(unit: CompareRow['unit'], value: number | null): string {
  return value === null ? '–' : formatMetric(unit, value);
}

/** `+1.2 ms [0.3 ms, 2.1 ms]` */
export function shownInterval(unit: CompareRow['unit'], effect: CompareRow['difference']): string {
  if (effect === null) return '–';
  const limits =
    effect.low === null && effect.high === null
      ? ''
      : ` [${shownDifference(unit, effect.low)}, ${shownDifference(unit, effect.high)}]`;
  return `${shownDifference(unit, effect.estimate)}${limits}`;
}

/** `+1.2 ms`; of shares in percentage points, since "1 % more than 50 %" may be 51 % or 50.5 %. */
export function shownDifference(unit: CompareRow['unit'], difference: number | null): string {
  if (difference === null) return '–';
  return `${difference > 0 ? '+' : ''}${shownSize(unit, difference)}`;
}

function shownSize(unit: CompareRow['unit'], size: number): string {
  const shown = formatMetric(unit, size);
  return unit === 'share' ? shown.replace(/ %$/, ' pp') : shown;
}

export function shownRatio(ratio: CompareRow['ratio']): string {
  if (ratio === null) return '–';
  const text = (value: number | null): string =>
    value === null ? '∞' : value >= 100 ? value.toPrecision(3) : value.toFixed(2);
  return ratio.low === null && ratio.high === null
    ? `×${text(ratio.estimate)}`
    : `×${text(ratio.estimate)} [${text(ratio.low)}, ${text(ratio.high)}]`;
}

export function shownP(p: number | null): string {
  if (p === null) return '–';
  return p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(2)));
}

/** `p = 0.031`, `p < 0.0001` */
export function equalsP(p: number | null): string {
  const shown = shownP(p);
  return shown.startsWith('<') ? `p < ${shown.slice(1)}` : `p = ${shown}`;
}

/** p in the words of someone who is no statistician: where nothing differs, so many comparisons show as much. */
function shownChance(p: number | null): string {
  if (p === null) return '–';
  return p < 0.0001 ? 'fewer than 0.01 %' : `${Number((p * 100).toPrecision(2))} %`;
}

/** Why, and what would decide. `metrics`: how many were decided together. */
export function rowSentence(row: Omit<CompareRow, 'sentence'>, metrics: number): string {
  const why = reasonOf(row, metrics);
  const what = wouldDecide(row);
  return what === '' ? why : `${why}; ${what}`;
}

function reasonOf(
  { reason, refusal, runs, p, pAdjusted, resolution, affected, values, margin, unit }: Omit<CompareRow, 'sentence'>,
  metrics: number,
): string {
  switch (reason) {
    case 'difference':
      return `larger than the margin of ${shownMargin(unit, margin)}, and chance alone shows as much in ${shownChance(pAdjusted)} of comparisons at most`;
    case 'inside-margin':
      if (values.a.every((value) => value === 0) && values.b.every((value) => value === 0))
        return `0 in all of ${runs.a} and ${runs.b} runs; up to ${formatShare(affected?.a.high ?? 1)} and ${formatShare(affected?.b.high ?? 1)} of such runs may still have more`;
      return `the whole interval is inside the margin of ${shownMargin(unit, margin)}`;
    case 'refused':
      return refusal ?? 'not comparable';
    case 'too-few-runs':
      if (runs.a === 0 || runs.b === 0) return 'a side has no complete, undisturbed run';
      return resolution !== null && resolution > alpha
        ? noSmallP(runs, resolution)
        : `${runs.a} and ${runs.b} runs are too few`;
    case 'not-significant':
      if (new Set([...values.a, ...values.b]).size === 1)
        return `all runs are equal, but ${runs.a} and ${runs.b} are too few to say that it stays so`;
      return resolution !== null && resolution > alpha
        ? noSmallP(runs, resolution)
        : `chance alone shows as much in ${shownChance(p)} of comparisons`;
    case 'many-metrics':
      return `${equalsP(p)} taken alone, but among ${metrics} metrics one of them does that by chance in ${shownP(pAdjusted)}`;
    case 'mean-unclear':
      return 'most runs differ, but single runs weigh so much in the mean that it does not show it';
    case 'about-margin':
      return `there is a difference, but not one that is certainly above or below the margin of ${shownMargin(unit, margin)}`;
  }
}

function noSmallP(runs: CompareRow['runs'], resolution: number): string {
  return `with ${runs.a} and ${runs.b} runs and these values no p below ${shownP(resolution)} exists`;
}

function wouldDecide({ wouldDecide: estimate, window_ns }: Omit<CompareRow, 'sentence'>): string {
  if (estimate === null) return '';
  if (estimate.runs === null) return 'no number of runs up to 1,000 a side is likely to decide';
  const length = window_ns.longest === 0 ? '' : ` of ${formatDuration(window_ns.longest)}`;
  return `about ${estimate.runs} runs${length} a side would ${estimate.of === 'difference' ? 'show a difference like this one' : 'show that it is inside the margin'}`;
}

export function shownMargin(unit: CompareRow['unit'], { relative, absolute }: CompareRow['margin']): string {
  const parts = [
    ...(relative > 0 ? [`${Number((relative * 100).toPrecision(4))} %`] : []),
    ...(absolute > 0 ? [shownSize(unit, absolute)] : []),
  ];
  return parts.length === 0 ? '0' : parts.join(' or ');
}
