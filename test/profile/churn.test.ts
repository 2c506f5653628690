/** Profiles in which the allocator under a churn of the native engine gives memory back. */
import { describe, expect, test } from 'vitest';
import type { ChurnArm, ResolvedArm } from '../../src/profile/resolved/resolved.js';
import { workOf } from '../../src/profile/resolved/resolved.js';
import { problemsIn, resolveFiles } from './files.js';

/** The least one that is valid. */
function churnProfile(churn = '{}', more = '', victims = '[{ operation: mmap_munmap, rate: 1000/s }]'): string {
  return `name: p\ntitle: P\nchurn: ${churn}\nvictims: ${victims}\n${more.includes('arms:') ? more : `${more}\narms: [{ name: a }]`}\n`;
}

function churnArm(arm: ResolvedArm | undefined): ChurnArm {
  if (arm?.kind !== 'churn') throw new Error('not an arm with a churn');
  return arm;
}

async function armsOf(text: string): Promise<ChurnArm[]> {
  return (await resolveFiles({ 'p.yaml': text })).arms.map(churnArm);
}

describe('expansion', () => {
  test('says everything: the settings of the JVM’s malloc_churn, with its defaults', async () => {
    const [, , arm] = await armsOf(
      churnProfile(
        '{ threads: 2, minSize: 1KiB, seed: 7 }',
        'issues: { madvise.FREE: { by: jemalloc_bg_thd } }\nallocator: { name: jemalloc, settings: { dirty_decay_ms: 500 } }',
      ),
    );
    expect(arm).toMatchObject({
      kind: 'churn',
      holder: null,
      series: ['writer.mmap_munmap'],
      victims: [{ layout: 'isolated' }],
    });
    expect(arm?.churn).toEqual({
      loads: [
        {
          name: 'load.churn',
          load: 'malloc_churn',
          values: {
            seed: 7,
            threads: 2,
            per_s: 1000,
            min_bytes: 1024,
            max_bytes: 1_048_576,
            live: 64,
            burst_percent: 50,
          },
        },
      ],
      loadsIn: 'same',
      threads: [],
      allocator: { name: 'jemalloc', path: null, settings: { dirty_decay_ms: '500' } },
      issues: [{ call: 'madvise.FREE', by: 'jemalloc_bg_thd', atLeast: 1 }],
    });
  });

  test('a purge is the holder of the arm, with the call of its allocator, and an arm overrides it key by key', async () => {
    const [idle, foreign, first, second] = await armsOf(
      churnProfile(
        '{}',
        'allocator: { name: tcmalloc }\npurge: { pause: 20ms, nice: 19 }\narms: [{ name: a }, { name: b, purge: { nice: 5 }, allocator: { name: glibc } }]',
      ),
    );
    expect(first).toMatchObject({
      holder: { operation: 'tcmalloc_release', nice: 19, pause_ns: 20e6, toucher: null, active: true, process: 'same' },
      series: ['writer.mmap_munmap', 'holder.tcmalloc_release'],
    });
    expect(second?.holder).toMatchObject({ operation: 'glibc_trim', nice: 5, pause_ns: 20e6 });
    expect(idle).toMatchObject({ holder: { active: false }, series: ['writer.mmap_munmap'] });
    expect(foreign).toMatchObject({ holder: { active: true, process: 'foreign' }, churn: { loadsIn: 'foreign' } });
  });

  test('is the same for a churn of a JVM of the same settings', async () => {
    const settings = 'threads: 3, rate: 7, minSize: 1MiB, maxSize: 8MiB, live: 5, burstPercent: 100, seed: 9';
    const [, , native] = await armsOf(churnProfile(`{ ${settings} }`));
    const jvm = (
      await resolveFiles({
        'p.yaml': `name: p\ntitle: P\njvm: { loads: [{ load: malloc_churn, ${settings} }] }\nvictims: [{ operation: mmap_munmap, rate: 1/s }]\narms: [{ name: a }]\n`,
      })
    ).arms[2];
    expect(jvm === undefined ? null : workOf(jvm)?.loads[0]?.values).toEqual(native?.churn.loads[0]?.values);
  });

  test('several churns have names of their own', async () => {
    const [, , arm] = await armsOf(churnProfile('[{}, { seed: 2 }, {}]'));
    expect(arm?.churn.loads.map(({ name }) => name)).toEqual(['load.churn', 'load.churn-2', 'load.churn-3']);
  });

  test('the idle control has no churn, the foreign one has it in a second process', async () => {
    const [idle, foreign, arm] = await armsOf(
      churnProfile('{}', 'issues: { madvise.DONTNEED: {} }\nallocator: { name: mimalloc }'),
    );
    expect(idle?.churn).toEqual({ ...arm?.churn, loads: [], issues: [] });
    expect(foreign?.churn).toEqual({ ...arm?.churn, loadsIn: 'foreign' });
  });

  test('an arm’s churn and allocator are its own in whole, its thread rules come beside the profile’s', async () => {
    const [, , arm] = await armsOf(
      churnProfile(
        '{ threads: 8 }',
        'allocator: { name: jemalloc, settings: { retain: false } }\nthreads: { load.churn*: 5 }\narms: [{ name: a, churn: { rate: 5 }, allocator: { name: tcmalloc }, threads: { jemalloc_bg_thd: { nice: 19, cpus: first } } }]',
      ),
    );
    expect(arm?.churn.loads[0]?.values).toMatchObject({ threads: 4, per_s: 5 });
    expect(arm?.churn.allocator).toEqual({ name: 'tcmalloc', path: null, settings: {} });
    expect(arm?.churn.threads).toEqual([
      { pattern: 'load.churn*', nice: 5, policy: null, cpus: null },
      { pattern: 'jemalloc_bg_thd', nice: 19, policy: null, cpus: { kind: 'first' } },
    ]);
  });

  test('an arm is what it says itself: with `jvm` it has no churn of the profile’s, with `churn` no JVM', async () => {
    const kinds = async (text: string): Promise<unknown[]> =>
      (await resolveFiles({ 'p.yaml': text })).arms
        .slice(2)
        .map((arm) => [arm.name, arm.kind, workOf(arm)?.allocator.name]);
    const victims = 'victims: [{ operation: mmap_munmap, rate: 1/s }]';
    const churn = 'churn: {}\nallocator: { name: mimalloc }\nthreads: { load.churn: 5 }';
    expect(
      await kinds(`name: p\ntitle: P\n${victims}\n${churn}\narms: [{ name: a }, { name: b, jvm: { loads: none } }]\n`),
    ).toEqual([
      ['a', 'churn', 'mimalloc'],
      ['b', 'jvm', 'glibc'],
    ]);
    expect(
      await kinds(`name: p\ntitle: P\n${victims}\njvm: { loads: none }\narms: [{ name: a, churn: {} }, { name: b }]\n`),
    ).toEqual([
      ['a', 'churn', 'glibc'],
      ['b', 'jvm', 'glibc'],
    ]);
  });

  test('JVM and native arms may be in one profile', async () => {
    const arms =
      '[{ name: native, churn: {}, victims: [{ operation: mprotect, rate: 1/s }] }, { name: jvm, jvm: { loads: [{ load: malloc_churn }] } }]';
    const { arms: all } = await resolveFiles({
      'p.yaml': `name: p\ntitle: P\nvictims: [{ operation: mmap_munmap, rate: 1/s }]\narms: ${arms}\n`,
    });
    expect(all.map((arm) => [arm.name, arm.kind, workOf(arm)?.loads.length])).toEqual([
      ['idle-control', 'churn', 0],
      ['foreign-control', 'churn', 1],
      ['native', 'churn', 1],
      ['jvm', 'jvm', 1],
    ]);
  });
});

describe('what does not fit together', () => {
  test.each([
    [
      'a holder',
      churnProfile('{}', 'holder: { operation: madvise_free }'),
      /holder\.operation: in an arm with a churn, the allocator gives memory back/,
    ],
    [
      'a layout',
      churnProfile('{}', 'layout: split'),
      /layout: a churn has no region for memory to lie beside; leave this out/,
    ],
    [
      'a victim beside a region',
      churnProfile('{}', '', '[{ operation: mprotect, rate: 1/s, layout: same }]'),
      /victims\[0\]\.layout: a churn has no region/,
    ],
    [
      'a probe of a JVM',
      churnProfile('{}', '', '[{ operation: heap_allocation, rate: 1/s }]'),
      /heap_allocation is an operation of a JVM/,
    ],
    [
      'a victim that moves the program break',
      churnProfile('{}', '', '[{ operation: brk, rate: 1/s }]'),
      /brk cannot be in one arm with a churn: it moves the program break/,
    ],
    [
      'a victim in a heap that is not there',
      churnProfile('{}', '', '[{ operation: heap_allocate, rate: 1/s }]'),
      /heap_allocate cannot be in one arm with a churn, which lacks the heap of this operation/,
    ],
    [
      'a victim that sets glibc’s thresholds',
      churnProfile('{}', '', '[{ operation: malloc_1m_heap, rate: 1/s }]'),
      /malloc_1m_heap cannot be in one arm with a churn on glibc/,
    ],
    [
      'threads out of range',
      churnProfile('{ threads: 257 }'),
      /churn\.threads: expected a whole number from 1 to 256, got 257/,
    ],
    [
      'no rate',
      churnProfile('[{}, { rate: 0 }]'),
      /churn\[1\]\.rate: expected a whole number from 1 to 10000000, got 0/,
    ],
    [
      'a block that is too large',
      churnProfile('{ maxSize: 2GiB }'),
      /churn\.maxSize: expected a size such as 64MiB .* from 1B to 2047MiB, got "2GiB"/,
    ],
    [
      'sizes the wrong way round',
      churnProfile('{ minSize: 2KiB, maxSize: 1KiB }'),
      /churn\.maxSize: expected maxSize to be at least minSize, 2 KiB, and it is 1 KiB/,
    ],
    [
      'a size beyond the default of the other',
      churnProfile('{ minSize: 2MiB }'),
      /churn\.minSize: expected maxSize to be at least minSize, 2 MiB, and it is 1 MiB, its default/,
    ],
    ['an unknown key', churnProfile('{ burst: 50 }'), /churn\.burst: unknown key/],
    [
      'a churn beside a JVM',
      churnProfile('{}', 'jvm: { loads: none }'),
      /churn: the loads of a JVM are in `jvm\.loads`/,
    ],
    [
      'an allocator without a churn',
      'name: p\ntitle: P\nholder: { operation: madvise_free }\nallocator: { name: jemalloc }\nvictims: [{ operation: mprotect, rate: 1/s }]\narms: [{ name: a }]\n',
      /allocator: this is the allocator of a churn, and this arm has none; give the arm a `churn`/,
    ],
    [
      'a purge without a churn',
      'name: p\ntitle: P\nholder: { operation: madvise_free }\npurge: {}\nvictims: [{ operation: mprotect, rate: 1/s }]\narms: [{ name: a }]\n',
      /purge: a purge needs the free memory of a churn beside it, and this arm has none/,
    ],
    [
      'a purge beside a JVM',
      'name: p\ntitle: P\njvm: { loads: none }\npurge: {}\nvictims: [{ operation: mmap_munmap, rate: 1/s }]\narms: [{ name: a }]\n',
      /purge: a purge needs the free memory of a churn beside it/,
    ],
    [
      'an arena of an allocator that purges all at once',
      churnProfile('{}', 'purge: { arena: 3 }'),
      /purge\.arena: only jemalloc purges a single arena, and this arm’s allocator is glibc; leave this out/,
    ],
    [
      'an arena that no jemalloc can have',
      churnProfile('{}', 'allocator: { name: jemalloc }\npurge: { arena: 4096 }'),
      /purge\.arena: expected a whole number from 0 to 4095, got 4096/,
    ],
    ['a pause without a unit', churnProfile('{}', 'purge: { pause: 5 }'), /purge\.pause: expected a duration/],
    [
      'a purge as a holder',
      'name: p\ntitle: P\nholder: { operation: jemalloc_purge }\nvictims: [{ operation: mprotect, rate: 1/s }]\narms: [{ name: a }]\n',
      /holder\.operation: expected one of madvise_dontneed, /,
    ],
    [
      'thread rules beside a JVM',
      'name: p\ntitle: P\njvm: { loads: none }\nthreads: { G1 Service: 19 }\nvictims: [{ operation: mmap_munmap, rate: 1/s }]\narms: [{ name: a }]\n',
      /threads: these are rules for a churn, and this arm has none; the setting of a JVM is in `jvm`/,
    ],
    [
      'calls of a holder in another process',
      'name: p\ntitle: P\nholder: { operation: read_smaps }\nissues: { madvise.FREE: {} }\nvictims: [{ operation: mprotect, rate: 1/s }]\narms: [{ name: a }]\n',
      /issues: the holder works in another process, whose calls are not counted/,
    ],
  ])('%s', async (_, text, says) => {
    expect(await problemsIn(text)).toEqual([expect.stringMatching(says)]);
  });

  test('malloc_1m_heap may be beside a churn of another allocator: M_MMAP_THRESHOLD is glibc’s alone', async () => {
    expect(
      await problemsIn(
        churnProfile('{}', 'allocator: { name: tcmalloc }', '[{ operation: malloc_1m_heap, rate: 1/s }]'),
      ),
    ).toEqual([]);
    expect(
      await problemsIn(
        churnProfile('{}', 'allocator: { name: tcmalloc }', '[{ operation: malloc_1m_mmap, rate: 1/s }]'),
      ),
    ).toHaveLength(1);
  });
});
