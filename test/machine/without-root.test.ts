/** Runs without root: the main job, and nice values that the kernel refuses. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sentencesOf } from '../../src/facts/stated.js';
import { expectCountsToAgree, readBundle } from '../support/bundle.js';
import { folderOfNobody, nobodyCannot, whyNobodyCannot, withoutRoot } from '../support/nobody.js';
import { expectFault, expectNothingLeft, pauselab } from '../support/pauselab.js';
import { isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { shortProfile } from '../support/short-profile.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const short = scratch.write('short.yaml', shortProfile);
const set = (...values: string[]): string[] => values.flatMap((value) => ['--set', value]);
const refusedNice = ['run', short, ...set('hogs.nice=-5')];

const place = (): string => folderOfNobody(scratch.fresh('nobody'));

test("the main job runs, whatever another user's killed pauselab left in /dev/shm", async ({ skip }) => {
  skip(nobodyCannot, whyNobodyCannot);
  const out = join(place(), 'out');
  await leaveBehind();
  const ended = await pauselab(
    [
      'run',
      'priority-inversion',
      '--duration',
      '1s',
      '--runs',
      '1',
      '--arm',
      'free-across-vmas',
      '--out',
      out,
      ...set('stall.aim=150ms', 'stall.leastHold=2ms', 'drain=1s', 'spoiled.foreignLoad=100%', 'spoiled.steal=100%'),
    ],
    { wrapper: withoutRoot },
  );
  expect(ended).toMatchObject({ code: 0, sentences: [] });
  const { runs, summary, manifest } = readBundle(out);
  expect(manifest.host.root).toBe(false);
  expect(summary).toMatchObject({ status: 'complete', degraded: [] });
  expect(runs).toHaveLength(3);
  for (const one of runs) expectCountsToAgree(one);
  expect(ended.stdout).toContain(`Verdict: ${summary.verdict}`);
});

const negative =
  /^nice -5 of thread hog-0 was refused \(E(ACCES|PERM)\); a negative nice value needs root, CAP_SYS_NICE or a raised RLIMIT_NICE \(ulimit -e\)/;

test('a negative nice value is refused', async ({ skip }) => {
  skip(nobodyCannot, whyNobodyCannot);
  const out = join(place(), 'out');
  const ended = await pauselab([...refusedNice, '--out', out], { wrapper: withoutRoot });
  expectFault(ended, {
    code: 5,
    says: [
      /nice -5 of thread hog-0 was refused.*ulimit -e\) \(--allow-degraded runs nevertheless and marks the result\)$/,
    ],
    out,
  });
});

test('with --allow-degraded it runs, and bundle, summary and table say so', async ({ skip }) => {
  skip(nobodyCannot, whyNobodyCannot);
  const out = join(place(), 'out');
  const ended = await pauselab([...refusedNice, '--allow-degraded', '--out', out], {
    wrapper: withoutRoot,
  });
  expect([0, 4]).toContain(ended.code);
  const { runs, summary } = readBundle(out);
  for (const { file } of runs) {
    expect(file.degraded).toMatchObject([
      { code: 'scheduling-refused', setting: 'nice', sentence: expect.stringMatching(negative) as string },
    ]);
    expect(file.priorities.find(({ name }) => name === 'hog-0')).toMatchObject({ nice: -5, actual: { nice: 0 } });
  }
  expect(sentencesOf(summary.degraded)).toEqual([expect.stringMatching(negative)]);
  expect(sentencesOf(summary.notes)).toContainEqual(expect.stringMatching(/^Degraded: nice -5/));
  expect(ended.stdout).toMatch(/^Note: Degraded: nice -5 of thread hog-0/m);
});

/** A runtime folder of root's whose process is gone. */
async function leaveBehind(): Promise<void> {
  const child = spawn('true', { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  await until('it has ended', () => !isAlive(pid));
  const folder = `/dev/shm/pauselab-run-${pid}-test00`;
  mkdirSync(folder, { mode: 0o700 });
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
}

expectNothingLeft();
