/**
 * What runs beside the workload, the sampler: that it dies, hangs or is stopped costs no sample and keeps nobody
 * waiting. The tracer is in test/long/helpers.test.ts.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runInjected } from '../support/known-truth.js';
import { expectNothingLeft } from '../support/pauselab.js';
import { until } from '../support/until.js';

describe('a sampler', () => {
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
      disturbances: [{ code: 'states-unknown', sampler: { end: 'exited', signal: 'SIGKILL' } }],
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
    disturbances: [{ code: 'stopped' }],
  });
});

/** Times that it slept between two looks. */
function looksOf(sampler: number): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${sampler}/status`, 'utf8'))?.[1]);
}

expectNothingLeft();
