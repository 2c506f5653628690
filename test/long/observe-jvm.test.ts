/** `observe --jvm` killed at random moments: the JVM's log is as before, and no file is left. */
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/stats/prng.js';
import { installedJdks } from '../support/jdks.js';
import { compileObserved, startObserved } from '../support/observed-jvm.js';
import { expectNothingLeft, expectSuccess, pauselab, startPauselab } from '../support/pauselab.js';
import { processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
const moments = 50;
/** Of a moment: several times what it takes on a slow machine. */
const moment_ms = 60_000;
const window_ms = 300;

describe.skipIf(!isAllowed)('an observation of a JVM', () => {
  const classes = compileObserved(scratch);
  const [{ java } = { java: 'java' }] = installedJdks();

  test(
    `leaves no trace in it when it is killed, at ${moments} moments`,
    async () => {
      const jvm = await startObserved(java, classes, []);
      const before = jvm.outputs();
      const observing = ['observe', '--pid', String(jvm.pid), '--jvm', '--for', `${window_ms}ms`, '--out'];
      const begun_ms = performance.now();
      expectSuccess(await pauselab([...observing, scratch.fresh('whole')]));
      const whole_ms = performance.now() - begun_ms;
      const draw = seededRandom(1);
      let on_n = 0;
      for (let number = 0; number < moments; number += 1) {
        // Every other moment is while the log is on, which is a small part of a busy machine's time.
        const isWhileOn = number % 2 === 1;
        const wait_ms = draw() * (isWhileOn ? window_ms : whole_ms);
        const running = startPauselab([...observing, scratch.fresh('killed')]);
        if (isWhileOn) await until('the log is on', () => jvm.logs().length > 0);
        await setTimeout(wait_ms);
        if (jvm.logs().length > 0) on_n += 1;
        running.kill('SIGKILL');
        await running.ended;
        await until('the guardian is gone', () => processesWith(`pauselab-${jvm.pid}-`).length === 0);
        expect(
          [jvm.outputs(), jvm.logs()],
          `killed ${wait_ms.toFixed(0)} ms after ${isWhileOn ? 'the log was on' : 'its start'}`,
        ).toEqual([before, []]);
        expect(existsSync(`/tmp/.attach_pid${jvm.pid}`)).toBe(false);
      }
      console.log(`the log was on in ${on_n} of ${moments} moments`);
      expect(on_n).toBeGreaterThan(moments / 4);
      expect(jvm.isAlive()).toBe(true);
    },
    moments * moment_ms,
  );
});

expectNothingLeft();
