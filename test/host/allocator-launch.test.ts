/** Against the allocators of Debian's packages (scripts/setup/packages.mjs), each in a real process. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  mappedFiles,
  proveAllocator,
  unprovenOf,
  type AllocatorProof,
} from '../../src/host/allocators/allocator-proof.js';
import { isSame, preloadWarning, tryAllocator } from '../../src/host/allocators/allocator-trial.js';
import { allocatorLaunch, allocatorVersion } from '../../src/host/allocators/allocator-launch.js';
import type { Allocator } from '../../src/catalogue/allocators.js';
import type { ResolvedAllocator } from '../../src/profile/resolved/resolved.js';
import { endProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const folder = mkdtempSync(join(tmpdir(), 'pauselab-allocators-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const asked = (
  name: Allocator,
  settings: Record<string, string> = {},
  path: string | null = null,
): ResolvedAllocator => ({ name, path, settings });
const preloaded = ['jemalloc', 'tcmalloc', 'mimalloc'] as const;

/** An error's exit code and sentence. */
function failureOf(action: () => unknown): [code: unknown, sentence: string] {
  try {
    action();
  } catch (error) {
    return [(error as { exitCode?: unknown }).exitCode, (error as Error).message];
  }
  throw new Error('it was taken');
}

describe('finding', () => {
  test.each(preloaded)('%s is found, and its version', (name) => {
    const { library, environment } = allocatorLaunch(asked(name));
    expect(environment).toEqual({ LD_PRELOAD: library });
    const { file, version } = allocatorVersion(name, library);
    expect(file).toMatch(new RegExp(`^/.*lib${name}`));
    expect(version).toMatch(/^\d+\.\d+/);
  });

  test('settings go where each allocator reads them', () => {
    expect(
      allocatorLaunch(asked('jemalloc', { background_thread: 'true', dirty_decay_ms: '500' })).environment,
    ).toMatchObject({ MALLOC_CONF: 'background_thread:true,dirty_decay_ms:500' });
    expect(allocatorLaunch(asked('tcmalloc', { aggressive_decommit: 't' })).environment).toMatchObject({
      TCMALLOC_AGGRESSIVE_DECOMMIT: 't',
    });
    expect(allocatorLaunch(asked('mimalloc', { reset_delay: '0' })).environment).toMatchObject({
      MIMALLOC_RESET_DELAY: '0',
    });
    expect(allocatorLaunch(asked('glibc', { arena_max: '2', 'glibc.pthread.stack_cache_size': '0' }))).toEqual({
      library: null,
      environment: { GLIBC_TUNABLES: 'glibc.malloc.arena_max=2:glibc.pthread.stack_cache_size=0' },
    });
  });

  test('what is nowhere is said with its package', () => {
    expect(failureOf(() => allocatorLaunch(asked('mimalloc'), [folder, '/no/such/folder']))).toEqual([
      5,
      expect.stringMatching(
        /`apt-get install libmimalloc2\.0` on Debian.*`dnf install mimalloc` on Fedora.*or give its library as allocator\.path$/,
      ),
    ]);
  });

  /** The real library with other bytes at the head. */
  function altered(name: string, bytes: Readonly<Record<number, number>>): string {
    const path = join(folder, name);
    const content = readFileSync(allocatorLaunch(asked('jemalloc')).library ?? '');
    for (const [at, byte] of Object.entries(bytes)) content[Number(at)] = byte;
    writeFileSync(path, content);
    return path;
  }

  test.each([
    ['another machine', 'sparc.so', { 18: 2 }, 5, /ELF machine 2, 64 bits/],
    ['another machine that we know', 'arm.so', { 18: 40 }, 5, /\(arm, 64 bits\)/],
    ['the same machine with pointers of 32 bits', 'x32.so', { 4: 1 }, 5, /32 bits\) than this machine/],
    ['no library', 'text.so', { 0: 35 }, 2, /is not a shared library/],
  ])('%s is refused', (_, name, bytes, code, says) => {
    expect(failureOf(() => allocatorLaunch(asked('jemalloc', {}, altered(name, bytes))))).toEqual([
      code,
      expect.stringMatching(says),
    ]);
  });

  test('a path that LD_PRELOAD cannot hold is refused, and one that is not there', () => {
    const spaced = join(folder, 'a b.so');
    copyFileSync(allocatorLaunch(asked('jemalloc')).library ?? '', spaced);
    expect(failureOf(() => allocatorLaunch(asked('jemalloc', {}, spaced)))).toEqual([
      2,
      expect.stringContaining('split at blanks'),
    ]);
    expect(failureOf(() => allocatorLaunch(asked('jemalloc', {}, '/no/such.so')))).toEqual([
      2,
      expect.stringContaining('/no/such.so of jemalloc cannot be read'),
    ]);
  });
});

describe('settings tried before the start', () => {
  test.each([
    [asked('jemalloc', { background_thread: 'true', dirty_decay_ms: '500' }), ['true', '500']],
    // Deprecated in 2.0: it stands under its new name.
    [asked('mimalloc', { reset_delay: '7', eager_commit: 'no', reserve_os_memory: '1M' }), ['7', '0', '1024']],
    [asked('glibc', { arena_max: '2', trim_threshold: '65536' }), ['0x2', '0x10000']],
    // It does not say.
    [asked('tcmalloc', { aggressive_decommit: 't' }), [null]],
    [asked('jemalloc'), []],
    [asked('glibc'), []],
  ])('$name takes $settings', (allocator, took) => {
    expect(tryAllocator(allocator).map((setting) => setting.took)).toEqual(took);
  });

  test.each([
    [asked('jemalloc', { dirty_decay: '1' }), /^jemalloc refuses its settings: Invalid conf pair: dirty_decay:1/],
    [asked('jemalloc', { background_thread: 'maybe' }), /Invalid conf value: background_thread:maybe/],
    [asked('mimalloc', { eager_comit: '1' }), /^mimalloc has no setting eager_comit; did you mean eager_commit\?/],
    [asked('mimalloc', { eager_commit: 'maybe' }), /^mimalloc refuses its settings: .*eager_commit/],
    [asked('glibc', { arena_mx: '2' }), /^glibc has no setting arena_mx; did you mean glibc.malloc.arena_max\?/],
    [asked('glibc', { perturb: '900' }), /^glibc changed perturb from 900 to 0/],
    [
      asked('tcmalloc', { agressive_decommit: 't' }),
      /^tcmalloc has no setting agressive_decommit; did you mean aggressive_decommit\?/,
    ],
  ])('$name refuses $settings', (allocator, says) => {
    expect(failureOf(() => tryAllocator(allocator))).toEqual([2, expect.stringMatching(says)]);
  });

  test('a library that the loader does not preload is unfit', () => {
    // The head of a library and nothing behind it.
    const path = join(folder, 'head.so');
    writeFileSync(path, readFileSync(allocatorLaunch(asked('jemalloc')).library ?? '').subarray(0, 64));
    expect(failureOf(() => tryAllocator(asked('jemalloc', {}, path)))).toEqual([
      5,
      expect.stringMatching(/was not preloaded: .*head\.so' from LD_PRELOAD cannot be preloaded/),
    ]);
  });

  test.each([
    ['1', 'true', true],
    ['0', 'no', true],
    ['0x10', '16', true],
    ['1MiB', '1024', true],
    ['500', '501', false],
    ['', '0', false],
    ['true', '0', false],
  ])('%s and %s: the same is %s', (a, b, same) => {
    expect(isSame(a, b)).toBe(same);
  });
});

describe('proof in the process', () => {
  /** Runs until the test is over. */
  async function processWith(environment: Readonly<Record<string, string>>): Promise<number> {
    const child = spawn('/bin/sleep', ['1000'], { env: { ...environment }, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    onTestFinished(() => {
      endProcess(pid);
    });
    // The loader maps what is preloaded before what the program needs.
    await until(
      'sleep is loaded',
      () =>
        readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n' &&
        readFileSync(`/proc/${pid}/maps`, 'latin1').includes('/libc.so'),
    );
    return pid;
  }

  test.each(preloaded)('%s is in the process that was started with it', async (name) => {
    const allocator = asked(name);
    const pid = await processWith(allocatorLaunch(allocator).environment);
    expect(proveAllocator(allocator, [], { pid, report: undefined, complaints: [] })).toMatchObject({
      name,
      settings: [],
    });
  });

  test('a link to the library is the library', async () => {
    const path = join(folder, 'link.so');
    symlinkSync(allocatorLaunch(asked('mimalloc')).library ?? '', path);
    const allocator = asked('mimalloc', {}, path);
    const pid = await processWith(allocatorLaunch(allocator).environment);
    expect(proveAllocator(allocator, [], { pid, report: undefined, complaints: [] }).file).toMatch(/libmimalloc/);
  });

  test('without it in the process nothing is proven', async () => {
    const pid = await processWith({});
    expect(failureOf(() => proveAllocator(asked('jemalloc'), [], { pid, report: undefined, complaints: [] }))).toEqual([
      5,
      expect.stringMatching(/^the allocator jemalloc \(.*\) is not in process \d+/),
    ]);
    expect(proveAllocator(asked('glibc'), [], { pid, report: undefined, complaints: [] })).toMatchObject({
      name: 'glibc',
      file: null,
      version: expect.stringMatching(/^2\.\d+$/) as string,
    });
  });

  const glibc = (settings: Record<string, string>, report: unknown): AllocatorProof =>
    proveAllocator(
      asked('glibc', settings),
      Object.entries(settings).map(([key, value]) => ({ key, asked: value, took: value })),
      { pid: process.pid, report, complaints: [] },
    );

  test('what the process says goes before the trial, and names who does not say', async () => {
    const allocator = asked('jemalloc', { dirty_decay_ms: '500', retain: 'true', narenas: '4' });
    const pid = await processWith(allocatorLaunch(allocator).environment);
    const report = {
      name: 'jemalloc',
      path: '/x',
      version: '5.3.0-0-g54',
      settings: { 'opt.dirty_decay_ms': 500, 'opt.retain': true },
    };
    const proof = proveAllocator(allocator, [...tryAllocator(allocator), { key: 'x', asked: '1', took: null }], {
      pid,
      report,
      complaints: [],
    });
    expect(proof.version).toBe('5.3.0-0-g54');
    expect(proof.settings.map(({ holds, provenBy }) => [holds, provenBy])).toEqual([
      ['500', 'the process'],
      ['true', 'the process'],
      ['4', 'a trial'],
      [null, null],
    ]);
    const other = { ...report, settings: { 'opt.dirty_decay_ms': 10_000 } };
    expect(
      failureOf(() => proveAllocator(allocator, tryAllocator(allocator), { pid, report: other, complaints: [] })),
    ).toEqual([5, expect.stringContaining('has dirty_decay_ms: 10000, but 500 was requested')]);
  });

  test('a report of another allocator is no proof', () => {
    expect(failureOf(() => glibc({}, { name: 'jemalloc', path: '/other.so', version: null, settings: {} }))).toEqual([
      5,
      expect.stringContaining('the malloc of jemalloc (/other.so), but glibc was requested'),
    ]);
    expect(glibc({ arena_max: '2' }, {}).settings).toEqual([
      { key: 'arena_max', asked: '2', holds: '2', provenBy: 'a trial' },
    ]);
  });

  test.each([
    [
      "ERROR: ld.so: object '/x.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.",
      5,
      /was not preloaded: ERROR/,
    ],
    ['<jemalloc>: Invalid conf pair: dirty:1', 2, /Invalid conf pair: dirty:1/],
    ['<jemalloc>: Malformed conf string', 2, /Malformed/],
  ])('its stderr tells: %s', (line, code, says) => {
    expect(
      failureOf(() =>
        proveAllocator(asked('jemalloc'), [], { pid: process.pid, report: undefined, complaints: ['x', line] }),
      ),
    ).toEqual([code, expect.stringMatching(says)]);
  });

  test('other lines of stderr are nobody’s complaint', () => {
    expect(preloadWarning(['<jemalloc>: -- Set conf value: retain:true', ''])).toBeNull();
  });

  test('mapped files are whole paths', () => {
    expect([
      ...mappedFiles(
        '7f00-7f01 r-xp 00000000 08:01 42    /usr/lib/a b.so\n7f02-7f03 rw-p 00000000 00:00 0\n7f04-7f05 rw-p 00000000 00:00 0   [heap]\n',
      ),
    ]).toEqual(['/usr/lib/a b.so']);
  });
});

test('what is not proven is told from what is, by the process that it is of', () => {
  const setting = (key: string, provenBy: 'the process' | 'a trial' | null) => ({
    key,
    asked: '1',
    holds: provenBy === null ? null : '1',
    provenBy,
  });
  const proof: AllocatorProof = {
    name: 'tcmalloc',
    file: null,
    version: null,
    settings: [setting('aggressive_decommit', 'the process'), setting('release_rate', null), setting('x', 'a trial')],
  };
  expect(unprovenOf('churn', proof)).toEqual([
    { process: 'churn', allocator: 'tcmalloc', key: 'release_rate', asked: '1' },
  ]);
});
