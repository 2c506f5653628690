/** `pauselab observe --follow` beside a process that waits for mmap_lock, because a thread with real-time priority runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { readBundleFile } from '../../src/bundle/store.js';
import { follow } from '../support/following.js';
import { expectNothingLeft } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { startStalling } from '../support/stalling.js';
import { noisy, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

// The process is preempted while it has mmap_lock, again and again.
test('a wait has the thread that had the lock while it is observed, as in the result: tracefs', async ({ skip }) => {
  skip(process.getuid?.() !== 0 || !existsSync('/sys/kernel/btf/vmlinux'), 'needs root, and BTF of this kernel');
  await withinTries(3, 'a wait for mmap_lock is shown', async () => {
    const out = scratch.fresh('followed');
    const following = follow([
      ...['--pid', String(startStalling(120).pid), '--tier', 'tracefs', '--json', '--out', out],
    ]);
    const held = (): ListedStall[] =>
      following
        .lines()
        .map((line) => JSON.parse(line) as ListedStall)
        .filter(({ cause }) => cause?.cause === 'mmap-lock-reader');
    await following.beforeItEnds(noisy(() => until('a wait for mmap_lock is shown', () => held().length > 0)));
    const [shown] = held();
    following.kill('SIGINT');
    expect(await following.code).toBe(130);
    expect(shown?.cause).toMatchObject({ grade: 'proven', thread: { name: 'purger' } });
    expect(shown?.cause?.sentence).toContain('madvise.DONTNEED');
    const { stalls } = readBundleFile('stalls', join(out, 'runs/observed/stalls.json'));
    const [same] = stalls.filter(({ series, start_ns }) => series === shown?.series && start_ns === shown.start_ns);
    expect(same).toMatchObject({ duration_ns: shown?.duration_ns, cause: { cause: shown?.cause?.cause } });
  });
});

expectNothingLeft();
