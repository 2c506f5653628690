import { expect } from 'vitest';
import { takeSnapshot } from '../../src/record/board/snapshot.js';
import { expectCountsToAgree, readBundle, seriesOf } from './bundle.js';
import { untilMeasuring, type LiveRun } from './live-run.js';
import { startPauselab } from './pauselab.js';
import type { Scratch } from './scratch.js';
import { armFirst, shortProfile } from './short-profile.js';

/** One run that is cut short by Ctrl-C, after something was done to a process beside it. */
export async function interruptedAfter(
  scratch: Scratch,
  act: (run: LiveRun, pauselab: number) => void | Promise<void>,
  ...options: readonly string[]
) {
  const short = scratch.write('short.yaml', shortProfile);
  const out = scratch.fresh('out');
  const running = startPauselab(['run', short, ...armFirst('crossing'), '--duration', '60s', ...options, '--out', out]);
  const run = await untilMeasuring(running.pid, { samples: 100 });
  await act(run, running.pid);
  running.kill('SIGINT');
  const ended = await running.ended;
  expect(ended).toMatchObject({
    code: 130,
    sentences: [
      `pauselab: interrupted by SIGINT; what was measured is kept, marked partial; continue with \`pauselab resume ${out}\``,
    ],
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
