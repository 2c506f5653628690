/** `pauselab observe --tier tracefs`, beside a process that it did not start; and what is left when it is killed. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { crossingRun, observedRun } from '../support/observed-run.js';
import { expectNothingLeft, pauselab, startPauselab } from '../support/pauselab.js';
import { childrenOf } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

/** In a mount namespace of its own: tracefs is not mounted everywhere. */
function instances(): string[] {
  const folder = scratch.fresh('tracefs');
  mkdirSync(folder);
  return execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t tracefs nodev "$1" && ls "$1/instances"', 'sh', folder], {
    encoding: 'utf8',
  }).split('\n');
}

function canTrace(): boolean {
  try {
    return process.getuid?.() === 0 && instances().length > 0;
  } catch {
    return false;
  }
}

describe.skipIf(!canTrace())('an observation by tracefs', () => {
  test('finds the stalls of a run, with the thread and the call that are to blame', async () => {
    await withinTries(4, 'stalls are seen by tracefs', async () => {
      const running = observedRun(scratch.fresh('run'), '8s');
      const engine = await crossingRun(running.pid);
      const { code, stdout } = await pauselab([
        ...['observe', '--tier', 'tracefs', '--pid', String(engine), '--for', '4s'],
        ...['--threshold', '30ms', '--out', scratch.fresh('observed'), '--json'],
      ]);
      await running.ended;
      expect(code).toBe(0);
      const { tier, reasons, missing, cost } = JSON.parse(stdout) as {
        tier: string;
        reasons: unknown[];
        missing: { code: string }[];
        cost: { cpu_ns: number };
      };
      expect(tier).toBe('tracefs');
      expect(cost.cpu_ns).toBeGreaterThan(0);
      expect(missing.map((gap) => gap.code)).toContain('calls-partly-traced');
      expect(reasons).toContainEqual(
        expect.objectContaining({
          cause: 'mmap-lock-reader',
          call: 'madvise.FREE',
          givesBack: true,
          grade: 'proven',
          thread: expect.objectContaining({ name: 'holder', role: 'other', nice: 17 }) as unknown,
        }),
      );
    });
  });

  test('leaves nothing in the kernel when pauselab or the tracer is killed', async () => {
    const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
    onTestFinished(() => {
      sleeper.kill();
    });
    for (const killed of ['pauselab', 'tracer']) {
      const out = scratch.fresh('killed');
      const observing = startPauselab([
        ...['observe', '--tier', 'tracefs', '--pid', String(sleeper.pid), '--for', '100s', '--out', out],
      ]);
      const own = (): string[] => instances().filter((name) => name.startsWith(`pauselab-${observing.pid}-`));
      await until('it traces', () => own().length === 2);
      if (killed === 'pauselab') process.kill(observing.pid, 'SIGKILL');
      else for (const pid of childrenOf(observing.pid)) process.kill(pid, 'SIGKILL');
      const { code, stderr } = await observing.ended;
      if (killed === 'tracer') {
        expect(code).toBe(ExitCode.workload);
        expect(stderr).toContain('SIGKILL');
      }
      await until(`the instances are removed after SIGKILL of ${killed}`, () => own().length === 0);
      if (killed === 'tracer') expect(existsSync(out)).toBe(false);
    }
  });
});

expectNothingLeft();
