/**
 * What the runs of an experiment allow to conclude: codes with figures. src/words/verdict-words.ts makes the sentences
 * and, from all of them, the verdict. `arms` are names as in the profile.
 */

import type { FlawFact } from './flaw-facts.js';
import type { MarginFact } from './metric-facts.js';
import type { GivingJvm } from './note-facts.js';
import type { RefusedArm } from './refused-arm-facts.js';

/** Of one kernel. */
export type KernelConclusion =
  /** A program without probes, where nothing is timed. */
  | { readonly code: 'nothing-timed'; readonly arms: readonly string[] }
  | { readonly code: 'controls-only' }
  | {
      readonly code: 'stalls';
      readonly arms: readonly string[];
      /** Victims were blocked in the kernel; null: none was. */
      readonly blocked: LongestWait | null;
      /** Victims slept on the allocator's mutex; null: none did. */
      readonly onMutex: LongestWait | null;
      readonly hasIdleControl: boolean;
      /** Victims of a control were stalled too, for a smaller share of the time. */
      readonly controlsStalled: boolean;
      /** Of these arms, those whose foreign control has another JVM, and which; absent where there are none. */
      readonly otherControls?: readonly { readonly arms: readonly string[]; readonly control: GivingJvm }[];
    }
  /** By runs beside other programs (src/verdict/run/under-load.ts). */
  | {
      readonly code: 'stalls-under-load';
      readonly arms: readonly string[];
      readonly holders: readonly { readonly thread: string; readonly call: string | null }[];
      /** Waits in the kernel, and of these those that ended with a hold of a holder. */
      readonly stalls_n: number;
      readonly endedWithHold_n: number;
      readonly longest_ns: number;
      /** Otherwise the lock may be that of a VMA. */
      readonly isMmapLock: boolean;
    }
  | {
      readonly code: 'like-foreign';
      readonly arms: readonly string[];
      readonly threshold_ns: number;
      /** False: victims were stalled, and not blocked in the kernel. */
      readonly noneStalled: boolean;
    }
  /**
   * No lock is shown to block the victims, but by its log the JVM stands still for longer than the log of the foreign
   * control shows. Of several arms each stands still for longer than the control of any of them, and all have as many
   * runs; others have a conclusion of their own.
   */
  | {
      readonly code: 'paused';
      readonly arms: readonly string[];
      /** Of an arm, and of its foreign control; null: the control is no JVM. */
      readonly runs_n: number;
      readonly foreignRuns_n: number | null;
      readonly longest_ns: number;
      /** Of each arm the run that was paused most: of the arm where that share is smallest, and largest. */
      readonly least_share: number;
      readonly most_share: number;
      /** False: a log may lack pauses, so length and shares are the least that there was. */
      readonly isWhole: boolean;
      /** Of the run of a foreign control that was paused most; null: the control is no JVM, or its share is unknown. */
      readonly foreign_share: number | null;
      readonly isForeignUnknown: boolean;
    }
  | {
      readonly code: 'uncontrolled';
      readonly arm: string;
      readonly threshold_ns: number;
      /** Of the series with most. */
      readonly runs_n: number;
      /** Of any cause, seen or not; `longest_ns` is 0 without a stall. */
      readonly stalls_n: number;
      readonly longest_ns: number;
      /** Without a counted stall, a stall that began in the warm-up may reach into the window. */
      readonly noneStalled: boolean;
      /** Probes were blocked in the kernel, or slept on the allocator's mutex; null: none was seen to be. */
      readonly blocked: LongestWait | null;
      readonly onMutex: LongestWait | null;
      /** Of `stalls_n`: so many of these, and those in which the state of the probe is unknown. No stall is two of them. */
      readonly blocked_n: number;
      readonly mutex_n: number;
      readonly unseen_n: number;
      /** Records of slow operations that were lost, and operations that were not made because fresh pages ran out. */
      readonly lostRecords_n: number;
      readonly exhausted_n: number;
      /** By the JVM's log. Null: no JVM. */
      readonly pauses: ShownPauses | null;
    }
  | ConfigurationConclusion
  /** Of a profile that lists JDKs. */
  | { readonly code: 'jdks-compared'; readonly behaviours: readonly ArmBehaviour[] }
  | {
      readonly code: 'probe-cost';
      readonly arm: string;
      /** The arm that differs in nothing except the probes. */
      readonly withoutProbes: string;
      /** Of one CPU, means over the runs. */
      readonly with_share: number;
      readonly without_share: number;
      /** Of the typical run, with its 95 % interval; null: too few runs for an interval. */
      readonly difference_share: number;
      readonly low_share: number | null;
      readonly high_share: number | null;
      /** Of the arm with fewer. */
      readonly runs_n: number;
    }
  | { readonly code: 'unclear' | 'heap-kept' | 'no-data'; readonly arms: readonly string[] };

/** Pauses of a JVM that are compared with nothing. */
export interface ShownPauses {
  /** The longest pause, if it is as long as a stall; null: no pause is. */
  readonly longest_ns: number | null;
  /** Of the window of the run that was paused most. */
  readonly most_share: number;
  /** False: the log may lack pauses. */
  readonly isWhole: boolean;
}

/** Null: every such stall began in the warm-up, so that its length is in no figure. */
export interface LongestWait {
  readonly longest_ns: number | null;
}

/** An arm without a control, beside the first of them. `runs_n`: of the side with fewer. */
export type ConfigurationConclusion =
  | {
      readonly code: 'configuration-differs';
      readonly arm: string;
      readonly reference: string;
      /** Series that are stalled for a larger, and for a smaller share of the time than in the reference. */
      readonly longer: readonly StalledShares[];
      readonly shorter: readonly StalledShares[];
    }
  | { readonly code: 'configuration-without-run'; readonly arm: string; readonly reference: string }
  | {
      readonly code: 'configuration-alike' | 'configuration-unclear';
      readonly arm: string;
      readonly reference: string;
      readonly runs_n: number;
      /** Fewer runs of each cannot show that they are alike; more may not either. */
      readonly leastRuns_n: number;
      /** Of the share of the time: what counts as alike. */
      readonly margin: MarginFact;
      /** Series whose share may be larger than it looks. Absent: none, or a bundle of an older version. */
      readonly doubts?: readonly { readonly arm: string; readonly series: string; readonly flaw: FlawFact }[];
    };

export interface StalledShares {
  readonly series: string;
  readonly stalled_share: number;
  readonly reference_share: number;
}

/** Of all kernels. */
export type OverallConclusion =
  | { readonly code: 'kernels-compared'; readonly behaviours: readonly ArmBehaviour[] }
  | { readonly code: 'arms-not-run'; readonly refused: readonly RefusedArm[] }
  | FailedRuns
  | BetweenConclusion
  | { readonly code: 'undisturbed-evidence'; readonly isAll: boolean }
  | { readonly code: 'under-load-evidence'; readonly arms: readonly string[] }
  | { readonly code: 'single-run' | 'set-up-degraded' | 'run-failed' | 'not-complete' };

/** Runs that failed alike. */
export interface FailedRuns {
  readonly code: 'runs-failed';
  /** Their names; `arms` has their arms, `kernels` their kernels. */
  readonly runs: readonly string[];
  readonly arms: readonly string[];
  readonly kernels: readonly string[];
  /** The sentences of their failures, and the codes. */
  readonly why: readonly string[];
  readonly failures: readonly string[];
}

export type BetweenKernels = 'patch' | 'patch-and-compiler';

/** What lies between two kernels of one tree, or between the places of one kernel. */
export type BetweenConclusion =
  /** One kernel, with each of these scheduler features, in the kernel's words, under `models_n` preemption models. */
  | { readonly code: 'between-features'; readonly features: readonly string[]; readonly models_n: number }
  /** By image and configuration. */
  | { readonly code: 'between-kernels'; readonly difference: BetweenKernels }
  | BetweenBuilds;

/** pauselab built both, and knows the changes. */
export interface BetweenBuilds {
  readonly code: 'between-builds';
  readonly source: string;
  readonly sameCompiler: boolean;
  /** Changes that only this kernel has. */
  readonly changes: readonly { readonly kernel: string; readonly names: readonly string[] }[];
}

/**
 * Arms that behave alike, with the kernels or JDKs on which they stall, are paused by their JVM, do neither, are
 * undecided, and were not run.
 */
export interface ArmBehaviour {
  readonly arms: readonly string[];
  readonly stallsOn: readonly string[];
  readonly pausedOn: readonly string[];
  readonly quietOn: readonly string[];
  readonly undecidedOn: readonly string[];
  readonly notRunOn: readonly string[];
}

/** `kernel`: as in the findings; null: of all. */
export type Conclusion =
  (KernelConclusion & { readonly kernel: string }) | (OverallConclusion & { readonly kernel: null });
