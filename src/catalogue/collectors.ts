/**
 * HotSpot's collectors and the threads by which a JVM gives memory back: which thread, by which call, switched on by
 * which flags. Names of threads are full names; what the kernel keeps of them is for workload/thread-patterns.ts.
 * Flags and calls: seen by strace on 17, 25 and 28-ea; docs/jvm.md has them by collector.
 */

export const collectors = ['g1', 'parallel', 'serial', 'zgc', 'shenandoah', 'epsilon'] as const;
export type Collector = (typeof collectors)[number];

interface CollectorFacts {
  /** The flag that chooses it, without -XX:+. */
  readonly flag: string;
  /** Experimental in every JDK so far. */
  readonly experimental?: true;
  /** Comms that no other collector's threads have; absent: it has none. */
  readonly tellingThreads?: RegExp;
  /** Flags that switch on that it gives heap back, or decide when, as they begin; none: it never does. */
  readonly givesBackBy: readonly string[];
}

export const collectorTable: Readonly<Record<Collector, CollectorFacts>> = {
  g1: {
    flag: 'UseG1GC',
    tellingThreads: /^G1 /,
    // And -Xms below -Xmx. From 26 on it shrinks by GCTimeRatio at the end of any collection; 27 has ratios that never do.
    givesBackBy: ['-XX:MinHeapFreeRatio=', '-XX:MaxHeapFreeRatio=', '-XX:G1PeriodicGCInterval=', '-XX:GCTimeRatio='],
  },
  parallel: {
    flag: 'UseParallelGC',
    givesBackBy: ['-XX:GCTimeRatio=', '-XX:AdaptiveSizePolicyWeight='],
  },
  serial: {
    flag: 'UseSerialGC',
    givesBackBy: ['-XX:MaxHeapFreeRatio=', '-XX:-ShrinkHeapInSteps'],
  },
  zgc: {
    flag: 'UseZGC',
    tellingThreads: /^[ZX](Director|Driver|Uncommitter)/,
    givesBackBy: ['-XX:+ZUncommit', '-XX:ZUncommitDelay='],
  },
  shenandoah: {
    flag: 'UseShenandoahGC',
    tellingThreads: /^Shen/,
    givesBackBy: ['-XX:+ShenandoahUncommit', '-XX:ShenandoahUncommitDelay=', '-XX:ShenandoahGuaranteedGCInterval='],
  },
  epsilon: { flag: 'UseEpsilonGC', experimental: true, givesBackBy: [] },
};

/** The collector of a JVM, by its threads: a program of the user's own chooses it by its arguments. */
export function collectorOfThreads(comms: readonly string[]): Collector | null {
  return (
    collectors.find((name) => comms.some((comm) => collectorTable[name].tellingThreads?.test(comm) === true)) ?? null
  );
}

/** A thread that gives memory back. */
export interface Giver {
  readonly pattern: string;
  /** As strace-calls.ts counts it; its lock is in calls.ts. */
  readonly call: string;
  readonly keepsMutex?: true;
  /** Of HotSpot's own; absent: whatever the collector. */
  readonly collectors?: readonly Collector[];
  /** The flag that switches it on, as it begins, where no collector's does. */
  readonly switchedOnBy?: string;
}

/** HotSpot's thread that makes safepoints and wakes who waited for their end. */
export const vmThread = 'VM Thread';

/** Threads of HotSpot. */
export const jvmGivers: readonly Giver[] = [
  { pattern: 'G1 Service', call: 'mmap.NONE', collectors: ['g1'] },
  // It shrinks the heap inside a pause, as these collectors do.
  { pattern: vmThread, call: 'mmap.NONE', collectors: ['g1', 'serial', 'parallel'] },
  // It punches holes besides (fallocate), which takes no lock of the address space.
  { pattern: 'ZUncommitter*', call: 'mmap.NONE', collectors: ['zgc'] },
  { pattern: 'Shenandoah Control*', call: 'mmap.NONE', collectors: ['shenandoah'] },
  { pattern: 'ShenUncommit*', call: 'mmap.NONE', collectors: ['shenandoah'] },
  {
    pattern: 'Native Heap Trimmer',
    call: 'madvise.DONTNEED',
    keepsMutex: true,
    switchedOnBy: '-XX:TrimNativeHeapInterval=',
  },
  // Of direct buffers and mapped files that nobody reaches any more.
  { pattern: 'Reference Handler', call: 'munmap' },
];

const pauseWorkers = /^(VM Thread|GC Thread|ParGC|ZWorker|XWorker|Shenandoah GC)/;
const compilers = /^C[12] Compiler/;

/** By its comm: it does what a pause is for. */
export const worksInPauses = (comm: string): boolean => pauseWorkers.test(comm);

/** By its comm: it runs in native code, for which no safepoint waits. */
export const isCompiler = (comm: string): boolean => compilers.test(comm);

const heapFlag =
  /^-X(?:ms|mx|mn|X:[+-]?(?:(?:Initial|Min|Max|SoftMax)?(?:Heap|RAM)\w*|\w*Uncommit\w*|G1Periodic\w*|AlwaysPreTouch|ShenandoahUncommit\w*|ZFragmentation\w*))/;

/** Whether a flag of a JVM decides how large the heap is, or when it is given back. */
export const isHeapFlag = (word: string): boolean => heapFlag.test(word);
