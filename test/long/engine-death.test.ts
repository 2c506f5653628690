/** A workload that hangs: it is given up after a time that is long, and its recordings are kept. */
import { expect, test } from 'vitest';
import { expectCountsToAgree, readBundle } from '../support/bundle.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { armFirst, shortProfile } from '../support/short-profile.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);

test('an engine that hangs is given up some time after its drain, and killed', async () => {
  const out = scratch.fresh('out');
  const running = startPauselab(['run', short, ...armFirst('crossing'), '--out', out]);
  const { engine } = await untilMeasuring(running.pid);
  process.kill(engine, 'SIGSTOP');
  const ended = await running.ended;
  expect(ended).toMatchObject({
    code: 6,
    signal: null,
    sentences: [
      expect.stringMatching(
        /^pauselab: run 000-crossing failed: the workload did not end 10 s after its drain and was killed; its recordings are kept$/,
      ),
    ],
  });
  expect(isAlive(engine)).toBe(false);
  const { runs, summary } = readBundle(out);
  expect(summary.status).toBe('failed');
  expect(runs.map(({ file }) => file.status)).toEqual(['failed']);
  for (const run of runs) {
    expectCountsToAgree(run);
    for (const { service } of run.file.series) expect(service.n).toBeGreaterThan(0);
  }
});
expectNothingLeft();
