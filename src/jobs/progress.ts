/** Receives the progress of a job: commands print it, tests check it. */
import type { ExperimentObserver } from '../experiment/experiment.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';

export interface Progress {
  readonly note: (text: string) => void;
  /** Starts the status of an experiment. */
  watch(profile: ResolvedProfile): Watcher;
}

export interface Watcher extends ExperimentObserver {
  note(text: string): void;
  /** The current step, shown until the next. */
  progress(text: string): void;
  end(): void;
}
