/**
 * An examination of a machine that nothing can be measured on, and one that is interrupted. The whole lock table is in
 * test/long/doctor.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { examined } from '../support/examined.js';
import { nativeProgram } from '../native/programs.js';
import { expectFault, expectNothingLeft, pauselab, runtimeFolders, shell, startPauselab } from '../support/pauselab.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

/** Without a kernel in the cache, no guest is booted to try KVM, which may take half a minute. */
const noKernels = { PAUSELAB_CACHE: scratchFolder().path };
const isRoot = process.geteuid?.() === 0;

describe('a machine that nothing can be measured on', () => {
  const canHideProc =
    isRoot && spawnSync('unshare', ['-m', ...shell('mount -t proc -o subset=pid proc /proc', [])]).status === 0;

  test.for([
    { what: 'one CPU', wrapper: ['taskset', '-c', '0'], checks: { CPUs: /^1 may be used$/ }, skipped: false },
    {
      what: 'no right to choose CPUs',
      wrapper: [nativeProgram('pauselab-refuse'), 'EPERM', 'sched_setaffinity', '--'],
      checks: { 'CPU affinity': /^refused \(EPERM\)/ },
      skipped: false,
    },
    {
      what: 'a container whose /proc shows processes only',
      wrapper: ['unshare', '-m', ...shell('mount -t proc -o subset=pid proc /proc && exec "$@"', [])],
      checks: {
        memory: /^\/proc\/meminfo is not readable$/,
        'steal and other programs': /^\/proc\/stat is not readable$/,
      },
      skipped: !canHideProc,
    },
  ])('$what: unfit, with what to do, and no lock table', async ({ wrapper, checks, skipped }, { skip }) => {
    skip(skipped, 'needs root and a /proc that can be mounted with subset=pid');
    const report = await examined(wrapper, noKernels);
    expect(report).toMatchObject({
      code: 5,
      fit: false,
      means: null,
      locks: [],
      holders: [],
      conclusion: expect.stringMatching(/^Unfit: /) as string,
    });
    const unfit = report.checks.filter(({ status }) => status === 'unfit');
    expect(unfit.map(({ name }) => name)).toEqual(Object.keys(checks));
    for (const { name, found, advice } of unfit) {
      expect(found).toMatch(Object.entries(checks).find(([key]) => key === name)?.[1] ?? /never/);
      expect(report.conclusion).toContain(`${name}: ${found}; ${String(advice)}`);
    }
  });

  test('a /proc that shows processes only stops a run too, by one sentence', async ({ skip }) => {
    skip(!canHideProc, 'needs root and a /proc that can be mounted with subset=pid');
    const ended = await pauselab(['run', 'priority-inversion'], {
      wrapper: ['unshare', '-m', ...shell('mount -t proc -o subset=pid proc /proc && exec "$@"', [])],
    });
    expectFault(ended, {
      code: 5,
      says: [/\/proc\/\w+ cannot be read \(ENOENT\).*mount \/proc in full, without subset=pid$/],
    });
  });
});

describe.each([{ signal: 'SIGINT', code: 130 }] as const)('$signal while it examines', ({ signal, code }) => {
  test(`ends with ${code} and no result, and leaves nothing`, async () => {
    const running = startPauselab(['doctor', '--json'], { env: noKernels });
    await until('it makes trials', () => running.logs().some((text) => text.includes('take mmap_lock')));
    const children = await until('a trial runs', () => {
      const found = childrenOf(running.pid);
      return runtimeFolders([running.pid]).length > 0 && found.length > 0 && found;
    });
    running.kill(signal);
    expectFault(await running.ended, {
      code,
      says: [new RegExp(`^pauselab: interrupted by ${signal}; an incomplete examination has no result`)],
    });
    await until('its processes are gone', () => children.every((pid) => !isAlive(pid)));
    expect(runtimeFolders([running.pid])).toEqual([]);
  });
});

expectNothingLeft();
