/** The commands of the documentation for `pauselab observe`: each is run, beside a process that sleeps. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { onPath } from '../../src/base/on-path.mjs';
import { cgroupOf } from '../support/cgroup.js';
import { expectNothingLeft, pauselab, repository } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';

const scratch = scratchFolder();
skipEach(process.getuid?.() !== 0 || !existsSync('/sys/kernel/btf/vmlinux'), 'needs root, and BTF of this kernel');

/** Its processes have this name, which no other process of this machine has: `--name` finds them alone. */
const sleeper = join(scratch.path, `asleep-${process.pid}`);
symlinkSync(onPath('sleep') ?? 'sleep', sleeper);

const pages = ['README.md', 'docs/observe.md', 'docs/observing.md'];
const written = pages.flatMap((name) =>
  [...readFileSync(join(repository, name), 'utf8').matchAll(/^pauselab (observe .*)$/gm)]
    // test/command/observe-jvm.test.ts has those of JVMs, and test/machine/observe.test.ts the worked example.
    .filter(([, command = '']) => !command.includes('--main-class') && !command.includes('$pid'))
    .map(([, command = '']) => [name, command] as const),
);

test('has examples', () => {
  expect(written.length).toBeGreaterThan(1);
});

test.each(written)('%s: %s', async (_, command) => {
  const child = spawn(sleeper, ['60'], { argv0: 'sleep', stdio: 'ignore' });
  try {
    const words = command
      .replace(/--pid \d+/, `--pid ${child.pid ?? 0}`)
      .replace(/--name \S+/, `--name ${basename(sleeper)}`)
      .replace(/--cgroup \S+/, () => `--cgroup ${cgroupOf(child.pid ?? 0)}`)
      .replace(/--for \S+/, '')
      .split(' ')
      .filter((word) => word !== '');
    if (words.includes('--check')) {
      const { code, stdout } = await pauselab(words);
      expect(code).toBe(0);
      expect(stdout).toContain('observe is possible, by eBPF');
      return;
    }
    const out = scratch.fresh('documented');
    const { code, stdout } = await pauselab([...words, '--for', '500ms', '--out', out]);
    expect(code).toBe(0);
    expect(stdout).toContain('none of');
    expect((await pauselab(['explain', out])).code).toBe(0);
  } finally {
    child.kill();
  }
});

expectNothingLeft();
