/** `pauselab observe --tier sampling` beside a holder that loses its CPU: nobody sees its call. */
import { describe, expect, test } from 'vitest';
import { crossingRun, observedRun } from '../support/observed-run.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { withinTries } from '../support/tries.js';

const scratch = scratchFolder();

describe.skipIf(process.getuid?.() !== 0)('looks', () => {
  test('name the holder that has no CPU inside its call', async () => {
    await withinTries(4, 'the holder is named', async () => {
      const running = observedRun(scratch.fresh('run'));
      const engine = await crossingRun(running.pid);
      const { code, stdout } = await pauselab([
        ...['observe', '--tier', 'sampling', '--pid', String(engine), '--for', '3s', '--threshold', '30ms'],
        ...['--out', scratch.fresh('observed'), '--json'],
      ]);
      expect(code).toBe(0);
      await running.ended;
      const { reasons } = JSON.parse(stdout) as {
        reasons: { cause: string; grade: string; thread: { name: string } | null }[];
      };
      const byLock = reasons.filter(({ cause }) => cause === 'mmap-lock-holder');
      expect(byLock.map(({ thread }) => thread?.name)).toContain('holder');
      // Whom nothing distinguishes is not named as likely.
      for (const { thread, grade } of byLock)
        if (thread !== null && thread.name !== 'holder') expect(grade).toBe('possible');
    });
  });
});

expectNothingLeft();
