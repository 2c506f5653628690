/**
 * What can be wrong with a run: codes with figures. src/words/run-words.ts makes the sentences. Units are in the names.
 */

/** What the machine did to a run, so that it is no evidence of a rate or a length. */
export type Disturbance =
  | { readonly code: 'steal' | 'foreign-load' | 'guest-steal'; readonly share: number; readonly limit: number }
  /** What other programs did is unknown. */
  | { readonly code: 'load-unread' }
  /** `now`: null where it cannot be read. */
  | { readonly code: 'clock-source'; readonly now: string | null }
  /** Time by the guest's clock per time by the host's. */
  | { readonly code: 'guest-clock'; readonly ratio: number }
  | StatesUnknown
  | { readonly code: 'stopped'; readonly duration_ns: number }
  | { readonly code: 'not-looked'; readonly duration_ns: number };

/**
 * Runs beside such load may still show stalls (src/verdict/run/under-load.ts); runs with any other disturbance show
 * nothing.
 */
export const loadCodes: readonly string[] = ['steal', 'foreign-load', 'guest-steal'] satisfies Disturbance['code'][];

/** How a process of pauselab beside the workload ended abnormally. */
export type HelperEndFact =
  | {
      readonly end: 'exited';
      readonly exitCode: number | null;
      readonly signal: string | null;
      /** Its last complaint. */
      readonly saying: string | null;
    }
  | { readonly end: 'was-stopped' | 'was-killed' | 'did-not-end' }
  /** It ended, and what it wrote cannot be read. */
  | { readonly end: 'unreadable'; readonly reason: string }
  /** It wrote more than fits into memory, of which the first bytes were read. */
  | { readonly end: 'too-large'; readonly fileBytes: number; readonly readBytes: number };

export interface StatesUnknown {
  readonly code: 'states-unknown';
  readonly sampler: HelperEndFact;
  /** After the start; null: in the whole run. */
  readonly from_ns: number | null;
}

export interface SchedulingAsked {
  readonly nice?: number | undefined;
  readonly policy?: string | undefined;
  readonly slice_ns?: number | undefined;
  readonly cpus?: readonly number[] | undefined;
}

export type SchedulingProblem =
  | {
      readonly code: 'scheduling-refused';
      readonly setting: 'nice' | 'policy' | 'slice' | 'cpus' | 'read-back';
      /** As asked for; null of `read-back`. */
      readonly asked: string | null;
      readonly thread: string;
      readonly errno: string;
    }
  | {
      readonly code: 'scheduling-not-in-force';
      readonly thread: string;
      readonly asked: SchedulingAsked;
      readonly actual: SchedulingAsked;
    }
  /** A limit on CPU time. */
  | { readonly code: 'cpu-limit-refused'; readonly thread: string; readonly reason: string }
  /** A weight of a cgroup. */
  | { readonly code: 'cpu-weight-refused'; readonly thread: string; readonly reason: string };

/** What was not as asked for: such a run shows less, and a gate does not pass on it. */
export type Degradation =
  | SchedulingProblem
  | StatesUnknown
  | { readonly code: 'untraced'; readonly tracer: HelperEndFact }
  /** The limit of open files was too low for a look at them. */
  | { readonly code: 'files-exhausted'; readonly threads_n: number }
  /** It had written its most. `after_ns`: from the start of the window. */
  | { readonly code: 'io-hog-ended'; readonly thread: string; readonly after_ns: number; readonly window_ns: number };

/** What is unreadable or missing in a JVM's log. */
export type LogProblem =
  /** Not a line, though every JVM writes some at its start: the log was switched off. */
  | { readonly code: 'log-empty' }
  | { readonly code: 'log-cut' }
  | { readonly code: 'log-dropped'; readonly messages_n: number }
  | { readonly code: 'log-without-time'; readonly lines_n: number }
  | { readonly code: 'uncommit-without-length'; readonly events_n: number; readonly first: string }
  /** A message of the JVM. */
  | { readonly code: 'jvm-warning'; readonly text: string };

/** What makes a run failed. Its exit code follows from its code (src/base/failure.ts). */
export type RunFailure =
  | { readonly code: 'operations-refused'; readonly series: string; readonly errno: string; readonly count: number }
  | { readonly code: 'holder-refused'; readonly thread: string; readonly errno: string; readonly count: number }
  | { readonly code: 'malloc-refused'; readonly thread: string; readonly count: number }
  | { readonly code: 'jvm-hung' }
  | SchedulingProblem;
