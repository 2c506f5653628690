/** What looks at threads show, as evidence for attribution. Pure. */
import type { LoggedEvent, NamedThread, RunEvidence } from '../../attribution/evidence.js';
import { grouped } from '../../base/group.js';
import type { BlamedThread } from '../../bundle/stalls-schema.js';
import { lockOfCall } from '../../catalogue/calls.js';
import { collectorOfThreads, type Collector } from '../../catalogue/collectors.js';
import { giverNamed } from '../../catalogue/givers.js';
import type { ObservationGap } from '../../facts/observation-facts.js';
import type { SampleStream, Timeline } from '../../record/samples.js';
import type { StackReading } from '../../record/stacks.js';
import { lookedSafepoints, mutexSleeps, safepointSleeps } from './looked-safepoints.js';
import { lockCompanions } from '../lock-companions.js';
import { waitsOf, withQueueTime } from './looked-parts.js';
import { stallOf, type ObservedStall } from '../observed-stalls.js';

export interface Looks {
  readonly samples: SampleStream;
  /** Functions in which threads were blocked. */
  readonly waits: readonly StackReading[];
}

export interface LookOptions {
  readonly threshold_ns: number;
  readonly cpuCount: number;
  readonly kernelRelease: string;
  /** Threads of the kernel among those that were looked at: they are no targets, and do not stall. */
  readonly kernelTids: readonly number[];
}

type SeenBy = Pick<LookOptions, 'kernelTids'>;

/** By start. */
export function lookedStalls(
  all: SampleStream,
  waits: readonly StackReading[],
  { threshold_ns, kernelTids }: SeenBy & Pick<LookOptions, 'threshold_ns'>,
): ObservedStall[] {
  const samples = ofPrograms(all, { kernelTids });
  const { timelines, ticks_ns } = samples;
  const lastLook_ns = ticks_ns.at(-1) ?? 0;
  const [pauses, mutexes] = [safepointSleeps(samples, waits), mutexSleeps(waits)];
  return [...timelines.values()]
    .flatMap((timeline) => {
      const { tid, pid, comm: name, nice = 0 } = timeline;
      const hasEnded = timeline.changes.at(-1)?.state === 'X';
      const sleeps_ns = [...(pauses.get(tid) ?? []), ...(mutexes.get(tid) ?? [])].sort((a, b) => a - b);
      return waitsOf(timeline, sleeps_ns).flatMap((parts, i, all): ObservedStall[] => {
        const start_ns = Math.max(0, parts[0]?.start_ns ?? 0);
        const end_ns = parts.at(-1)?.end_ns ?? 0;
        const isLast = i === all.length - 1;
        return end_ns - start_ns < threshold_ns
          ? []
          : [
              {
                thread: { tid, pid, name, nice },
                stall: stallOf({ tid, pid, name, nice }, parts, {
                  start_ns,
                  duration_ns: end_ns - start_ns,
                  stillRunning: isLast && !hasEnded && end_ns >= lastLook_ns,
                  threadEnded: isLast && hasEnded && end_ns >= lastSeen_ns(timeline),
                }),
              },
            ];
      });
    })
    .sort((a, b) => a.stall.start_ns - b.stall.start_ns);
}

/** Of a thread that has ended: the last look that found it. */
function lastSeen_ns({ changes, ticks_ns }: Timeline): number {
  const end = changes.at(-1);
  return end === undefined ? Infinity : (ticks_ns[end.tick - 1] ?? Infinity);
}

/** Threads of the kernel that looks found; others may not be looked at, as in a container with pids of its own. */
export function seenOfKernel({ timelines }: SampleStream, kernelTids: readonly number[]): BlamedThread[] {
  return kernelTids.flatMap((tid): BlamedThread[] => {
    const timeline = timelines.get(tid);
    if (timeline === undefined || timeline.changes.every(({ state }) => state === 'X')) return [];
    return [{ name: timeline.comm, tid, role: 'outside', nice: timeline.nice ?? null }];
  });
}

function ofPrograms(samples: SampleStream, { kernelTids }: SeenBy): SampleStream {
  return { ...samples, timelines: new Map([...samples.timelines].filter(([tid]) => !kernelTids.includes(tid))) };
}

export function lookedEvidence(
  { samples, waits }: Looks,
  { cpuCount, kernelRelease, kernelTids }: LookOptions,
): RunEvidence {
  const timelines = new Map([...samples.timelines].map(([tid, timeline]) => [tid, withQueueTime(timeline)]));
  const inPrograms = [...ofPrograms({ ...samples, timelines }, { kernelTids }).timelines.values()];
  const ofKernel = seenOfKernel(samples, kernelTids);
  const threads = new Map<number, BlamedThread>([
    ...inPrograms.map(({ tid, comm, nice = null }) => [tid, { name: comm, tid, role: 'other', nice }] as const),
    ...ofKernel.map((thread) => [thread.tid, thread] as const),
  ]);
  const processes = grouped(inPrograms, ({ pid }) => pid);
  return {
    victims: [],
    holders: [],
    named: [...processes.values()].flatMap((all) => {
      const collector = collectorOfThreads(all.map(({ comm }) => comm));
      return all.map((timeline) => namedThread(timeline, { threads, collector, kernelRelease }));
    }),
    threads,
    ofKernel,
    samples: { ...samples, timelines },
    events: [],
    steal: [],
    cpuCount,
    missing: [],
    trace: null,
    looks: { waits, companions: lockCompanions(timelines, waits, kernelTids) },
  };
}

/** Safepoints by the pid of their JVM. */
export function safepointsSeen(
  all: SampleStream,
  waits: readonly StackReading[],
  seenBy: SeenBy,
): ReadonlyMap<number, readonly LoggedEvent[]> {
  const samples = ofPrograms(all, seenBy);
  const sleeps = safepointSleeps(samples, waits);
  const slept = [...samples.timelines.values()].flatMap((timeline) =>
    waitsOf(timeline, sleeps.get(timeline.tid) ?? [])
      .flat()
      .filter(({ letter }) => letter === 'S')
      .map((part) => ({ pid: timeline.pid, ...part })),
  );
  return new Map(
    [...grouped(slept, ({ pid }) => pid)].map(([pid, parts]) => [pid, lookedSafepoints(parts, 2 * samples.period_ns)]),
  );
}

interface Named {
  readonly threads: ReadonlyMap<number, BlamedThread>;
  readonly collector: Collector | null;
  readonly kernelRelease: string;
}

function namedThread({ pid, tid, comm }: Timeline, { threads, collector, kernelRelease }: Named): NamedThread {
  const known = giverNamed(comm, collector);
  return {
    pid,
    thread: threads.get(tid) ?? { name: comm, tid, role: 'other', nice: null },
    call: known?.call ?? null,
    lock: known === null ? null : lockOfCall(known.call, kernelRelease),
    isCallSure: known?.doesNothingElse === true,
    keepsMutex: known?.keepsMutex === true,
  };
}

/** Looks that came late, if they were many or left a long time unseen. */
export function lateLooks({ ticks_ns, period_ns }: SampleStream): ObservationGap[] {
  const between = ticks_ns.slice(1).map((time_ns, i) => time_ns - (ticks_ns[i] ?? time_ns));
  const late_n = between.filter((one) => one > period_ns * 1.5).length;
  const longest_ns = between.reduce((most, one) => Math.max(most, one), 0);
  if (late_n <= between.length / 20 && longest_ns < 2 * period_ns) return [];
  const mean_ns = between.reduce((sum, one) => sum + one, 0) / between.length;
  return [{ code: 'looks-late', looks_n: ticks_ns.length, late_n, period_ns, mean_ns, longest_ns }];
}
