/**
 * Makes the evidence for attribution from a run's recordings: the identity of every thread, and the locks of its calls.
 * Pure.
 */
import type { Stated } from '../../facts/stated.js';
import { blamedPolicies } from '../../facts/blame.js';
import type { BlamedThread } from '../../facts/chain-facts.js';
import type {
  AgentSpan,
  HolderEvidence,
  LoggedEvent,
  NamedThread,
  RunEvidence,
  StealSpan,
  VictimEvidenceOfRun,
} from '../../attribution/evidence.js';
import { lockOfCall } from '../../catalogue/calls.js';
import { collectorOfThreads, type Collector } from '../../catalogue/collectors.js';
import { giverNamed } from '../../catalogue/givers.js';
import { showsThrottling } from '../../catalogue/kernel-waits.js';
import { jvmProbeNamed, type JvmProbe } from '../../catalogue/jvm-probes.js';
import { lockOn, onEveryKernel, strongestFirst } from '../../catalogue/locks.js';
import { allocates, operationNamed, operations, type Nature, type Operation } from '../../catalogue/operations.js';
import {
  ioHogsOf,
  isInJvm,
  isIoHog,
  type ResolvedArm,
  type ResolvedJvm,
  type ResolvedVictim,
} from '../../profile/resolved/resolved.js';
import type { ThreadId } from '../../record/board/board.js';
import type { SampleStream } from '../../record/samples.js';
import { matchesComm } from '../../catalogue/thread-patterns.js';
import type { RunAnalysis } from './analyse.js';

export interface EvidenceInput {
  readonly arm: ResolvedArm;
  /** Release of the kernel of the run, in a guest or not: it decides which locks calls take. */
  readonly kernelRelease: string;
  readonly analysis: RunAnalysis;
  /** Threads of the board. */
  readonly threadIds: readonly ThreadId[];
  readonly samples: SampleStream;
  /** Which threads of the samples are the kernel's. */
  readonly kernelTids: readonly number[];
  readonly events: readonly LoggedEvent[];
  readonly steal: readonly StealSpan[];
  readonly cpuCount: number;
  readonly throttled: NonNullable<RunEvidence['throttled']>;
  /** By tid, of threads whose priority was set by name. */
  readonly watched: ReadonlyMap<number, Priority>;
  readonly missing: readonly Stated[];
  readonly trace: RunEvidence['trace'];
  /** Starts of an agent that looked at the victims' process. */
  readonly agents?: readonly AgentSpan[];
}

export function runEvidence(input: EvidenceInput): RunEvidence {
  const { arm, analysis, threadIds, samples, watched, kernelRelease } = input;
  const board = new Map(threadIds.filter(({ tid }) => tid > 0).map((one) => [one.tid, boardThread(one, arm)]));
  const isOfKernel = ({ tid }: { readonly tid: number }): boolean => input.kernelTids.includes(tid);
  const ofKernel = [...samples.timelines.values()]
    .filter(isOfKernel)
    .map(({ tid, comm, nice }) => ({ name: comm, tid, role: 'outside' as const, nice: nice ?? null }));
  const others = [...samples.timelines.values()]
    .filter((one) => !board.has(one.tid) && !isOfKernel(one))
    .map(({ tid, comm, pid }) => ({
      pid,
      thread: { name: comm, tid, role: 'other' as const, ...priorityOf(watched.get(tid)) },
    }));
  return {
    victims: analysis.series.flatMap((series) => {
      const victim = arm.victims.find((one) => one.series === series.name);
      const id =
        threadIds.find(({ name, role }) => role === 'victim' && name === series.name) ??
        threadIds.filter(({ role }) => role === 'victim')[analysis.series.indexOf(series)];
      const thread = id === undefined ? undefined : board.get(id.tid);
      if (victim === undefined || id === undefined || thread === undefined) return [];
      return [
        victimEvidence(victim, { ...thread, name: series.name }, id.pid, {
          slow: [...series.stalls, ...series.slow].sort((a, b) => a.start_ns - b.start_ns),
          isJvm: isInJvm(arm),
          kernelRelease,
        }),
      ];
    }),
    holders: holdersOf(input, board),
    named: namedThreads(others, arm, kernelRelease),
    threads: new Map([
      ...board,
      ...[...others.map(({ thread }) => thread), ...ofKernel].map((thread) => [thread.tid, thread] as const),
    ]),
    ofKernel,
    samples,
    events: input.events,
    steal: input.steal,
    cpuCount: input.cpuCount,
    missing: input.missing,
    trace: input.trace,
    throttled: input.throttled,
    showsThrottling: showsThrottling(kernelRelease),
    ...(input.agents === undefined ? {} : { agents: input.agents }),
  };
}

function boardThread({ name, role, tid }: ThreadId, arm: ResolvedArm): BlamedThread {
  const priority = {
    victim: arm.victims.find(({ series }) => series === name),
    holder: arm.holder,
    toucher: arm.holder?.toucher,
    hog: isIoHog(name) ? ioHogsOf(arm) : arm.hogs,
    load: undefined,
  }[role];
  return { name, tid, role, ...priorityOf(priority ?? undefined) };
}

interface Priority {
  readonly nice: number;
  /** `idle`, `fifo 50`. */
  readonly policy: string;
}

function priorityOf(priority: Priority | undefined): Pick<BlamedThread, 'nice' | 'policy'> {
  const name = priority?.policy.split(' ')[0];
  const policy = blamedPolicies.find((one) => one === name && one !== 'other');
  return { nice: priority?.nice ?? null, ...(policy === undefined ? {} : { policy }) };
}

/** Native operations and JVM probes have separate tables: the same name may take different locks. */
function victimEvidence(
  victim: ResolvedVictim,
  thread: BlamedThread,
  pid: number,
  { slow, isJvm, kernelRelease }: Pick<VictimEvidenceOfRun, 'slow'> & { isJvm: boolean; kernelRelease: string },
): VictimEvidenceOfRun {
  const { operation, layout } = victim;
  const row = isJvm
    ? rowOfProbe(jvmProbeNamed(operation))
    : rowOfOperation(operations.find(({ name }) => name === operation));
  return {
    thread,
    operation,
    pid,
    slow,
    lock: lockOn(row, kernelRelease, { crossing: layout === 'crossing' }),
    // An operation in the holder's heap changes the VMA of the heap.
    layout: row.inHeap ? 'same' : layout,
    allocates: row.allocates,
    sleepsItself: row.sleeps !== null,
    walksMemory: row.walks,
    touchesMemory: row.touchesMemory,
  };
}

interface VictimRow extends Pick<Nature, 'locks' | 'sleeps' | 'walks'> {
  readonly inHeap: boolean;
  readonly allocates: boolean;
  readonly touchesMemory: boolean;
}

/** The engine of the tests has operations that no profile can name. They take no lock. */
const unlisted: VictimRow = {
  locks: onEveryKernel('none', null),
  sleeps: null,
  walks: false,
  inHeap: false,
  allocates: false,
  touchesMemory: false,
};

function rowOfOperation(row: Operation | undefined): VictimRow {
  if (row === undefined) return unlisted;
  return { ...row, inHeap: row.inHeap === true, allocates: allocates(row), touchesMemory: false };
}

function rowOfProbe(row: JvmProbe): VictimRow {
  return { ...row, inHeap: false, allocates: row.allocates === true, touchesMemory: row.touchesMemory === true };
}

function holdersOf(
  { arm, analysis, threadIds, kernelRelease }: EvidenceInput,
  board: ReadonlyMap<number, BlamedThread>,
): HolderEvidence[] {
  const { holder } = arm;
  const id = threadIds.find(({ role }) => role === 'holder');
  const thread = id === undefined ? undefined : board.get(id.tid);
  if (holder === null || id === undefined || thread === undefined || analysis.holder === null) return [];
  const operation = operationNamed(holder.operation);
  const { reads, name, threads, keepsMutex } = operation;
  // Victims outside have a process of their own, and take the lock of the holder's.
  const isSameProcess =
    (arm.kind === 'native' && arm.victims.every(isOutside) && holder.process === 'same') ||
    threadIds.some(({ role, pid }) => role === 'victim' && pid === id.pid);
  return [
    {
      thread,
      operation: name,
      lock: lockOn(operation, kernelRelease, { crossing: false }),
      crossingLock: lockOn(operation, kernelRelease, { crossing: true }),
      crosses: arm.kind === 'native' && arm.layout === 'split',
      keepsMutex,
      isOneThread: threads === undefined,
      // A reader of the victims' process takes its lock from any process. In the control it reads another process.
      concernsVictims: isSameProcess || (reads === true && arm.control !== 'foreign'),
      calls: analysis.holderCalls,
    },
  ];
}

function isOutside({ operation }: ResolvedVictim): boolean {
  return operations.find(({ name }) => name === operation)?.outside === true;
}

type OtherThread = Pick<NamedThread, 'pid' | 'thread'>;

function namedThreads(others: readonly OtherThread[], arm: ResolvedArm, kernelRelease: string): NamedThread[] {
  if (!isInJvm(arm)) return [];
  return others.map((one) => {
    const names = others.filter(({ pid }) => pid === one.pid).map(({ thread }) => thread.name);
    const collector = collectorOfThreads(names) ?? arm.jvm.collector;
    return namedThread(one, { collector, issues: arm.jvm.issues, kernelRelease });
  });
}

/** Of the process with the victims; null: its threads do not tell, or it is no JVM. */
export function collectorIn({ timelines }: Pick<SampleStream, 'timelines'>, pid: number): Collector | null {
  return collectorOfThreads([...timelines.values()].filter((one) => one.pid === pid).map(({ comm }) => comm));
}

interface Jvm extends Pick<ResolvedJvm, 'collector' | 'issues'> {
  readonly kernelRelease: string;
}

/**
 * The profile and the thread's name may give a thread several calls. Others wait for the call with the strongest lock.
 */
function namedThread({ pid, thread }: OtherThread, { collector, issues, kernelRelease }: Jvm): NamedThread {
  const known = giverNamed(thread.name, collector);
  const issued = issues.filter(({ by }) => by !== null && matchesComm(by, thread.name)).map(({ call }) => call);
  const [strongest] = [...issued, ...(known === null ? [] : [known.call])]
    .map((call) => ({ call, lock: lockOfCall(call, kernelRelease) }))
    .toSorted((a, b) => strongestFirst.indexOf(a.lock) - strongestFirst.indexOf(b.lock));
  return {
    pid,
    thread,
    call: strongest?.call ?? null,
    lock: strongest?.lock ?? null,
    // The profile declares what it makes the thread do.
    isCallSure: issued.length > 0 || known?.doesNothingElse === true,
    keepsMutex: known?.keepsMutex === true,
  };
}
