/** `pauselab observe` beside a process whose thread waits for a mutex and records that itself. */
import { expect } from 'vitest';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { observedWaits, type WaitsAsked } from './observed-waits.js';
import type { ObservedWindow } from './stalling.js';

interface Observed extends ObservedWindow {
  readonly stalls: readonly ListedStall[];
}

/** The longest stall in each wait that was recorded, which covers most of it. */
export async function observedMutexWaits(
  asked: WaitsAsked & { readonly lock: 'mutex' | 'arena' },
): Promise<ListedStall[]> {
  const {
    observation: { stalls },
    waits,
  } = await observedWaits<Observed>(asked);
  return waits.map(({ tid, start_ns, duration_ns }) => {
    const [longest] = stalls
      .filter(
        (one) =>
          one.thread?.tid === tid && one.start_ns < start_ns + duration_ns && one.start_ns + one.duration_ns > start_ns,
      )
      .toSorted((x, y) => y.duration_ns - x.duration_ns);
    // Looks may come late.
    expect(longest?.duration_ns).toBeGreaterThan(asked.tier === 'sampling' ? 0 : duration_ns / 2);
    if (longest === undefined) throw new Error('a wait was not found');
    return longest;
  });
}
