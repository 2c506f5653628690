/**
 * What runs beside the workload, the sampler and the tracer: that it dies, hangs or is stopped costs no sample and
 * keeps nobody waiting.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { takeSnapshot } from '../../src/record/snapshot.js';
import { expectCountsToAgree, readBundle, seriesOf } from '../support/bundle.js';
import { runInjected } from '../support/known-truth.js';
import { untilMeasuring, type LiveRun } from '../support/live-run.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { armFirst, shortProfile } from '../support/short-profile.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);

const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

/** One run that is cut short by Ctrl-C, after something was done to a process beside it. */
async function interruptedAfter(
  act: (run: LiveRun, pauselab: number) => void | Promise<void>,
  ...options: readonly string[]
) {
  const out = scratch.fresh('out');
  const running = startPauselab(['run', short, ...armFirst('crossing'), '--duration', '60s', ...options, '--out', out]);
  const run = await untilMeasuring(running.pid, { samples: 100 });
  await act(run, running.pid);
  running.kill('SIGINT');
  const ended = await running.ended;
  expect(ended).toMatchObject({
    code: 130,
    sentences: ['pauselab: interrupted by SIGINT; what was measured is kept, marked partial'],
  });
  const [measured, ...others] = readBundle(out).runs;
  expect(others).toEqual([]);
  if (measured === undefined) throw new Error('there is no run');
  expectCountsToAgree(measured);
  // This process has mapped the same board.
  const recorded = takeSnapshot(run.board);
  for (const { index, name } of run.board.series.filter((one) => !one.name.startsWith('holder.')))
    expect(seriesOf(measured.file, name).service.n).toBe(recorded.series[index]?.service.n);
  return { file: measured.file, run };
}

describe('a sampler', () => {
  test.each([
    [
      'is killed',
      'SIGKILL',
      /^the sampler ended by SIGKILL, so the states of the threads are unknown from .* after the start on$/,
    ],
    [
      'is stopped',
      'SIGSTOP',
      /^the sampler was stopped \(SIGSTOP\) when the window ended, so the states of the threads are unknown from .* after the start on$/,
    ],
  ] as const)('that %s leaves a run with all its samples, which says so', async (_, signal, says) => {
    const { file, run } = await interruptedAfter(({ sampler }) => {
      process.kill(sampler, signal);
    });
    expect(file).toMatchObject({ status: 'partial', failure: null, degraded: [expect.stringMatching(says) as string] });
    expect(isAlive(run.sampler)).toBe(false);
  });

  test('that dies makes a whole run one that is repeated, and its stalls have unknown states', async () => {
    const ms = 1_000_000;
    const { file, analysis } = await runInjected({
      operation: 'inject_pause',
      at: 400,
      for_ns: 200 * ms,
      duration_ns: 1_000 * ms,
      meanwhile: ({ sampler }) => {
        process.kill(sampler, 'SIGKILL');
        return Promise.resolve();
      },
    });
    expect(file).toMatchObject({
      status: 'complete',
      degraded: [],
      spoiled: [expect.stringMatching(/^the sampler ended by SIGKILL, so /) as string],
    });
    expect(file.series[0]?.stalls).toMatchObject({ count: 1, blocked_count: 0, unseen_count: 1 });
    expect(analysis.series[0]?.stalls).toMatchObject([{ dominant: 'unobserved' }]);
  });
});

test('a workload that is stopped in its window, and goes on, is no evidence', async () => {
  const { file } = await runInjected({
    operation: 'inject_pause',
    at: 900,
    for_ns: 1_000,
    duration_ns: 1_000_000_000,
    meanwhile: async ({ engine, sampler }) => {
      process.kill(engine, 'SIGSTOP');
      try {
        // It has looked some times since, as its CPU time says.
        const looked = looksOf(sampler);
        await until('the sampler sees that it is stopped', () => looksOf(sampler) >= looked + 5);
      } finally {
        process.kill(engine, 'SIGCONT');
      }
    },
  });
  expect(file).toMatchObject({
    status: 'complete',
    disturbances: ['stopped'],
    spoiled: [
      expect.stringMatching(
        /^the workload was stopped by a signal or a debugger \(state T\) for .* of its window$/,
      ) as string,
    ],
  });
});

/** Times that it slept between two looks. */
function looksOf(sampler: number): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${sampler}/status`, 'utf8'))?.[1]);
}

describe.runIf(process.geteuid?.() === 0)('a tracer', () => {
  test.each([
    ['is killed', 'SIGKILL', ['the tracer ended by SIGKILL, so there is no trace of this run']],
    ['is stopped', 'SIGSTOP', []],
  ] as const)('that %s leaves a run with all its samples', async (_, signal, degraded) => {
    let tracer = 0;
    const { file } = await interruptedAfter(async (_run, pauselab) => {
      tracer = await until('the tracer', () =>
        childrenOf(pauselab).find((pid) => nameOf(pid).startsWith('pauselab-tracer')),
      );
      process.kill(tracer, signal);
    }, '--trace');
    expect(file).toMatchObject({ status: 'partial', degraded });
    expect(file.trace === null).toBe(signal === 'SIGKILL');
    expect(isAlive(tracer)).toBe(false);
  });
});

expectNothingLeft();
