/**
 * What has to be undone whatever happened: processes, folders, files in use. Every step is tried, and a step that fails
 * is told and not thrown. So it never hides why the work failed, never loses what the work found, and never keeps the
 * steps after it from being done.
 */
import { systemFailure } from './system-error.js';

let tell = (sentence: string): void => {
  process.stderr.write(`pauselab: ${sentence}\n`);
};

/** Where failures of clean-ups are told from now on; without it, on stderr. */
export function tellCleanUpFailures(listener: (sentence: string) => void): void {
  tell = listener;
}

export async function cleanUp(...steps: readonly (() => unknown)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      told(error);
    }
  }
}

/** As `cleanUp`, of steps that do not wait. */
export function cleanUpNow(...steps: readonly (() => void)[]): void {
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      told(error);
    }
  }
}

function told(error: unknown): void {
  const failure = systemFailure(error) ?? error;
  tell(`while cleaning up: ${failure instanceof Error ? failure.message : String(failure)}`);
}
