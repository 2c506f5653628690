import { onTestFinished } from 'vitest';

type Ending = () => unknown;

/** Of the try that runs now: what has to end before the next one starts. A test file runs one test at a time. */
let endings: Ending[] | undefined;

/**
 * What a machine's noise can hide is tried again, a few times and for all to see: a claim that does not hold in any
 * try fails, and one that needed more than one try says so.
 */
export async function withinTries<T>(most: number, what: string, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number += 1) {
    endings = [];
    try {
      const value = await attempt();
      console.log(`${what}: try ${number} of at most ${most} held`);
      return value;
    } catch (error) {
      console.log(`${what}: try ${number} of at most ${most} did not hold: ${firstLine(error)}`);
      if (number === most) throw error;
    } finally {
      const ended = endings;
      endings = undefined;
      for (const end of ended.toReversed()) await end();
    }
  }
}

/** `end` runs after the try that it is called in, whether that held or not; outside a try, after the test. */
export function onTryFinished(end: Ending): void {
  if (endings !== undefined) endings.push(end);
  else
    onTestFinished(async () => {
      await end();
    });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
