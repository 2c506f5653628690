/**
 * Undoes what must be undone whatever happened: processes, folders, open files. Every step is tried. A step that fails
 * is reported, not thrown, so it neither hides why the work failed, nor loses the work's result, nor prevents the later
 * steps.
 */
import { systemFailure } from './system-error.js';

let tell = (sentence: string): void => {
  process.stderr.write(`pauselab: ${sentence}\n`);
};

/** Sets who hears of failed clean-ups from now on. The default is stderr. */
export function tellCleanUpFailures(listener: (sentence: string) => void): void {
  tell = listener;
}

export async function cleanUp(...steps: readonly (() => unknown)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      reportFailure(error);
    }
  }
}

/** Like `cleanUp`, for synchronous steps. */
export function cleanUpNow(...steps: readonly (() => void)[]): void {
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      reportFailure(error);
    }
  }
}

function reportFailure(error: unknown): void {
  const failure = systemFailure(error) ?? error;
  tell(`clean-up failed: ${failure instanceof Error ? failure.message : String(failure)}`);
}
