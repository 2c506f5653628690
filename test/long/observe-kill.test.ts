/** `observe` killed at random moments: nothing of it is left in the kernel, and what it observed goes on. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/stats/prng.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { childrenOf, endProcess, isAlive, processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { startStalling } from '../support/stalling.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
const moments = 50;
/** From the start of the command to beyond the end of its window. */
const longest_ms = 2000;

/** Programs of the observer in the kernel; null: nothing here can list them. */
function programs(): number | null {
  try {
    const listed = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8' })) as {
      name?: string;
    }[];
    return listed.filter(({ name }) => name === 'on_switch').length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

describe.skipIf(!isAllowed)('an observation', () => {
  test.each(['pauselab', 'its helper'])(`leaves nothing when %s is killed, at ${moments} moments`, async (killed) => {
    const { pid } = startStalling(900);
    const before = programs();
    const draw = seededRandom(1);
    let watched_n = 0;
    for (let number = 0; number < moments; number += 1) {
      const running = startPauselab([
        ...['observe', '--pid', String(pid), '--for', '1s', '--out'],
        scratch.fresh('killed'),
      ]);
      await setTimeout(draw() * longest_ms);
      const helpers = childrenOf(running.pid).filter((child) => processesWith('pauselab-observer').includes(child));
      if (helpers.length > 0) watched_n += 1;
      if (killed === 'pauselab') running.kill('SIGKILL');
      else helpers.forEach(endProcess);
      await running.ended;
      await until('the helper is gone', () => !helpers.some(isAlive));
      await until('no program is left in the kernel', () => programs() === before);
    }
    console.log(
      `it watched in ${watched_n} of ${moments} moments${before === null ? '; bpftool is not installed' : ''}`,
    );
    expect(watched_n).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(true);
  });
});

expectNothingLeft();
