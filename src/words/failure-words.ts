/** A failure as a run's record has it. */
import type { Failure, FailureCode } from '../base/failure.js';

export interface StatedFailure {
  readonly code: FailureCode;
  readonly sentence: string;
}

export function sayFailure({ code, message }: Pick<Failure, 'code' | 'message'>): StatedFailure {
  return { code, sentence: message };
}
