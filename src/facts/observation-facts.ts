/** What an observation says: codes with figures. src/words/observation-words.ts makes the sentences. */
import type { BlamedThread } from './chain-facts.js';
import type { Cause, Grade } from './blame.js';
import type { HiddenNames, RefusedMap } from './user-stack-facts.js';
import type { JvmGap } from './observed-jvm-facts.js';
import type { HelperEndFact } from './run-facts.js';

/**
 * Ways of observing, from what shows most to what needs least: programs in the kernel, events of tracefs, looks at /proc.
 */
export const tiers = ['ebpf', 'tracefs', 'sampling'] as const;
export type TierName = (typeof tiers)[number];

/** Why a way of observing is not possible. */
export type TierObstacle =
  /** The programs for the kernel were not compiled for this processor, in the name of Node (`process.arch`). */
  | { readonly code: 'no-kernel-program'; readonly processor: string }
  /** BTF, which says where the kernel keeps its data. */
  | { readonly code: 'no-type-information' }
  | { readonly code: 'in-pid-namespace' }
  /** In the names of capabilities(7). */
  | { readonly code: 'capabilities-missing'; readonly capabilities: readonly string[] }
  /** `complaint`: of the program that tried; `lockdown`: the kernel's mode, null where it has none. */
  /** The helper could not be built; `complaint`: of the set-up. */
  | { readonly code: 'helper-not-built'; readonly complaint: string }
  | { readonly code: 'other-user'; readonly pid: number; readonly name: string; readonly uid: number }
  | { readonly code: 'no-run-delay' }
  | { readonly code: 'needs-root' }
  | { readonly code: 'kernel-refuses'; readonly complaint: string; readonly lockdown: string | null };

/** A tier that shows more than the one that was used. */
export type RefusedTier = TierObstacle & { readonly tier: TierName };

/** Stalls of one root: the thread at the end of their chains, what it did, and why. */
export interface StallReasonFact {
  readonly cause: Cause;
  /** The weakest of its stalls. */
  readonly grade: Grade;
  /** With the role `victim`: its own waits for a CPU, while others waited for it. */
  readonly thread: BlamedThread | null;
  /** In the names of src/catalogue/calls.ts; null where it is not known, or there was none. */
  readonly call: string | null;
  /**
   * That thread was seen in a call that gives memory back. For readers of observation.json: false also where it is not
   * known, which givesBackOf (src/catalogue/gives-back.ts) tells apart.
   */
  readonly givesBack: boolean;
  readonly stalls_n: number;
  /** Of these: the grade is `possible`. */
  readonly possible_n: number;
  readonly total_ns: number;
  readonly longest_ns: number;
  /** Threads that were stalled. */
  readonly threads_n: number;
}

export type AnswerFact =
  | {
      readonly code: 'no-stall';
      readonly threshold_ns: number;
      readonly watched_ns: number;
      readonly threads_n: number;
    }
  | {
      readonly code: 'gives-back';
      readonly threshold_ns: number;
      readonly watched_ns: number;
      readonly stalls_n: number;
      /** Of all stalls, added up over the threads. */
      readonly total_ns: number;
      readonly givingBack_n: number;
      readonly givingBack_ns: number;
      /** Of these: the grade is `possible`. */
      readonly perhaps_n: number;
      /** What took the other ones, most stalled time first; `isOpen`: it may have given memory back, unseen. */
      readonly others: readonly {
        readonly cause: Cause;
        readonly isOpen: boolean;
        readonly stalls_n: number;
        readonly total_ns: number;
      }[];
      /** Waits for a CPU of threads that others waited for at the same time: they are in no other figure. */
      readonly ofHolders_n: number;
      readonly ofHolders_ns: number;
      readonly unknown_n: number;
      readonly unknown_ns: number;
    };

/** Why a stall has an end that was not seen, or that its thread put to it. */
export type StallCut = 'began-before' | 'still-going-on' | 'thread-ended';

/** What the observation could not see. */
export type ObservationGap =
  | { readonly code: 'records-dropped'; readonly records_n: number }
  /** Of the observed processes. */
  | { readonly code: 'threads-not-followed'; readonly threads_n: number }
  /** Times at which a thread that was not followed waited for mmap_lock, or had it. */
  | { readonly code: 'lock-users-missed'; readonly times_n: number }
  | { readonly code: 'events-missed'; readonly events_n: number }
  | { readonly code: 'target-ended'; readonly pid: number; readonly name: string }
  /** Processes that a target started, or that came into an observed cgroup, and that were there at the end. */
  | { readonly code: 'processes-started'; readonly processes_n: number }
  /** A bundle has the `kept_n` longest stalls; the file had no room for the others. */
  | { readonly code: 'stalls-left-out'; readonly stalls_n: number; readonly kept_n: number }
  /** pauselab keeps a limited number of records, so it ended. */
  | { readonly code: 'records-limit'; readonly seen_ns: number }
  /**
   * What looks at threads cannot show; `period_ns` lies between two looks. `kernelThreads`: names of the kernel's threads
   * that were looked at too; absent in a bundle of an earlier version, which looked at none.
   */
  | { readonly code: 'looks-only'; readonly period_ns: number; readonly kernelThreads?: readonly string[] }
  /** `late_n` of `looks_n` came later than the period and a half after the one before. */
  | {
      readonly code: 'looks-late';
      readonly looks_n: number;
      readonly late_n: number;
      readonly period_ns: number;
      readonly mean_ns: number;
      readonly longest_ns: number;
    }
  /** The sampler ended before it should; null: as it should, but it could not write what it had missed. */
  | { readonly code: 'looks-ended'; readonly seen_ns: number; readonly sampler: HelperEndFact | null }
  /** /proc/PID/syscall, or neither that nor /proc/PID/wchan, may be read. */
  | { readonly code: 'calls-hidden' | 'functions-hidden'; readonly pid: number }
  /** The file of the helper was full. */
  | { readonly code: 'waits-dropped'; readonly waits_n: number }
  | { readonly code: 'files-exhausted'; readonly threads_n: number }
  /** By cpu.max; `throttled_ns`: added up over CPUs, and over the cgroups of its threads and those above them. */
  | { readonly code: 'cgroup-throttled'; readonly pid: number; readonly throttled_ns: number }
  /** Whether a limit of CPU time kept it back: its cgroup is not visible here, or it moved to another one. */
  | { readonly code: 'throttling-unread'; readonly pid: number }
  /** What the hypervisor took from the machine: /proc/stat is hidden. */
  | { readonly code: 'steal-unread' }
  /** Stacks of programs that the kernel read, and for which its map had no place. */
  | { readonly code: 'user-stacks-lost'; readonly stacks_n: number }
  /** Of one frame: these programs keep no frame pointers. */
  | { readonly code: 'user-stacks-cut'; readonly cut_n: number; readonly stacks_n: number }
  /** Where programs had called the kernel is known by address only. */
  | {
      readonly code: 'user-names-hidden';
      /** The first of them. */
      readonly pid: number;
      readonly processes_n: number;
      readonly why: HiddenNames;
    }
  /** /tmp/perf-PID.map. */
  | { readonly code: 'jit-map-refused'; readonly pid: number; readonly why: RefusedMap }
  | { readonly code: 'sleeps-not-judged' }
  /** Of tcmalloc, whose library is `file`. `pid`: the first of `processes_n`. */
  | {
      readonly code: 'allocator-locks-unseen';
      readonly pid: number;
      readonly file: string;
      readonly processes_n: number;
    }
  | { readonly code: 'symbols-hidden' }
  | JvmGap
  /** The trace had more events than could be read in time, so it ended. */
  | { readonly code: 'trace-overrun'; readonly seen_ns: number }
  /** An event, or a file of tracefs that did not take what was written to it. */
  | { readonly code: 'trace-refused'; readonly what: string }
  | { readonly code: 'others-untraced'; readonly reason: string }
  | { readonly code: 'calls-partly-traced' }
  | { readonly code: 'freezer-unseen' };

/** What a missing permission takes from an observation that is possible. */
export type ObservationLimit = { readonly tier: TierName } & (
  | { readonly code: 'symbols-hidden' }
  /** Which file a thread of another program reads while it has the lock, and which functions the programs were in. */
  | { readonly code: 'files-of-others-hidden' }
  | { readonly code: 'others-refused' }
  /** By Yama, whose setting is `scope` (/proc/sys/kernel/yama/ptrace_scope). */
  | { readonly code: 'calls-refused-by-yama'; readonly scope: number }
  | { readonly code: 'calls-hidden' | 'functions-hidden'; readonly pid: number }
);

/** A command that makes more possible. */
export type ObservationRemedy =
  | { readonly code: 'set-capabilities' | 'add-capabilities'; readonly command: string; readonly gives: TierName }
  | { readonly code: 'share-pids'; readonly command: string; readonly gives: TierName }
  | { readonly code: 'show-symbols' | 'show-calls'; readonly command: string }
  | { readonly code: 'build-helper'; readonly command: string };
