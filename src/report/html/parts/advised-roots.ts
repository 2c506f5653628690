/** The roots of a bundle's stalls, as advice needs them, with their stalled time. */
import { grouped } from '../../../base/group.js';
import { collectorNamed } from '../../../catalogue/collectors.js';
import type { NumberedStall } from '../../../bundle/read-stalls.js';
import type { StoredObservation } from '../../../bundle/read-observation.js';
import { rootOfStall } from '../../../bundle/stall-root.js';
import type { StoredBundle } from '../../../bundle/store.js';
import { isInJvm, type ResolvedArm } from '../../../profile/resolved/resolved.js';
import type { AdviceFact } from '../../../facts/advice-facts.js';
import type { Cause } from '../../../facts/blame.js';
import { adviceOnAll, type AdvisedRoot } from './advice.js';

export interface TimedRoot {
  readonly root: AdvisedRoot;
  readonly total_ns: number;
}

/** A holder that had no CPU for less of its time than this let go late for another reason. */
const leastLost_share = 0.1;

/** Null: the stall was not attributed. */
export function rootOfRun(
  { run: name, stall }: Pick<NumberedStall, 'run' | 'stall'>,
  { manifest, runs }: Pick<StoredBundle, 'manifest' | 'runs'>,
): AdvisedRoot | null {
  const found = rootOfStall(stall);
  if (found === null) return null;
  const run = runs.find((one) => one.name === name);
  const arm = manifest.profile.arms.find((one) => one.name === run?.arm);
  const place = manifest.kernels.find((one) => one.name === run?.kernel);
  const { kernel: host } = manifest.host;
  const { cause, thread } = found.cause;
  return {
    cause,
    call: found.call,
    thread,
    lostCpu: lostCpu(found.links),
    isJvm: arm === undefined ? null : isInJvm(arm),
    // A user's program chooses it by its arguments.
    collector: arm?.kind === 'jvm' ? arm.jvm.collector : collectorNamed(run?.jvm?.collector ?? null),
    allocator: allocatorOf(arm),
    kernel: place?.release ?? (typeof host === 'string' ? host : null),
    seenBy: stall.evidence?.sources.includes('trace') === true ? 'traced run' : 'run',
  };
}

function lostCpu(links: NonNullable<ReturnType<typeof rootOfStall>>['links']): boolean | null {
  const holders = links.flatMap(({ holder, duration_ns }) => (holder === null ? [] : [{ holder, duration_ns }]));
  if (holders.length === 0) return null;
  return holders.some(({ holder, duration_ns }) => holder.preempted_ns >= duration_ns * leastLost_share);
}

function allocatorOf(arm: ResolvedArm | undefined): AdvisedRoot['allocator'] {
  if (arm === undefined || arm.kind === 'native') return null;
  return (arm.kind === 'churn' ? arm.churn : arm.jvm).allocator.name;
}

/** Of the stalls of an experiment, without those behind pauselab's own probes; longest time first. */
export function rootsOfRuns(stalls: readonly NumberedStall[], stored: StoredBundle): TimedRoot[] {
  return timed(
    stalls.flatMap((one) => {
      const root = rootOfRun(one, stored);
      return root === null || isVictims(root) ? [] : [{ root, total_ns: one.stall.duration_ns }];
    }),
  );
}

/** In a run, the victims are pauselab's probes. */
export const isVictims = ({ thread }: Pick<AdvisedRoot, 'thread'>): boolean => thread?.role === 'victim';

/** Of an observation, without the waits of threads that others waited for: these are a part of what they caused. */
export function rootsOfObservation({ observation }: StoredObservation): TimedRoot[] {
  const { reasons, holders, kernel, tier, targets } = observation;
  const jvms = targets.flatMap(({ jvm }) => (jvm === null ? [] : [jvm]));
  const named = [...new Set(jvms.map(({ collector }) => collector))];
  return timed(
    reasons.flatMap(({ cause, call, thread, total_ns }, i) => {
      if (isVictims({ thread })) return [];
      const root: AdvisedRoot = {
        ...{ cause, call, thread, kernel },
        lostCpu: neverLost(holders[i]?.meanwhile ?? null) ? false : null,
        isJvm: jvms.length > 0,
        collector: named.length === 1 ? collectorNamed(named[0] ?? null) : null,
        allocator: null,
        seenBy: tier,
      };
      return [{ root, total_ns }];
    }),
  );
}

/** Off its CPU it may have waited, too. */
function neverLost(meanwhile: { readonly onCpu_ns: number; readonly offCpu_ns: number } | null): boolean {
  return meanwhile !== null && meanwhile.offCpu_ns < (meanwhile.onCpu_ns + meanwhile.offCpu_ns) * leastLost_share;
}

/** Roots that differ in the process id of their thread alone are one. */
function timed(all: readonly TimedRoot[]): TimedRoot[] {
  const key = ({ root }: TimedRoot): string =>
    JSON.stringify({ ...root, lostCpu: null, thread: root.thread === null ? null : { ...root.thread, tid: 0 } });
  return [...grouped(all, key).values()]
    .flatMap((alike) =>
      alike.slice(0, 1).map(({ root }) => ({
        root: { ...root, lostCpu: ofAll(alike.map((one) => one.root.lostCpu)) },
        total_ns: alike.reduce((sum, { total_ns }) => sum + total_ns, 0),
      })),
    )
    .sort((a, b) => b.total_ns - a.total_ns);
}

function ofAll(lost: readonly (boolean | null)[]): boolean | null {
  if (lost.includes(true)) return true;
  return lost.includes(null) ? null : false;
}

export interface CauseAdvice {
  readonly cause: Cause;
  readonly total_ns: number;
  readonly facts: readonly AdviceFact[];
}

/** Of the root with the most time of its cause: below it, a root is not worth advice. */
const leastRoot_share = 0.05;

/** The cause with most stalled time first. */
export function adviceByCause(roots: readonly TimedRoot[]): CauseAdvice[] {
  return [...grouped(roots, ({ root }) => root.cause)]
    .map(([cause, alike]) => {
      const sorted = alike.toSorted((a, b) => b.total_ns - a.total_ns);
      const least_ns = (sorted[0]?.total_ns ?? 0) * leastRoot_share;
      return {
        cause,
        total_ns: alike.reduce((sum, { total_ns }) => sum + total_ns, 0),
        facts: adviceOnAll(sorted.filter(({ total_ns }) => total_ns >= least_ns).map(({ root }) => root)),
      };
    })
    .sort((a, b) => b.total_ns - a.total_ns);
}
