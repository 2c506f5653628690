/** `pauselab observe` beside a process whose thread waits for a mutex and records that itself. */
import { expect } from 'vitest';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { pauselab } from './pauselab.js';
import { startStalling, waitsWithin, type ObservedWindow } from './stalling.js';
import { withinTries } from './tries.js';

/** The longest stall in each wait that was recorded, which covers most of it. */
export async function observedMutexWaits(
  tier: 'ebpf' | 'tracefs' | 'sampling',
  lock: 'mutex' | 'arena',
  seconds: number,
  out: string,
): Promise<ListedStall[]> {
  const { waits, stalls } = await withinTries(3, `a wait for the ${lock} lies in the observation`, async () => {
    const stalling = startStalling(600, 200, lock);
    const { code, stdout } = await pauselab([
      ...['observe', '--tier', tier, '--pid', String(stalling.pid), '--for', `${seconds}s`],
      ...['--out', out, '--json'],
    ]);
    expect(code).toBe(0);
    const observed = JSON.parse(stdout) as ObservedWindow & { readonly stalls: readonly ListedStall[] };
    const inWindow = waitsWithin(observed, await stalling.end());
    expect(inWindow.length).toBeGreaterThan(0);
    return { waits: inWindow, stalls: observed.stalls };
  });
  return waits.map(({ tid, start_ns, duration_ns }) => {
    const [longest] = stalls
      .filter(
        (one) =>
          one.thread?.tid === tid && one.start_ns < start_ns + duration_ns && one.start_ns + one.duration_ns > start_ns,
      )
      .toSorted((x, y) => y.duration_ns - x.duration_ns);
    // Looks may come late.
    expect(longest?.duration_ns).toBeGreaterThan(tier === 'sampling' ? 0 : duration_ns / 2);
    if (longest === undefined) throw new Error('a wait was not found');
    return longest;
  });
}
