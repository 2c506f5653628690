import { onTestFinished } from 'vitest';

type Ending = () => unknown;

/** Of the try that runs now: what has to end before the next one starts. A test file runs one test at a time. */
let endings: Ending[] | undefined;

/** A claim that `noisy` marked did not hold. */
class Noise extends Error {
  constructor(readonly failure: unknown) {
    super(firstLine(failure));
  }
}

/**
 * Marks a claim that the noise of a machine can hide, inside `withinTries`. All else has to hold in every try: exit
 * codes, counts that have to agree, and that nothing wrong is said.
 */
export function noisy<T>(claim: () => T): T {
  const hide = (failure: unknown): never => {
    throw new Noise(failure);
  };
  try {
    const held = claim();
    return held instanceof Promise ? (held.catch(hide) as T) : held;
  } catch (failure) {
    return hide(failure);
  }
}

/**
 * What a machine's noise can hide is tried again, a few times and for all to see: a noisy claim that does not hold in
 * any try fails, and one that needed more than one try says so. Any other failure is one at once.
 */
export async function withinTries<T>(most: number, what: string, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number += 1) {
    endings = [];
    try {
      const value = await attempt();
      console.log(`${what}: try ${number} of at most ${most} held`);
      return value;
    } catch (error) {
      if (!(error instanceof Noise)) throw error;
      console.log(`${what}: try ${number} of at most ${most} did not hold: ${error.message}`);
      if (number === most) throw error.failure;
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
