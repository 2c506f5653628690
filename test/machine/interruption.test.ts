/** How an experiment ends early: by one signal, by two, and by a kill that it cannot answer. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectCountsToAgree, readBundle } from '../support/bundle.js';
import { untilMeasuring, type LiveRun } from '../support/live-run.js';
import {
  expectFault,
  expectNothingLeft,
  pauselab,
  runtimeFolders,
  startPauselab,
  type Running,
} from '../support/pauselab.js';
import { isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { armFirst, shortProfile } from '../support/short-profile.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);
const window_ns = 60_000_000_000;

/** An experiment whose windows are far longer than this test takes. */
function startLong(first: 'foreign-control' | 'crossing'): { readonly running: Running; readonly out: string } {
  const out = scratch.fresh('out');
  return { out, running: startPauselab(['run', short, ...armFirst(first), '--duration', '60s', '--out', out]) };
}

const untilGone = (pids: readonly number[]): Promise<boolean> =>
  until(`${pids.join(', ')} are gone`, () => pids.every((pid) => !isAlive(pid)));

function processesOf({ engine, foreignHolder, sampler }: LiveRun): number[] {
  return [engine, sampler, ...(foreignHolder === null ? [] : [foreignHolder])];
}

describe.each([
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
  { signal: 'SIGHUP', code: 129 },
] as const)('$signal while it measures', ({ signal, code }) => {
  test(`ends with ${code} and keeps what was measured, marked partial`, async () => {
    const { running, out } = startLong('crossing');
    const run = await untilMeasuring(running.pid);
    running.kill(signal);
    const ended = await running.ended;

    expect(ended).toMatchObject({
      code,
      signal: null,
      sentences: [`pauselab: interrupted by ${signal}; what was measured is kept, marked partial`],
    });
    expect(ended.logs).toContainEqual(
      expect.stringContaining(`${signal}: ending the window and keeping what was measured; once more ends at once`),
    );
    const { runs, summary } = readBundle(out);
    const [only, ...others] = runs;
    expect(others).toEqual([]);
    if (only === undefined) throw new Error('there is no run');
    expect(only.file).toMatchObject({ arm: 'crossing', status: 'partial', failure: null, spoiled: [] });
    expect(only.file.window.windowEnd_ns).toBeLessThan(window_ns);
    for (const { name, service, response } of only.file.series) {
      expect(service.n, name).toBeGreaterThan(0);
      expect(response?.n, name).toBeGreaterThanOrEqual(service.n);
    }
    expectCountsToAgree(only);
    expect(summary.status).toBe('partial');
    expect(summary.verdict).toMatch(/The experiment is not complete\.$/);
    expect(ended.stdout).toContain(`Verdict: ${summary.verdict}`);
    await untilGone(processesOf(run));
    expect(runtimeFolders([running.pid])).toEqual([]);
  });
});

test('SIGINT before the first run measures nothing, and no folder says otherwise', async () => {
  const out = scratch.fresh('out');
  const running = startPauselab(['run', short, '--duration', '60s', '--out', out]);
  await until('it sizes the region', () => running.logs().some((text) => text.startsWith('sizing the region')));
  running.kill('SIGINT');
  expectFault(await running.ended, {
    code: 130,
    says: [/^pauselab: interrupted by SIGINT before the first run; nothing was measured$/],
    out,
  });
});

test('SIGINT in the warm-up leaves a run of an empty window', async () => {
  const out = scratch.fresh('out');
  const running = startPauselab(['run', short, ...armFirst('crossing'), '--set', 'warmup=60s', '--out', out]);
  await untilMeasuring(running.pid, { samples: 0 });
  running.kill('SIGINT');
  expect(await running.ended).toMatchObject({
    code: 130,
    sentences: [expect.stringContaining('interrupted by SIGINT')],
  });
  const { runs, summary } = readBundle(out);
  expect(summary.status).toBe('partial');
  expect(runs.map(({ file }) => file.status)).toEqual(['partial']);
  for (const run of runs) {
    const { windowStart_ns, windowEnd_ns } = run.file.window;
    expect(windowEnd_ns - windowStart_ns).toBe(0);
    expectCountsToAgree(run);
    for (const { service, response, unserved, stalls } of run.file.series)
      expect([service.n, response?.n, unserved, stalls.stalled_share]).toEqual([0, 0, 0, 0]);
  }
});

describe('what a pauselab that could not clean up leaves', () => {
  const left: string[] = [];

  test('a second SIGINT ends it at once, by the signal, and its workload with it', async () => {
    const { running } = startLong('crossing');
    const run = await untilMeasuring(running.pid);
    left.push(run.folder);
    // So that the first signal cannot be answered: there is still something to wait for when the second comes.
    process.kill(run.engine, 'SIGSTOP');
    running.kill('SIGINT');
    await until('the first is heard', () =>
      running.logs().some((text) => text.startsWith('SIGINT: ending the window')),
    );
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGINT', stdout: '', sentences: [] });
    await untilGone(processesOf(run));
  });

  test('kill -9 leaves neither engine, foreign holder nor sampler behind', async () => {
    const { running } = startLong('foreign-control');
    const run = await untilMeasuring(running.pid);
    left.push(run.folder);
    const pids = processesOf(run);
    expect(pids.filter(isAlive)).toHaveLength(3);
    running.kill('SIGKILL');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    await untilGone(pids);
  });

  test('the next start removes their folders in /dev/shm', async () => {
    expect(left).toHaveLength(2);
    // Whatever it finds: sizing the region has made a folder, and so has cleaned up.
    const ended = await pauselab([
      'run',
      short,
      '--runs',
      '1',
      '--duration',
      '100ms',
      '--set',
      'spoiled.retries=0',
      '--out',
      scratch.fresh('out'),
    ]);
    expect([0, 4]).toContain(ended.code);
    expect(left.filter((folder) => existsSync(folder))).toEqual([]);
  });
});

expectNothingLeft();
