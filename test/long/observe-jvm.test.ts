/** `observe --jvm` killed at random moments: the JVM's log is as before, and no file is left. */
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/stats/prng.js';
import { installedJdks } from '../support/jdks.js';
import { compileObserved, startObserved } from '../support/observed-jvm.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
const moments = 50;
/** From the start of the command to beyond the end of its window. */
const longest_ms = 2500;

describe('an observation of a JVM', () => {
  skipEach(!isAllowed, 'needs root, and BTF of this kernel');
  const classes = compileObserved(scratch);
  const [{ java } = { java: 'java' }] = installedJdks();

  test(`leaves no trace in it when it is killed, at ${moments} moments`, async () => {
    const jvm = await startObserved(java, classes, []);
    const before = jvm.outputs();
    const draw = seededRandom(1);
    let on_n = 0;
    for (let number = 0; number < moments; number += 1) {
      const wait_ms = draw() * longest_ms;
      const observing = ['observe', '--pid', String(jvm.pid), '--jvm', '--for', '300ms', '--out'];
      const running = startPauselab([...observing, scratch.fresh('killed')]);
      await setTimeout(wait_ms);
      if (jvm.logs().length > 0) on_n += 1;
      running.kill('SIGKILL');
      await running.ended;
      await until('the guardian is gone', () => processesWith(`pauselab-${jvm.pid}-`).length === 0);
      expect([jvm.outputs(), jvm.logs()], `killed after ${wait_ms.toFixed(0)} ms`).toEqual([before, []]);
      expect(existsSync(`/tmp/.attach_pid${jvm.pid}`)).toBe(false);
    }
    console.log(`the log was on in ${on_n} of ${moments} moments`);
    expect(on_n).toBeGreaterThan(0);
    expect(jvm.isAlive()).toBe(true);
  });
});

expectNothingLeft();
