/** Guests that fail: what is said. Two kernels that are measured in guests are in test/long/guest.test.ts. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { guestRun, guestsOf } from '../support/failing-guest.js';
import { expectNothingLeft, pauselab, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

describe('a guest that fails', () => {
  const run = (...more: string[]): string[] => guestRun(scratch.fresh('failed'), ...more);

  test('a kernel that panics: its last lines, exit code 6', async () => {
    const { code, sentences } = await pauselab(run('--append', 'rdinit=/nothing'));
    expect(code).toBe(6);
    expect(sentences).toEqual([
      expect.stringMatching(
        /the guest's kernel failed \(Kernel panic - not syncing: .*\); its console ends with: .*mount_root/,
      ),
    ]);
  });

  test('Ctrl-C during boot: exit code 130, no bundle', async () => {
    const args = run('--append', 'rdinit=/pauselab/node');
    const running = startPauselab(args);
    await until('QEMU runs', () => guestsOf(running.pid).length > 0);
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({
      code: 130,
      stdout: '',
      sentences: ['pauselab: interrupted by SIGINT before the first run; nothing was measured'],
    });
    expect(existsSync(args[args.indexOf('--out') + 1] ?? '')).toBe(false);
  });

  test('too little memory for its own file system: exit code 2, before it boots', async () => {
    const { code, sentences } = await pauselab(run('--guest-memory', '200MiB'));
    expect(code).toBe(2);
    expect(sentences).toEqual([
      expect.stringMatching(/^pauselab: a guest of 200 MiB has too little memory: .*--guest-memory/),
    ]);
  });
});

expectNothingLeft();
