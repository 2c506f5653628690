/** From an observation to the laboratory: the root of a process that is observed comes back in the profile made of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { pauselab, repository } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');
const children: ChildProcess[] = [];

function start(program: string, ...words: readonly string[]): ChildProcess {
  const child = spawn(program, words, { stdio: 'ignore' });
  children.push(child);
  return child;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

test('a lock that a thread held across VMAs is held again, by the same call', async ({ skip }) => {
  skip(!isAllowed, 'needs root, and BTF of this kernel');
  await withinTries(4, 'the observed root comes back', async () => {
    const observed = scratch.fresh('observed');
    const file = join(scratch.path, 'mine.yaml');
    const busy = start('taskset', '-c', '0', 'sh', '-c', 'while :; do :; done');
    const target = start('python3', join(repository, 'bench/python/advice.py'), '12', 'across');
    const seen = await pauselab(['observe', '--pid', String(target.pid), '--for', '8s', '--out', observed]);
    for (const child of [busy, target]) child.kill('SIGKILL');
    expect(seen.code).toBe(0);
    // Beside other load the root may have no stall, or less time than other roots.
    const { reasons } = readBundleFile('observation', join(observed, 'observation.json'));
    noisy(() => {
      expect(reasons[0]).toMatchObject({ call: 'madvise.DONTNEED', thread: { name: 'releaser' } });
    });
    const made = await pauselab(['profile', 'from', observed, '-o', file, '--json']);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const { arms } = JSON.parse(made.stdout) as { arms: { name: string; root: { thread: string; call: string } }[] };
    const arm = arms.find(({ root }) => root.thread === 'releaser' && root.call === 'madvise.DONTNEED');
    expect(arm).toBeDefined();
    const repeated = await pauselab([
      ...['run', file, '--arm', arm?.name ?? '', '--runs', '1', '--duration', '4s', '--out', scratch.fresh('again')],
      ...['--json', '--set', 'spoiled.foreignLoad=100%', '--set', 'spoiled.steal=100%'],
    ]);
    expect(repeated.stdout, repeated.stderr).not.toBe('');
    const { expected } = JSON.parse(repeated.stdout) as { expected: unknown };
    expect(expected).toMatchObject([{ cause: 'mmap-lock-reader', by: 'holder' }]);
    noisy(() => {
      expect(expected).toMatchObject([{ code: 'repeated' }]);
    });
  });
});
