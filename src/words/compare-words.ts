/**
 * Sentences of a comparison (src/facts/compare-facts.ts), which claim no more than src/verdict/compare/decide.ts does.
 */
import { formatDuration, formatShare } from '../base/text/units.js';
import type {
  Caveat,
  CompareConclusion,
  CompareNote,
  NoteOfSide,
  Refusal,
  RowFact,
  ValuePer,
  WorstRow,
} from '../facts/compare-facts.js';
import type { Stated } from '../facts/stated.js';
import { alpha } from '../stats/quantile-bounds.js';
import { flawText, gateFlawText } from './flaw-words.js';
import { equalsP, missingText, shownChance, shownChange, shownMargin, shownP } from './metric-words.js';
import { factsText, settingsText, sideNoteText } from './side-words.js';
import { counted, listed } from './text.js';
import { statedConclusion } from './verdict-words.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const mostDoubts = 2;

const ofConclusions: WordsOf<CompareConclusion> = {
  'nothing-in-common': () => 'nothing could be compared',
  'nothing-comparable': ({ equivalent_n }) =>
    `nothing could be compared${equivalent_n === 0 ? '' : ` beyond ${counted(equivalent_n, 'metric')}, equivalent`}; the notes and the last column give the reasons`,
  regressed: ({ regressed_n, metrics_n, worst, valuePer, ...counts }) =>
    `regressed in ${regressed_n} of ${counted(metrics_n, 'metric')}, most of all ${worstText(worst, valuePer)}${restOf(counts, counts.improved_n)}`,
  improved: ({ improved_n, metrics_n, worst, valuePer, ...counts }) =>
    `improved in ${improved_n} of ${counted(metrics_n, 'metric')}, most of all ${worstText(worst, valuePer)}${restOf(counts)}`,
  'differs-unnamed': ({ p, metrics_n, beyond_n, worst, valuePer }) =>
    `they differ (${equalsP(p)}), but no single metric is certain to: ` +
    `of ${counted(metrics_n, 'metric')} ${beyond_n} are beyond their margins, most of all ${worstText(worst, valuePer)}`,
  equivalent: ({ metrics_n }) => `equivalent in ${metrics_n === 1 ? 'the only metric' : `all ${metrics_n} metrics`}`,
  'too-few-runs': ({ runs, metrics_n, equivalent_n, valuePer, ...counts }) =>
    `so few ${valuePer}s (${runs.a} and ${runs.b}) cannot show any difference, however large it is: ` +
    `of ${counted(metrics_n, 'metric')} ${equivalent_n === 0 ? 'all are inconclusive' : listed(others({ equivalent_n, ...counts }))}`,
  'too-uniform': ({ metrics_n, valuePer, ...counts }) =>
    `these ${valuePer}s could not have shown a difference, because in each metric too few of them differ from the others: ` +
    `of ${counted(metrics_n, 'metric')} ${listed(others(counts))}`,
  'may-be-too-good': ({ metrics_n, runs, valuePer, doubted_n, doubts, ...counts }) =>
    `no difference is certain (${runs.a} and ${runs.b} ${valuePer}s): of ${counted(metrics_n, 'metric')} ${listed(others(counts))}; ` +
    `figures of ${doubted_n === metrics_n ? 'all of them' : `${doubted_n} of them`} may be too good: ` +
    `${doubts.slice(0, mostDoubts).map(refusalText).join('; ')}${doubts.length > mostDoubts ? '; the last column gives the other reasons' : ''}`,
  'no-difference-found': ({ metrics_n, ...counts }) =>
    `no difference was found, which does not show that there is none: of ${counted(metrics_n, 'metric')} ${listed(others(counts))}`,
};

type Counts = Pick<CompareConclusion, 'equivalent_n' | 'inconclusive_n'>;

function others({ equivalent_n, inconclusive_n }: Counts, improved_n = 0): string[] {
  return [
    ...(improved_n > 0 ? [`${improved_n} improved`] : []),
    ...(equivalent_n > 0 ? [`${equivalent_n} ${equivalent_n === 1 ? 'is' : 'are'} equivalent`] : []),
    ...(inconclusive_n > 0 ? [`${inconclusive_n} inconclusive`] : []),
  ];
}

function restOf(counts: Counts, improved_n = 0): string {
  const rest = others(counts, improved_n);
  return rest.length === 0 ? '' : `; ${listed(rest)}`;
}

function worstText(worst: WorstRow, valuePer: ValuePer): string {
  const { arms, series, title, pAdjusted } = worst;
  const arm = arms.a === '' ? '' : `${arms.a === arms.b ? arms.a : `${arms.a} → ${arms.b}`}, `;
  return `${arm}${series}: ${title} ${shownChange({ ...worst, valuePer }, { tail: alpha / 2, p: pAdjusted })}`;
}

/** With its sentence, which may be quoted alone. */
export function statedComparison(fact: CompareConclusion): Stated<CompareConclusion> {
  const caveats = [
    ...(fact.isDegraded ? [' The set-up was not as asked for (see the notes), so this may not hold.'] : []),
    ...fact.notWhole.map(
      ({ side, incomplete }) =>
        ` This may not hold, because the experiment ${side} is not complete${incomplete.code === 'not-complete' ? ` (${incomplete.status})` : `: ${sideNoteText(incomplete)}`}.`,
    ),
  ].join('');
  const found = sentenceOf<CompareConclusion>(ofConclusions, fact);
  const between = fact.between === undefined ? '' : ` ${statedConclusion({ ...fact.between, kernel: null }).sentence}.`;
  return { ...fact, sentence: `${fact.candidate} against ${fact.reference}: ${found}.${between}${caveats}` };
}

const ofNotes: WordsOf<Exclude<CompareNote, NoteOfSide>> = {
  'facts-differ': ({ facts, a, b }) =>
    `Besides what was compared, ${factsText(facts, { a, b })}. A difference may come from any of these.`,
  'profile-differs': ({ profile, a, b, settings }) =>
    `The profile ${String(profile)} is not the same in ${a} and ${b}: they differ ${settings.length === 0 ? 'only in how it is written' : `in ${settingsText(settings)}`}.`,
  'other-profiles': ({ a, b }) => {
    const side = ({ label, profile, arms }: typeof a): string =>
      `${label} is of the profile ${String(profile)} with the arms ${arms.join(', ')}`;
    return `${side(a)}; ${side(b)}. Different profiles measure different things; to compare two of their arms all the same, name them: --arm one=other.`;
  },
  'no-common-arm': ({ a, b }) =>
    `${a.label} has runs of the arms ${a.arms.join(', ') || 'none'}, and ${b.label} of ${b.arms.join(', ') || 'none'}; none is in both. Name pairs: --arm one=other.`,
  'arms-on-one-side': ({ label, arms }) => `Only ${label} has runs of ${arms.join(', ')}.`,
  'series-on-one-side': ({ a, b, arm, series }) =>
    `${arm === '' ? '' : `${arm}: `}only one of ${a} and ${b} has runs of ${series.join(', ')}.`,
  slices: ({ slice_ns, sides, piece_ns, autocorrelation, p }) =>
    `A value is of a slice of ${formatDuration(slice_ns)}: ${listed(sides.map(sliceText))}. A stall belongs to the slice in which it began. ` +
    `Neighbouring pieces of ${formatDuration(piece_ns)} are not found to be alike (autocorrelation ${autocorrelation.toFixed(2)}, ${equalsP(p)}); ` +
    'what changes more slowly than an observation lasts, such as the load of a day, no slice shows.',
  'targets-differ': ({ a, b, names, threads_n }) =>
    `${a} observed ${listed(names.a)} (${counted(threads_n.a, 'thread')}), and ${b} observed ${listed(names.b)} (${counted(threads_n.b, 'thread')}). A difference may come from that.`,
  'jvms-differ': ({ a, b, settings }) =>
    `The observed JVMs of ${a} and ${b} differ in ${settingsText(settings)}. A difference may come from that.`,
  boots: ({ sides: { a, b }, pairs_n, order, leftOut_n }) =>
    `A value is of a boot, the mean over its runs: ${listed([a, b].map(({ label, release, boots_n }) => `${counted(boots_n, 'boot')} of ${label} (Linux ${release})`))}, ` +
    `in the order ${order.join(', ')}. Two boots that follow each other make a pair: ${counted(pairs_n, 'pair')}` +
    `${leftOut_n === 0 ? '' : `, and ${counted(leftOut_n, 'boot')} without a neighbour of the other kernel ${leftOut_n === 1 ? 'is' : 'are'} left out`}.`,
  'boots-of-other-builds': ({ a, b, differ }) =>
    differ.includes('none')
      ? `${a} and ${b} were built from the same sources and changes with the same options, so no patch lies between them.`
      : `${a} and ${b} were built from other ${listed(differ)}, so more than a patch may lie between them.`,
  'log-is-one-run': () =>
    'A histogram log is one run, however long: its intervals follow each other in one process and are not independent. To compare runs, give several logs a side (a folder, or names separated by commas).',
};

function sliceText({
  label,
  slices_n,
  unused_ns,
}: {
  readonly label: string;
  readonly slices_n: number;
  readonly unused_ns: number;
}): string {
  // What is shorter than a millisecond comes from the end of the clock.
  const rest = unused_ns < 1e6 ? '' : ` (its last ${formatDuration(unused_ns)} are left out)`;
  return `${slices_n} of ${label}${rest}`;
}

export function statedCompareNote(note: CompareNote): Stated<CompareNote> {
  return { ...note, sentence: 'side' in note ? noteOfSideText(note) : sentenceOf(ofNotes, note) };
}

export function noteOfSideText(note: NoteOfSide): string {
  return `${note.side}: ${sideNoteText(note)}.`;
}

const ofRefusals: WordsOf<Refusal> = {
  'figure-missing': ({ missing, runs_n, of_n }) =>
    `${missingText(missing)}; so it is in ${counted(runs_n, 'run')} of ${of_n}, and leaving these out would flatter a side`,
  'other-thresholds': () =>
    'the two sides have different thresholds of what is a stall; run them with the same threshold',
  'other-windows': () =>
    'windows have different lengths, and the longest stall of a longer window is longer; use the same --duration',
  'gives-back-unknown': ({ side, open_n, open_ns, known_ns }) =>
    `in ${side} it is not known whether giving memory back is the reason for ${counted(open_n, 'stall')} (${formatDuration(open_ns)}), beside ${formatDuration(known_ns)} for which it is; observe as root, by eBPF or tracefs, which see who held the lock`,
  'stalls-missing': ({ side }) =>
    `not all stalls of ${side} are known, because its list of stalls is not whole (see its note); compare another observation`,
  'other-tiers': ({ a, b }) =>
    `the two sides were observed in different ways (${a} and ${b}), which do not see the same stalls; observe both in the same way`,
  'other-attached': ({ side }) =>
    `the JVM of ${side} alone was asked (--jvm), and its log shows pauses that are not known of the other side; observe both with --jvm, or both without`,
  'too-short': ({ watched_ns, needed_ns }) =>
    `an observation of ${formatDuration(watched_ns)} has too few slices of a second or more; observe for at least ${formatDuration(needed_ns)}`,
  'neighbours-alike': ({ piece_ns, autocorrelation, p }) =>
    `neighbouring pieces of ${formatDuration(piece_ns)} are alike by themselves (autocorrelation ${autocorrelation.toFixed(2)}, ${equalsP(p)}), so that slices are no independent values; observe for longer`,
  'baseline-flawed': ({ flaw }) => `in the baseline ${gateFlawText(flaw)}`,
  'side-flawed': ({ side, flaw }) => `in ${side} ${flawText(flaw)}`,
  'stalls-longer': ({ side, stalled_share: { a, b } }) =>
    `${side} is stalled for more of the time (${formatShare(a)} → ${formatShare(b)}), so fewer stalls are no improvement`,
};

export function refusalText(refusal: Refusal): string {
  return sentenceOf<Refusal>(ofRefusals, refusal);
}

export function caveatText(caveat: Caveat): string {
  return caveat.code === 'states-counted'
    ? `stalls of ${caveat.side} in a state that was not seen (${counted(caveat.flaw.runs_n, 'run')} of ${caveat.flaw.of_n}) are counted in the figure`
    : refusalText(caveat);
}

export function statedCaveat(caveat: Caveat): Stated<Caveat> {
  return { ...caveat, sentence: caveatText(caveat) };
}

/** Why, and what would decide. `metrics_n`: how many were decided together. */
export function rowSentence(row: RowFact, metrics_n: number): string {
  const { caveat } = row;
  return [reasonText(row, metrics_n), ...(caveat === null ? [] : [caveatText(caveat)]), ...wouldDecideTexts(row)].join(
    '; ',
  );
}

function reasonText(row: RowFact, metrics_n: number): string {
  const { reason, refusal, runs, p, pAdjusted, resolution, affected, values, margin, unit, valuePer } = row;
  switch (reason) {
    case 'difference':
      return `larger than the margin of ${shownMargin(unit, margin)}, and chance alone shows as much in at most ${shownChance(pAdjusted)} of comparisons`;
    case 'inside-margin':
      if (values.a.every((value) => value === 0) && values.b.every((value) => value === 0))
        return `0 in all of ${runs.a} and ${runs.b} ${valuePer}s; up to ${formatShare(affected?.a.high ?? 1)} and ${formatShare(affected?.b.high ?? 1)} of such ${valuePer}s may still have more`;
      return `the whole interval is inside the margin of ${shownMargin(unit, margin)}`;
    case 'refused':
      return refusal === null ? 'not comparable' : refusalText(refusal);
    case 'too-few-runs':
      if (runs.a === 0 || runs.b === 0) return 'a side has no complete, undisturbed run';
      return resolution !== null && resolution > alpha
        ? noSmallP(row, resolution)
        : `${runs.a} and ${runs.b} ${valuePer}s are too few`;
    case 'not-significant':
      if (new Set([...values.a, ...values.b]).size === 1)
        return `all ${valuePer}s are equal, but ${runs.a} and ${runs.b} are too few to show that further ${valuePer}s would be`;
      return resolution !== null && resolution > alpha
        ? noSmallP(row, resolution)
        : `chance alone shows as much in ${shownChance(p)} of comparisons`;
    case 'many-metrics':
      return `${equalsP(p)} for this metric alone, but among ${metrics_n} metrics chance produces such a metric with p = ${shownP(pAdjusted)}`;
    case 'mean-unclear':
      return `most ${valuePer}s differ, but single ${valuePer}s weigh so much in the mean that it does not show it`;
    case 'about-margin':
      return `there is a difference, but it is not certain to be above or below the margin of ${shownMargin(unit, margin)}`;
  }
}

function noSmallP({ runs, valuePer }: RowFact, resolution: number): string {
  return `with ${runs.a} and ${runs.b} ${valuePer}s and these values no p below ${shownP(resolution)} exists`;
}

/** Empty where it is not known. */
function wouldDecideTexts({ wouldDecide: estimate, window_ns, valuePer, caveat }: RowFact): string[] {
  if (estimate === null) return [];
  if (estimate.runs === null) return [`no number of ${valuePer}s up to 1,000 a side is likely to decide`];
  const would =
    estimate.of === 'difference' ? 'would show a difference like this one' : 'would show that it is inside the margin';
  // A longer observation has longer slices rather than more of them, which says as much.
  if (valuePer === 'slice')
    return [`observations of about ${formatDuration(estimate.runs * window_ns.longest)} a side ${would}`];
  const length = valuePer === 'boot' || window_ns.longest === 0 ? '' : ` of ${formatDuration(window_ns.longest)}`;
  // More runs with the flaw leave it as open.
  const sound = caveat !== null && 'flaw' in caveat ? ' where that is not so' : '';
  return [`about ${estimate.runs} ${valuePer}s${length} a side${sound} ${would}`];
}
