/** What may fail by a fault of the emulation is started again: the boot of a kernel, and a JVM before its window. */
import { Failure, type FailureCode } from '../../base/failure.js';
import { sayFailure, type StatedFailure } from '../../words/failure-words.js';

/** Most starts of a kernel or a JVM under TCG. */
export const mostStarts = 3;

interface StartingAgain {
  /** On real CPUs every failure counts. */
  readonly emulated: boolean;
  readonly mayBeEmulation: FailureCode;
  readonly verb: 'booted' | 'started';
  readonly note: (text: string) => void;
}

/** `attempt` receives the failures of earlier attempts, because its result contains them. */
export async function startedAgain<T>(
  attempt: (failures: readonly StatedFailure[]) => Promise<T>,
  { emulated, mayBeEmulation, verb, note }: StartingAgain,
): Promise<T> {
  const failures: StatedFailure[] = [];
  for (;;) {
    try {
      return await attempt(failures);
    } catch (error) {
      if (
        !emulated ||
        failures.length === mostStarts - 1 ||
        !(error instanceof Failure) ||
        error.code !== mayBeEmulation
      )
        throw error;
      const failure = sayFailure({ code: error.code, message: error.message.slice(0, 2000) });
      failures.push(failure);
      note(`${failure.sentence}. It is ${verb} again, because this may be a fault of the emulation`);
    }
  }
}
