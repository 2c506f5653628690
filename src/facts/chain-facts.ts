/** The facts of a chain of blame, as in stalls.json. src/words/chain-words.ts makes the sentences. */
import type { BlamedLock, BlamedPolicy, Cause, Grade, steps } from './blame.js';

export interface BlamedThread {
  /** Its name on the board; of a thread that is not there its comm. */
  readonly name: string;
  readonly tid: number;
  /**
   * `other`: a thread of the workload that the profile does not plan, such as one of the JVM; `outside`: of another
   * program.
   */
  readonly role: 'victim' | 'holder' | 'toucher' | 'hog' | 'load' | 'other' | 'outside';
  /** As asked for; null: not set. */
  readonly nice: number | null;
  /** Absent: the normal one, or it is not known. */
  readonly policy?: BlamedPolicy | undefined;
}

export const activities = ['running', 'runnable', 'blocked', 'asleep', 'stopped', 'gone', 'unobserved'] as const;
export type Activity = (typeof activities)[number];

export interface ChainStep {
  readonly step: (typeof steps)[number];
  readonly label: string | null;
  readonly thread: BlamedThread | null;
  readonly activity: Activity | null;
  readonly duration_ns: number;
}

/** Why a link has no better cause. */
export type LinkReason =
  | { readonly code: 'nothing-seen' | 'not-looked' | 'thread-ended' | 'no-suspect' | 'no-holder-seen' }
  | { readonly code: 'waker-unseen' | 'woken-from-outside' }
  /** The call in which it was; null: unknown, or no call. */
  | { readonly code: 'asleep' | 'blocked-elsewhere' | 'lock-unseen'; readonly systemCall: string | null }
  /** `function`: of the kernel; null: it was not read. */
  | { readonly code: 'blocked-in'; readonly function: string | null; readonly systemCall: string | null }
  /**
   * Threads of the process that may have had the lock, as far as was seen; the longest without a CPU first. `ofKernel`:
   * threads of the kernel that may have had it; absent: none.
   */
  | { readonly code: 'suspects-alike'; readonly threads: readonly string[]; readonly ofKernel?: readonly string[] }
  | { readonly code: 'no-suspect-inside' }
  | { readonly code: 'call-without-lock'; readonly thread: string }
  | {
      readonly code: 'not-mmap-lock';
      /** The kind of lock, if the kernel reports it. */
      readonly lock: 'rwsem-read' | 'rwsem-write' | 'mutex' | null;
      readonly wokenBy: string | null;
    }
  /**
   * On average, of the time of the CPUs that were read. `uncounted_ns`: time of the victim that is in no counter; null:
   * not read.
   */
  | { readonly code: 'steal-share'; readonly share: number; readonly uncounted_ns: number | null }
  /**
   * Where the word of a mutex lies. `file`: in the data of this file; null: in no file's, as memory of malloc or a stack.
   */
  | { readonly code: 'mutex-memory'; readonly file: string | null }
  /** A cgroup of the thread used up its CPU time (cpu.max) around that time, which may have kept the thread back. */
  | { readonly code: 'limit-used-up' }
  /** Whether it did could not be read. */
  | { readonly code: 'limit-unread' }
  /** Of the JVM's log. */
  | { readonly code: 'log-label'; readonly label: string };

export interface LinkFact {
  readonly duration_ns: number;
  readonly cause: Cause;
  readonly grade: Grade;
  readonly lock: BlamedLock | null;
  readonly isNext: boolean;
  readonly holderWaited: boolean;
  readonly thread: BlamedThread | null;
  readonly call: string | null;
  readonly via: readonly BlamedThread[];
  readonly holder: {
    readonly running_ns: number;
    readonly preempted_ns: number;
    readonly blocked_ns: number;
    readonly isExact: boolean;
    /** Its cgroup used up its CPU time around that time, which may be why it had no CPU. */
    readonly mayBeLimited?: true | undefined;
  } | null;
  readonly cpuTakenBy: readonly { readonly thread: BlamedThread; readonly duration_ns: number }[];
  readonly steps: readonly ChainStep[];
  readonly why: LinkReason | null;
}
