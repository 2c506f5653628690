/** What is not known about stalls: codes with figures. src/words/stall-words.ts makes the sentences. */
import type { LogProblem } from './run-facts.js';

/** Evidence that would have shown more of a stall, or of all stalls of its run. */
export type MissingEvidence =
  | LogProblem
  | { readonly code: 'trace-event-missing'; readonly event: string }
  /** Threads of other programs that take the workload's mmap_lock. `reason`: the tracer's words. */
  | { readonly code: 'outside-untraced'; readonly reason: string }
  /** `from_ns`: time after go from which nothing of them is missing. */
  | { readonly code: 'outside-lost'; readonly events_n: number; readonly from_ns: number }
  /** The trace does not cover the stall. */
  | { readonly code: 'trace-gap'; readonly lost_n: number }
  /** The victim's state was not observed for that share of the stall. */
  | { readonly code: 'states-unobserved'; readonly share: number };

/** What is missing in a bundle, or is there and no evidence. */
export type MissingInBundle =
  /** `reason`: of what the folder has beside its runs, or of a file that is refused. */
  | { readonly code: 'unreadable'; readonly reason: string }
  | { readonly code: 'no-summary' | 'no-run' }
  | { readonly code: 'no-stalls-file' | 'no-attribution'; readonly run: string }
  | { readonly code: 'run-not-whole'; readonly run: string; readonly status: 'partial' | 'failed' }
  | {
      readonly code: 'run-disturbed';
      readonly run: string;
      readonly disturbances: readonly string[];
      readonly why: readonly string[];
    }
  | { readonly code: 'trace-lost'; readonly run: string; readonly events_n: number }
  | { readonly code: 'records-lost'; readonly run: string; readonly records_n: number }
  | { readonly code: 'histogram-cut'; readonly run: string }
  /** Its figures are of runs that are no evidence; `underLoad`: they show that it stalls, and no more. */
  | { readonly code: 'arm-without-evidence'; readonly arm: string; readonly underLoad: boolean };
