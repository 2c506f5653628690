/**
 * Blame where it is due and nowhere else: victims that are stopped by a signal are no victims of mmap_lock, beside a
 * real holder or none. And the trace: what it proves, and that nothing of it is left in the kernel, whatever happens.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { readStalls } from '../../src/bundle/read-stalls.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectFault, expectNothingLeft, pauselab, startPauselab } from '../support/pauselab.js';
import { isAlive, processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

/** Back to back, so that a signal meets the writer inside an operation. */
const profile = scratch.write(
  'stopped.yaml',
  `
name: stopped
title: Victims that are stopped
description: A writer that is always in an operation, and a timer, beside a holder at nice 19.
runs: 1
duration: 3s
drain: 1s
holder: { operation: madvise_free, nice: 19, cpus: first, pause: 100ms, region: 64MiB, toucher: { nice: 0, cpus: first } }
hogs: { count: 1, cpus: first }
victims:
  - { operation: mprotect, rate: back-to-back }
  - { operation: timer, rate: 200/s }
spoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }
controls: { of: crossing }
arms:
  - { name: crossing, title: MADV_FREE across VMAs, layout: split }
`,
);

/** The trace has every call: at a rate, they are thousands and not millions. */
const paced = ['--set', 'victims[0].rate=1000/s'];
/** Calls long enough that some of them lose their CPU inside. */
const holding = ['--set', 'holder.pause=0ms', '--set', 'holder.region=256MiB'];

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
    for (const arm of ['idle-control', 'foreign-control', 'crossing'])
      expect(stopped.filter((one) => one.arm === arm).length, arm).toBeGreaterThan(0);
  });
});

function overlapBlamed({ chain }: ListedStall): number {
  return (chain ?? [])
    .filter(({ cause }) => blamed.includes(cause))
    .reduce((sum, { duration_ns }) => sum + duration_ns, 0);
}

const isRoot = process.getuid?.() === 0;

/** In a mount namespace of its own, as the tracer's. */
function instances(): string[] {
  const script = 'mkdir -p "$1" && mount -t tracefs nodev "$1" && ls "$1/instances"; umount "$1"; rmdir "$1"';
  return execFileSync(
    'unshare',
    ['-m', 'sh', '-c', script, 'sh', join('/tmp', `pauselab-test-tracefs-${process.pid}`)],
    { encoding: 'utf8' },
  )
    .split('\n')
    .filter((name) => name.startsWith('pauselab-'));
}

describe.skipIf(!isRoot)('--trace', () => {
  test('leaves nothing in the kernel when it is killed', async () => {
    const running = startPauselab([
      'run',
      profile,
      '--trace',
      ...paced,
      '--duration',
      '60s',
      '--out',
      scratch.fresh('killed'),
    ]);
    const { engine } = await untilMeasuring(running.pid);
    expect(instances()).toEqual([0, 1].map((number) => `pauselab-${running.pid}-${number}`));
    running.kill('SIGKILL');
    await running.ended;
    await until(
      'the tracer is gone',
      () => !isAlive(engine) && processesWith(`/dev/shm/pauselab-run-${running.pid}-`).length === 0,
    );
    expect(instances()).toEqual([]);
  });

  test('proves who held what, and leaves nothing behind', async () => {
    await withinTries(3, 'a stall is proven to be the holder’s doing', async () => {
      const out = scratch.fresh('traced');
      const ended = await pauselab(['run', profile, '--trace', ...paced, ...holding, '--out', out]);
      expect([0, 4], ended.stderr).toContain(ended.code);
      const { stalls, runs } = readStalls(out);
      for (const { file } of runs) expect(file?.trace?.events_n).toBeGreaterThan(100);
      for (const { file } of runs)
        expect(file?.trace?.call_ns).toEqual({
          without: expect.toSatisfy((ns: number) => ns > 0) as number,
          with: expect.toSatisfy((ns: number) => ns > 0) as number,
        });
      const own = stalls.filter(({ arm, stall }) => arm === 'crossing' && stall.series === 'writer.mprotect');
      expect(own.map(({ stall }) => stall.cause)).toContainEqual(
        expect.objectContaining({
          cause: 'mmap-lock-reader',
          grade: 'proven',
          lock: 'mmap_lock read',
          thread: expect.objectContaining({ role: 'holder' }) as unknown,
        }),
      );
    });
    expect(instances()).toEqual([]);
  });
});

test.skipIf(isRoot)('--trace without root is said, and runs nothing', async () => {
  const out = scratch.fresh('refused');
  expectFault(await pauselab(['run', profile, '--trace', '--out', out]), {
    code: 5,
    says: [/--trace needs root/],
    out,
  });
});

expectNothingLeft();
