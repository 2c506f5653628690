/**
 * A program of the user's own by the command, on every JDK of this machine. What it meets, and what is left of it, is in
 * test/long/app.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { runApp } from '../support/app-run.js';
import { testJdks } from '../support/java.js';
import { expectNothingLeft } from '../support/pauselab.js';

const jdks = await testJdks();

describe.each(jdks.map(({ feature, java }) => ({ feature, java })))('JDK $feature', ({ java }) => {
  test('a server is measured once it says that it is ready, where it was started, without what is ours, and ended by SIGTERM', async () => {
    const ended = await runApp(
      `Waves quiet start-ms=1500 "two words" x\\"y`,
      '--arm',
      'probes',
      '--arm',
      'probes-off',
      '--set',
      'jvm.app.ready.log=^started',
      '--java',
      java,
    );
    expect({ code: ended.code, sentences: ended.sentences }).toEqual({ code: 0, sentences: [] });
    for (const { jvm } of ended.summary().arms) {
      const run = jvm?.perRun[0]?.run ?? '';
      expect(ended.log(run, 'jvm-out.log').split('\n')).toEqual([
        `directory ${process.cwd()}`,
        'words quiet|start-ms=1500|two words|x"y',
        'stdin -1',
        "the program's own Plan is loaded",
        'started: [waves]',
        '',
      ]);
      expect(ended.run(run)).toMatchObject({
        status: 'complete',
        jvm: { processes: [{ end: { exit: { code: 143 }, killed: false, leftBehind: 0 } }] },
      });
    }
    const { arms, verdict } = ended.summary();
    expect(arms.map(({ name, series }) => [name, series.length])).toEqual([
      ['probes', 5],
      ['probes-off', 0],
    ]);
    // Nobody has a seat there, and the window is as long.
    for (const { jvm } of arms) expect(jvm?.perRun[0]?.over_ns).toBeGreaterThan(0.9e9);
    expect(verdict).toMatch(
      /the program used [\d.]+ % of a CPU in probes-off and [\d.]+ % in probes, a difference of .* that may be chance: .*--runs 4/,
    );
  });
});

expectNothingLeft();
