/** `pauselab observe` beside a process that stalls and records its waits itself, for long enough that it has one. */
import { expect } from 'vitest';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import type { TierName } from '../../src/facts/observation-facts.js';
import { pauselab } from './pauselab.js';
import { startStalling, waitsWithin, type ObservedWindow, type RecordedWait } from './stalling.js';
import { noisy, withinTries } from './tries.js';

export interface ObservedWaits<Observation> {
  readonly observation: Observation;
  /** That began and ended in it. At least one. */
  readonly waits: readonly RecordedWait[];
}

export interface WaitsAsked {
  readonly tier: TierName;
  readonly lock: 'mmap_lock' | 'mutex' | 'arena';
  /** Of the first try. Beside other load a wait may take as long as the observation, so each try takes twice as long. */
  readonly seconds: number;
  /** A folder for each try. */
  readonly out: () => string;
}

const mostTries = 4;

export function observedWaits<Observation extends ObservedWindow & { readonly stalls: readonly ListedStall[] }>({
  tier,
  lock,
  seconds,
  out,
}: WaitsAsked): Promise<ObservedWaits<Observation>> {
  let for_s = seconds / 2;
  return withinTries(mostTries, `a wait for the ${lock} lies in the observation`, async () => {
    for_s *= 2;
    const stalling = startStalling(600, 200, lock);
    const { code, stdout } = await pauselab([
      ...['observe', '--tier', tier, '--pid', String(stalling.pid), '--for', `${for_s}s`],
      ...['--out', out(), '--json'],
    ]);
    expect(code).toBe(0);
    const observation = JSON.parse(stdout) as Observation;
    const waits = waitsWithin(observation, await stalling.end());
    noisy(() => {
      expect(waits.length).toBeGreaterThan(0);
    });
    return { observation, waits };
  });
}
