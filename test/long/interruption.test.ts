/** How an experiment ends early by other signals than SIGINT, and in its warm-up. */
import { expect, test } from 'vitest';
import { expectCountsToAgree, readBundle } from '../support/bundle.js';
import { expectKept, scratch, short } from '../support/interrupted.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { armFirst } from '../support/short-profile.js';

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s while it measures ends with %i and keeps what was measured, marked partial', async (signal, code) => {
  await expectKept(signal, code);
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

expectNothingLeft();
