/** From one run's recordings to what attribution works on: who every thread is, and which locks its calls take. Pure. */
import type { BlamedThread } from '../bundle/stalls-schema.js';
import type { HolderEvidence, LoggedEvent, NamedThread, RunEvidence, StealSpan, VictimEvidenceOfRun } from '../attribution/evidence.js';
import { jvmProbes } from '../profile/jvm-table.js';
import { operationNamed, operations, type LockClass } from '../profile/operations.js';
import type { ResolvedArm, ResolvedVictim } from '../profile/resolved.js';
import type { ThreadId } from '../record/board.js';
import type { SampleStream } from '../record/samples.js';
import { matchesComm } from '../workload/thread-patterns.js';
import type { RunAnalysis } from './analyse.js';

export interface EvidenceInput {
  readonly arm: ResolvedArm;
  readonly analysis: RunAnalysis;
  /** Of the board. */
  readonly threadIds: readonly ThreadId[];
  readonly samples: SampleStream;
  readonly events: readonly LoggedEvent[];
  readonly steal: readonly StealSpan[];
  readonly cpuCount: number;
  /** Nice values that were set by thread name, by tid. */
  readonly watched: ReadonlyMap<number, number>;
  readonly missing: readonly string[];
  readonly trace: RunEvidence['trace'];
}

export function runEvidence(input: EvidenceInput): RunEvidence {
  const { arm, analysis, threadIds, samples, watched } = input;
  const board = new Map(threadIds.filter(({ tid }) => tid > 0).map((one) => [one.tid, boardThread(one, arm)]));
  const others = [...samples.timelines.values()].filter(({ tid }) => !board.has(tid)).map(({ tid, comm, pid }) => ({ pid, thread: { name: comm, tid, role: 'other' as const, nice: watched.get(tid) ?? null } }));
  return {
    victims: analysis.series.flatMap((series) => {
      const victim = arm.victims.find((one) => one.series === series.name);
      const id = threadIds.find(({ name, role }) => role === 'victim' && name === series.name) ?? threadIds.filter(({ role }) => role === 'victim')[analysis.series.indexOf(series)];
      const thread = id === undefined ? undefined : board.get(id.tid);
      if (victim === undefined || id === undefined || thread === undefined) return [];
      return [victimEvidence(victim, { ...thread, name: series.name }, id.pid, [...series.stalls, ...series.slow].sort((a, b) => a.start_ns - b.start_ns))];
    }),
    holders: holdersOf(input, board),
    named: arm.jvm === null ? [] : others.map(({ pid, thread }) => namedThread(pid, thread, arm)),
    threads: new Map([...board, ...others.map(({ thread }) => [thread.tid, thread] as const)]),
    samples,
    events: input.events,
    steal: input.steal,
    cpuCount: input.cpuCount,
    missing: input.missing,
    trace: input.trace,
  };
}

function boardThread({ name, role, tid }: ThreadId, arm: ResolvedArm): BlamedThread {
  const nice = { victim: arm.victims.find(({ series }) => series === name)?.nice, holder: arm.holder?.nice, toucher: arm.holder?.toucher?.nice, hog: arm.hogs.nice, load: undefined }[role];
  return { name, tid, role, nice: nice ?? null };
}

/** Names of operations that wait for another thread, or for time. */
const sleeping = /^(timer|noop|thread_)/;

function victimEvidence(victim: ResolvedVictim, thread: BlamedThread, pid: number, slow: VictimEvidenceOfRun['slow']): VictimEvidenceOfRun {
  const { operation, layout } = victim;
  const native = operations.find(({ name }) => name === operation);
  const lock = (layout === 'crossing' ? native?.crossingLockClass : undefined) ?? native?.lockClass ?? jvmProbes.find(({ name }) => name === operation)?.lockClass ?? 'none';
  return {
    thread, operation, pid, slow, lock,
    // One that works in the holder's heap changes the heap's own VMA.
    layout: native?.inHeap === true ? 'same' : layout,
    allocates: (native?.heap !== undefined && native.heap !== 'movesBreak') || native?.inHeap === true || operation === 'malloc_free',
    sleepsItself: sleeping.test(operation),
    walksMemory: native?.walks === true,
    touchesMemory: operation === 'heap_allocation' || operation === 'request',
  };
}

function holdersOf({ arm, analysis, threadIds }: EvidenceInput, board: ReadonlyMap<number, BlamedThread>): HolderEvidence[] {
  const { holder } = arm;
  const id = threadIds.find(({ role }) => role === 'holder');
  const thread = id === undefined ? undefined : board.get(id.tid);
  if (holder === null || id === undefined || thread === undefined || analysis.holder === null) return [];
  const { lockClass, crossingLockClass, reads, name, threads } = operationNamed(holder.operation);
  const isSameProcess = threadIds.some(({ role, pid }) => role === 'victim' && pid === id.pid);
  return [{
    thread,
    operation: name,
    lock: lockClass,
    crossingLock: crossingLockClass ?? lockClass,
    crosses: arm.jvm === null && arm.layout === 'split',
    keepsMutex: name === 'malloc_trim',
    isOneThread: threads === undefined,
    // Who reads about the victims' process takes its lock from wherever it runs; in the control it reads about another one.
    concernsVictims: isSameProcess || (reads === true && arm.control !== 'foreign'),
    calls: analysis.holderCalls,
  }];
}

/** Who gives memory back in a JVM, and by which call: docs/profiles.md has the table by collector. */
const givers: readonly { readonly pattern: string; readonly call: string; readonly keepsMutex?: boolean }[] = [
  { pattern: 'G1 Service', call: 'mmap.NONE' },
  { pattern: 'VM Thread', call: 'mmap.NONE' },
  { pattern: 'ZUncommitter*', call: 'mmap.NONE' },
  { pattern: 'Shenandoah Control*', call: 'mmap.NONE' },
  { pattern: 'ShenUncommit*', call: 'mmap.NONE' },
  { pattern: 'jemalloc_bg_thd*', call: 'madvise.FREE' },
  { pattern: 'Native Heap Trimmer', call: 'madvise.DONTNEED', keepsMutex: true },
  { pattern: 'Reference Handler', call: 'munmap' },
];

/** What the profile says that a thread issues comes before what is known of its name. */
function namedThread(pid: number, thread: BlamedThread, arm: Extract<ResolvedArm, { jvm: object }>): NamedThread {
  const known = givers.find(({ pattern }) => matchesComm(pattern, thread.name));
  const issue = arm.jvm.issues.find(({ by }) => by !== null && matchesComm(by, thread.name));
  const call = issue?.call ?? known?.call ?? null;
  return { pid, thread, call, lock: call === null ? null : lockOfCall(call), keepsMutex: known?.keepsMutex === true };
}

/** Of calls as strace-calls.ts names them. */
export function lockOfCall(call: string): LockClass {
  const [name = '', kind = ''] = call.split('.');
  if (name === 'fallocate') return 'none';
  if (name !== 'madvise' && name !== 'process_madvise') return 'mmap_lock write';
  if (['DONTNEED', 'DONTNEED_LOCKED', 'FREE'].includes(kind)) return 'VMA lock';
  return ['COLD', 'PAGEOUT', 'WILLNEED', 'REMOVE', 'COLLAPSE'].includes(kind) || kind.startsWith('POPULATE') ? 'mmap_lock read' : 'mmap_lock write';
}
