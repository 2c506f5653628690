/** Sentences of a gate (src/facts/gate-facts.ts). Those of checks and problems have no full stop, those of notes do. */
import { formatShare, formatSize } from '../base/text/units.js';
import type { RowFact } from '../facts/compare-facts.js';
import type {
  CheckReason,
  EvidenceProblem,
  GateConclusion,
  GateNote,
  PassNeeds,
  TogetherFact,
} from '../facts/gate-facts.js';
import type { MarginFact, MetricUnit } from '../facts/metric-facts.js';
import type { DifferingFact, DifferingSetting, LeftOut } from '../facts/side-facts.js';
import type { Stated } from '../facts/stated.js';
import { alpha } from '../stats/quantile-bounds.js';
import { caveatText, noteOfSideText, refusalText, statedCompareNote } from './compare-words.js';
import { gateFlawText } from './flaw-words.js';
import {
  equalsP,
  formatMetric,
  missingText,
  shownChance,
  shownChange,
  shownDifference,
  shownMargin,
  shownP,
} from './metric-words.js';
import { factsText, factText, settingsText, sideNoteText } from './side-words.js';
import { capitalised, counted, listed } from './text.js';
import { whyNotRun } from './verdict-words.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const mostAllowed = 3;

const ofProblems: WordsOf<EvidenceProblem> = {
  'side-not-whole': ({ role, side, incomplete }) =>
    `the ${role} ${side} is not whole: ${sideNoteText(incomplete)}; run it to its end`,
  'side-degraded': ({ role, side, why }) =>
    `the ${role} ${side} ran degraded: ${why.join('; ')}; run it where priorities and CPUs can be set as the profile asks`,
  'side-without-run': ({ role, side, leftOut }) =>
    `the ${role} ${side} has no complete, undisturbed run; ${leftOutText(leftOut) || 'run it again'}`,
  'other-profile': ({ baseline, candidate, baselineProfile, candidateProfile }) =>
    `the baseline ${baseline} is of the profile ${String(baselineProfile)} and the candidate ${candidate} of ${String(candidateProfile)}: they measure different things`,
  'settings-differ': ({ profile, baseline, candidate, settings }) =>
    `the profile ${String(profile)} is not the same in ${baseline} and ${candidate}: ${settingsText(settings)}; ` +
    `measure the baseline again, or, if that is the change under test, allow it with ${allowSettings(settings)}`,
  'environments-differ': ({ baseline, candidate, facts }) =>
    `the environments differ: ${factsText(facts, { a: baseline, b: candidate })}; ` +
    `measure the baseline there too, or allow it (${allowDifferent(facts)}, or allowDifferent in the policy)`,
  'no-baseline-of-profile': ({ profile, offered }) =>
    `there is no baseline of the profile ${String(profile)}; there are ${listed([...new Set(offered.map((one) => `${one.name} (${String(one.profile)})`))])}`,
  'no-baseline-of-environment': ({ profile, candidate, offered }) => {
    const why = offered.map(({ name, facts }) =>
      facts.map((fact) => factText(fact, { a: name, b: candidate })).join(', '),
    );
    return (
      `no baseline of ${String(profile)} is of this environment: ${why.join('; ')}; ` +
      `save a baseline that was measured here, or allow the difference (${allowDifferent(offered.flatMap(({ facts }) => facts))})`
    );
  },
  'several-baselines': ({ candidate, names }) =>
    `${listed(names)} are all baselines for ${candidate}; choose one with --baseline`,
  'baseline-is-candidate': ({ baseline, candidate }) =>
    `the baseline ${baseline} has these very runs (${candidate}); use runs of the version before`,
  undecidable: ({ runs, alpha, smallestP, leastRuns_n }) =>
    `no outcome of ${runs.a} and ${runs.b} runs could show a regression at alpha = ${Number((100 * alpha).toPrecision(3))} %: ` +
    `the smallest p that they can give is ${shownP(smallestP)}; ` +
    (leastRuns_n === null
      ? 'raise alpha, or judge fewer candidates of one baseline at a time'
      : `make at least ${leastRuns_n} a side (--runs ${leastRuns_n}), or raise alpha`),
};

type WithoutRow = Exclude<CheckReason, { readonly code: 'regressed' | 'no-worse' | 'undecided' }>;

const ofChecks: WordsOf<WithoutRow> = {
  ...ofProblems,
  'arm-not-run': ({ role, refused }) =>
    `the arm ${refused.arm} was not run in the ${role}, because ${whyNotRun(refused)}; name the other arms in the rule (arms), or leave that JDK out`,
  'no-baseline': () => 'there is no baseline to compare with',
  'too-few-runs': ({ role, runs_n, minimumRuns_n, leftOut }) =>
    `the ${role} has ${runs_n === 0 ? 'no complete, undisturbed run' : counted(runs_n, 'complete, undisturbed run')} of it, ` +
    `and the policy asks for at least ${minimumRuns_n}${leftOut.length === 0 ? '' : `; ${leftOutText(leftOut)}`}`,
  'limit-unknown': ({ missing }) => missingText(missing),
  'evidence-flawed': ({ role, flaw }) => `in the ${role} ${gateFlawText(flaw)}`,
  'not-comparable': ({ refusal }) => refusalText(refusal),
  'limit-exceeded': ({ unit, worst, runs_n, violations_n }) =>
    `beyond it in ${violations_n} of ${counted(runs_n, 'run')}; the ${worst.is} is ${formatMetric(unit, worst.value)}`,
  'limit-kept': ({ unit, worst, runs_n, atMost_share }) =>
    `in all ${runs_n} runs (the ${worst.is} is ${formatMetric(unit, worst.value)}); up to ${formatShare(atMost_share)} of such runs may still be beyond it`,
};

export function problemText(problem: EvidenceProblem): string {
  return sentenceOf<EvidenceProblem>(ofProblems, problem);
}

export function statedReason(reason: WithoutRow): Stated<CheckReason> {
  return { ...reason, sentence: sentenceOf<WithoutRow>(ofChecks, reason) };
}

/** `rowText`: the sentence of the row. */
export function statedRow(
  code: 'regressed' | 'no-worse' | 'undecided',
  row: RowFact,
  rowText: string,
): Stated<CheckReason> {
  return { code, sentence: comparisonText(code, row, rowText) };
}

function comparisonText(code: 'regressed' | 'no-worse' | 'undecided', row: RowFact, rowText: string): string {
  const { unit, values, margin } = row;
  // A gate asks for each end of an interval by itself.
  const change = (p: number | null = null): string => shownChange(row, { tail: alpha, p });
  switch (code) {
    case 'regressed':
      return `regressed: ${change(row.pAdjusted)}${row.caveat === null ? '' : `; ${caveatText(row.caveat)}`}`;
    case 'undecided':
      return `${change()}: ${openText(row, rowText)}`;
    case 'no-worse':
      if ([...values.a, ...values.b].every((value) => value === 0)) return rowText;
      return `${change()}: not worse by more than ${shownMargin(unit, margin)}${outlierText(row)}`;
  }
}

/** What the runs leave open, and what would close it. */
function openText({ unit, margin, noWorse, mean, reason }: RowFact, rowText: string): string {
  const high = noWorse?.bound ?? null;
  const allowed = Math.max(margin.absolute, margin.relative * Math.abs(mean.a ?? 0));
  if (reason === 'too-few-runs' || high === null || high <= allowed) return rowText;
  return `by these runs it may be worse by up to ${shownDifference(unit, high)}, and ${shownDifference(unit, allowed)} is allowed; ${rowText}`;
}

/** What was left out, and where all other runs are 0 how many may be like it. */
function outlierText({ noWorse, values, affected }: RowFact): string {
  if (noWorse?.setAside !== 1) return '';
  const isAlone = values.b.filter((value) => value > 0).length === 1;
  return `; the mean is without the highest run of each side${isAlone ? `, and up to ${formatShare(affected?.b.high ?? 1)} of such runs may be like the candidate's` : ''}`;
}

export function limitExpected(title: string, unit: MetricUnit, operator: string, value: number): string {
  return `${title} ${operator} ${formatMetric(unit, value)} in every run`;
}

export function comparisonExpected(title: string, unit: MetricUnit, margin: MarginFact): string {
  return `${title} ≤ baseline + ${shownMargin(unit, margin)}`;
}

const ofNotes: WordsOf<Exclude<GateNote, { readonly side: string } | { readonly code: 'facts-differ' }>> = {
  'measured-in-turns': ({ baseline, candidate, facts, settings }) => {
    const changes = [
      ...(facts.length > 0 ? [factsText(facts, { a: baseline, b: candidate })] : []),
      ...(settings.length > 0 ? [settingsText(settings)] : []),
    ];
    return `Both sides were measured in turns. ${changes.length === 0 ? 'The bundles do not record the change.' : `The change is ${changes.join('; ')}.`}`;
  },
  'allowed-settings': ({ settings }) =>
    `The profile differs in settings that may differ: ${settingsText(settings)}. A difference may come from that.`,
  'baseline-old': ({ baseline, candidate, days_n }) =>
    `${baseline} was measured ${counted(days_n, 'day')} before ${candidate}. Any change of the machine since then looks like an effect of the change. ` +
    'If the change is a setting, a JDK, a jar or a kernel, measure both sides in turns: ' +
    '`pauselab gate --run` with `--base-set`, `--base-java`, `--base-java-args` or `--base-kernel`.',
  'regions-differ': ({ baseline, candidate, regions }) => {
    const changed = regions.map(
      ({ of, baselineBytes, candidateBytes }) =>
        `${of} from ${formatSize(baselineBytes)} in ${baseline} to ${formatSize(candidateBytes)} in ${candidate}`,
    );
    return `Each side has regions of its own size, for the same hold time, and they differ: ${changed.join('; ')}.`;
  },
  'machine-noise': ({ series, sides }) => {
    const [take, were] = series.length === 1 ? ['takes', 'was'] : ['take', 'were'];
    const stalled = sides.map(({ side, stalled_n, runs_n }) => `${stalled_n} of ${counted(runs_n, 'run')} of ${side}`);
    return `Noise: ${listed(series)} ${take} no lock, and ${were} stalled in ${listed(stalled)}: the machine causes that.`;
  },
  'controls-worse': ({ candidate, p }) =>
    `The controls became worse too (${equalsP(p)}), so the machine was busier during ${candidate}, which may have caused a regression. ` +
    'Measure both sides on a quiet machine, directly after each other.',
};

export function statedGateNote(note: GateNote): Stated<GateNote> {
  if ('side' in note) return { ...note, sentence: noteOfSideText(note) };
  return note.code === 'facts-differ'
    ? { ...note, sentence: statedCompareNote(note).sentence }
    : { ...note, sentence: sentenceOf(ofNotes, note) };
}

/** Without a full stop. */
export function togetherText({ finding, p, pSum, pLargest, figures_n, regressed_n, beyond_n }: TogetherFact): string {
  const figures = counted(figures_n, 'figure');
  switch (finding) {
    case 'named':
      return `${regressed_n} of ${figures} are worse, beyond chance and beyond their margins (${equalsP(p)})`;
    case 'unnamed':
      return (
        `worse, but no single figure can be named: of ${figures} ${beyond_n} are beyond their margins, ` +
        `which chance alone does in ${shownP(p)} of gates; ` +
        (pSum < pLargest
          ? 'the change is spread over many of them'
          : 'the figure furthest beyond its margin is just not certain by itself')
      );
    case 'nothing':
      return `no regression beyond the margins was found in ${figures} (${equalsP(p)})`;
    case 'undecidable':
      return 'these runs could not show a regression, whatever their values';
  }
}

export interface VerdictParts {
  /** The first check that decided it, as `name`, which is null for evidence, and its sentence. */
  readonly first: { readonly name: string | null; readonly sentence: string } | null;
  /** Of all comparisons together. */
  readonly together: string | null;
  /** The policy's file. */
  readonly policy: string;
}

/** The first line: quotable alone. */
export function gateVerdict(conclusion: GateConclusion, { first, together, policy }: VerdictParts): string {
  const { code, judged_n, fail_n, error_n, inconclusive_n, profiles_n, suites_n, passNeeds } = conclusion;
  const judged = counted(judged_n, 'check');
  const why =
    first === null ? '' : first.name === null ? capitalised(first.sentence) : `${first.name}: ${first.sentence}`;
  switch (code) {
    case 'checks-failed': {
      const also = [
        ...(inconclusive_n > 0 ? [`${inconclusive_n} inconclusive`] : []),
        ...(error_n > 0 ? [`${counted(error_n, 'problem')} with the evidence`] : []),
      ];
      return `FAIL: ${fail_n} of ${judged} failed${also.length === 0 ? '' : ` (and ${also.join(', ')})`}. ${why}.`;
    }
    case 'worse-together':
      return `FAIL: ${together ?? ''}.`;
    case 'inconclusive-fails':
      return `FAIL: ${inconclusive_n} of ${judged} inconclusive, which this policy counts as failed. ${why}.`;
    case 'no-evidence':
      return `NO VERDICT: ${counted(error_n, 'problem')} with the evidence; nothing passes without it. ${why}.`;
    case 'inconclusive':
      return `INCONCLUSIVE: ${inconclusive_n} of ${judged} left open whether it is worse. ${why}.${passNeeds === null ? '' : ` ${passNeedsText(passNeeds)}`}`;
    case 'pass': {
      const suites = profiles_n === suites_n ? '' : ` in ${suites_n} suites`;
      const open = inconclusive_n === 0 ? '' : ` (${inconclusive_n} of them inconclusive, which this policy lets pass)`;
      return `PASS: ${judged} of ${counted(profiles_n, 'profile')}${suites}${open}, by ${policy}.`;
    }
  }
}

function passNeedsText({ runs_n, showWorse_n, showWorse_p, margins }: PassNeeds): string {
  const needed = margins.map(({ title, unit, margin }) => `${shownMargin(unit, margin)} (${title})`);
  const parts = [
    ...(runs_n === null ? [] : [`about ${runs_n} runs a side`]),
    ...(needed.length === 0 ? [] : [`margins of at least ${listed(needed)}`]),
  ];
  return [
    ...(parts.length === 0 ? [] : [`To pass, runs like these need ${parts.join(', or ')}.`]),
    ...(showWorse_n === null
      ? []
      : [
          `If it is as much worse as these runs show, about ${showWorse_n} runs a side would prove it` +
            `${showWorse_p === null ? '' : `; by chance alone such a check looks like this in ${shownChance(showWorse_p)} of gates`}.`,
        ]),
  ].join(' ');
}

function leftOutText(leftOut: readonly LeftOut[]): string {
  return leftOut.map(sideNoteText).join('; ');
}

function allowDifferent(facts: readonly DifferingFact[]): string {
  return [...new Set(facts.map((fact) => fact.class))].map((name) => `--allow-different ${name}`).join(' ');
}

function allowSettings(settings: readonly DifferingSetting[]): string {
  const paths = settings.slice(0, mostAllowed).map(({ path }) => path);
  const isCut = settings.length > mostAllowed;
  const written = paths.map((path) => (/^[\w.-]+$/.test(path) ? path : `'${path}'`));
  const options = paths.map((path) => `--allow-setting '${path}'`).join(' ');
  return `allowSettings: [${written.join(', ')}${isCut ? ', …' : ''}] in the policy (or ${options}${isCut ? ' …' : ''})`;
}
