/** Sentences, without a full stop, of conclusions (src/facts/verdict-facts.ts), and the verdict that they make. */
import { grouped } from '../base/group.js';
import { formatDuration, formatShare } from '../base/text/units.js';
import { featureName } from '../profile/check/sched-feature.js';
import type { RefusedArm } from '../facts/refused-arm-facts.js';
import type { Stated } from '../facts/stated.js';
import type {
  ArmBehaviour,
  Conclusion,
  KernelConclusion,
  LongestWait,
  OverallConclusion,
  StalledShares,
} from '../facts/verdict-facts.js';
import { flawText } from './flaw-words.js';
import { shownMargin } from './metric-words.js';
import { armsText } from './arms-text.js';
import { pausedFor } from './pause-words.js';
import { counted, givingJvmText, holderText, listed } from './text.js';
import { uncontrolledText } from './uncontrolled-words.js';
import { sentenceOf, type WordsOf } from './words-of.js';

type Row<Code extends KernelConclusion['code']> = KernelConclusion & { readonly code: Code };

/** Clauses of one kernel's sentence. */
const ofKernel: WordsOf<KernelConclusion> = {
  'nothing-timed': ({ arms }) => `in ${armsText(arms)} nothing is timed, because the program has no probes`,
  'controls-only': () => 'only the controls were run, so there is nothing to compare',
  stalls: stallsText,
  'stalls-under-load': ({ arms, holders, stalls_n, endedWithHold_n, longest_ns, isMmapLock }) =>
    `in ${armsText(arms)} victims were blocked in the kernel for up to ${formatDuration(longest_ns)} at a time, ` +
    `and ${endedWithHold_n} of ${stalls_n} such waits ended when a hold of ${listed(holders.map(holderText))} ended, ` +
    'while no victim of the controls was blocked beside as much load, ' +
    `so they waited for ${isMmapLock ? 'mmap_lock' : 'a lock of the memory of their process'}, which it held`,
  'like-foreign': ({ arms, threshold_ns, noneStalled }) =>
    `${armsText(arms)} ${arms.length === 1 ? 'is' : 'are'} indistinguishable from the foreign control: ` +
    (noneStalled
      ? `in these runs no victim was stalled for ${formatDuration(threshold_ns)} or more`
      : `no victim was blocked in the kernel for ${formatDuration(threshold_ns)} or more`),
  paused: pausedText,
  uncontrolled: uncontrolledText,
  'configuration-differs': ({ arm, reference, longer, shorter }) => {
    const than = (what: string, series: readonly StalledShares[]): string[] =>
      series.length === 0 ? [] : [`${what} than in ${reference}: ${listed(series.map(sharesText))}`];
    return `in ${arm} series are stalled for a share of the time that is ${[...than('longer', longer), ...than('shorter', shorter)].join(', and ')}`;
  },
  'configuration-without-run': ({ arm, reference }) =>
    `${arm} cannot be compared with ${reference}, because at least one of the two has no complete, undisturbed run`,
  'configuration-alike': ({ arm, reference, runs_n, margin }) =>
    `the shares of the time for which ${arm} and ${reference} are stalled differ by no more than the margin of ` +
    `${shownMargin('share', margin)} (${counted(runs_n, 'run')} each)`,
  'configuration-unclear': ({ arm, reference, runs_n, leastRuns_n, margin, doubts = [] }) =>
    `${counted(runs_n, 'run')} of each do not decide whether ${arm} is stalled more or less than ${reference}` +
    (runs_n < leastRuns_n
      ? `; to show that they differ by at most the margin (${shownMargin('share', margin)}), make at least ` +
        `${counted(leastRuns_n, 'run')} of each (--runs ${leastRuns_n})`
      : '') +
    doubtsText(doubts),
  'jdks-compared': ({ behaviours }) => `of these JDKs, ${behaviours.map(behaviourText).join(', ')}`,
  'probe-cost': probeCostText,
  'heap-kept': ({ arms }) =>
    `nothing can be concluded about ${armsText(arms)}, because the JVM gave no heap back in some run`,
  unclear: ({ arms }) => `these runs are inconclusive for ${armsText(arms)}`,
  'no-data': ({ arms }) =>
    `nothing can be concluded about ${armsText(arms)}, because ${arms.length === 1 ? 'it or a control has' : 'they or a control have'} no complete, undisturbed run`,
};

/** Whole sentences. */
const ofAll: WordsOf<OverallConclusion> = {
  'kernels-compared': ({ behaviours }) => `Side by side, ${behaviours.map(behaviourText).join('; ')}`,
  'arms-not-run': ({ refused }) => refusedText(refused),
  'runs-failed': ({ runs, why }) =>
    `The ${runs.length === 1 ? 'run' : 'runs'} ${listed(runs)} failed: ${why.join('; ')}`,
  'between-features': ({ features, models_n }) => {
    const names = [...new Set(features.map(featureName))];
    return (
      `They are one kernel, on which ${listed(features)} were set through debugfs and read back` +
      `${models_n > 1 ? ', each under each preemption model' : ''}, so ` +
      `${models_n > 1 ? 'between two places with the same preempt=' : 'between them'} ` +
      `${names.length === 1 ? 'lies the scheduler feature' : 'lie the scheduler features'} ${listed(names)}`
    );
  },
  'between-kernels': ({ difference }) =>
    'As far as version and configuration show, both are builds of one tree (see the notes), ' +
    `so between them lies ${difference === 'patch' ? 'the patch' : 'the patch and the compiler'}`,
  'between-builds': ({ source, sameCompiler, changes }) => {
    const own = changes.filter(({ names }) => names.length > 0);
    const n = own.reduce((sum, { names }) => sum + names.length, 0) + (sameCompiler ? 0 : 1);
    const patches = own.map(
      ({ kernel, names }) => `the ${names.length === 1 ? 'patch' : 'patches'} ${listed(names)}, which ${kernel} has`,
    );
    return (
      `Both are builds of ${source} with the same options${sameCompiler ? ' and compiler' : ''}, ` +
      `so between them ${n === 1 ? 'lies' : 'lie'} ${listed([...patches, ...(sameCompiler ? [] : ['the compiler'])])}`
    );
  },
  'undisturbed-evidence': ({ isAll }) =>
    isAll ? 'This rests on undisturbed runs' : 'The rest rests on undisturbed runs',
  'under-load-evidence': ({ arms }) =>
    `That ${armsText(arms)} ${arms.length === 1 ? 'stalls' : 'stall'}, and why, rests on runs under load; ` +
    'how often and how long, and any comparison, needs undisturbed runs (--wait-for-quiet)',
  'single-run': () => 'From a single run this is an observation, not yet a finding',
  'set-up-degraded': () => 'The set-up was not as asked for (see the notes), so this may not hold',
  'run-failed': () => 'A run failed, so this is not the whole experiment',
  'not-complete': () => 'The experiment is not complete',
};

const words: WordsOf<Conclusion> = { ...ofKernel, ...ofAll };

/** The conclusion with its sentence, as a summary has it. */
export function statedConclusion<Fact extends Conclusion>(fact: Fact): Stated<Fact> {
  return { ...fact, sentence: sentenceOf<Conclusion>(words, fact) };
}

/** Quotable alone. `linux`: `Linux 6.17.13`, `patched (Linux 6.17.13)` */
export function verdictSentence(
  kernels: readonly { readonly name: string; readonly linux: string }[],
  conclusions: readonly Stated<Conclusion>[],
): string {
  const of = (kernel: string | null): string[] =>
    conclusions.filter((one) => one.kernel === kernel).map(({ sentence }) => sentence);
  return [
    ...kernels.map(({ name, linux }) => `On ${linux}: ${of(name).join('; ')}.`),
    ...of(null).map((sentence) => `${sentence}.`),
  ].join(' ');
}

function doubtsText(doubts: NonNullable<Row<'configuration-unclear'>['doubts']>): string {
  const [first] = doubts;
  if (first === undefined) return '';
  const others = doubts.length === 1 ? '' : ` and of ${doubts.length - 1} other series`;
  return `; the share of ${first.series}${others} may be larger than it looks, because in ${first.arm} ${flawText(first.flaw)}`;
}

function stallsText({
  arms,
  blocked,
  onMutex,
  hasIdleControl,
  controlsStalled,
  otherControls = [],
}: Row<'stalls'>): string {
  const held = heldTexts({ blocked, onMutex });
  const cause =
    onMutex === null
      ? 'a lock of their own address space blocked them, such as mmap_lock'
      : blocked === null
        ? 'a lock of their own process’s allocator blocked them, and not mmap_lock'
        : 'a lock of their own process blocked them';
  return (
    `in ${armsText(arms)} victims ${held.join(' or ')}, while with the holder in another process${otherText(otherControls)}${hasIdleControl ? ' or idle' : ''} ` +
    `${controlsStalled ? 'they were stalled for a smaller share of the time' : 'none was stalled'}, so ${cause}`
  );
}

/** Not the holder of these arms was in another process, but that of the control. */
function otherText(others: NonNullable<Row<'stalls'>['otherControls']>): string {
  const each = others.map(({ arms, control }) => `${givingJvmText(control)} in place of that of ${armsText(arms)}`);
  return each.length === 0 ? '' : ` (${each.join('; ')})`;
}

function pausedText(fact: Row<'paused'>): string {
  const { arms, runs_n, foreignRuns_n, least_share, most_share, foreign_share, isForeignUnknown } = fact;
  const isOne = arms.length === 1;
  const [least, most] = [formatShare(least_share), formatShare(most_share)];
  const remarks = [
    `${counted(runs_n, 'run')}${isOne ? '' : ' an arm'}`,
    ...(least === most ? [] : [`in each of these arms ${least} or more of some run`]),
  ];
  const ofControl = foreignRuns_n === null ? '' : ` (${counted(foreignRuns_n, 'run')}${isOne ? '' : ' a control'})`;
  const beyond = isForeignUnknown
    ? 'for how long it was paused with the loads in another JVM is not known'
    : foreign_share === null
      ? 'the foreign control has no JVM'
      : `with the loads in another JVM it was paused for ${foreign_share === 0 ? 'none of the time' : `at most ${formatShare(foreign_share)} of any run`}${ofControl}`;
  return (
    `in ${armsText(arms)} the JVM was paused, by its log, ${pausedFor(fact, remarks)}, while ${beyond}: ` +
    'its threads stood still in pauses, and no lock of the kernel is shown to have blocked them'
  );
}

function heldTexts({ blocked, onMutex }: Pick<Row<'stalls'>, 'blocked' | 'onMutex'>): string[] {
  return [
    ...(blocked === null ? [] : [`were blocked in the kernel${upTo(blocked)}`]),
    ...(onMutex === null ? [] : [`slept on the allocator’s mutex${upTo(onMutex)}`]),
  ];
}

function upTo({ longest_ns }: LongestWait): string {
  return longest_ns === null ? '' : ` for up to ${formatDuration(longest_ns)} at a time`;
}

function sharesText({ series, stalled_share, reference_share }: StalledShares): string {
  return `${series} (${formatShare(stalled_share)} against ${formatShare(reference_share)})`;
}

function probeCostText(fact: Row<'probe-cost'>): string {
  const { arm, withoutProbes, with_share, without_share, difference_share, low_share, high_share, runs_n } = fact;
  const used = `the program used ${percent(without_share)} of a CPU in ${withoutProbes} and ${percent(with_share)} in ${arm}`;
  if (low_share === null || high_share === null)
    return (
      `${used}, a difference of ${signed(difference_share)} that may be chance: ` +
      `an interval needs 4 runs of each arm (--runs 4), and there ${runs_n === 1 ? 'is' : 'are'} ${runs_n}`
    );
  const interval = `95 % interval ${signed(low_share)} to ${signed(high_share)}, ${counted(runs_n, 'run')} an arm`;
  const isClear = low_share > 0 || high_share < 0;
  return `${used}: the probes cost ${signed(difference_share)} of a CPU (${interval})${isClear ? '' : ', which may be nothing'}`;
}

/** To 0.1 %: the kernel counts a process's CPU time in ticks of 10 ms. */
function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

/** `3 arms were not run: a@jdk-26 and b@jdk-26, because JDK 26.0.2 has no zgc collector; c@jdk-17, because …` */
function refusedText(refused: readonly RefusedArm[]): string {
  const reasons = [...grouped(refused, whyNotRun)].map(
    ([why, alike]) => `${listed(alike.map(({ arm }) => arm))}, because ${why}`,
  );
  return `${counted(refused.length, 'arm was', 'arms were')} not run: ${reasons.join('; ')}`;
}

export function whyNotRun(fact: RefusedArm): string {
  return sentenceOf<RefusedArm>(ofRefusals, fact);
}

const ofRefusals: WordsOf<RefusedArm> = {
  'jdk-without-collector': ({ jdk, collector }) => `JDK ${jdk} has no ${collector} collector`,
  'jdk-without-flag': ({ jdk, flag }) => `JDK ${jdk} does not know the VM option "${flag}"`,
  'jdk-not-accepted': ({ jdk, accepted }) => `JDK ${jdk} is not one that the arm accepts (jdk: "${accepted}")`,
};

/** `crossing stalls on all`, `one-vma stalls on 6.16 and not on 6.17 (undecided on 6.18)`. Undecided is never "none". */
function behaviourText({ arms, stallsOn, pausedOn, quietOn, undecidedOn, notRunOn }: ArmBehaviour): string {
  const [stall, doNot, doNeither, are] =
    arms.length === 1 ? ['stalls', 'does not', 'does neither', 'is'] : ['stall', 'do not', 'do neither', 'are'];
  const where = (): string => {
    const open = [
      ...(undecidedOn.length === 0 ? [] : [`undecided on ${listed(undecidedOn)}`]),
      ...(notRunOn.length === 0 ? [] : [`not run on ${listed(notRunOn)}`]),
    ];
    const rest = open.length === 0 ? '' : ` (${open.join('; ')})`;
    const isAlike = open.length === 0 && [stallsOn, pausedOn, quietOn].filter((on) => on.length > 0).length === 1;
    const on = (names: readonly string[]): string => `on ${isAlike ? 'all' : listed(names)}`;
    const found = [
      ...(stallsOn.length === 0 ? [] : [`${stall} ${on(stallsOn)}`]),
      ...(pausedOn.length === 0 ? [] : [`${are} paused ${on(pausedOn)}`]),
    ];
    if (found.length === 0 && quietOn.length === 0)
      return notRunOn.length === 0 ? `${are} undecided on each` : `${are} ${open.join(' and ')}`;
    if (found.length === 0) return isAlike ? `${stall} on none of them` : `${doNot} stall on ${listed(quietOn)}${rest}`;
    const not = `${found.length === 1 ? 'not' : doNeither} on ${listed(quietOn)}`;
    return `${listed([...found, ...(quietOn.length === 0 ? [] : [not])])}${rest}`;
  };
  return `${armsText(arms)} ${where()}`;
}
