/** A workload that ends badly: its recordings are kept, the run is failed, and the exit code is 6. */
import { describe, expect, test } from 'vitest';
import { takeSnapshot } from '../../src/record/board/snapshot.js';
import { expectCountsToAgree, readBundle, seriesOf } from '../support/bundle.js';
import { injectEngine, interval_ns, runInjected } from '../support/known-truth.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { armFirst, shortProfile } from '../support/short-profile.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);
const ms = 1_000_000;

describe('an engine that is killed while it measures', () => {
  test('fails the run and the experiment, and loses no recorded sample', async () => {
    const out = scratch.fresh('out');
    const running = startPauselab(['run', short, ...armFirst('crossing'), '--duration', '60s', '--out', out]);
    const { board, engine } = await untilMeasuring(running.pid, { samples: 100 });
    process.kill(engine, 'SIGKILL');
    const ended = await running.ended;

    expect(ended).toMatchObject({
      code: 6,
      signal: null,
      sentences: [
        expect.stringMatching(
          /^pauselab: run 000-crossing failed: the engine ended inside its window by SIGKILL; its recordings are kept$/,
        ),
      ],
    });
    const { runs, summary } = readBundle(out);
    expect(summary.status).toBe('failed');
    expect(summary.verdict).toMatch(/A run failed, so this is not the whole experiment\.$/);
    expect(runs.map(({ file }) => ({ arm: file.arm, status: file.status }))).toEqual([
      { arm: 'crossing', status: 'failed' },
    ]);
    for (const run of runs) {
      expect(run.file.failures[0]?.sentence).toMatch(/by SIGKILL/);
      expectCountsToAgree(run);
      // This process has mapped the same board: what it holds is all that was ever recorded.
      const recorded = takeSnapshot(board);
      for (const { index, name } of board.series) {
        const figures = name.startsWith('holder.') ? run.file.holder : seriesOf(run.file, name);
        expect({ name, n: figures?.service.n }).toEqual({ name, n: recorded.series[index]?.service.n });
        expect(figures?.service.n).toBeGreaterThan(0);
      }
    }
  });

  test('shows the stall that was in progress as in flight, and what it owed', async () => {
    const at = 100;
    const { file, counts, analysis } = await runInjected({
      operation: 'inject_hang',
      at,
      duration_ns: 60_000 * ms,
      meanwhile: async ({ board, engine }) => {
        await until('the victim has hung for longer than the threshold', () => {
          const {
            taken_ns,
            threads: [victim],
          } = takeSnapshot(board);
          return victim?.inFlight.state === 'running' && taken_ns - victim.inFlight.start_ns > 150 * ms;
        });
        process.kill(engine, 'SIGKILL');
      },
    });
    expect(file).toMatchObject({
      status: 'failed',
      failures: [{ code: 'workload', sentence: expect.stringContaining('by SIGKILL') as string }],
    });
    expectCountsToAgree({ file, counts });
    const [figures] = file.series;
    expect(figures).toMatchObject({
      service: { n: at },
      saturated: true,
      stalls: { count: 1, longest_ns: figures?.inflight_ns },
    });
    expect(figures?.inflight_ns).toBeGreaterThan(150 * ms);
    // Owed are the operations that were due until it was killed, and none of the window that never came.
    expect(figures?.unserved).toBeGreaterThanOrEqual(150);
    expect(file.window.windowEnd_ns).toBeLessThan(60_000 * ms);
    expect(figures?.response?.n).toBe(at + 1 + (figures?.unserved ?? 0));
    expect(analysis.series[0]?.stalls).toMatchObject([{ stillRunning: true, recorded: true }]);
  });
});

test('an engine that crashes is named with its signal, and its samples are kept to the last', async () => {
  const at = 150;
  const engine = scratch.write(
    'engine-without-core-file',
    `#!/bin/sh\nulimit -c 0\nexec ${injectEngine} "$@"\n`,
    0o755,
  );
  const { file, counts } = await runInjected({ operation: 'inject_crash', at, engine, duration_ns: 60_000 * ms });
  expect(file).toMatchObject({
    status: 'failed',
    failures: [
      {
        sentence: expect.stringMatching(
          /^the engine ended inside its window by SIGSEGV; its recordings are kept$/,
        ) as string,
      },
    ],
  });
  expectCountsToAgree({ file, counts });
  expect(file.series[0]?.service.n).toBe(at);
});

test('an operation that the kernel refuses in the window fails the run by name and errno, and is in no figure', async () => {
  const due = 300;
  const { file, counts } = await runInjected({ operation: 'inject_refusal', at: 100, duration_ns: due * interval_ns });
  expect(file).toMatchObject({
    status: 'failed',
    failures: [{ code: 'operations-refused', series: 'control.injected', errno: 'EINVAL', count: 1 }],
  });
  expectCountsToAgree({ file, counts });
  const [figures] = file.series;
  expect(figures).toMatchObject({ refused: { EINVAL: 1 }, unserved: 0, inflight_ns: null });
  expect([figures?.service.n, figures?.response?.n]).toEqual([due - 1, due - 1]);
});

expectNothingLeft();
