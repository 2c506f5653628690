/** What an attempt is, whatever was attacked: it has a name that repeats it, a row in the report, and an outcome. */
import { createHash } from 'node:crypto';
import { randomBelow, seededRandom, type Random } from '../../src/stats/prng.js';

export interface Outcome {
  /** `npm run torture -- --attempt NAME` makes it again. */
  readonly name: string;
  /** Where it counts in the report. */
  readonly row: string;
  readonly column: string;
  /** The moment or the call that it was meant for did not come: it counts as no attempt. */
  readonly reached: boolean;
  /** Empty where all held. */
  readonly problems: readonly string[];
  readonly runsCompared?: number;
  readonly samplesCompared?: number;
}

/** Of one attack: the same seed and the same words give the same dice. */
export function diceOf(seed: number, ...words: readonly (string | number)[]): Random {
  return seededRandom(
    createHash('sha256')
      .update([seed, ...words].join('/'))
      .digest()
      .readUInt32LE(0),
  );
}

export function oneOf<T>(items: readonly T[], random: Random): T {
  const item = items[randomBelow(items.length, random)];
  if (item === undefined) throw new RangeError('there is nothing to choose from');
  return item;
}

/** This machine has not what such attacks need: a sentence. */
export class NotHere extends Error {
  override readonly name = 'NotHere';
}
