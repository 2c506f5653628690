/** `pauselab kernels build` as a user calls it, with a tree of sources that the test makes. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelChanges } from '../../src/catalogue/kernel-changes.js';
import { runningBuildId } from '../../src/kernel/image/build-id.js';
import { vmlinuxWith } from '../support/build-ids.js';
import { makeKernelTree } from '../support/kernel-tree.js';
import { expectFault, expectSuccess, pauselab, shell, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

test('builds, lists by label, and shows what two builds differ by', async () => {
  const tree = makeKernelTree(scratch.fresh('tree'));
  const env = { PAUSELAB_CACHE: scratch.fresh('cache') };
  const patched = await pauselab(['kernels', 'build', tree, '--label', 'patched'], { env });
  expectSuccess(patched);
  expect(patched.stdout).toMatch(/^patched: Linux 7\.3\.4 of \/.* without changes, \/.*vmlinuz\n$/);
  expectSuccess(
    await pauselab(['kernels', 'build', tree, '--label', 'stock', '--patch', 'madvise-under-mmap-lock'], { env }),
  );
  const listed = await pauselab(['kernels', 'list'], { env });
  expect(listed.stdout).toMatch(/^patched +7\.3\.4 /m);
  expect(listed.stdout).toMatch(/^stock +7\.3\.4 .* with madvise-under-mmap-lock +\//m);
  const shown = await pauselab(['kernels', 'show', 'stock', 'patched'], { env });
  expect(shown.stdout).toMatch(
    /\nbuilds of \/.* with the same options and compiler; only the first has madvise-under-mmap-lock\n$/,
  );
});

test('a build that fails prints one sentence and the last 20 lines below it', async () => {
  const tree = makeKernelTree(scratch.fresh('tree'), { 'init/main.c': 'FAIL\n' });
  const ended = await pauselab(['kernels', 'build', tree, '--label', 'a'], {
    env: { PAUSELAB_CACHE: scratch.fresh('cache') },
  });
  expect(ended.code).toBe(6);
  const text = ended.sentences.join('\n');
  expect(text).toMatch(/^pauselab: the build of Linux 7\.3\.4 failed \(make ended with exit code 2\); correct/);
  expect(text).toContain('init/main.c:25: error: FAIL');
});

test('Ctrl-C ends a build with exit code 130, and the same command continues it', async () => {
  const tree = makeKernelTree(scratch.fresh('tree'), { 'init/main.c': 'int main(void); /* SLOW */\n' });
  const cache = scratch.fresh('cache');
  const words = ['kernels', 'build', tree, '--label', 'a'];
  const running = startPauselab(words, { env: { PAUSELAB_CACHE: cache } });
  await until('a file is being compiled', () => {
    try {
      return readdirSync(cache, { recursive: true, encoding: 'utf8' }).some((path) => path.endsWith('/slow'));
    } catch {
      return false;
    }
  });
  running.kill('SIGINT');
  expect(await running.ended).toMatchObject({
    code: 130,
    sentences: ['pauselab: SIGINT: what was built stays in the cache, and the same command continues it'],
  });
  expectSuccess(await pauselab(words, { env: { PAUSELAB_CACHE: cache } }));
});

test('a disk with less than a build needs is refused before anything is copied', async ({ skip }) => {
  skip(process.geteuid?.() !== 0, 'needs root');
  const tree = makeKernelTree(scratch.fresh('tree'));
  const disk = scratch.fresh('disk');
  mkdirSync(disk);
  const script = 'disk=$1; shift; mount -t tmpfs -o size=8m tmpfs "$disk" || exit 99; "$@"';
  expectFault(
    await pauselab(['kernels', 'build', tree, '--label', 'a'], {
      env: { PAUSELAB_CACHE: disk },
      wrapper: ['unshare', '-m', ...shell(script, [disk])],
    }),
    {
      code: 5,
      says: [/^pauselab: the disk of the cache folder .* has .* free, and a kernel build needs 3\.73 GiB; free some/],
    },
  );
});

test('a machine without a compiler is told what to install, all at once', async () => {
  const tree = makeKernelTree(scratch.fresh('tree'));
  const ended = await pauselab(['kernels', 'build', tree, '--label', 'a'], {
    env: { PAUSELAB_CACHE: scratch.fresh('cache'), PATH: '/nowhere' },
  });
  expect(ended.code).toBe(5);
  expect(ended.sentences.join('\n')).toMatch(
    /^pauselab: building a kernel needs gcc, make, flex, bison, .*which this machine lacks; install it/,
  );
});

test('a plan names the kernels that a run would build, and builds none', async () => {
  const tree = makeKernelTree(scratch.fresh('tree'));
  const cache = scratch.fresh('cache');
  const kernels = ['--kernel', `stock=source:${tree},patch=hrtick-off`, '--kernel', `patched=source:${tree}`];
  const ended = await pauselab(['run', 'stock-vs-patched', ...kernels, '--dry-run'], {
    env: { PAUSELAB_CACHE: cache },
  });
  expectSuccess(ended);
  expect(ended.stdout).toContain(
    `\nGuest stock:\n  builds source:${tree},patch=hrtick-off first, unless the cache has it\n`,
  );
  expect(existsSync(join(cache, 'sources'))).toBe(false);
});

test('--boot-label runs on the kernel that is booted, and on no other', async ({ skip }) => {
  const here = runningBuildId();
  if (here === null) skip('the build id of this kernel cannot be read');
  const env = { PAUSELAB_CACHE: scratch.fresh('cache') };
  const label = async (name: string, buildId: string): Promise<void> => {
    const tree = makeKernelTree(scratch.fresh('tree'), {
      'arch/x86/vmlinux': vmlinuxWith(buildId),
      'init/main.c': `int ${name}(void);\n`,
    });
    expectSuccess(await pauselab(['kernels', 'build', tree, '--label', name], { env }));
  };
  await label('here', here ?? '');
  await label('other', 'ff'.repeat(20));
  const planned = (...words: string[]) => pauselab(['run', 'hrtick', ...words, '--dry-run'], { env });
  const plan = await planned('--boot-label', 'here');
  expectSuccess(plan);
  expect(plan.stdout).not.toContain('Guest');
  expectFault(await planned('--boot-label', 'other'), {
    code: 5,
    says: [
      /^pauselab: --boot-label other: expected Linux 7\.3\.4 with the build id ffff.*which has the label here; boot/,
    ],
  });
  expectFault(await planned('--boot-label', 'here', '--kernel', 'deb:6.12'), {
    code: 2,
    says: [/^pauselab: --boot-label here and --kernel deb:6\.12: .*leave one of them out$/],
  });
}, 120_000);

test('docs/kernels.md and --help name every change that is shipped', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/kernels.md'), 'utf8');
  const { stdout } = await pauselab(['kernels', 'build', '--help']);
  for (const { name, title } of kernelChanges) {
    expect(page).toContain(`| \`${name}\``);
    expect(stdout).toContain(`${name}: ${title}`);
  }
});
