/** All that attribution knows of one run. Times are relative to go. */
import type { Stated } from '../facts/stated.js';
import type { BlamedThread } from '../bundle/stalls-schema.js';
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
  /** By the table of operations, for where its memory lies. */
  readonly lock: LockClass;
  readonly layout: VictimLayout;
  /** It calls the allocator, and sleeps in it only for the allocator's own locks. */
  readonly allocates: boolean;
  /** Its operation takes no lock by itself, but touches memory: a page fault does. */
  readonly touchesMemory: boolean;
  /** It works on memory inside a system call, with its lock in hand for nearly all of the time. */
  readonly walksMemory: boolean;
  /** It sleeps by itself, whatever the locks do: a timer, or one that waits for another thread. */
  readonly sleepsItself: boolean;
  readonly pid: number;
  /** Its operations of 1 ms and more, by start. */
  readonly slow: readonly Pick<SlowOperation, 'start_ns' | 'duration_ns'>[];
}

export interface HolderEvidence {
  readonly thread: BlamedThread;
  readonly operation: string;
  /** Of a call inside one VMA, and of one that crosses VMAs. */
  readonly lock: LockClass;
  readonly crossingLock: LockClass;
  /** Of calls that have not ended, which do not say themselves. */
  readonly crosses: boolean;
  /** Keeps the allocator's mutex for as long as its call. */
  readonly keepsMutex: boolean;
  /** False for calls that are made by threads of their own: what `thread` did meanwhile says nothing of them. */
  readonly isOneThread: boolean;
  /** Whether its locks are those of the victims' address space. */
  readonly concernsVictims: boolean;
  readonly calls: readonly HolderCall[];
}

/** A thread of a JVM that was told by name, and what lock it takes when it gives memory back; null: not known. */
export interface NamedThread {
  readonly thread: BlamedThread;
  readonly pid: number;
  readonly call: string | null;
  readonly lock: LockClass | null;
  readonly keepsMutex: boolean;
}

/** As a JVM's log tells it. */
export interface LoggedEvent {
  readonly name: string;
  readonly label: string;
  readonly start_ns: number;
  readonly duration_ns: number;
}

/** Between one reading of the machine's steal and the next. */
export interface StealSpan {
  readonly start_ns: number;
  readonly end_ns: number;
  /** Of all CPUs' time. */
  readonly steal_share: number;
}

export interface RunEvidence {
  readonly victims: readonly VictimEvidenceOfRun[];
  readonly holders: readonly HolderEvidence[];
  /** Threads that are on no board, of a JVM. */
  readonly named: readonly NamedThread[];
  /** Every thread of the workload, by tid. */
  readonly threads: ReadonlyMap<number, BlamedThread>;
  readonly samples: SampleStream;
  readonly events: readonly LoggedEvent[];
  readonly steal: readonly StealSpan[];
  readonly cpuCount: number;
  /** What is missing in a whole run. */
  readonly missing: readonly Stated[];
  /** Null for a run without --trace. */
  readonly trace: RunTrace | null;
}

/** What one stall is attributed from: threads are looked up in the timeline of the stall, and nowhere else. */
export interface EvidenceOfStall extends Omit<RunEvidence, 'samples'> {
  readonly timeline: StallTimeline;
}

export interface RunTrace {
  readonly model: TraceModel;
  readonly coveredFrom_ns: number;
  readonly coveredTo_ns: number;
  readonly lost_n: number;
  /** That this kernel does not have. */
  readonly missingEvents: readonly string[];
  readonly stacks: readonly StackReading[];
}
