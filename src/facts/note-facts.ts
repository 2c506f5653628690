/**
 * What a reader should know beside the figures of an experiment: codes with figures. src/words/note-words.ts makes the
 * sentences. `arm` is an arm's name, with its kernel where there are several.
 */

export interface CallsOfArm {
  readonly arm: string;
  readonly mean_ns: number;
  readonly calls_n: number;
}

export type NoteFact =
  | { readonly code: 'degraded'; readonly degradation: string; readonly why: string }
  | { readonly code: 'program-without-control' }
  | { readonly code: 'environment-removed'; readonly variables: readonly string[] }
  /** Chance alone puts all runs of one arm above the other's in 1 of `oneIn_n` cases. */
  | { readonly code: 'few-runs'; readonly runs_n: number; readonly oneIn_n: number; readonly oneInOfFive_n: number }
  | {
      readonly code: 'runs-disturbed' | 'runs-cut-short' | 'runs-failed-in-window' | 'runs-without-figures';
      readonly runs_n: number;
    }
  | { readonly code: 'stalls-in-idle-control' | 'stalls-in-foreign-control' }
  | { readonly code: 'crossing-share'; readonly arm: string; readonly crossed_n: number; readonly calls_n: number }
  | { readonly code: 'crossing-published'; readonly fellBack_n: number; readonly perVma_n: number }
  | {
      readonly code: 'mean-calls';
      readonly operation: string;
      readonly across: CallsOfArm;
      readonly inside: CallsOfArm;
      readonly publishedBefore_ns: number;
      readonly publishedAfter_ns: number;
    }
  | { readonly code: 'unproven'; readonly allocator: string; readonly key: string; readonly asked: string }
  | ({ readonly code: 'churn-held-up'; readonly arm: string } & MissedTicks)
  /** `load`: name of its thread in a JVM. */
  | ({ readonly code: 'load-held-up'; readonly arm: string; readonly load: string } & MissedTicks)
  /**
   * `actual`: as the JDK prints it, sizes in bytes; null: the JDK ignores the flag. `jdks`: labels; empty where the profile
   * does not list JDKs.
   */
  | {
      readonly code: 'flag-changed';
      readonly flag: string;
      readonly asked: string;
      readonly actual: string | null;
      readonly jdks: readonly string[];
    }
  | { readonly code: 'flags-unread' }
  /** Of `runs_n` runs, the JVM's log has no return of heap in `kept_n`. */
  | { readonly code: 'heap-kept'; readonly arm: string; readonly kept_n: number; readonly runs_n: number }
  /** Of the second JVM of a foreign control. */
  | { readonly code: 'control-kept-heap'; readonly arm: string; readonly kept_n: number; readonly runs_n: number }
  /** Arms without stalls of which nothing shows that they gave memory back. */
  | { readonly code: 'returns-unseen'; readonly arms: readonly string[] }
  /** By the JVM's log, in the windows: safepoints, which stop its threads between their operations too. */
  | {
      readonly code: 'pauses-beside-stalls';
      readonly arms: readonly { readonly arm: string; readonly longest_ns: number; readonly paused_share: number }[];
    }
  /** The logs of these arms' JVMs may lack pauses. `problem`, `why`: code and sentence of the log's problem. */
  | {
      readonly code: 'pauses-unseen';
      readonly arms: readonly string[];
      readonly problem: string;
      readonly why: string;
    }
  /** By the trace, in the windows of `runs_n` runs. `by`: a pattern of thread names; null: any. */
  | {
      readonly code: 'calls-counted';
      readonly arm: string;
      readonly runs_n: number;
      readonly calls: readonly CountedCall[];
    }
  | { readonly code: 'purge-gave-nothing'; readonly arm: string; readonly operation: string; readonly calls_n: number }
  | {
      readonly code: 'control-of-other-process';
      readonly arm: string;
      readonly armIsJvm: boolean;
      readonly controlIsJvm: boolean;
    }
  | {
      readonly code: 'control-of-other-holder';
      readonly arms: readonly { readonly arm: string; readonly holder: HolderSize }[];
      readonly controlHolder: HolderSize;
    }
  /** Of JVMs; `arms` without their JDKs. */
  | {
      readonly code: 'control-of-other-jvm';
      readonly arms: readonly { readonly arm: string; readonly gives: GivingJvm }[];
      readonly control: GivingJvm;
    }
  | {
      readonly code: 'lock-free-stalled';
      readonly arm: string;
      readonly series: string;
      /** It allocates, so it may have waited for the lock of the allocator. */
      readonly allocates: boolean;
      /** Of its JVM, by the log; null: none is as long as a stall. */
      readonly longestPause_ns: number | null;
    }
  | {
      readonly code: 'operations-refused';
      readonly arm: string;
      readonly series: string;
      /** Operations by errno. */
      readonly refused: Readonly<Record<string, number>>;
    }
  | {
      readonly code: 'operations-given-up';
      readonly arm: string;
      readonly series: string;
      readonly operations_n: number;
      readonly of_n: number;
    }
  | {
      readonly code: 'fresh-pages-used-up';
      readonly arm: string;
      readonly series: string;
      readonly operations_n: number;
    }
  | { readonly code: 'records-overwritten'; readonly arm: string; readonly series: string; readonly records_n: number }
  | {
      readonly code: 'holder-records-overwritten';
      readonly arm: string;
      readonly series: string;
      readonly records_n: number;
    }
  | {
      readonly code: 'ran-in-guest';
      readonly kernels: readonly string[];
      readonly cpus: number;
      readonly memoryBytes: number;
      readonly isPinned: boolean;
      readonly accelerator: 'kvm' | 'tcg';
      readonly withoutKvm: string | null;
    }
  /** `at`: times (UTC). `setAside_n`: runs that were cut short or failed, and were made again. */
  | {
      readonly code: 'resumed';
      readonly at: readonly string[];
      /** Runs that were cut short or failed, and were made again; `folders`: where they are, empty if not known. */
      readonly setAside_n: number;
      readonly folders: readonly string[];
      readonly bootedAgain: readonly string[];
      readonly changed: readonly { readonly fact: string; readonly then: string; readonly now: string }[];
    }
  /** `runs`: whose JVM crashed before the window for the same reason, and was started once more. */
  | {
      readonly code: 'jvm-started-again';
      readonly runs: readonly string[];
      readonly starts_n: number;
      readonly failure: string;
      readonly why: string;
    }
  | { readonly code: 'booted-again'; readonly kernel: string; readonly failure: string; readonly why: string }
  | { readonly code: 'ran-on-host'; readonly kernels: readonly string[] }
  | {
      readonly code: 'one-tree';
      readonly first: string;
      readonly kernel: string;
      readonly version: string;
      readonly options_n: number;
      readonly sameCompiler: boolean;
    }
  | {
      readonly code: 'built-from-one-tree';
      readonly first: string;
      readonly kernel: string;
      readonly source: string;
      readonly sameCompiler: boolean;
      readonly onlyFirst: readonly string[];
      readonly onlyThis: readonly string[];
    }
  | {
      readonly code: 'kernels-differ';
      readonly fact: KernelFact;
      readonly values: readonly { readonly kernel: string; readonly value: string }[];
    }
  /** Scheduler features that are on in one kernel and off in another, in the kernel's words. */
  | {
      readonly code: 'features-differ';
      readonly kernels: readonly { readonly kernel: string; readonly features: readonly string[] }[];
    }
  | { readonly code: 'kernels-unknown'; readonly facts: readonly KernelFact[] }
  /** By image and config (kernel-difference-facts.ts); `why`: the sentence of the difference. */
  | {
      readonly code: 'built-differently';
      readonly first: string;
      readonly kernel: string;
      readonly fact: string;
      readonly a: string | null;
      readonly b: string | null;
      readonly options: readonly string[];
      readonly why: string;
    }
  | {
      readonly code: 'traced';
      readonly events_n: number;
      readonly runs_n: number;
      /** Of a call of mprotect, medians; null where they were not measured. */
      readonly withoutTrace_ns: number | null;
      readonly withTrace_ns: number | null;
    }
  | { readonly code: 'trace-lost'; readonly events_n: number };

/** Ticks of a load, with the warm-up: it makes up for none that it missed. */
export interface MissedTicks {
  /** All that were due. */
  readonly ticks_n: number;
  readonly dropped_n: number;
  readonly dropped_share: number;
}

export interface HolderSize {
  readonly operation: string;
  /** Null for a holder without a region in the profile. */
  readonly regionBytes: number | null;
}

/** What gives memory back in a JVM. */
export interface GivingJvm {
  readonly collector: string;
  readonly allocator: { readonly name: string; readonly settings: Readonly<Record<string, string>> };
  /** Kinds, such as `heap_wave`. */
  readonly loads: readonly string[];
}

export type KernelFact =
  'preemption' | 'hz' | 'transparentHugePages' | 'perVmaLocks' | 'clockSource' | 'autogroup' | 'mitigations';

/** A note and where it holds. */
export type Note = NoteFact & {
  /** The kernel for which it holds, of several; null: it holds for all, or names the kernel itself. */
  readonly onKernel: string | null;
};

export interface CountedCall {
  readonly call: string;
  readonly by: string | null;
  readonly n: number;
  readonly bytes: number;
}
