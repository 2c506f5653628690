/** Packages of a kernel with a whole configuration, of a tree that the tests make; and the proof of which kernel is booted. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { bootedKernel, type Running } from '../../src/kernel/build/booted-kernel.js';
import { buildKernel, kernelOfLabel } from '../../src/kernel/build/build-kernel.js';
import { parseBuildSpec } from '../../src/kernel/build/build-spec.js';
import { packagesToInstall } from '../../src/kernel/build/make-packages.js';
import { builtRelation } from '../../src/kernel/image/built-relation.js';
import type { KernelImage } from '../../src/kernel/image/kernel.js';
import { vmlinuxWith } from '../support/build-ids.js';
import { compiledIn, makeKernelTree } from '../support/kernel-tree.js';
import { config } from '../support/kernels.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const buildId = '0123456789abcdef0123456789abcdef01234567';

const whole = config('6.18.5', {
  MODULES: 'n',
  TOO_OLD: 'y',
  SYSTEM_TRUSTED_KEYS: '"debian/certs/none.pem"',
  DEBUG_INFO_BTF: 'y',
});

/** Tools that the machine of a test may lack; the tree's make runs none of them. */
function toolsIn(folder: string, names: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    writeFileSync(join(folder, name), '#!/bin/sh\nexit 1\n');
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

function bench(files: Readonly<Record<string, string | Buffer>> = {}) {
  const tree = makeKernelTree(scratch.fresh('tree'), { 'arch/x86/vmlinux': vmlinuxWith(buildId), ...files });
  const cache = scratch.fresh('cache');
  const folder = scratch.fresh('config');
  mkdirSync(folder);
  const path = join(folder, 'config-6.18.5');
  writeFileSync(path, whole);
  const tools = toolsIn(join(folder, 'tools'), ['rsync', 'dpkg-buildpackage', 'pahole', 'dh_builddeb']);
  const notes: string[] = [];
  const env = { ...process.env, PATH: `${tools}:${process.env.PATH ?? ''}` };
  const build = (label: string, parts = `,config=${path}`): Promise<KernelImage> =>
    buildKernel(
      { spec: parseBuildSpec(`source:${tree}${parts}`), label, packages: { keepsDebugInfo: false } },
      { cache, env, note: (text) => notes.push(text) },
    );
  const objects = (): string => {
    const found = readdirSync(join(cache, 'sources'), { recursive: true, encoding: 'utf8' }).filter((one) =>
      one.endsWith('/objects'),
    );
    expect(found).toHaveLength(1);
    return join(cache, 'sources', found[0] ?? '');
  };
  return { tree, cache, path, notes, env, build, objects };
}

const changed = ',patch=madvise-under-mmap-lock';

test('two variants share their objects, and differ in the patch alone', async () => {
  const { path, cache, notes, build, objects } = bench();
  const patched = await build('patched');
  const stock = await build('stock', `,config=${path}${changed}`);
  expect(compiledIn(objects()).slice(3)).toEqual(['mm/madvise']);
  if (stock.origin.kind !== 'built' || patched.origin.kind !== 'built') throw new Error('not built');
  expect(stock.origin).toMatchObject({ label: 'stock', buildId, localVersion: '-stock' });
  expect(stock.origin.packages.map((one) => basename(one))).toEqual([
    'linux-headers-7.3.4-x_1_amd64.deb',
    'linux-image-7.3.4-x_1_amd64.deb',
    'linux-libc-dev_1_amd64.deb',
  ]);
  expect(stock.origin.packages.every((one) => existsSync(one))).toBe(true);
  expect(packagesToInstall(stock.origin.packages)).toHaveLength(2);
  expect(readFileSync(stock.config ?? '', 'utf8')).toContain('CONFIG_LOCALVERSION="-stock"');
  expect(readFileSync(join(objects(), 'packaged'), 'utf8')).toBe('7.3.4-1 -d\n');
  expect(readFileSync(stock.image, 'latin1')).toMatch(/MADV_FREE:\s+return MADVISE_MMAP_READ_LOCK/);
  expect(builtRelation(stock.origin, patched.origin, null)?.built.onlyFirst).toEqual(['madvise-under-mmap-lock']);
  expect(kernelOfLabel('stock', { cache })?.sha256).toBe(stock.sha256);
  expect(notes.join('\n')).toMatch(/CONFIG_SYSTEM_TRUSTED_KEYS is not as in the configuration: its file debian\/certs/);
  expect(notes.join('\n')).toMatch(/CONFIG_DEBUG_INFO is not as .* observe does not work by eBPF there/);
  expect(notes.join('\n')).toMatch(
    /Linux 7\.3\.4 does not have an option of the configuration as asked for: CONFIG_TOO_OLD/,
  );
  // The same request finds them, and builds nothing.
  const n = compiledIn(objects()).length;
  expect((await build('patched')).image).toBe(patched.image);
  expect(compiledIn(objects())).toHaveLength(n);
});

test('requests that cannot be built are refused before anything is compiled', async () => {
  const { cache, path, env, build } = bench();
  await expect(build('stock', '')).rejects.toThrow(
    /^expected a whole configuration with --deb, got none; name the one/,
  );
  await expect(build('Stock')).rejects.toThrow(/^--label Stock: expected lower-case letters/);
  await expect(build('stock', ',config=CONFIG_PSI=y')).rejects.toThrow(/^CONFIG_PSI=y is not the whole \.config/);
  env.PATH = toolsIn(scratch.fresh('few'), ['gcc', 'make', 'tar']);
  await expect(build('stock', `,config=${path}`)).rejects.toThrow(
    /^building packages of a kernel needs flex, .*dpkg-buildpackage, rsync, .*pahole, which this machine lacks; install it/,
  );
  expect(existsSync(join(cache, 'kernels'))).toBe(false);
});

test('tools of the packaging scripts are asked for, and sources without such scripts are refused', async () => {
  const { tree, env, build } = bench({ 'scripts/package/debian/rules': 'binary:\n\tdh_builddeb\n' });
  const path = env.PATH.split(':');
  const folder = toolsIn(scratch.fresh('without'), ['rsync', 'dpkg-buildpackage', 'pahole', 'flex', 'bison', 'bc']);
  for (const name of ['gcc', 'make', 'tar', 'xz', 'diff', 'patch', 'dpkg-deb', 'python3']) {
    const real = path.map((one) => join(one, name)).find((one) => existsSync(one));
    symlinkSync(real ?? '/nowhere', join(folder, name));
  }
  env.PATH = folder;
  await expect(build('stock')).rejects.toThrow(
    /^building packages of Linux 7\.3\.4 needs dh_builddeb, which this machine lacks/,
  );
  rmSync(join(tree, 'scripts'), { recursive: true });
  await expect(build('stock')).rejects.toThrow(
    /^Linux 7\.3\.4 has no scripts\/package\/mkdebian, which makes packages/,
  );
});

const running: Running = { release: '7.3.4-stock', version: '#1 SMP', buildId, bootId: 'a boot' };

function refused(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('the booted kernel is that of the label by its build id, and else it is said what is booted', async () => {
  const { cache, build } = bench();
  await build('stock');
  expect(bootedKernel('stock', { cache }, running)).toMatchObject({
    label: 'stock',
    buildId,
    version: '#1 SMP',
    bootId: 'a boot',
    origin: { kind: 'built', version: '7.3.4', localVersion: '-stock' },
    configSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
  const other = refused(() => bootedKernel('stock', { cache }, { ...running, release: '6.18', buildId: 'ff00' }));
  expect(other.exitCode).toBe(ExitCode.unfit);
  expect(other.message).toBe(
    '--boot-label stock: expected Linux 7.3.4 with the build id 0123456789ab to be booted, but this is Linux 6.18 ' +
      'with ff00; boot the kernel of the label, or name the label of this kernel',
  );
  const unknown = refused(() => bootedKernel('stock', { cache }, { ...running, buildId: null }));
  expect(unknown.message).toMatch(
    /cannot be read from \/sys\/kernel\/notes, so it is not known which kernel is booted/,
  );
  const none = refused(() => bootedKernel('nothing', { cache }, running));
  expect(none.exitCode).toBe(ExitCode.usage);
  expect(none.message).toMatch(/no kernel was built with this label \(built kernels have the labels stock\)/);
});

test('a kernel whose build id is that of another label is named by it, and one without is refused', async () => {
  const { tree, cache, build } = bench();
  await build('stock');
  writeFileSync(join(tree, 'arch/x86/vmlinux'), vmlinuxWith('ff'.repeat(20)));
  await build('patched');
  expect(refused(() => bootedKernel('patched', { cache }, running)).message).toMatch(
    /this is Linux 7\.3\.4-stock with 0123456789ab, which has the label stock; boot/,
  );
  writeFileSync(join(tree, 'arch/x86/vmlinux'), 'no ELF file');
  await build('none');
  expect(refused(() => bootedKernel('none', { cache }, running)).message).toMatch(
    /the build id of this kernel was not kept/,
  );
});
