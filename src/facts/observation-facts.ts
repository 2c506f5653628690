/** What an observation says: codes with figures. src/words/observation-words.ts makes the sentences. */
import type { BlamedThread } from './chain-facts.js';
import type { Cause, Grade } from './blame.js';

/**
 * Ways of observing, from what shows most to what needs least: programs in the kernel, events of tracefs, looks at /proc.
 */
export const tiers = ['ebpf', 'tracefs', 'sampling'] as const;
export type TierName = (typeof tiers)[number];

/** Stalls of one root: the thread at the end of their chains, what it did, and why. */
export interface StallReasonFact {
  readonly cause: Cause;
  /** The weakest of its stalls. */
  readonly grade: Grade;
  /** With the role `victim`: its own waits for a CPU, while others waited for it. */
  readonly thread: BlamedThread | null;
  /** In the names of src/catalogue/calls.ts; null where it is not known, or there was none. */
  readonly call: string | null;
  /** Its lock was taken by a call that gives memory back. */
  readonly givesBack: boolean;
  readonly stalls_n: number;
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
      /** What took the other ones, most stalled time first. */
      readonly others: readonly { readonly cause: Cause; readonly stalls_n: number; readonly total_ns: number }[];
      /** Waits for a CPU of threads that others waited for at the same time: they are in no other figure. */
      readonly ofHolders_n: number;
      readonly ofHolders_ns: number;
      readonly unknown_n: number;
      readonly unknown_ns: number;
    };

/** What the observation could not see. */
export type ObservationGap =
  | { readonly code: 'records-dropped'; readonly records_n: number }
  | { readonly code: 'threads-not-followed'; readonly threads_n: number }
  | { readonly code: 'nested-locks'; readonly locks_n: number }
  | { readonly code: 'events-missed'; readonly events_n: number }
  | { readonly code: 'target-ended'; readonly pid: number; readonly name: string }
  | { readonly code: 'sleeps-not-judged' }
  | { readonly code: 'symbols-hidden' };
