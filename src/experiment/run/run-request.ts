/** The request of a run, and its result. */
import type { ResolvedArm, ResolvedProfile } from '../../profile/resolved/resolved.js';
import type { RelativeWindow } from '../../record/board/board.js';
import type { BoardSnapshot } from '../../record/board/snapshot.js';
import type { RunAnalysis } from './analyse.js';
import type { FinishedRun } from '../summarise.js';

/** The run to make; plain JSON. */
export interface RunRequest {
  /** Folder name in the bundle. */
  readonly name: string;
  readonly profile: ResolvedProfile;
  readonly arm: ResolvedArm;
  /** Name of the place where it runs. */
  readonly kernel: string;
  readonly repetition: number;
  readonly regionBytes: number;
  readonly allowDegraded: boolean;
  /** Trace the kernel during the run; needs root. */
  readonly trace: boolean;
}

export interface RunInput extends RunRequest {
  readonly interrupted: Promise<unknown>;
  readonly onPhase: (phase: 'preparing' | 'measuring' | 'analysing', pids: readonly number[]) => void;
  readonly onSnapshot: (snapshot: BoardSnapshot, window: RelativeWindow) => void;
}

export interface RunOutput extends FinishedRun {
  /** The run's other files, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** With the whole analysis: the part that is pooled with other runs, and the part that only the files have. */
export type ExecutedRun = RunOutput & { readonly analysis: RunAnalysis };
