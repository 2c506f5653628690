/**
 * From one run's recordings to what attribution works on: who every thread is, and which locks its calls take. Pure.
 */
import type { BlamedThread } from '../bundle/stalls-schema.js';
import type {
  HolderEvidence,
  LoggedEvent,
  NamedThread,
  RunEvidence,
  StealSpan,
  VictimEvidenceOfRun,
} from '../attribution/evidence.js';
import { jvmProbes, type Collector } from '../profile/jvm-table.js';
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
  const others = [...samples.timelines.values()]
    .filter(({ tid }) => !board.has(tid))
    .map(({ tid, comm, pid }) => ({
      pid,
      thread: { name: comm, tid, role: 'other' as const, nice: watched.get(tid) ?? null },
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
        victimEvidence(
          victim,
          { ...thread, name: series.name },
          id.pid,
          [...series.stalls, ...series.slow].sort((a, b) => a.start_ns - b.start_ns),
        ),
      ];
    }),
    holders: holdersOf(input, board),
    named: namedThreads(others, arm),
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
  const nice = {
    victim: arm.victims.find(({ series }) => series === name)?.nice,
    holder: arm.holder?.nice,
    toucher: arm.holder?.toucher?.nice,
    hog: arm.hogs.nice,
    load: undefined,
  }[role];
  return { name, tid, role, nice: nice ?? null };
}

/** Names of operations that wait for another thread, or for time. */
const sleeping = /^(timer|noop|thread_)/;

function victimEvidence(
  victim: ResolvedVictim,
  thread: BlamedThread,
  pid: number,
  slow: VictimEvidenceOfRun['slow'],
): VictimEvidenceOfRun {
  const { operation, layout } = victim;
  const native = operations.find(({ name }) => name === operation);
  const lock =
    (layout === 'crossing' ? native?.crossingLockClass : undefined) ??
    native?.lockClass ??
    jvmProbes.find(({ name }) => name === operation)?.lockClass ??
    'none';
  return {
    thread,
    operation,
    pid,
    slow,
    lock,
    // One that works in the holder's heap changes the heap's own VMA.
    layout: native?.inHeap === true ? 'same' : layout,
    allocates:
      (native?.heap !== undefined && native.heap !== 'movesBreak') ||
      native?.inHeap === true ||
      operation === 'malloc_free',
    sleepsItself: sleeping.test(operation),
    walksMemory: native?.walks === true,
    touchesMemory: operation === 'heap_allocation' || operation === 'request',
  };
}

function holdersOf(
  { arm, analysis, threadIds }: EvidenceInput,
  board: ReadonlyMap<number, BlamedThread>,
): HolderEvidence[] {
  const { holder } = arm;
  const id = threadIds.find(({ role }) => role === 'holder');
  const thread = id === undefined ? undefined : board.get(id.tid);
  if (holder === null || id === undefined || thread === undefined || analysis.holder === null) return [];
  const { lockClass, crossingLockClass, reads, name, threads } = operationNamed(holder.operation);
  const isSameProcess = threadIds.some(({ role, pid }) => role === 'victim' && pid === id.pid);
  return [
    {
      thread,
      operation: name,
      lock: lockClass,
      crossingLock: crossingLockClass ?? lockClass,
      crosses: arm.jvm === null && arm.layout === 'split',
      keepsMutex: name === 'malloc_trim',
      isOneThread: threads === undefined,
      // Who reads about the victims' process takes its lock from wherever it runs; in the control it reads about
      // another one.
      concernsVictims: isSameProcess || (reads === true && arm.control !== 'foreign'),
      calls: analysis.holderCalls,
    },
  ];
}

/** Who gives memory back in a JVM, and by which call: docs/profiles.md has the table by collector. */
interface Giver {
  readonly pattern: string;
  readonly call: string;
  readonly keepsMutex?: boolean;
  /** Of HotSpot's own; absent: whatever the collector. */
  readonly collectors?: readonly Collector[];
}

const givers: readonly Giver[] = [
  { pattern: 'G1 Service', call: 'mmap.NONE', collectors: ['g1'] },
  // It shrinks the heap inside a pause, as these collectors do.
  { pattern: 'VM Thread', call: 'mmap.NONE', collectors: ['g1', 'serial', 'parallel'] },
  { pattern: 'ZUncommitter*', call: 'mmap.NONE', collectors: ['zgc'] },
  { pattern: 'Shenandoah Control*', call: 'mmap.NONE', collectors: ['shenandoah'] },
  { pattern: 'ShenUncommit*', call: 'mmap.NONE', collectors: ['shenandoah'] },
  { pattern: 'jemalloc_bg_thd*', call: 'madvise.FREE' },
  { pattern: 'Native Heap Trimmer', call: 'madvise.DONTNEED', keepsMutex: true },
  { pattern: 'Reference Handler', call: 'munmap' },
];

/**
 * The collector of a JVM, by a thread that no other one has: a program of the user's own chooses it by its arguments.
 */
const tellingThreads: readonly (readonly [Collector, RegExp])[] = [
  ['g1', /^G1 /],
  ['zgc', /^[ZX](Director|Driver|Uncommitter)/],
  ['shenandoah', /^Shen/],
];

type OtherThread = Pick<NamedThread, 'pid' | 'thread'>;

function namedThreads(others: readonly OtherThread[], arm: ResolvedArm): NamedThread[] {
  if (arm.jvm === null) return [];
  return others.map((one) => {
    const names = others.filter(({ pid }) => pid === one.pid).map(({ thread }) => thread.name);
    const collector =
      tellingThreads.find(([, pattern]) => names.some((name) => pattern.test(name)))?.[0] ?? arm.jvm.collector;
    return namedThread(one, collector, arm.jvm.issues);
  });
}

/**
 * A thread may make several calls, as the profile says and its name tells: the one of the strongest lock is what others
 * wait for.
 */
function namedThread(
  { pid, thread }: OtherThread,
  collector: Collector,
  issues: Extract<ResolvedArm, { jvm: object }>['jvm']['issues'],
): NamedThread {
  const known = givers.find(
    ({ pattern, collectors }) => matchesComm(pattern, thread.name) && collectors?.includes(collector) !== false,
  );
  const issued = issues.filter(({ by }) => by !== null && matchesComm(by, thread.name)).map(({ call }) => call);
  const calls = [...issued, ...(known === undefined ? [] : [known.call])];
  const [call = null] = calls.toSorted(
    (a, b) => strongestFirst.indexOf(lockOfCall(a)) - strongestFirst.indexOf(lockOfCall(b)),
  );
  return { pid, thread, call, lock: call === null ? null : lockOfCall(call), keepsMutex: known?.keepsMutex === true };
}

const strongestFirst: readonly LockClass[] = ['mmap_lock write', 'mmap_lock read', 'VMA lock', 'none'];

/** Of calls as strace-calls.ts names them. */
export function lockOfCall(call: string): LockClass {
  const [name = '', kind = ''] = call.split('.');
  if (name === 'fallocate') return 'none';
  if (name !== 'madvise' && name !== 'process_madvise') return 'mmap_lock write';
  if (['DONTNEED', 'DONTNEED_LOCKED', 'FREE'].includes(kind)) return 'VMA lock';
  return ['COLD', 'PAGEOUT', 'WILLNEED', 'REMOVE', 'COLLAPSE'].includes(kind) || kind.startsWith('POPULATE')
    ? 'mmap_lock read'
    : 'mmap_lock write';
}
