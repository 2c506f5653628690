import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import type { BuildRecord } from '../../src/facts/build-record.js';
import { buildKernel, inputsOf, kernelOfLabel } from '../../src/kernel/build/build-kernel.js';
import { buildSpecText, parseBuildSpec, type BuildSpec } from '../../src/kernel/build/build-spec.js';
import { guestConfig } from '../../src/kernel/build/guest-config.js';
import { resolveKernel } from '../../src/kernel/image/kernel-image.js';
import type { KernelImage, KernelSources } from '../../src/kernel/image/kernel.js';
import { compiledIn, madviseSource, makeKernelTree } from '../support/kernel-tree.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

interface Bench {
  readonly tree: string;
  readonly cache: string;
  readonly notes: string[];
  readonly build: (
    label: string | null,
    parts?: string,
    more?: Partial<KernelSources> & { replace?: boolean },
  ) => Promise<KernelImage>;
  readonly objects: () => string;
}

function bench(files: Readonly<Record<string, string>> = {}): Bench {
  const tree = makeKernelTree(scratch.fresh('tree'), files);
  const cache = scratch.fresh('cache');
  const notes: string[] = [];
  const spec = (parts: string): BuildSpec => parseBuildSpec(`source:${tree}${parts}`);
  return {
    tree,
    cache,
    notes,
    build: (label, parts = '', { replace = false, ...more } = {}) =>
      buildKernel({ spec: spec(parts), label, replace }, { cache, note: (text) => notes.push(text), ...more }),
    objects: () => {
      const [folder = ''] = readdirSync(join(cache, 'sources')).filter((name) => !name.endsWith('.lock'));
      const [objects = ''] = readdirSync(join(cache, 'sources', folder)).filter((name) => name.startsWith('objects-'));
      return join(cache, 'sources', folder, objects);
    },
  };
}

function filesOf(folder: string): Record<string, number> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(paths.map((path) => [path, statSync(join(folder, path)).mtimeMs]));
}

test('a second variant compiles only what differs, and the way back too; the sources stay untouched', async () => {
  const { tree, cache, build, objects } = bench();
  const before = filesOf(tree);
  const patched = await build('patched');
  expect(compiledIn(objects()).sort()).toEqual(['init/main', 'kernel/sched/features', 'mm/madvise']);
  const stock = await build('stock', ',patch=madvise-under-mmap-lock');
  expect(compiledIn(objects()).slice(3)).toEqual(['mm/madvise']);
  expect(stock.sha256).not.toBe(patched.sha256);
  expect(readFileSync(stock.image, 'latin1')).toMatch(/MADV_FREE:\s+return MADVISE_MMAP_READ_LOCK/);
  // The image of the unchanged sources can be made again, with the object of the unchanged file.
  rmSync(join(patched.image, '..'), { recursive: true });
  expect((await build('patched')).sha256).toBe(patched.sha256);
  expect(compiledIn(objects()).slice(4)).toEqual(['mm/madvise']);
  expect(filesOf(tree)).toEqual(before);
  expect(kernelOfLabel('stock', { cache })?.sha256).toBe(stock.sha256);
});

test('the same build is found, whatever its label and the name of its patch', async () => {
  const { build, objects } = bench();
  const one = await build('one', ',patch=hrtick-off');
  const n = compiledIn(objects()).length;
  expect((await build('two', ',patch=hrtick-off')).image).toBe(one.image);
  expect((await build(null, ',patch=hrtick-off')).image).toBe(one.image);
  expect(compiledIn(objects())).toHaveLength(n);
});

test('the record has the sources, the changes as patches, the options and the compiler', async () => {
  const { tree, build } = bench();
  const options = join(scratch.fresh('folder'), 'psi.config');
  mkdirSync(join(options, '..'));
  writeFileSync(options, 'CONFIG_KSM=y\n');
  const { origin, image, config } = await build('a', `,patch=hrtick-off,config=${options}`);
  expect(origin).toMatchObject({
    kind: 'built',
    label: 'a',
    version: '7.3.4',
    source: { kind: 'folder', path: tree, commit: null },
    changes: [
      { name: 'hrtick-off', origin: 'shipped', text: expect.stringContaining('-SCHED_FEAT(HRTICK, true)') as string },
    ],
    options: expect.stringMatching(/CONFIG_VIRTIO_CONSOLE=y[\s\S]*CONFIG_KSM=y\n$/) as string,
    compiler: expect.stringMatching(/^gcc/) as string,
  });
  expect(readFileSync(config ?? '', 'utf8')).toContain('CONFIG_KSM=y');
  expect(readFileSync(join(image, '../1-hrtick-off.patch'), 'utf8')).toContain('+SCHED_FEAT(HRTICK, false)');
});

test('options that only EXPERT lets switch off stay on with it, unless they are switched off by name', async () => {
  const { build, objects } = bench({ 'init/hidden': 'CONFIG_SYSCTL=y\nCONFIG_HIDDEN="text"\n' });
  const configOf = async (parts: string): Promise<string> =>
    readFileSync((await build(null, parts)).config ?? '', 'utf8');
  const asked = (): string => readFileSync(join(objects(), 'pauselab.config'), 'utf8');
  const plain = await configOf('');
  expect(plain).toContain('CONFIG_SYSCTL=y\n');
  // Cached builds depend on it.
  expect(asked()).toBe(guestConfig);
  expect(await configOf(',config=CONFIG_EXPERT=y')).toMatch(
    /^CONFIG_SYSCTL=y\nCONFIG_HIDDEN="text"\n[\s\S]*CONFIG_EXPERT=y\n/m,
  );
  const off = await configOf(',config=CONFIG_EXPERT=y,config=CONFIG_SYSCTL=n');
  expect(off).not.toContain('CONFIG_SYSCTL=y');
  expect(off).toContain('# CONFIG_SYSCTL is not set\n');
  expect(off).toContain('CONFIG_HIDDEN="text"\n');
});

test('a build with EXPERT differs from one of a pauselab that kept no defaults', () => {
  const record = (options: string): BuildRecord => ({
    source: { kind: 'tarball', name: 'x', sha256: 'a' } as unknown as BuildRecord['source'],
    version: '7.3.4',
    changes: [],
    options,
    compiler: 'gcc',
  });
  expect(inputsOf(record('CONFIG_EXPERT=y\n'))).toHaveProperty('method');
  expect(inputsOf(record('CONFIG_EMBEDDED=y\n'))).toHaveProperty('method');
  expect(inputsOf(record('# CONFIG_EXPERT is not set\n'))).not.toHaveProperty('method');
  expect(inputsOf({ ...record('CONFIG_EXPERT=y\n'), localVersion: '-x' })).not.toHaveProperty('method');
});

test('a changed file of the tree makes another kernel, and only it is compiled again', async () => {
  const { tree, build, objects } = bench();
  const before = await build('before', ',patch=madvise-under-mmap-lock');
  writeFileSync(join(tree, 'init/main.c'), 'int main(void)\n{\n\treturn 1;\n}\n');
  rmSync(join(tree, 'arch/x86/unused'), { force: true });
  const after = await build('after', ',patch=madvise-under-mmap-lock');
  expect(after.sha256).not.toBe(before.sha256);
  expect(compiledIn(objects()).slice(3)).toContain('init/main');
  expect(compiledIn(objects()).slice(3)).not.toContain('kernel/sched/features');
});

test('of a git tree tracked files and its commit count; a build in a tree without git is left behind', async () => {
  const { tree, build, objects } = bench({ '.gitignore': '*.log\n' });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-C', tree, ...args], {
      encoding: 'utf8',
    });
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'tree');
  writeFileSync(join(tree, 'x.log'), 'ignored');
  const clean = await build('clean');
  const commit = git('rev-parse', 'HEAD').trim();
  expect(clean.origin).toMatchObject({ source: { commit } });
  expect(existsSync(join(objects(), '../tree/x.log'))).toBe(false);
  writeFileSync(join(tree, 'new.c'), 'int y;\n');
  expect((await build('dirty')).origin).toMatchObject({ source: { commit: `${commit}+` } });

  const built = bench({ '.config': 'CONFIG_X=y\n', 'include/config/auto.conf': '' });
  await built.build('a');
  expect(existsSync(join(built.objects(), '../tree/.config'))).toBe(false);
  expect(existsSync(join(built.tree, '.config'))).toBe(true);
});

test('an archive is unpacked once, and its name and checksum are its identity', async () => {
  const { tree, cache } = bench();
  const archive = `${scratch.fresh('archive')}.tar`;
  execFileSync('tar', [
    '--create',
    `--file=${archive}`,
    `--directory=${join(tree, '..')}`,
    tree.slice(tree.lastIndexOf('/') + 1),
  ]);
  const kernel = await resolveKernel(`source:${archive},patch=guard-under-mmap-lock`, { cache });
  expect(kernel).toMatchObject({
    release: '7.3.4',
    origin: { kind: 'built', label: null, source: { kind: 'tarball' } },
  });
});

/** A patch that replaces a line of a file. */
function patchOf(path: string, before: string, from: string, to: string): string {
  const folder = scratch.fresh('patch');
  for (const [side, text] of [
    ['a', before],
    ['b', before.replace(from, to)],
  ] as const) {
    mkdirSync(join(folder, side, path, '..'), { recursive: true });
    writeFileSync(join(folder, side, path), text);
  }
  const file = join(folder, 'the.patch');
  let text = '';
  try {
    execFileSync('diff', ['-u', `a/${path}`, `b/${path}`], { cwd: folder });
  } catch (error) {
    text = (error as { stdout: Buffer }).stdout.toString();
  }
  writeFileSync(file, text);
  return file;
}

test('a patch applies, is taken out again, and one that does not apply names file and place', async () => {
  const { build } = bench();
  const patch = patchOf('mm/madvise.c', madviseSource, 'Which lock', 'What lock');
  const patched = await build('patched', `,patch=${patch}`);
  expect(readFileSync(patched.image, 'latin1')).toContain('What lock');
  const neither = await build('neither', `,patch=${patch},revert=${patch}`);
  expect(readFileSync(neither.image, 'latin1')).toContain('Which lock');
  await expect(build('twice', `,patch=${patch},patch=${patch}`)).rejects.toThrow(
    /^the\.patch does not apply to Linux 7\.3\.4 at mm\/madvise\.c; the sources seem to contain it already; take it out with --revert instead$/,
  );
  const other = patchOf('mm/madvise.c', madviseSource.replaceAll('MADV_COLD', 'MADV_WARM'), 'Which lock', 'Where');
  writeFileSync(other, readFileSync(other, 'utf8').replace('static int take', 'static long take'));
  await expect(build('other', `,patch=${other}`)).rejects.toThrow(
    /^the\.patch does not apply to Linux 7\.3\.4 at mm\/madvise\.c:1 \(hunk 1\); use the version of the patch for these sources$/,
  );
  await expect(build('none', ',patch=madvise-under-mmap-loc')).rejects.toThrow(
    /is neither a file nor a change that pauselab ships; did you mean madvise-under-mmap-lock\?/,
  );
});

test('a script that a patch adds can be run', async () => {
  const { build, objects } = bench();
  const patch = scratch.fresh('script.patch');
  const added = ['+#!/bin/sh', '+exit 0', ''].join('\n');
  writeFileSync(
    patch,
    `diff --git a/scripts/new.sh b/scripts/new.sh\nnew file mode 100755\n--- /dev/null\n+++ b/scripts/new.sh\n@@ -0,0 +1,2 @@\n${added}`,
  );
  await build('with', `,patch=${patch}`);
  const script = join(objects(), '../tree/scripts/new.sh');
  expect(statSync(script).mode & 0o111).not.toBe(0);
  await build('without');
  expect(existsSync(script)).toBe(false);
});

test('a label belongs to one build until it is replaced, also for two at once', async () => {
  const { cache, build } = bench();
  const first = await build('mine');
  await expect(build('mine', ',patch=hrtick-off')).rejects.toThrow(
    /^mine is the label of another build \(.* without changes\); choose another label, or add --replace/,
  );
  expect(kernelOfLabel('mine', { cache })?.sha256).toBe(first.sha256);
  const second = await build('mine', ',patch=hrtick-off', { replace: true });
  expect(kernelOfLabel('mine', { cache })?.sha256).toBe(second.sha256);
  const both = await Promise.allSettled([build('new'), build('new', ',patch=hrtick-off')]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(resolveKernel('min', { cache })).rejects.toThrow(
    /^min is neither a file nor a label \(built kernels have the labels mine, new; did you mean mine\?\)/,
  );
});

test('a label whose image is not the one that was built is refused, until it is built again', async () => {
  const { cache, build } = bench();
  const { image, sha256 } = await build('mine');
  expect((await resolveKernel('mine', { cache })).sha256).toBe(sha256);
  appendFileSync(image, 'x');
  await expect(resolveKernel('mine', { cache })).rejects.toMatchObject({
    exitCode: ExitCode.unfit,
    message: expect.stringMatching(
      /\/vmlinuz is not the image that was built with the label mine: .*; build it again with pauselab kernels build$/,
    ) as string,
  });
  await build('mine');
  expect((await resolveKernel('mine', { cache })).sha256).toBe(sha256);
});

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error(`no failure: ${String(error)}`);
  return error;
}

test('a build that fails ends with its last 20 lines, and continues after the correction', async () => {
  const { tree, build, objects } = bench({ 'init/main.c': 'FAIL\n' });
  const failure = await failureOf(build('a'));
  expect(failure.exitCode).toBe(ExitCode.workload);
  expect(failure.message).toMatch(/^the build of Linux 7\.3\.4 failed \(make ended with exit code 2\); correct/);
  expect(failure.lines).toHaveLength(21);
  expect(failure.lines.join('\n')).toMatch(/init\/main\.c:25: error: FAIL/);
  writeFileSync(join(tree, 'init/main.c'), 'int main(void);\n');
  await build('a');
  expect(compiledIn(objects()).sort()).toEqual(['init/main', 'kernel/sched/features', 'mm/madvise']);
});

test('an interrupted build leaves its objects, and the next one continues', async () => {
  const { build, objects, cache } = bench({ 'init/main.c': 'int main(void); /* SLOW */\n' });
  const abort = new AbortController();
  const building = build('a', '', { signal: abort.signal }).catch((error: unknown) => error);
  await until('two of three files are compiled', () => {
    if (!existsSync(join(cache, 'sources'))) return false;
    const objectFolder = objects();
    return (
      ['slow', 'compiled'].every((name) => existsSync(join(objectFolder, name))) &&
      compiledIn(objectFolder).length === 2
    );
  });
  abort.abort(new Failure(ExitCode.interrupted, 'interrupted'));
  expect(await building).toMatchObject({ exitCode: ExitCode.interrupted });
  expect(kernelOfLabel('a', { cache })).toBeNull();
  await build('a');
  expect(compiledIn(objects()).sort()).toEqual(['init/main', 'kernel/sched/features', 'mm/madvise']);
});

test('a configuration with which no guest starts is refused, and so is an option that was not taken', async () => {
  const { build } = bench();
  const options = scratch.fresh('options');
  writeFileSync(options, '# CONFIG_TTY is not set\n');
  await expect(build('a', `,config=${options}`)).rejects.toThrow(
    /^the configuration of Linux 7\.3\.4 lacks .*CONFIG_VIRTIO_CONSOLE=y, without which no guest starts/,
  );
  writeFileSync(options, 'nothing\n');
  await expect(build('a', `,config=${options}`)).rejects.toThrow(/sets no option of a kernel's configuration/);
});

test('missing tools are all named at once, with what installs them', async () => {
  const { build } = bench();
  const failure = await failureOf(build('a', '', { env: { PATH: '/nowhere' } }));
  expect(failure.exitCode).toBe(ExitCode.unfit);
  expect(failure.message).toMatch(
    /^building a kernel needs gcc, make, flex, bison, bc, tar, xz, diff, patch, which this machine lacks; install it/,
  );
  expect(failure.needs).toContain('bison');
});

test.each([
  [
    '/nowhere/linux',
    /^\/nowhere\/linux does not exist; name a folder or an archive of kernel sources, or deb-source:7\.3$/,
  ],
  ['/', /^\/ holds no Linux sources/],
])('sources that are none are refused: %s', async (path, says) => {
  const failure = await failureOf(resolveKernel(`source:${path}`, { cache: scratch.fresh('cache') }));
  expect(failure.exitCode).toBe(ExitCode.usage);
  expect(failure.message).toMatch(says);
});

test('a spec is read back as it was written', () => {
  const text = 'deb-source:7.3,patch=hrtick-off,revert=/a,b=c/x.patch,config=/my.config';
  expect(buildSpecText(parseBuildSpec(text))).toBe(text);
  expect(parseBuildSpec(text).changes).toEqual([
    { text: 'hrtick-off', isReverted: false },
    { text: '/a,b=c/x.patch', isReverted: true },
  ]);
  expect(() => parseBuildSpec('deb-source:seven')).toThrow(/names no version of Debian's kernel sources; write it as/);
  expect(() => parseBuildSpec('deb-source:7.3,patch=')).toThrow(/expected the name of a change or a file after patch=/);
});
