/** `observe` killed at random moments: nothing of it is left in the kernel, and what it observed goes on. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/stats/prng.js';
import { expectNothingLeft, expectSuccess, pauselab, startPauselab } from '../support/pauselab.js';
import { childrenOf, endProcess, isAlive, processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { startStalling } from '../support/stalling.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
const moments = 50;
/** Of a moment: several times what it takes on a slow machine. */
const moment_s = 60;
const window_ms = 1000;

/** Programs of observers in the kernel that no living observer has; null: nothing here can list programs. */
function leftPrograms(): number[] | null {
  const listed = programs();
  // Looked at second: programs that another observation loads meanwhile have their process then.
  const had = new Set(processesWith('pauselab-observer').flatMap(programsOf));
  return listed === null ? null : listed.filter((id) => !had.has(id));
}

function programs(): number[] | null {
  try {
    const listed = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8' })) as {
      id: number;
      name?: string;
    }[];
    return listed.filter(({ name }) => name === 'on_switch').map(({ id }) => id);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** By its descriptors of programs and of their links. */
function programsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
      const [, id] = /^prog_id:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')) ?? [];
      return id === undefined ? [] : [Number(id)];
    });
  } catch (error) {
    // It ended, or closed a descriptor: then it has no program, or is looked at again.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

const helpersOf = (pid: number): number[] =>
  childrenOf(pid).filter((child) => processesWith('pauselab-observer').includes(child));

describe('an observation', () => {
  skipEach(!isAllowed, 'needs root, and BTF of this kernel');
  test.each(['pauselab', 'its helper'])(
    `leaves nothing when %s is killed, at ${moments} moments`,
    async (killed) => {
      const { pid } = startStalling(moments * moment_s);
      const observing = ['observe', '--pid', String(pid), '--for', `${window_ms}ms`, '--out'];
      const begun_ms = performance.now();
      expectSuccess(await pauselab([...observing, scratch.fresh('whole')]));
      const whole_ms = performance.now() - begun_ms;
      const before = leftPrograms();
      const draw = seededRandom(1);
      let watched_n = 0;
      for (let number = 0; number < moments; number += 1) {
        const running = startPauselab([...observing, scratch.fresh('killed')]);
        // Every other moment is while the helper loads or watches, which is a small part of a busy machine's time.
        if (number % 2 === 0) await setTimeout(draw() * whole_ms);
        else {
          await until('the helper is there', () => helpersOf(running.pid).length > 0);
          await setTimeout(draw() * window_ms);
        }
        const helpers = helpersOf(running.pid);
        if (helpers.length > 0) watched_n += 1;
        if (killed === 'pauselab') running.kill('SIGKILL');
        else helpers.forEach(endProcess);
        await running.ended;
        await until('the helper is gone', () => !helpers.some(isAlive));
        await until(
          'no program is left in the kernel',
          () => leftPrograms()?.every((id) => before?.includes(id)) ?? true,
        );
      }
      console.log(
        `it watched in ${watched_n} of ${moments} moments${before === null ? '; bpftool is not installed' : ''}`,
      );
      expect(watched_n).toBeGreaterThan(moments / 4);
      expect(isAlive(pid)).toBe(true);
    },
    moments * moment_s * 1000,
  );
});

expectNothingLeft();
