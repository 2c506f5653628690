/** Who is told how a job goes: commands print it, tests look at it. */
import type { ExperimentObserver } from '../experiment/experiment.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';

export interface Told {
  readonly note: (text: string) => void;
  /** From here on until its end. */
  watch(profile: ResolvedProfile): Watcher;
}

export interface Watcher extends ExperimentObserver {
  note(text: string): void;
  /** What is going on, until something else is. */
  progress(text: string): void;
  end(): void;
}
