/**
 * HotSpot's collectors, and the JVM's threads that give memory back: which thread, by which call, enabled by which
 * flags. Thread names are full names; thread-patterns.ts handles the names that the kernel shortens.
 * Flags and calls were seen by strace on JDK 17, 21, 25, 26, 27 and 28-ea; docs/jvm.md lists them by collector.
 */
import { matchesComm } from './thread-patterns.js';

export const collectors = ['g1', 'parallel', 'serial', 'zgc', 'shenandoah', 'epsilon'] as const;
export type Collector = (typeof collectors)[number];

interface CollectorFacts {
  /** The flag that selects it, without -XX:+. */
  readonly flag: string;
  /** Experimental in every JDK so far. */
  readonly experimental?: true;
  /** Matches thread names that only this collector has; absent if there are none. */
  readonly tellingThreads?: RegExp;
  /** Prefixes of the flags that enable giving heap back, or control when; empty if it never gives heap back. */
  readonly givesBackBy: readonly string[];
  /** Flags with the value that makes it keep the heap. */
  readonly keepsBy?: readonly string[];
  /** Prefixes of flags of `givesBackBy` by which it gives heap back despite those of `keepsBy`. */
  readonly despite?: readonly string[];
  /** Flags of `givesBackBy` with the value that switches nothing on. */
  readonly offBy?: readonly string[];
}

export const collectorTable: Readonly<Record<Collector, CollectorFacts>> = {
  g1: {
    flag: 'UseG1GC',
    tellingThreads: /^G1 /,
    // Also needs -Xms below -Xmx. From JDK 26 on it shrinks by GCTimeRatio at the end of any collection; in 27 some
    // ratios never shrink.
    givesBackBy: ['-XX:MinHeapFreeRatio=', '-XX:MaxHeapFreeRatio=', '-XX:G1PeriodicGCInterval=', '-XX:GCTimeRatio='],
    keepsBy: ['-XX:MaxHeapFreeRatio=100'],
    despite: ['-XX:GCTimeRatio='],
    offBy: ['-XX:G1PeriodicGCInterval=0'],
  },
  parallel: {
    flag: 'UseParallelGC',
    givesBackBy: ['-XX:GCTimeRatio=', '-XX:AdaptiveSizePolicyWeight='],
    // A free ratio of 100 is its default, and does not keep the heap.
    keepsBy: ['-XX:-UseAdaptiveSizePolicy'],
  },
  serial: {
    flag: 'UseSerialGC',
    givesBackBy: ['-XX:MaxHeapFreeRatio=', '-XX:-ShrinkHeapInSteps'],
    keepsBy: ['-XX:MaxHeapFreeRatio=100'],
  },
  zgc: {
    flag: 'UseZGC',
    tellingThreads: /^[ZX](Director|Driver|Uncommitter)/,
    givesBackBy: ['-XX:+ZUncommit', '-XX:ZUncommitDelay='],
    keepsBy: ['-XX:-ZUncommit'],
  },
  shenandoah: {
    flag: 'UseShenandoahGC',
    tellingThreads: /^Shen/,
    givesBackBy: ['-XX:+ShenandoahUncommit', '-XX:ShenandoahUncommitDelay=', '-XX:ShenandoahGuaranteedGCInterval='],
    keepsBy: ['-XX:-ShenandoahUncommit'],
    offBy: ['-XX:ShenandoahGuaranteedGCInterval=0'],
  },
  epsilon: { flag: 'UseEpsilonGC', experimental: true, givesBackBy: [] },
};

/** The collector of a JVM, from its threads: a user's program selects it by its arguments. */
export function collectorOfThreads(comms: readonly string[]): Collector | null {
  return (
    collectors.find((name) => comms.some((comm) => collectorTable[name].tellingThreads?.test(comm) === true)) ?? null
  );
}

/** Null: not known of some JVM, or they have several. */
export function commonCollector(names: readonly (string | null)[]): Collector | null {
  const [name = null, ...others] = new Set(names);
  return others.length > 0 ? null : collectorNamed(name);
}

/** As a bundle has it; null: not known, or of another version. */
export function collectorNamed(name: string | null): Collector | null {
  return collectors.find((one) => one === name) ?? null;
}

/** A thread that gives memory back. */
export interface Giver {
  readonly pattern: string;
  /** Named as strace-calls.ts counts it; calls.ts has its lock. */
  readonly call: string;
  readonly keepsMutex?: true;
  /** It does nothing else that others can wait for: when they wait for it, it gives memory back. */
  readonly doesNothingElse?: true;
  /** Only with these collectors of HotSpot; absent: with any. */
  readonly collectors?: readonly Collector[];
  /** Prefix of the flag that enables it, if that is not a flag of a collector. */
  readonly switchedOnBy?: string;
}

/** HotSpot's thread that runs safepoints and wakes the threads that waited for the end. */
export const vmThread = 'VM Thread';

/** Threads of HotSpot. */
export const jvmGivers: readonly Giver[] = [
  { pattern: 'G1 Service', call: 'mmap.NONE', collectors: ['g1'] },
  // It shrinks the heap inside a pause with these collectors.
  { pattern: vmThread, call: 'mmap.NONE', collectors: ['g1', 'serial', 'parallel'] },
  // It also punches holes (fallocate), which takes no lock of the address space.
  // ZUncommitter; XUncommitter without generations, from JDK 21 on.
  { pattern: '?Uncommitter*', call: 'mmap.NONE', collectors: ['zgc'], doesNothingElse: true },
  { pattern: 'Shenandoah Control*', call: 'mmap.NONE', collectors: ['shenandoah'] },
  // Its name in Debian's 25 and 26, and in 27 and newer.
  { pattern: 'Shenandoah Uncommit*', call: 'mmap.NONE', collectors: ['shenandoah'], doesNothingElse: true },
  { pattern: 'ShenUncommit*', call: 'mmap.NONE', collectors: ['shenandoah'], doesNothingElse: true },
  {
    pattern: 'Native Heap Trimmer',
    call: 'madvise.DONTNEED',
    keepsMutex: true,
    doesNothingElse: true,
    switchedOnBy: '-XX:TrimNativeHeapInterval=',
  },
  // Frees unreachable direct buffers and mapped files.
  { pattern: 'Reference Handler', call: 'munmap' },
];

/** Calls by which collectors give heap back. */
const heapCalls: readonly string[] = ['mmap.NONE', 'fallocate.PUNCH_HOLE'];

export const givesHeapBack = (call: string): boolean => heapCalls.includes(call);

/** Whether a thread of a JVM, judged by its comm, may give memory back. `collector`: null: not known. */
export function mayGiveMemoryBack(comm: string, collector: Collector | null): boolean {
  return jvmGiversNamed(comm, collector).length > 0;
}

/** Whether the memory that it may give back is heap, of which a JVM's log has each return. */
export function mayGiveHeapBack(comm: string, collector: Collector | null): boolean {
  return jvmGiversNamed(comm, collector).some((giver) => giver.collectors !== undefined);
}

function jvmGiversNamed(comm: string, collector: Collector | null): Giver[] {
  return jvmGivers.filter(
    ({ pattern, collectors: only }) =>
      matchesComm(pattern, comm) && (only === undefined || collector === null || only.includes(collector)),
  );
}

const pauseWorkers = /^(VM Thread|GC Thread|ParGC|ZWorker|XWorker|Shenandoah GC)/;
const compilers = /^C[12] Compiler/;

/** Whether a thread does the work of pauses, judged by its comm. */
export const worksInPauses = (comm: string): boolean => pauseWorkers.test(comm);

/**
 * Whether a thread, judged by its comm, is a compiler thread: it runs in native code, and safepoints do not wait for
 * it.
 */
export const isCompiler = (comm: string): boolean => compilers.test(comm);

/** Names of flags, matched as a whole: HeapDumpPath and others of a similar beginning are about something else. */
const heapFlagNames = [
  '(?:Initial|Min|Max|SoftMax)HeapSize',
  '(?:Min|Max)HeapFreeRatio',
  'MinHeapDeltaBytes',
  'MaxRAM',
  '(?:Initial|Min|Max)RAM(?:Percentage|Fraction)',
  '(?:Max)?NewSize',
  'OldSize',
  'NewRatio',
  'ShrinkHeapInSteps',
  'UseAdaptiveSizePolicy',
  'AlwaysPreTouch',
  'G1HeapRegionSize',
  'G1(?:Max)?NewSizePercent',
  'G1Periodic\\w+',
  // Without generations its thread has another name.
  'ZGenerational',
  'ZFragmentation\\w+',
  'ShenandoahGC(?:Mode|Heuristics)',
  '\\w*Uncommit\\w*',
].join('|');

/** A value has no more than digits, letters and dots, so that a path or a phrase is none. */
const heapFlag = new RegExp(`^-X(?:m[snx][\\w.]+|X:(?:[+-](?:${heapFlagNames})|(?:${heapFlagNames})=[\\w.]+))$`);

/** Whether a JVM flag controls the heap's size, or when heap is given back. */
export const isHeapFlag = (word: string): boolean => heapFlag.test(word);
