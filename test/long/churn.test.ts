/** Native churns by the command: which calls each allocator makes of them, and how bad input is said. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allocatorLaunch } from '../../src/host/allocators/allocator-launch.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

/** An arm of 1 s; blocks as of the shipped profiles. */
const profile = (more: string, issues = '', churn = '{ threads: 2, rate: 500, burstPercent: 60 }'): string =>
  scratch.write(
    'p.yaml',
    `name: p\ntitle: P\nchurn: ${churn}\n${more}\n${issues === '' ? '' : `issues: ${issues}\n`}hogs: { count: 0 }\nruns: 1\nwarmup: 200ms\nduration: 1s\nspoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }\nvictims: [{ operation: mmap_munmap, rate: 1000/s }]\narms: [{ name: a }]\n`,
  );

// Of the other allocators the shipped profiles, below.
describe('jemalloc gives back what a churn frees, by the call that its settings choose', () => {
  test.each([
    [
      'by MADV_FREE, in its background thread',
      'allocator: { name: jemalloc, settings: { background_thread: true, dirty_decay_ms: 100, muzzy_decay_ms: 5000 } }',
      '{ madvise.FREE: { by: jemalloc_bg_thd, atLeast: 10 } }',
    ],
    [
      'by MADV_DONTNEED, in the freeing threads',
      'allocator: { name: jemalloc, settings: { dirty_decay_ms: 0, muzzy_decay_ms: 0 } }',
      '{ madvise.DONTNEED: { by: load.churn*, atLeast: 100 } }',
    ],
  ])('%s', async (_, allocator, issues) => {
    const ended = await pauselab(['profile', 'verify', profile(allocator, issues)]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain('  as declared: ');
  });

  test('what a profile says and does not happen is said, with exit code 3', async () => {
    const ended = await pauselab([
      'profile',
      'verify',
      profile(
        'allocator: { name: jemalloc, settings: { dirty_decay_ms: -1 } }',
        '{ madvise.FREE: { by: load.churn*, atLeast: 1 } }',
      ),
    ]);
    expect(ended).toMatchObject({ code: 3 });
    expect(ended.stdout).toContain('NOT as declared: 0 madvise.FREE');
  });
});

test.each([
  'tcmalloc-decommit',
  'mimalloc-purge',
  'glibc-trim',
  'gperftools-754',
  'gperftools-1547',
  'clickhouse-purge',
])('%s causes the calls that it says', async (name) => {
  // Each profile says how many calls its whole window has; a second of a busy machine may have fewer.
  const ended = await pauselab(['profile', 'verify', name, '--duration', '5s']);
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining('  as declared: ') as string,
  });
  expect(ended.stdout).not.toContain('NOT as declared');
});

describe('bad input', () => {
  /** The real library with another machine at its head. */
  function foreignLibrary(): string {
    const path = join(scratch.fresh('libraries'), '..', 'arm.so');
    const content = readFileSync(allocatorLaunch({ name: 'jemalloc', path: null, settings: {} }).library ?? '');
    content[18] = process.arch === 'arm64' ? 62 : 183;
    writeFileSync(path, content);
    return path;
  }
  function brokenLibrary(): string {
    const path = join(scratch.fresh('libraries'), '..', 'head.so');
    copyFileSync(allocatorLaunch({ name: 'jemalloc', path: null, settings: {} }).library ?? '', path);
    writeFileSync(path, readFileSync(path).subarray(0, 64));
    return path;
  }

  test.each([
    [
      'an allocator of another architecture',
      () => `allocator: { name: jemalloc, path: ${foreignLibrary()} }`,
      5,
      /arm\.so is for another architecture/,
    ],
    [
      'a preload that fails',
      () => `allocator: { name: jemalloc, path: ${brokenLibrary()} }`,
      5,
      /was not preloaded: .*head\.so' from LD_PRELOAD cannot be preloaded/,
    ],
    [
      'a misspelt setting of jemalloc',
      () => 'allocator: { name: jemalloc, settings: { dirty_decay: 1 } }',
      2,
      /jemalloc refuses its settings: Invalid conf pair: dirty_decay:1/,
    ],
    [
      'a misspelt setting of tcmalloc',
      () => 'allocator: { name: tcmalloc, settings: { agressive_decommit: t } }',
      2,
      /tcmalloc has no setting agressive_decommit; did you mean aggressive_decommit\?/,
    ],
    [
      'an allocator that is no library',
      () => 'allocator: { name: mimalloc, path: /etc/passwd }',
      2,
      /\/etc\/passwd is not a shared library/,
    ],
    [
      'another allocator’s library',
      () =>
        `allocator: { name: mimalloc, path: ${allocatorLaunch({ name: 'jemalloc', path: null, settings: {} }).library ?? ''} }`,
      5,
      /reports the malloc of jemalloc/,
    ],
    [
      'a pattern without a thread',
      () => 'threads: { No Such Thread: 5 }',
      5,
      /no thread matches the profile's pattern "No Such Thread"/,
    ],
  ])('%s: one sentence', async (_, more, code, says) => {
    const ended = await pauselab([
      'run',
      profile(more()),
      '--arm',
      'a',
      '--duration',
      '300ms',
      '--out',
      scratch.fresh('out'),
    ]);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(says) as string });
    expect(ended.stderr).not.toMatch(/^\s+at |internal error/m);
    expect(ended.sentences).toHaveLength(1);
  });
});

expectNothingLeft();
