/** What a way of observing gives, so that everything after it is the same for all of them. */
import type { LoggedEvent, RunEvidence } from '../attribution/evidence.js';
import type { ObservationGap } from '../facts/observation-facts.js';
import type { ObservedStall } from './observed-stalls.js';
import type { Observed } from './observed.js';
import type { Target } from './target.js';

export interface WatchOptions {
  readonly targets: readonly Target[];
  /** Shorter waits are no stalls. */
  readonly threshold_ns: number;
}

/** A stall has parts, so intervals that are shorter than a stall have to be reported. */
export const detailOf = (threshold_ns: number): number => Math.min(1_000_000, Math.ceil(threshold_ns / 20));

export interface Watch {
  /** CLOCK_MONOTONIC at its start, from which all times count. */
  readonly start_ns: number;
  /** Settles when it ends by itself, which it does only where it cannot go on. */
  readonly ended: Promise<unknown>;
  /** Stalls so far. It costs what came since it was asked last, and not more the longer the observation lasts. */
  stalls_n(): number;
  /** Stalls that have been over for `settled_ns`, with what explains them; each is returned once. Null: none. */
  newStalls(): SettledStalls | null;
  /** It keeps no more. */
  isFull(): boolean;
  /** Ends it. Nothing of it is left on the machine. */
  finish(): Promise<WatchResult>;
}

/** Of a holder, the record comes when it gives the lock back, or has a CPU again: a little after the stall. */
export const settled_ns = 500_000_000;

/** Of the time around these stalls. */
export type SettledStalls = Pick<WatchResult, 'stalls' | 'evidence' | 'eventsOf'>;

/** What was seen. */
export interface WatchResult {
  /** By start. */
  readonly stalls: readonly ObservedStall[];
  /** Its `events` are empty: those of a process are in `eventsOf`. */
  readonly evidence: RunEvidence;
  /** Pauses of a JVM by its pid. */
  readonly eventsOf: ReadonlyMap<number, readonly LoggedEvent[]>;
  readonly gaps: readonly ObservationGap[];
  /** Shorter intervals were not reported. */
  readonly detail_ns: number;
  readonly watched_ns: number;
  /** What the helper took, and the buffers of the kernel, without the time of programs in the kernel. */
  readonly cost: { readonly cpu_ns: number; readonly memoryBytes: number };
  /** Of programs in the kernel; null: another way of observing. */
  readonly records: Observed | null;
}
