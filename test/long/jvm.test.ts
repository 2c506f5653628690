/**
 * JVM profiles by the command: what they cause, what stalls, and how bad input is said. On every JDK of this machine
 * that fits.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { findJdks } from '../../src/host/jdks.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();
const { jdks } = await findJdks();
const fitting = jdks.filter(({ feature }) => feature >= 17);
const [newest] = fitting;

beforeAll(() => {
  console.log(`JDKs: ${fitting.map(({ version, vendor, java }) => `${version} (${vendor}, ${java})`).join(', ')}`);
  expect(newest).toBeDefined();
});

describe.each(fitting.map(({ feature, java }) => ({ feature, java })))('JDK $feature', ({ java }) => {
  // What an allocator does is the same under every JDK.
  test.each([
    'g1-uncommit',
    ...(java === newest?.java ? ['jvm-native-trim', 'jemalloc-free', 'jemalloc-dontneed'] : []),
  ])('%s causes the calls that it says', async (profile) => {
    const ended = await pauselab(['profile', 'verify', profile, '--duration', '8s', '--java', java]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain('as declared: ');
    expect(ended.stdout).not.toContain('NOT as declared');
  });

  test('g1-uncommit: with G1 Service at nice 19 map and unmap are blocked in the kernel, and in no control', async () => {
    await withinTries(3, 'mmap+munmap beside an uncommitting G1 Service stalls', async () => {
      const out = scratch.fresh('g1');
      const ended = await pauselab([
        'run',
        'g1-uncommit',
        '--arm',
        'service-nice-19',
        '--runs',
        '1',
        '--duration',
        '5s',
        '--set',
        'spoiled.foreignLoad=100%',
        '--set',
        'spoiled.steal=100%',
        '--java',
        java,
        '--out',
        out,
      ]);
      expect(ended.stderr).not.toContain('internal error');
      expect(ended.code).toBe(0);
      const { arms } = readBundleFile('summary', join(out, 'summary.json'));
      const blocked = (arm: string): number =>
        arms.find(({ name }) => name === arm)?.series.find(({ name }) => name === 'writer.mmap_munmap')?.stalls
          .blocked_count ?? NaN;
      noisy(() => {
        expect(blocked('service-nice-19')).toBeGreaterThan(0);
        expect([blocked('idle-control'), blocked('foreign-control')]).toEqual([0, 0]);
      });
      const log = arms.find(({ name }) => name === 'service-nice-19')?.jvm?.log ?? [];
      expect(log.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['gc.pause', 'gc.uncommit', 'safepoint.total', 'safepoint.reach']),
      );
    });
  });
});

describe('bad input and ends', () => {
  const short = ['--runs', '1', '--duration', '1s', '--arm', 'a', '--set', 'spoiled.retries=0'];
  const profile = (jvm: string): string =>
    scratch.write(
      'p.yaml',
      `name: p\ntitle: P\njvm: { ${jvm} }\nhogs: { count: 0 }\nwarmup: 200ms\nvictims: [{ operation: mmap_munmap, rate: 1000/s }]\narms: [{ name: a }]\n`,
    );

  test.each([
    ['a JDK that is not there', 'java: /no/such/jdk', 2, /\/no\/such\/jdk/],
    ['a JDK that is too old for the profile', 'jdk: ">=900"', 5, />=900/],
    ['a flag that this JDK does not know', 'flags: [-XX:+NoSuchFlag]', 2, /does not know the VM option "NoSuchFlag"/],
    [
      'a heap that is too small for the load',
      'flags: [-Xmx24m], loads: [{ load: heap_wave, low: 8MiB, high: 400MiB, period: 200ms }]',
      6,
      /memory/,
    ],
    [
      'an allocator that is no library',
      'allocator: { name: jemalloc, path: /etc/passwd }',
      2,
      /\/etc\/passwd is not a shared library/,
    ],
    [
      'a misspelt setting of jemalloc',
      'allocator: { name: jemalloc, settings: { dirty_decay: 1 } }',
      2,
      /jemalloc refuses its settings: Invalid conf pair: dirty_decay:1/,
    ],
    [
      'a pattern without a thread',
      'threads: { No Such Thread: 5 }',
      5,
      /no thread matches the profile's pattern "No Such Thread"/,
    ],
  ])('%s', async (_, jvm, code, says) => {
    const out = scratch.fresh('out');
    const ended = await pauselab(['run', profile(jvm), ...short, '--out', out]);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: expect.stringMatching(says) as string });
    expect(ended.stderr).not.toMatch(/^\s+at |internal error/m);
  });
});

expectNothingLeft();
