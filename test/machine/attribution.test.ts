/** The trace: what it proves, and that nothing of it is left in the kernel, whatever happens. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStalls } from '../../src/bundle/read-stalls.js';
import { untilMeasuring } from '../support/live-run.js';
import { folderOfNobody, isRoot, nobodyCannot, whyNobodyCannot, withoutRoot } from '../support/nobody.js';
import { expectFault, expectNothingLeft, pauselab, startPauselab } from '../support/pauselab.js';
import { isAlive, processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { stoppedProfile } from '../support/stopped-profile.js';
import { noisy, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

const profile = scratch.write('stopped.yaml', stoppedProfile);

/** The trace has every call: at a rate, they are thousands and not millions. */
const paced = ['--set', 'victims[0].rate=1000/s'];
/** Calls long enough that some of them lose their CPU inside. */
const holding = ['--set', 'holder.pause=0ms', '--set', 'holder.region=256MiB'];

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

describe('--trace', () => {
  skipEach(!isRoot, 'needs root');
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
    // The kernel takes an instance apart after the process that had it.
    await until('the instances are gone', () => instances().length === 0);
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
      noisy(() => {
        expect(own.map(({ stall }) => stall.cause)).toContainEqual(
          expect.objectContaining({
            cause: 'mmap-lock-reader',
            grade: 'proven',
            lock: 'mmap_lock read',
            thread: expect.objectContaining({ role: 'holder' }) as unknown,
          }),
        );
      });
    });
    expect(instances()).toEqual([]);
  });
});

test('--trace without root is said, and runs nothing', async ({ skip }) => {
  skip(nobodyCannot, whyNobodyCannot);
  const out = join(folderOfNobody(scratch.fresh('nobody')), 'refused');
  expectFault(await pauselab(['run', profile, '--trace', '--out', out], { wrapper: withoutRoot }), {
    code: 5,
    says: [/--trace needs root/],
    out,
  });
});

expectNothingLeft();
