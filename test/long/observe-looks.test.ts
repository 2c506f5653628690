/** `pauselab observe --tier sampling` beside a holder that loses its CPU: nobody sees its call. */
import { describe, expect, test } from 'vitest';
import { crossingRun, observedRun } from '../support/observed-run.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();

async function observedCrossing(pid: number): ReturnType<typeof pauselab> {
  const engine = await crossingRun(pid);
  return pauselab([
    ...['observe', '--tier', 'sampling', '--pid', String(engine), '--for', '3s', '--threshold', '30ms'],
    ...['--out', scratch.fresh('observed'), '--json'],
  ]);
}

describe('looks', () => {
  skipEach(process.getuid?.() !== 0, 'needs root');
  test('name the holder that has no CPU inside its call', async () => {
    await withinTries(4, 'the holder is named', async () => {
      // Much longer than the observation, which begins late on a machine that does much else.
      const running = observedRun(scratch.fresh('run'), '20s');
      const { code, stdout, stderr } = await observedCrossing(running.pid).finally(() => {
        // Beside the run of a try that did not hold, the next one would not hold either.
        running.kill('SIGINT');
        return running.ended;
      });
      expect([code, stderr]).toEqual([0, '']);
      const { reasons } = JSON.parse(stdout) as {
        reasons: { cause: string; grade: string; thread: { name: string } | null }[];
      };
      const byLock = reasons.filter(({ cause }) => cause === 'mmap-lock-holder');
      // Whom nothing distinguishes is not named as likely.
      for (const { thread, grade } of byLock)
        if (thread !== null && thread.name !== 'holder') expect(grade).toBe('possible');
      noisy(() => {
        expect(byLock.map(({ thread }) => thread?.name)).toContain('holder');
      });
    });
  });
});

expectNothingLeft();
