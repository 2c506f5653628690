/**
 * Observations of a process before and after a change. The unit is a slice of time (slices.ts), everything else is as
 * for runs (decide.ts). Slices are independent only if neighbours are not alike by themselves, so that is tested first.
 */
import { usage } from '../../base/failure.js';
import { observedCollector } from '../../bundle/observed-collector.js';
import { isListWhole, type StoredObservation } from '../../bundle/read-observation.js';
import type { CompareNote, Refusal } from '../../facts/compare-facts.js';
import type { SideNote } from '../../facts/side-facts.js';
import { sentencesOf } from '../../facts/stated.js';
import { seededRandom } from '../../stats/prng.js';
import { unknownFacts, type SideFacts } from '../evidence/side.js';
import {
  leastSlices,
  leastWatched_ns,
  openStallsOf,
  sliceFigures,
  slicesIn,
  sliceValues,
  slicingOf,
  type OpenStalls,
  type Slicing,
  type JudgedStalls,
  type Watched,
} from '../evidence/slices.js';
import { distinctLabels, marginOf, notesOfSide, type CompareOptions } from './compare.js';
import type { ComparedSide, Comparison } from './compared.js';
import type { MetricInput } from './decide.js';
import { differingFacts } from './differing-facts.js';
import { differingJvms, observedJdks, wasAsked } from './observed-jvms.js';
import { comparisonOf, type RowDraft } from './rows.js';

interface ObservedSide extends Watched, JudgedStalls {
  readonly label: string;
  readonly path: string;
  readonly observed: StoredObservation['observation'];
  /** False: some of its stalls are not known. */
  readonly isWhole: boolean;
  readonly notes: readonly SideNote[];
}

/** The first is the reference. */
export function compareObservations(
  observations: readonly StoredObservation[],
  { margins, policy }: Pick<CompareOptions, 'margins' | 'policy'>,
): Comparison {
  const [reference, ...candidates] = distinctLabels(observations.map(sideOf));
  if (reference === undefined || candidates.length === 0)
    throw usage('a comparison needs two observations or more: pauselab compare BEFORE AFTER');
  const sides = [reference, ...candidates];
  const whole = sides.filter(({ isWhole }) => isWhole);
  const slicing = whole.length < 2 ? null : slicingOf(whole, seededRandom(policy.seed));
  return comparisonOf(
    { reference: compared(reference), candidates: candidates.map(compared) },
    candidates.flatMap((candidate) => draftsOf(reference, candidate, slicing, margins)),
    [
      ...(slicing === null || slicing.areAlike ? [] : [slicesNote(whole, slicing)]),
      ...candidates.flatMap((candidate) => differences(reference, candidate)),
      ...sides.flatMap(notesOfSide),
    ],
    { ...policy, minimumRuns: leastSlices },
  );
}

/** The name of its folder. */
export function labelOfPath(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? path;
}

function sideOf(stored: StoredObservation): ObservedSide {
  const { path, observation, stalls, missing } = stored;
  // That sleeps are no stalls is so in every observation.
  const gaps = missing.filter(({ code }) => code !== 'sleeps-not-judged');
  return {
    label: labelOfPath(path),
    path,
    observed: observation,
    isWhole: isListWhole(stored),
    watched_ns: observation.watched_ns,
    threshold_ns: observation.threshold_ns,
    stalls: stalls.map(({ stall }) => stall),
    collector: observedCollector(observation.targets),
    notes:
      gaps.length === 0 ? [] : [{ code: 'not-all-seen', gaps: gaps.map(({ code }) => code), why: sentencesOf(gaps) }],
  };
}

function compared({ label, path, observed, watched_ns }: ObservedSide): ComparedSide {
  return {
    label,
    path,
    kind: 'observation',
    facts: factsOf(observed),
    degraded: [],
    incomplete: null,
    startedAt: observed.startedAt,
    measured_ns: { observed: watched_ns },
  };
}

function factsOf({ kernel, cpus, tool, targets }: ObservedSide['observed']): SideFacts {
  return {
    profile: null,
    profileHash: null,
    label: null,
    kernel,
    guest: null,
    image: null,
    preemption: null,
    hz: null,
    ...unknownFacts,
    cpuModel: null,
    cpus,
    memoryBytes: null,
    tool: tool.version,
    jdks: observedJdks({ targets }),
  };
}

function draftsOf(
  a: ObservedSide,
  b: ObservedSide,
  slicing: Slicing | null,
  margins: CompareOptions['margins'],
): RowDraft[] {
  const slice_ns = slicing?.slice_ns ?? Math.min(a.watched_ns, b.watched_ns);
  const refusal = refusalOf(a, b, slicing);
  const all = { a: valuesOf(a, slice_ns), b: valuesOf(b, slice_ns) };
  const drafts = sliceFigures.map((figure, i) => {
    const open = { a: openStallsOf(figure, a), b: openStallsOf(figure, b) };
    const values = { a: open.a === null ? (all.a[i] ?? []) : [], b: open.b === null ? (all.b[i] ?? []) : [] };
    return { ...figure, values, refusal: refusal ?? openRefusal(a, open.a) ?? openRefusal(b, open.b) };
  });
  return drafts.map(({ series, metric, values, refusal: refused }) => ({
    candidate: b.label,
    arms: { a: '', b: '' },
    series,
    metric,
    valuePer: 'slice',
    window_ns: { shortest: slice_ns, longest: slice_ns },
    input: {
      key: JSON.stringify([b.label, series, metric.name]),
      ...values,
      origin: { a: originOf(a, values.a), b: originOf(b, values.b) },
      margin: marginOf(metric, a.threshold_ns, margins),
      refusal: refused,
    },
  }));
}

/** None of a side whose stalls are not all known: they would be too few. */
function valuesOf(side: ObservedSide, slice_ns: number): number[][] {
  return side.isWhole ? sliceValues(side, slice_ns) : [];
}

/** Each observation is an experiment of its own, also one that is compared with itself. */
function originOf({ label }: ObservedSide, values: readonly number[]): MetricInput['origin']['a'] {
  return { experiment: label, arm: '', rounds: values.map((_, i) => i) };
}

function openRefusal({ label }: ObservedSide, open: OpenStalls | null): Refusal | null {
  return open === null ? null : { code: 'gives-back-unknown', side: label, ...open };
}

function refusalOf(a: ObservedSide, b: ObservedSide, slicing: Slicing | null): Refusal | null {
  const lacking = [a, b].find(({ isWhole }) => !isWhole);
  if (lacking !== undefined) return { code: 'stalls-missing', side: lacking.label };
  if (a.threshold_ns !== b.threshold_ns) return { code: 'other-thresholds' };
  if (a.observed.tier !== b.observed.tier) return { code: 'other-tiers', a: a.observed.tier, b: b.observed.tier };
  const asked = [a, b].filter(({ observed }) => wasAsked(observed));
  const [only] = asked;
  if (only !== undefined && asked.length === 1) return { code: 'other-attached', side: only.label };
  if (slicing === null)
    return {
      code: 'too-short',
      watched_ns: Math.min(a.watched_ns, b.watched_ns),
      needed_ns: leastWatched_ns,
    };
  const { piece_ns, autocorrelation, p, areAlike } = slicing;
  return areAlike ? { code: 'neighbours-alike', piece_ns, autocorrelation, p } : null;
}

function slicesNote(sides: readonly ObservedSide[], slicing: Slicing): CompareNote {
  const { slice_ns, piece_ns, autocorrelation, p } = slicing;
  return {
    code: 'slices',
    slice_ns,
    sides: sides.map((side) => {
      const slices_n = slicesIn(side, slice_ns);
      return { label: side.label, slices_n, unused_ns: Math.max(0, side.watched_ns - slices_n * slice_ns) };
    }),
    piece_ns,
    autocorrelation,
    p,
  };
}

/** By half as many threads again, targets are of another size. */
const otherSize = 1.5;

function differences(a: ObservedSide, b: ObservedSide): CompareNote[] {
  const labels = { a: a.label, b: b.label };
  const facts = differingFacts(factsOf(a.observed), factsOf(b.observed));
  const names = { a: namesOf(a), b: namesOf(b) };
  const threads_n = { a: threadsOf(a), b: threadsOf(b) };
  const [fewer, more] = [Math.min(threads_n.a, threads_n.b), Math.max(threads_n.a, threads_n.b)];
  const settings = differingJvms(a.observed, b.observed);
  const areOthers = JSON.stringify(names.a) !== JSON.stringify(names.b) || more >= otherSize * fewer;
  return [
    ...(facts.length === 0 ? [] : [{ code: 'facts-differ', ...labels, facts } as const]),
    ...(areOthers ? [{ code: 'targets-differ', ...labels, names, threads_n } as const] : []),
    ...(settings.length === 0 ? [] : [{ code: 'jvms-differ', ...labels, settings } as const]),
  ];
}

function namesOf({ observed: { targets } }: ObservedSide): string[] {
  return targets.map(({ name }) => name).sort();
}

function threadsOf({ observed: { targets } }: ObservedSide): number {
  return targets.reduce((sum, { threads_n }) => sum + threads_n, 0);
}
