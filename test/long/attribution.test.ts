/**
 * Blame where it is due and nowhere else: victims that are stopped by a signal are no victims of mmap_lock, beside a
 * real holder or none.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { readStalls } from '../../src/bundle/read-stalls.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { stoppedProfile } from '../support/stopped-profile.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();

const profile = scratch.write('stopped.yaml', stoppedProfile);

const blamed = ['mmap-lock-reader', 'mmap-lock-writer', 'vma-lock'];

/** Stops the process of the victims a few times in every run, for 200 ms each. */
async function runWithStops(out: string): Promise<void> {
  const running = startPauselab(['run', profile, '--out', out]);
  const done = new AbortController();
  const stopping = (async () => {
    const seen = new Set<number>();
    while (!done.signal.aborted) {
      const live = await Promise.race([untilMeasuring(running.pid).catch(() => null), running.ended.then(() => null)]);
      if (live === null) return;
      if (!seen.has(live.engine))
        for (let i = 0; i < 4; i += 1) {
          try {
            process.kill(live.engine, 'SIGSTOP');
            await sleep(200);
            process.kill(live.engine, 'SIGCONT');
          } catch {
            break; // its window is over
          }
          await sleep(150);
        }
      seen.add(live.engine);
      await sleep(50);
    }
  })();
  const ended = await running.ended;
  done.abort();
  await stopping;
  expect([0, 4]).toContain(ended.code);
}

test('a victim that is stopped is not blamed on mmap_lock, in the controls and beside a real holder', async () => {
  await withinTries(3, 'stops meet victims inside operations, in every arm', async () => {
    const out = scratch.fresh('stopped');
    await runWithStops(out);
    const { stalls, runs } = readStalls(out);
    expect(runs).toHaveLength(3);
    const stopped = stalls.filter(({ stall }) => (stall.stateShares.T ?? 0) > 0.5);
    // In no try may it be wrong; whether a stop met an operation is for the tries.
    const wrong = stopped.filter(
      ({ stall }) => stall.cause?.cause !== 'stopped' || overlapBlamed(stall) > 0.5 * stall.duration_ns,
    );
    expect(wrong).toEqual([]);
    const inControls = stalls.filter(({ arm }) => arm.endsWith('-control'));
    expect(inControls.filter(({ stall }) => blamed.includes(stall.cause?.cause ?? ''))).toEqual([]);
    noisy(() => {
      for (const arm of ['idle-control', 'foreign-control', 'crossing'])
        expect(stopped.filter((one) => one.arm === arm).length, arm).toBeGreaterThan(0);
    });
  });
});

function overlapBlamed({ chain }: ListedStall): number {
  return (chain ?? [])
    .filter(({ cause }) => blamed.includes(cause))
    .reduce((sum, { duration_ns }) => sum + duration_ns, 0);
}

expectNothingLeft();
