/** Experiments that are ended early. */
import { expect } from 'vitest';
import { expectCountsToAgree, readBundle } from './bundle.js';
import { untilMeasuring, type LiveRun } from './live-run.js';
import { runtimeFolders, startPauselab, type Running } from './pauselab.js';
import { isAlive } from './processes.js';
import { scratchFolder } from './scratch.js';
import { armFirst, shortProfile } from './short-profile.js';
import { until } from './until.js';

export const scratch = scratchFolder();
export const short = scratch.write('short.yaml', shortProfile);
const window_ns = 60_000_000_000;

/** An experiment whose windows are far longer than this test takes. */
export function startLong(first: 'foreign-control' | 'crossing'): { readonly running: Running; readonly out: string } {
  const out = scratch.fresh('out');
  return { out, running: startPauselab(['run', short, ...armFirst(first), '--duration', '60s', '--out', out]) };
}

export const untilGone = (pids: readonly number[]): Promise<boolean> =>
  until(`${pids.join(', ')} are gone`, () => pids.every((pid) => !isAlive(pid)));

export function processesOf({ engine, foreignHolder, sampler }: LiveRun): number[] {
  return [engine, sampler, ...(foreignHolder === null ? [] : [foreignHolder])];
}

/** That a signal while it measures ends it with this code, and keeps what was measured, marked partial. */
export async function expectKept(signal: NodeJS.Signals, code: number): Promise<void> {
  const { running, out } = startLong('crossing');
  const run = await untilMeasuring(running.pid);
  running.kill(signal);
  const ended = await running.ended;

  expect(ended).toMatchObject({
    code,
    signal: null,
    sentences: [
      `pauselab: interrupted by ${signal}; what was measured is kept, marked partial; continue with \`pauselab resume ${out}\``,
    ],
  });
  expect(ended.logs).toContainEqual(
    expect.stringContaining(`${signal}: ending the window and keeping what was measured; a second signal ends at once`),
  );
  const { runs, summary } = readBundle(out);
  const [only, ...others] = runs;
  expect(others).toEqual([]);
  if (only === undefined) throw new Error('there is no run');
  expect(only.file).toMatchObject({ arm: 'crossing', status: 'partial', failures: [], disturbances: [] });
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
}
