/** The first screen: what happened, why, and what to try, for a reader who does not know the field's terms. */
import { expectedRoots } from '../../../attribution/expected-roots.js';
import { grouped } from '../../../base/group.js';
import { formatDuration } from '../../../base/text/units.js';
import type { NumberedStall } from '../../../bundle/read-stalls.js';
import type { Cause } from '../../../facts/blame.js';
import type { ChainLink } from '../../../bundle/stalls-schema.js';
import type { StoredBundle } from '../../../bundle/store.js';
import { adviceOn } from './advice.js';
import { isVictims, rootOfRun } from './advised-roots.js';
import { stallId } from '../figures-part.js';
import type { ArmRuns, ReportedBundle, Standing } from '../gather.js';
import { causeExplained, gradeMeanings, noChain, type LostCpu } from '../../../words/cause-words.js';
import { adviceText, onlyProbesText } from '../../../words/advice-words.js';
import { workOfCall } from '../../../words/work-words.js';
import { capitalised, listed } from '../../../words/text.js';
import { html, nothing, prose, type Markup } from '../markup.js';
import { timeline, timelineLegend } from './timeline.js';

/** Causes of a smaller share of the stalled time are not on the first screen. */
const leastShare = 0.2;
const mostCauses = 2;

export function headlinePart(bundle: ReportedBundle, index: number): Markup {
  const seen = seenIn(bundle);
  const causes = causesOf(seen.stalls);
  const shown = causes.slice(0, mostCauses).filter(({ share }, i) => i === 0 || share >= leastShare);
  const longest = seen.stalls[0];
  return html`<div class="headline"><dl>
<dt>What happened</dt><dd>${happened(bundle, seen)}</dd>
${expectedPart(bundle)}
${
  shown.length === 0
    ? nothing
    : html`<dt>Why</dt>${shown.map(
        ({ share, cause, stalls }) =>
          html`<dd>${
            causes.length > 1 ? html`${Math.round(share * 100)} % of the stalled time: ` : nothing
          }${why(cause, stalls)}</dd>`,
      )}
<dt>What to try</dt>${shown.map(
        ({ stalls }) => html`<dd>${prose(firstAdvice(stalls, bundle.stored))}</dd>`,
      )}<dd class="small"><a href="#advice">All advice</a></dd>`
}
</dl>${
    longest === undefined || longest.stall.evidence === null
      ? nothing
      : html`<figure><figcaption><strong>The longest of these stalls</strong>: what each thread did in these ${formatDuration(longest.stall.duration_ns)} (<a href="#${stallId(index, longest.number)}">details</a>)</figcaption>${timeline(longest.stall)}${timelineLegend([longest.stall])}</figure>`
  }</div>`;
}

/** Of a profile that repeats an observation. */
function expectedPart({ stored: { manifest }, stalls }: ReportedBundle): Markup {
  const expected = expectedRoots(manifest, stalls);
  return expected.length === 0
    ? nothing
    : html`<dt>Expected</dt>${expected.map(({ sentence }) => html`<dd>${prose(capitalised(sentence))}.</dd>`)}`;
}

interface Seen {
  /**
   * Stalls of arms that are not controls, due in the measured windows or reaching into them, longest first: everything
   * counted, described and drawn here.
   */
  readonly stalls: readonly NumberedStall[];
  /** The same arms' other stalls: due before or after the windows. */
  readonly outside: readonly NumberedStall[];
  readonly inControls_n: number;
  readonly hasControls: boolean;
  /** Number of runs whose stalls are unknown. */
  readonly unknown_n: number;
  /** Which arms have figures of a measured window; `untimed`: they have no victims, as a program without probes. */
  readonly measured: 'arms' | 'controls' | 'untimed' | 'none';
  readonly weakness: string;
}

/** Of each arm on each kernel, from the runs that are evidence; if there are none, from all. */
function seenIn({ stalls: { stalls, runs: read }, shown }: ReportedBundle): Seen {
  const unknown = new Set(read.filter(({ file }) => file === null).map(({ name }) => name));
  const namesOf = (some: readonly ArmRuns[]): Set<string> =>
    new Set(some.flatMap((one) => one.shown.map(({ name }) => name)));
  const tested = namesOf(shown.filter(({ arm }) => !arm.isControl));
  const controls = namesOf(shown.filter(({ arm }) => arm.isControl));
  const inArms = stalls.filter(({ run }) => tested.has(run));
  return {
    stalls: inArms.filter(({ counted }) => counted),
    outside: inArms.filter(({ counted }) => !counted),
    inControls_n: stalls.filter(({ run, counted }) => controls.has(run) && counted).length,
    hasControls: [...controls].some((name) => !unknown.has(name)),
    unknown_n: [...tested, ...controls].filter((name) => unknown.has(name)).length,
    measured: measuredOf(shown),
    weakness: weaknessOf(shown),
  };
}

function isMeasured({ shown }: ArmRuns): boolean {
  return shown.some(({ series }) => series.length > 0);
}

function isUntimed(one: ArmRuns): boolean {
  return !isMeasured(one) && one.shown.some(({ status }) => status === 'complete');
}

function measuredOf(shown: readonly ArmRuns[]): Seen['measured'] {
  const measured = shown.filter(isMeasured);
  if (measured.length === 0) return shown.some(isUntimed) ? 'untimed' : 'none';
  return measured.every(({ arm }) => arm.isControl) ? 'controls' : 'arms';
}

type Kind = Standing | 'untimed' | 'not-measured';

/** If all arms that are no controls are of that kind. */
const weaknessOfAll: Readonly<Record<Kind, string>> = {
  evidence: '',
  'under-load':
    ' All of these ran beside other programs. They show that there are stalls, and why; ' +
    'but the other programs affect their number and length.',
  none: ' No run is complete and undisturbed, so this is an observation, not evidence.',
  untimed: '',
  'not-measured': '',
};

/** If only these are. */
const weaknessOfSome: Readonly<Record<Kind, (arms: string) => string>> = {
  evidence: () => '',
  'under-load': (arms) =>
    ` For ${arms} all runs were beside other programs: ` +
    'they show that there are stalls, and why, and not how many or how long.',
  none: (arms) => ` For ${arms} no run is complete and undisturbed, so this is an observation, not evidence.`,
  untimed: (arms) => ` For ${arms} nothing is timed, because the program has no probes.`,
  'not-measured': (arms) => ` For ${arms} nothing was measured.`,
};

function weaknessOf(shown: readonly ArmRuns[]): string {
  const kindOf = (one: ArmRuns): Kind => (isMeasured(one) ? one.standing : isUntimed(one) ? 'untimed' : 'not-measured');
  const [kind = 'evidence', ...others] = new Set(shown.filter(({ arm }) => !arm.isControl).map(kindOf));
  if (others.length === 0 && kind !== 'evidence') return weaknessOfAll[kind];
  return [...grouped(shown, kindOf)]
    .map(([weak, some]) => weaknessOfSome[weak](listed(some.map(({ arm }) => arm.label))))
    .join('');
}

function happened(
  {
    stored: {
      runs,
      summary,
      manifest: { kernels },
    },
  }: ReportedBundle,
  { stalls, outside, inControls_n, hasControls, unknown_n, measured, weakness }: Seen,
): Markup {
  if (runs.length === 0) return html`There is no run in this bundle.`;
  if (measured === 'none') return html`Nothing was measured: no run has figures of its measured window.`;
  if (measured === 'untimed') return html`Nothing is timed, because the program has no probes.`;
  if (measured === 'controls')
    return html`Only controls were measured: no run of another arm has figures of its measured window.`;
  const threshold_ns =
    summary?.threshold_ns ??
    runs.flatMap(({ series }) => series.map((figures) => figures.stalls.threshold_ns))[0] ??
    null;
  const limit = threshold_ns === null ? 'the threshold' : formatDuration(threshold_ns);
  const [longest] = stalls;
  const unknown =
    unknown_n === 0 ? '' : ` Of ${unknown_n === 1 ? '1 run' : `${unknown_n} runs`} the stalls are unknown.`;
  const weak = `${unknown}${weakness}`;
  const controls = hasControls
    ? ' In the controls, where the holder is idle or in another process, ' +
      `${inControls_n === 0 ? 'none did' : inControls_n === 1 ? '1 did' : `${inControls_n} did`}.`
    : '';
  if (longest === undefined && unknown_n > 0) return html`No stall is known.${weak}`;
  const besides =
    outside[0] === undefined
      ? ''
      : ' Of operations due before or after the measured window, ' +
        `${outside.length} took that long, ` +
        `the longest ${formatDuration(outside[0].stall.duration_ns)}; they are not counted here.`;
  if (longest === undefined)
    return html`No operation that was due in the measured window, or reached into it, took ${limit} or longer.${besides}${inControls_n > 0 ? controls : ''}${weak}`;
  const { stall, arm, run } = longest;
  const kernelOf = (name: string): string | null => runs.find((run) => run.name === name)?.kernel ?? null;
  const onKernels = kernels.map(({ name }) => ({
    name,
    n: stalls.filter((listed) => kernelOf(listed.run) === name).length,
  }));
  const perKernel =
    kernels.length < 2
      ? ''
      : ` By kernel: ${onKernels.map(({ name, n }) => `${n === 0 ? 'none' : n} on ${name}`).join(', ')}.`;
  const late_n = stalls.filter(({ isAfterWindow }) => isAfterWindow).length;
  const late =
    late_n === 0
      ? ''
      : ` ${late_n === stalls.length ? (late_n === 1 ? 'It' : 'All') : late_n} began only after the window, because ${late_n === 1 ? 'its thread was' : 'their threads were'} late.`;
  const typical_ns =
    runs.find(({ name }) => name === run)?.series.find(({ name }) => name === stall.series)?.service.p50_ns ?? null;
  return html`${
    stalls.length === 1 ? '1 operation' : `${stalls.length} operations`
  } of the threads under test that ${stalls.length === 1 ? 'was' : 'were'} due in the measured window, or reached into it, took ${limit} or longer.${late} The longest, <code>${stall.series}</code> in the arm <code>${arm}</code>, took <strong>${formatDuration(stall.duration_ns)}</strong>${
    typical_ns === null ? '' : `; half of these operations take ${formatDuration(typical_ns)} or less`
  }.${besides}${perKernel}${controls}${weak}`;
}

interface CauseShare {
  readonly cause: Cause | null;
  /** Share of the stalled time. */
  readonly share: number;
  readonly stalls: readonly NumberedStall[];
}

function causesOf(stalls: readonly NumberedStall[]): CauseShare[] {
  const time = (listed: readonly NumberedStall[]): number =>
    listed.reduce((sum, { stall }) => sum + stall.duration_ns, 0);
  const all_ns = Math.max(1, time(stalls));
  return [...grouped(stalls, ({ stall }) => stall.cause?.cause ?? '')]
    .map(([cause, listed]) => ({ cause: cause === '' ? null : cause, share: time(listed) / all_ns, stalls: listed }))
    .sort((a, b) => b.share - a.share);
}

/** Of the longest one, and in how many of them. */
function gradeText(stalls: readonly NumberedStall[]): string {
  const [cause, evidence] = [stalls[0]?.stall.cause ?? null, stalls[0]?.stall.evidence ?? null];
  if (cause === null) return '';
  const n = stalls.filter(({ stall }) => stall.cause?.grade === cause.grade).length;
  const wasTraced = evidence?.sources.includes('trace') === true;
  return `${gradeMeanings[cause.grade]}${n === stalls.length ? '' : `, in ${n} of these ${stalls.length} stalls`}${cause.grade === 'proven' || wasTraced ? '' : '; the kernel was not traced'}.`;
}

function why(cause: Cause | null, stalls: readonly NumberedStall[]): Markup {
  const [longest] = stalls;
  if (cause === null || longest === undefined) return html`${noChain}`;
  const thread = longest.stall.cause?.thread ?? null;
  const who = thread === null ? 'An unseen thread' : `\`${thread.name}\``;
  const { steps = [], sentence = '' } = longest.stall.cause ?? {};
  // The sentence of a chain describes every step.
  if (steps.some(({ step }) => step === 'late-thread'))
    return html`${prose(sentence)}. <span class="small">${gradeText(stalls)}</span>`;
  const story = causeExplained({
    cause,
    isNext: linkOf(longest)?.isNext === true,
    who,
    doing: didWhat(longest),
    lostCpu: lostCpu(longest),
  });
  return html`${prose(story)} <span class="small">${gradeText(stalls)}</span>`;
}

/** The longest link with this cause. */
function linkOf({ stall: { cause, chain } }: NumberedStall): ChainLink | undefined {
  return (chain ?? [])
    .filter((link) => link.cause === cause?.cause && link.thread?.tid === cause.thread?.tid)
    .sort((a, b) => b.duration_ns - a.duration_ns)[0];
}

/** Why the holder of the longest stall had no CPU; null if it did not lack one. */
function lostCpu(longest: NumberedStall): LostCpu | null {
  const link = linkOf(longest);
  const preempted_ns = link?.holder?.preempted_ns ?? 0;
  const thread = link?.thread ?? null;
  if (thread === null || preempted_ns < longest.stall.duration_ns / 10) return null;
  return { nice: thread.nice, policy: thread.policy, preempted_ns, isExact: link?.holder?.isExact === true };
}

/** What the lock's owner did, as far as it was seen. */
function didWhat({ stall: { chain, cause } }: NumberedStall): string {
  const call = chain?.find((link) => link.cause === cause?.cause && link.call !== null)?.call ?? null;
  return call === null ? 'while working on the memory of the process' : `while ${workOfCall(call)}`;
}

/** The most promising piece against the longest of them that is not behind a probe of pauselab. */
function firstAdvice(stalls: readonly NumberedStall[], stored: StoredBundle): string {
  const longest = stalls.find(({ stall }) => stall.cause === null || !isVictims(stall.cause));
  if (longest === undefined) return onlyProbesText;
  const root = rootOfRun(longest, stored);
  const [first] = root === null ? [] : adviceOn(root);
  return first === undefined
    ? 'Run it again with this version of pauselab: it shows which thread held which lock.'
    : adviceText(first);
}
