import { describe, expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { renderSummary } from '../../src/cli/text/summary-table.js';
import { judge } from '../../src/verdict/run/judge.js';
import { armOf, kernelNamed, ms, runOf, seriesOf, stalledRun, summaryOf, writer } from '../verdict/fake-summary.js';

const none = { p50_ns: null, p90_ns: null, p99_ns: null, p99_9_ns: null, p99_99_ns: null };
const fast = {
  n: 6000,
  min_ns: 900,
  mean_ns: 7000,
  p50_ns: 6860,
  p90_ns: 33_100,
  p99_ns: 106_000,
  p99_9_ns: 864_000,
  p99_99_ns: null,
  max_ns: 11.2 * ms,
};
const quiet = runOf();
const idleRun = runOf({ holder_calls: 0 });

const arms: ArmSummary[] = [
  armOf(
    'idle-control',
    'idle',
    [seriesOf(writer, [idleRun, idleRun], { service: fast, response: { ...fast, p50_ns: 64_700 } })],
    { title: 'The holder does nothing', spoiledRuns: 1 },
  ),
  armOf('foreign-control', 'foreign', [seriesOf(writer, [quiet, quiet], { service: fast, response: fast })], {
    title: 'The same holder in another process',
  }),
  armOf(
    'free',
    null,
    [
      seriesOf(writer, [stalledRun(1, 0.16), stalledRun(2, 0.33, 1)], {
        saturated: true,
        response: { ...fast, ...none, n: 6600 },
        unserved: 600,
        inflight_ns: 250 * ms,
      }),
      seriesOf('b.mmap_munmap', [quiet, quiet], {
        response: null,
        service: { ...fast, ...none, n: 3, min_ns: null, mean_ns: null, max_ns: null },
      }),
    ],
    { title: 'MADV_FREE', cutShortRuns: 1 },
  ),
  armOf('one-run', null, [seriesOf(writer, [runOf({ holder_calls: 1 })], { service: fast, response: fast })], {
    title: 'A single run',
    regionBytes: 4096,
  }),
  armOf('spoiled', null, [seriesOf(writer, [])], { title: 'Only spoiled runs', spoiledRuns: 3 }),
];

test('a summary as it is printed', () => {
  const summary = summaryOf(arms, judge({ arms, kernels: [kernelNamed('6.18.0')], status: 'complete', degraded: [] }));
  expect(renderSummary(summary, '/results/today')).toMatchSnapshot();
});

test('what the table does not show, its legend does not explain', () => {
  const plain = armOf('a', null, [seriesOf(writer, [quiet], { service: { ...fast, p99_99_ns: 1 }, response: null })]);
  const text = renderSummary(summaryOf([plain]), '/results');
  expect(text).not.toMatch(/n<|^saturated/m);
  expect(text).toContain('\nVerdict: On Linux 6.18.0: nothing.\nBundle: /results\n');
});

test('without a single run there is a verdict all the same', () => {
  const empty = arms.map((arm) => ({ ...arm, runs: 0, cutShortRuns: 0, holder: null, regionBytes: null, series: [] }));
  expect(renderSummary(summaryOf(empty, { status: 'failed' }), '/results')).toMatch(
    /free: MADV_FREE · 0 runs\n[^]*Verdict: /,
  );
});

describe('what single runs differ by', () => {
  const runs = (...p99s_ns: (number | null)[]) =>
    p99s_ns.map((p99_ns, i) => runOf({ run: `00${i}-a`, service: { ...fast, p99_ns }, response: { ...fast, p99_ns } }));
  const table = (...p99s_ns: (number | null)[]): string =>
    renderSummary(
      summaryOf([armOf('a', null, [seriesOf(writer, runs(...p99s_ns), { service: fast, response: fast })])]),
      '/results',
    );

  test('stands under the percentiles, of service and of response', () => {
    const text = table(90_000, 140_000, 1_200_000);
    const rows = text.split('\n').filter((line) => line.includes('  in runs  '));
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row).toContain('6.86–6.86 µs');
    for (const row of rows) expect(row).toContain('90.0 µs–1.20 ms');
    expect(text).toContain('in runs: the same percentile of single runs');
  });

  test('is not told of one run, of a percentile that a run lacks, and of an older bundle', () => {
    expect(table(90_000)).not.toContain('in runs');
    expect(
      table(90_000, null)
        .split('\n')
        .find((line) => line.includes('  in runs  ')),
    ).not.toContain('90.0');
    expect(renderSummary(summaryOf(arms), '/results')).not.toContain('in runs');
  });
});

test('an arm says what it keeps of memory', () => {
  const memoryUse = { rssMeanBytes: 300 * 2 ** 20, rssPeakBytes: 2 ** 30, pssBytes: null, cgroup: null };
  expect(
    renderSummary(summaryOf([armOf('a', null, [seriesOf(writer, [quiet])], { memoryUse })]), '/results'),
  ).toContain('resident memory 300 MiB on average, 1 GiB at most');
});
