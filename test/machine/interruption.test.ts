/**
 * What an experiment leaves that cannot clean up, and that the next start removes it: the next start of any pauselab, so
 * no other runs beside. Experiments that end in order are in test/command/interruption.test.ts.
 */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { processesOf, scratch, short, startLong, untilGone } from '../support/interrupted.js';
import { untilMeasuring } from '../support/live-run.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { isAlive } from '../support/processes.js';
import { until } from '../support/until.js';

describe('what a pauselab that could not clean up leaves', () => {
  const left: string[] = [];

  test('a second SIGINT ends it at once, by the signal, and its workload with it', async () => {
    const { running } = startLong('crossing');
    const run = await untilMeasuring(running.pid);
    left.push(run.folder);
    // So that the first signal cannot be answered: there is still something to wait for when the second comes.
    process.kill(run.engine, 'SIGSTOP');
    running.kill('SIGINT');
    await until('the first is heard', () =>
      running.logs().some((text) => text.startsWith('SIGINT: ending the window')),
    );
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGINT', stdout: '', sentences: [] });
    await untilGone(processesOf(run));
  });

  test('kill -9 leaves neither engine, foreign holder nor sampler behind', async () => {
    const { running } = startLong('foreign-control');
    const run = await untilMeasuring(running.pid);
    left.push(run.folder);
    const pids = processesOf(run);
    expect(pids.filter(isAlive)).toHaveLength(3);
    running.kill('SIGKILL');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    await untilGone(pids);
  });

  test('the next start removes their folders in /dev/shm', async () => {
    expect(left).toHaveLength(2);
    // Whatever it finds: sizing the region has made a folder, and so has cleaned up.
    const ended = await pauselab([
      'run',
      short,
      '--runs',
      '1',
      '--duration',
      '100ms',
      '--set',
      'spoiled.retries=0',
      '--out',
      scratch.fresh('out'),
    ]);
    expect([0, 4]).toContain(ended.code);
    expect(left.filter((folder) => existsSync(folder))).toEqual([]);
  });
});

expectNothingLeft();
