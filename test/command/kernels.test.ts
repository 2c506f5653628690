/** Debian's own kernels, of both layouts of packages, as the mirror of this machine has them. */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelDifferences } from '../../src/kernel/image/kernel-differences.js';
import { kernelFacts } from '../../src/kernel/image/kernel-facts.js';
import { pauselab } from '../support/pauselab.js';
import { realKernel } from '../support/real-kernel.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

test('the last stock and the first patched cloud kernel, and what else differs between them', async ({ skip }) => {
  const [stock, patched] = [await realKernel('deb:6.16.12', skip), await realKernel('deb:6.17.13', skip)];
  for (const [kernel, version] of [
    [stock, '6.16.12'],
    [patched, '6.17.13'],
  ] as const) {
    expect(kernel).toMatchObject({
      release: `${version}+deb13-cloud-amd64`,
      origin: { kind: 'deb', suite: 'trixie-backports' },
    });
    expect(basename(kernel.modules ?? '')).toBe(kernel.release);
    expect(statSync(kernel.image).size).toBeGreaterThan(5 << 20);
    expect(kernelFacts(kernel)).toMatchObject({
      version,
      flavour: 'cloud-amd64',
      hz: 250,
      perVmaLocks: true,
      preemption: { default: 'lazy', models: ['none', 'voluntary', 'lazy', 'full'] },
    });
  }
  expect(kernelDifferences(kernelFacts(stock), kernelFacts(patched)).map(({ fact }) => fact)).toEqual(['version']);
});

test('the newest 7.x, whose packages are split: image, config and modules come together', async ({ skip }) => {
  // Each time from the mirror, with its lists: the user's cache has the kernels above already.
  const PAUSELAB_CACHE = scratch.fresh('cache');
  const kernel = await realKernel('deb:7', skip, { PAUSELAB_CACHE });
  expect(dirname(dirname(kernel.image))).toBe(join(PAUSELAB_CACHE, 'kernels'));
  expect(kernel.release).toMatch(/^7\.\d+\.\d+\+deb\d+-cloud-amd64$/);
  expect(basename(kernel.modules ?? '')).toBe(kernel.release);
  expect(kernelFacts(kernel).preemption?.models).toContain('full');
  // In the cache now: shown without asking the mirror, if it is named in full.
  const shown = await pauselab(['kernels', 'show', `deb:${kernel.release}`, '--json'], {
    env: { PAUSELAB_CACHE, APT_CONFIG: '/dev/null/none' },
  });
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(kernel.sha256) as string });
});
