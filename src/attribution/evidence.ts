/** The evidence of one run, from which attribution works. Times are relative to go. */
import type { Stated } from '../facts/stated.js';
import type { BlamedThread } from '../bundle/stalls-schema.js';
import type { UserStackFact } from '../facts/user-stack-facts.js';
import type { LockClass } from '../catalogue/locks.js';
import type { VictimLayout } from '../catalogue/operations.js';
import type { SampleStream } from '../record/samples.js';
import type { StackReading } from '../record/stacks.js';
import type { HolderCall, SlowOperation } from '../record/stalls.js';
import type { StallTimeline } from './stall-timeline.js';
import type { TraceModel } from './trace-model.js';

export interface VictimEvidenceOfRun {
  readonly thread: BlamedThread;
  readonly operation: string;
  /** From the catalogue, for the place of its memory. */
  readonly lock: LockClass;
  readonly layout: VictimLayout;
  /** It calls the allocator, and sleeps there only for the allocator's locks. */
  readonly allocates: boolean;
  /** Its operation takes no lock, but touches memory, and a page fault takes a lock. */
  readonly touchesMemory: boolean;
  /** It works on memory inside a system call, and holds the lock of that call for nearly all of the time. */
  readonly walksMemory: boolean;
  /** It sleeps without waiting for a lock: a timer, or an operation that waits for another thread. */
  readonly sleepsItself: boolean;
  readonly pid: number;
  /** Its operations of 1 ms and more, ordered by start. */
  readonly slow: readonly Pick<SlowOperation, 'start_ns' | 'duration_ns'>[];
}

export interface HolderEvidence {
  readonly thread: BlamedThread;
  readonly operation: string;
  /** The lock of a call inside one VMA, and of a call that crosses VMAs. */
  readonly lock: LockClass;
  readonly crossingLock: LockClass;
  /** For calls that have not ended: they have not recorded it yet. */
  readonly crosses: boolean;
  /** It holds the allocator's mutex during the whole call. */
  readonly keepsMutex: boolean;
  /** False if several threads make the calls: what `thread` did says nothing about them. */
  readonly isOneThread: boolean;
  /** Its locks belong to the victims' address space. */
  readonly concernsVictims: boolean;
  readonly calls: readonly HolderCall[];
}

/**
 * A thread of a JVM that was recognised by its name, with the call by which it gives memory back and the lock of that
 * call; null: unknown.
 */
export interface NamedThread {
  readonly thread: BlamedThread;
  readonly pid: number;
  readonly call: string | null;
  /** Others that wait for it wait for this call. Else it does other work too, which its name does not tell apart. */
  readonly isCallSure: boolean;
  readonly lock: LockClass | null;
  readonly keepsMutex: boolean;
}

/** An event of a JVM, by its log; or a safepoint that was seen from outside, without a label. */
export interface LoggedEvent {
  readonly name: string;
  readonly label: string | null;
  readonly start_ns: number;
  readonly duration_ns: number;
}

/** The time between two readings of the machine's steal. */
export interface StealSpan {
  readonly start_ns: number;
  readonly end_ns: number;
  /** Share of the time of the CPUs that were read. */
  readonly steal_share: number;
}

/** The time between two readings of a cgroup's counters, which grew. */
export interface ThrottledSpan {
  readonly start_ns: number;
  readonly end_ns: number;
  /** Added up over all CPUs, over the cgroup and those above it. */
  readonly throttled_ns: number;
}

/** A start of a command of the user's that looked at the process of the victims. */
export interface AgentSpan {
  readonly thread: BlamedThread;
  readonly start_ns: number;
  readonly end_ns: number;
}

export interface RunEvidence {
  readonly victims: readonly VictimEvidenceOfRun[];
  readonly holders: readonly HolderEvidence[];
  /** Threads of a JVM that are on no board. */
  readonly named: readonly NamedThread[];
  /** Every thread of the workload, by tid. */
  readonly threads: ReadonlyMap<number, BlamedThread>;
  readonly samples: SampleStream;
  /** Threads of the kernel that take the mmap_lock of programs; absent: nobody looked. */
  readonly ofKernel?: readonly BlamedThread[];
  readonly events: readonly LoggedEvent[];
  readonly steal: readonly StealSpan[];
  /** Of which `steal` is a share. */
  readonly cpuCount: number;
  /** Evidence that the whole run lacks. */
  readonly missing: readonly Stated[];
  /** Null for a run without --trace. */
  readonly trace: RunTrace | null;
  /** Absent: no agent looked at the victims' process. */
  readonly agents?: readonly AgentSpan[];
  /**
   * When cgroups of the process had used up their CPU time, by pid and in order; null: it could not be read. Absent:
   * nobody looked.
   */
  readonly throttled?: ReadonlyMap<number, readonly ThrottledSpan[] | null>;
  /** On this kernel the stack of a thread shows that a limit of CPU time keeps it back. */
  readonly showsThrottling?: boolean;
  /** Where each mutex lies; absent: not read. */
  readonly mutexMemory?: ReadonlyMap<string, MutexMemory>;
  /** Of processes that pauselab did not start and only looks at; absent: a run, or programs in the kernel. */
  readonly looks?: LookEvidence;
}

/** Where the word of a mutex lies in the memory of its process. */
export type MutexMemory =
  /** In the head of a heap of glibc's malloc: it is the lock of an arena. */
  | { readonly kind: 'malloc-arena' }
  /** Null: in the data of no file. */
  | { readonly kind: 'elsewhere'; readonly file: string | null };

export interface LookEvidence {
  /** The function of the kernel in which a thread was blocked (/proc/TID/wchan), read once a wait. */
  readonly waits: readonly StackReading[];
  /** Threads that are without a CPU mostly while others wait for mmap_lock, by tid. */
  readonly companions: ReadonlySet<number>;
}

/**
 * The evidence for one stall, with the events that overlap it. All questions about threads go through the timeline of the
 * stall.
 */
export interface EvidenceOfStall extends Omit<RunEvidence, 'samples'> {
  readonly timeline: StallTimeline;
}

export interface RunTrace {
  readonly model: TraceModel;
  readonly coveredFrom_ns: number;
  readonly coveredTo_ns: number;
  readonly lost_n: number;
  /** Events that this kernel lacks. */
  readonly missingEvents: readonly string[];
  readonly stacks: readonly StackReading[];
  /** Of programs; absent: not read. */
  readonly userStacks?: readonly UserStackSeen[];
}

/** Where the program of a thread was, at some time or for some time. */
export interface UserStackSeen {
  readonly tid: number;
  readonly start_ns: number;
  readonly end_ns: number;
  readonly stack: UserStackFact;
}
