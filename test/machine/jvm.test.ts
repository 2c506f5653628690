/** A JVM profile by the command: how it is started, and how it ends. What each causes is in test/long/jvm.test.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { takeSnapshot } from '../../src/record/board/snapshot.js';
import { readBundle } from '../support/bundle.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectFault, expectNothingLeft, pauselab, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

describe('bad input and ends', () => {
  const short = ['--runs', '1', '--duration', '1s', '--arm', 'a', '--set', 'spoiled.retries=0'];
  const profile = (jvm: string): string =>
    scratch.write(
      'p.yaml',
      `name: p\ntitle: P\njvm: { ${jvm} }\nhogs: { count: 0 }\nwarmup: 200ms\nvictims: [{ operation: mmap_munmap, rate: 1000/s }]\narms: [{ name: a }]\n`,
    );

  test('how the profile says that the process starts, the launcher is told and the JVM has', async () => {
    const out = scratch.fresh('process');
    const ended = await pauselab([
      'run',
      profile('process: { nice: 3, cpus: first, limits: { nofile: 2048, as: 64GiB } }'),
      ...short,
      '--out',
      out,
    ]);
    // One run of a second may decide nothing.
    expect([0, 4]).toContain(ended.code);
    const { runs } = readBundle(out);
    const launch = readFileSync(join(runs[0]?.folder ?? '', 'jvm-launch.txt'), 'utf8').split('\n');
    expect(launch).toEqual(
      expect.arrayContaining([
        'nice=3',
        'limit=core 0',
        'limit=nofile 2048',
        `limit=as ${64 * 2 ** 30}`,
        expect.stringMatching(/^cpus=\d+$/),
      ]),
    );
  });

  test('--java for a profile without a JVM is refused', async () => {
    const out = scratch.fresh('out');
    expectFault(await pauselab(['run', 'convoy', '--java', '/usr', '--out', out]), {
      code: 2,
      says: [/the profile convoy has no arm with a JVM/],
      out,
    });
  });

  test('a JVM that is killed loses no recorded sample, and its run has failed', async () => {
    const out = scratch.fresh('killed');
    const running = startPauselab(['run', profile('loads: none'), '--runs', '1', '--duration', '60s', '--out', out]);
    const { board, engine: jvm } = await untilMeasuring(running.pid, { samples: 100 });
    process.kill(jvm, 'SIGKILL');
    const ended = await running.ended;
    expect(ended).toMatchObject({
      code: 6,
      signal: null,
      sentences: [
        expect.stringMatching(
          /^pauselab: run 000-[a-z-]+ failed: the JVM ended inside its window by SIGKILL.*its recordings are kept$/,
        ),
      ],
    });
    const { runs } = readBundle(out);
    const recorded = takeSnapshot(board).series[0]?.service.n ?? NaN;
    expect(recorded).toBeGreaterThan(100);
    expect(runs.map(({ file }) => file.series[0]?.service.n)).toEqual([recorded]);
  });
});

expectNothingLeft();
