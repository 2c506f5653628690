/** `pauselab observe --tier tracefs`, beside a process that it did not start; and what is left when it is killed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { childrenOf } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { canTrace, traceInstances } from '../support/tracefs.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

const instances = (): string[] => traceInstances(scratch.fresh('tracefs'));

describe('an observation by tracefs', () => {
  skipEach(!canTrace(scratch.fresh('tracefs')), 'needs root, and tracefs');
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
