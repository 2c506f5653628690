/**
 * What is missing or weak in a side of a comparison: codes with figures. src/words/side-words.ts makes the sentences.
 */

/** Why an experiment is not whole. */
export type IncompleteSide =
  | { readonly code: 'no-summary' }
  | { readonly code: 'not-complete'; readonly status: string }
  /** Runs of its summary that are not there. */
  | { readonly code: 'runs-gone'; readonly runs: readonly string[] };

/** An experiment that is not whole, and why. */
export interface NotWhole {
  readonly side: string;
  readonly incomplete: IncompleteSide;
}

/** Runs, or something of a bundle, that are no evidence. */
export type LeftOut =
  /** `reason`: what the bundle's reader refused. */
  | { readonly code: 'unreadable'; readonly reason: string }
  | {
      readonly code: 'runs-disturbed' | 'runs-cut-short' | 'runs-failed';
      readonly runs_n: number;
      readonly of_n: number;
    };

export type SideNote =
  | IncompleteSide
  | LeftOut
  /** `degradations`: their codes (run-facts.ts); `why`: their sentences. */
  | { readonly code: 'side-degraded'; readonly degradations: readonly string[]; readonly why: readonly string[] }
  | {
      readonly code: 'settings-unproven';
      readonly settings: readonly { readonly allocator: string; readonly key: string; readonly asked: string }[];
    }
  | {
      readonly code: 'series-idle' | 'records-lost' | 'pages-used-up';
      readonly arm: string;
      readonly series: string;
      readonly runs_n: number;
    }
  | { readonly code: 'log-cut'; readonly file: string }
  | {
      readonly code: 'log-unit';
      readonly file: string;
      readonly unit: string;
      /** A line of the log; its column Interval_Max; nothing, so that it is assumed. */
      readonly from: 'line' | 'maxima' | 'nothing';
    }
  /** Of an observation. `gaps`: their codes (observation-facts.ts); `why`: their sentences. */
  | { readonly code: 'not-all-seen'; readonly gaps: readonly string[]; readonly why: readonly string[] }
  | { readonly code: 'log-series-empty'; readonly file: string; readonly series: string };

export type Labels = { readonly a: string; readonly b: string };

/** What of a side's circumstances differs; null: unknown. `class`: as in allowDifferent; `pauselab`: its version and --trace. */
export interface DifferingFact {
  readonly class: 'profile' | 'kernel' | 'machine' | 'jdk' | 'allocator' | 'pauselab';
  readonly fact:
    | 'profile'
    | 'label'
    | 'kernel'
    | 'guest'
    | 'image'
    | 'preemption'
    | 'hz'
    | 'transparentHugePages'
    | 'autogroup'
    | 'clockSource'
    | 'schedFeatures'
    | 'cpuModel'
    | 'cpus'
    | 'memory'
    | 'jdks'
    | 'jdkLibrary'
    | 'allocators'
    | 'tool'
    | 'trace';
  readonly a: string | null;
  readonly b: string | null;
}

/** `arms.free.holder.nice`, and its value on either side. */
export interface DifferingSetting {
  readonly path: string;
  readonly a: string;
  readonly b: string;
}
