/**
 * What the figures say of a pause whose place and length are known: the test engine makes it, and has a clock of its
 * own.
 */
import { describe, expect, test } from 'vitest';
import { valueOfIndex, type SparseCounts } from '../../src/record/histogram/counts.js';
import type { ExecutedRun } from '../../src/experiment/run/one-run.js';
import type { SeriesRun } from '../../src/experiment/run/analyse.js';
import { expectCountsToAgree } from '../support/bundle.js';
import { interval_ns, runInjected, series } from '../support/known-truth.js';
import { expectNothingLeft, runtimeFolders } from '../support/pauselab.js';
import { noisy, withinTries } from '../support/tries.js';

const ms = 1_000_000;
const pause_ns = 500 * ms;

describe('one pause of 500 ms at 1,000/s', () => {
  test('is 500 slow response times, evenly spread, one slow service time, and exact maxima', async () => {
    // Any other delay of 1 ms on this machine is a true sample too, and makes the count another one: little of the
    // window is left for it outside of the pause.
    const duration_ns = pause_ns + 20 * ms;
    const due = duration_ns / interval_ns;
    await withinTries(8, 'one pause is seen as one service time and 500 response times', async () => {
      const run = await runInjected({ operation: 'inject_pause', at: 5, duration_ns, for_ns: pause_ns });
      expect(run.file).toMatchObject({ status: 'complete', failures: [] });
      expectCountsToAgree(run);
      const { service, response, figures } = victimOf(run);
      expect(figures).toMatchObject({ refused: {}, exhausted: 0, lost_records: 0 });
      expect(service.n + figures.unserved + (figures.inflight_ns === null ? 0 : 1)).toBe(due);
      expect(response.n).toBe(due);

      const injected_ns = injectedPause(run);
      const [stall, ...others] = victimOf(run).stalls;
      noisy(() => {
        expect(figures).toMatchObject({ unserved: 0, inflight_ns: null, saturated: false });
        expect(slowIn(service)).toHaveLength(1);
        const slow = slowIn(response);
        expectNear(slow.length, 500, 2);
        for (let bucket = 0; bucket < 5; bucket += 1)
          expectNear(
            slow.filter((value_ns) => Math.min(4, Math.floor(value_ns / (100 * ms))) === bucket).length,
            100,
            2,
          );
        expectNear(service.max_ns, injected_ns, ms);
        expectNear(response.max_ns, injected_ns, ms);
        expect(others).toEqual([]);
        // It sleeps, so the sampler saw it asleep: no lock of the kernel.
        expect(stall?.dominant).toBe('S');
      });
      expect(figures.service.max_ns).toBe(service.max_ns);
      expect(figures.response?.max_ns).toBe(response.max_ns);

      expect(figures.stalls).toMatchObject({
        count: 1,
        blocked_count: 0,
        longest_ns: service.max_ns,
        total_ns: service.max_ns,
      });
      expectNear(figures.stalls.stalled_share * duration_ns, injected_ns, ms);
      expect(stall).toMatchObject({ stillRunning: false, recorded: true, duration_ns: service.max_ns });
    });
  });

  test('that is still going on at the end is in flight, and what it kept from starting is owed', async () => {
    const [at, due] = [100, 500];
    const duration_ns = due * interval_ns;
    await withinTries(3, 'a pause without an end is in flight', async () => {
      const run = await runInjected({
        operation: 'inject_pause',
        at,
        duration_ns,
        for_ns: 60_000 * ms,
        drain_ns: 200 * ms,
      });
      expect(run.file).toMatchObject({ status: 'complete', failures: [] });
      expectCountsToAgree(run);
      const { service, response, figures, stalls } = victimOf(run);

      expect(service.n).toBe(at);
      expect(figures).toMatchObject({ unserved: due - at - 1, saturated: true });
      // The operation in flight and those behind it, each for as long as the window still was.
      expect(response.n).toBe(due);
      expect(figures.response).toMatchObject({ n: due, p50_ns: null, mean_ns: null });
      expect(run.counts[`${series}.owed`]).toBe(due - at);

      const left_ns = (due - at) * ms;
      expect(figures.inflight_ns).toBeGreaterThanOrEqual(left_ns);
      expect(stalls).toContainEqual(
        expect.objectContaining({ stillRunning: true, recorded: true, duration_ns: figures.inflight_ns }),
      );
      noisy(() => {
        expectNear(response.max_ns, left_ns, ms);
        expect(stalls).toMatchObject([{ dominant: 'S' }]);
        expectNear(figures.stalls.stalled_share * duration_ns, left_ns, 2 * ms);
      });
      expect(figures.stalls).toMatchObject({
        count: 1,
        longest_ns: figures.inflight_ns,
        total_ns: figures.inflight_ns,
      });
    });
  });
});

function victimOf({ analysis }: ExecutedRun): SeriesRun & { readonly response: SparseCounts } {
  const [only] = analysis.series;
  const response = only?.response ?? null;
  if (only === undefined || response === null) throw new Error('the run has one victim, and it has a schedule');
  return { ...only, response };
}

/** Values of at least 1 ms, each to three digits. */
function slowIn({ index, count }: SparseCounts): number[] {
  return Array.from(index).flatMap((one, i) =>
    Array.from({ length: valueOfIndex(one) >= ms ? (count[i] ?? 0) : 0 }, () => valueOfIndex(one)),
  );
}

function injectedPause({ files }: ExecutedRun): number {
  return Number(/^injected pause_ns=(\d+)$/m.exec(files['engine.log'] ?? '')?.[1]);
}

function expectNear(value: number, wanted: number, within: number): void {
  expect(Math.abs(value - wanted), `${value} is to be within ${within} of ${wanted}`).toBeLessThanOrEqual(within);
}

test('a run ends before the failure of its observer shows', async () => {
  const meanwhile = (): Promise<void> => Promise.reject(new Error('a check failed'));
  const failed = runInjected({ operation: 'inject_pause', at: 1_000_000, duration_ns: 60_000_000_000, meanwhile });
  await expect(failed).rejects.toThrow('a check failed');
  expect(runtimeFolders([process.pid])).toEqual([]);
  expect(process.env.PAUSELAB_ENGINE).toBeUndefined();
});

expectNothingLeft();
