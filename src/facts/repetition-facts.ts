/** What a profile repeats of an observation: codes with figures. src/words/repetition-words.ts makes the sentences. */
import type { Cause } from './blame.js';

/** Stalls with the same end of their chains. */
export interface SeenRoot {
  readonly cause: Cause;
  readonly call: string | null;
  /** Its name; null: none is to blame, or it is not known. */
  readonly thread: string | null;
  readonly stalls_n: number;
  readonly total_ns: number;
}

/**
 * Why a root is not in the profile: nothing in the laboratory makes the cause or the call, a mutex is not known to be an
 * arena's, the call or the collector or the size is not known, the flags of several JVMs differ, the threads were
 * stalled while they stalled others, it had little of the time, or other roots had more.
 */
export const notRepeatedCodes = [
  'cause-not-made',
  'mutex-not-known',
  'call-not-made',
  'call-unknown',
  'collector-unknown',
  'several-jvms',
  'size-unknown',
  'stalled-themselves',
  'little-time',
  'many-roots',
] as const;

export interface NotRepeatedFact extends SeenRoot {
  readonly code: (typeof notRepeatedCodes)[number];
}

/** Where a setting of the profile comes from. */
export type OriginFact =
  | { readonly code: 'root'; readonly root: SeenRoot; readonly longest_ns: number }
  | { readonly code: 'call-seen'; readonly call: string; readonly thread: string; readonly isOutside: boolean }
  | {
      readonly code: 'size-seen';
      readonly medianBytes: number;
      readonly largestBytes: number;
      readonly distinct_n: number;
    }
  | { readonly code: 'size-by-time'; readonly onCpuMedian_ns: number }
  | { readonly code: 'size-by-default' }
  | { readonly code: 'size-by-waits'; readonly onCpuMean_ns: number; readonly n: number }
  | { readonly code: 'rate-seen'; readonly n: number; readonly watched_ns: number; readonly median_ns: number }
  | { readonly code: 'layout-seen'; readonly crossed: 'yes' | 'no' }
  | { readonly code: 'layout-unknown'; readonly kernel: string }
  | {
      readonly code: 'competitors-seen';
      /** Fewer hogs than competitors, because these were not on the CPU at once. */
      readonly isFitted: boolean;
      /** Of the thread, which has another one in the profile; null: it has the same. `seen` null: it is not known. */
      readonly otherNice: { readonly seen: number | null; readonly written: number } | null;
      readonly names: readonly string[];
      readonly total_ns: number;
      /** Those that are left out, because hogs are alike. */
      readonly others: readonly string[];
    }
  | { readonly code: 'no-competitor' }
  | {
      readonly code: 'waits-seen';
      /** Null: a page fault. */
      readonly waits: readonly { readonly call: string | null; readonly waits_n: number; readonly threads_n: number }[];
    }
  | { readonly code: 'holder-idle' }
  /** As the JVM says it. */
  | { readonly code: 'jdk-seen'; readonly version: string }
  | { readonly code: 'collector-seen' }
  /** `wasAsked`: the JVM itself said them (--jvm); otherwise they are those of its command line. */
  | { readonly code: 'flags-seen'; readonly wasAsked: boolean }
  | { readonly code: 'load-chosen'; readonly load: string; readonly residentBytes: number | null }
  | { readonly code: 'thread-seen'; readonly name: string; readonly nice: number | null };

/** A call that cannot take the lock where it was measured that it took where it was observed. */
export interface OtherLock {
  readonly call: string;
  /** A release of Linux on which it was measured, and the lock of the call there. */
  readonly kernel: string;
  readonly lock: string;
  readonly observedKernel: string;
  readonly observedLock: string;
  /** A range across VMAs, which the arm does not have, takes the observed lock there, too. */
  readonly isOfOneVma: boolean;
}

/** How much of an arm's stalled time has the root that was expected. */
export type ExpectedRootFact = ExpectedFigures &
  (
    | {
        /**
         * `repeated`: at least half of the stalled time; `partly-repeated`: less; `same-cause`: the cause is the same, and no
         * thread was seen that could be the expected one; `other-roots`: stalls, and none of them has it;
         * `no-stall`: none at all; `no-run`: nothing of the arm was measured.
         */
        readonly code: 'repeated' | 'partly-repeated' | 'same-cause' | 'other-roots' | 'no-stall' | 'no-run';
      }
    /** It did not come back, and on these kernels it could not. */
    | { readonly code: 'other-lock'; readonly otherLock: OtherLock }
  );

interface ExpectedFigures {
  readonly arm: string;
  readonly cause: Cause;
  readonly by: string | null;
  readonly stalls_n: number;
  readonly total_ns: number;
  /** Of these stalls, and of those that were observed; null: none, or not known. */
  readonly median_ns: number | null;
  readonly observedMedian_ns: number | null;
  /** Of the arm. */
  readonly allStalls_n: number;
  readonly all_ns: number;
  /** The root with the most stalled time beside it; null: there is none. */
  readonly other: { readonly cause: Cause; readonly thread: string | null; readonly total_ns: number } | null;
}
