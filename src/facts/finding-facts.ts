/** What was found of a series of an arm: src/words/finding-words.ts makes the sentence. */

/** Why nothing is concluded (src/verdict/run/outcome.ts). */
export type OpenReason =
  | 'no-run'
  | 'no-operation'
  | 'no-control-run'
  | 'no-control-series'
  /** In no run of the foreign control was anything given back. */
  | 'control-gave-nothing'
  | 'no-idle-run'
  | 'uncontrolled'
  | 'unseen'
  | 'holder-idle'
  | 'heap-kept'
  | 'exhausted'
  | 'not-blocked'
  | PauseReason
  /** The JVM's log may lack pauses. */
  | 'pauses-unseen'
  | 'control-unseen'
  | 'control-stalls'
  | 'idle-unseen'
  | 'idle-stalls'
  | 'some-runs';

/**
 * By its log the JVM stood still for longer than the log of the foreign control shows: by more than chance easily makes,
 * or the runs do not decide it (src/verdict/run/pauses.ts).
 */
export type PauseReason = 'paused' | 'pauses-undecided';

/** Of the whole, undisturbed runs. */
export interface SeenStalls {
  readonly runs_n: number;
  readonly stallingRuns_n: number;
  readonly stalls_n: number;
  readonly threshold_ns: number;
  readonly longest_ns: number;
  /** Mean of the runs. */
  readonly stalled_share: number;
  /**
   * Records of slow operations were lost. `stalls_n` has all stalls that were due in the window; the share, and a stall
   * that reaches into the window from the warm-up, may be missing.
   */
  readonly hasLostRecords: boolean;
  /** Of `stalls_n`: the victim was blocked in the kernel, or slept on the allocator's mutex. */
  readonly blocked_n: number;
  readonly mutex_n: number;
  /** Of `stalls_n`: the state of the victim is unknown. */
  readonly unseen_n: number;
}

/** By the JVM's log, of the whole, undisturbed runs (src/verdict/run/pauses.ts). */
export interface SeenPauses {
  readonly runs_n: number;
  /** Runs with a pause as long as a stall. */
  readonly pausedRuns_n: number;
  readonly longest_ns: number;
  /** Of the window of the run that was paused most. */
  readonly most_share: number;
  /** False: the log may lack pauses, so length and share are the least that there was. Null in an older bundle. */
  readonly isWhole: boolean | null;
  /** Runs of the foreign control; null: the control is no JVM, or the bundle is older. */
  readonly foreignRuns_n: number | null;
  /** Of the run of the foreign control that was paused most; null: the control is no JVM, or its share is unknown. */
  readonly foreign_share: number | null;
  /** The log of the foreign control may lack pauses. */
  readonly isForeignUnknown: boolean;
}

/** Of runs beside other programs (src/verdict/run/under-load.ts). */
export interface SeenUnderLoad {
  readonly blamed: { readonly thread: string; readonly call: string | null; readonly cause: string };
  /** Runs with this evidence. */
  readonly runs: number;
  /** Blocked stalls in them, and of these those whose wait ended with a hold. */
  readonly stalls_n: number;
  readonly endedWithHold_n: number;
  /** Probability that chance alone would have as many ends near to ends of holds. */
  readonly chance: number;
  readonly longest_ns: number;
  /** Of the arm's runs, and of the control with less. */
  readonly load_share: number;
  readonly controlLoad_share: number;
}

export interface FindingFact {
  readonly outcome: 'stalls' | 'like-foreign' | 'unclear' | 'no-data';
  /** Null where something is concluded. */
  readonly reason: OpenReason | null;
  /** Null without a run. */
  readonly seen: SeenStalls | null;
  /** Stalls in the same series of the controls; null without that series. */
  readonly foreignStalls_n: number | null;
  readonly idleStalls_n: number | null;
  /** Null if the finding rests on undisturbed runs, or on no run. */
  readonly underLoad: SeenUnderLoad | null;
  /** Null unless the reason is `paused` or `pauses-undecided`. */
  readonly paused: SeenPauses | null;
}
