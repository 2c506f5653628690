import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { ioHogsOf, issuesOf, workOf } from '../../src/profile/resolved/resolved.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { nativeArm } from '../support/native-arm.js';
import { resolveFiles, valid } from './files.js';

describe('priority-inversion, expanded', () => {
  const cpus = { first: { kind: 'first' }, second: { kind: 'second' } };
  const holder = {
    operation: 'madvise_free',
    nice: 19,
    policy: 'other',
    cpus: cpus.first,
    pause_ns: 100_000_000,
    region: { kind: 'calibrated' },
    pages: 'small',
    toucher: { nice: 0, policy: 'other', cpus: cpus.first },
    process: 'same',
    active: true,
  };
  const thread = { nice: 0, policy: 'other', cpus: cpus.second, layout: 'isolated' };
  const common = {
    kind: 'native',
    stall: { aim_ns: 550_000_000, leastHold_ns: 8_000_000 },
    hogs: { count: 1, nice: 0, policy: 'other', cpus: cpus.first, burst: null },
    victims: [
      {
        series: 'writer.mprotect',
        role: 'writer',
        operation: 'mprotect',
        interval_ns: 1_000_000,
        ...thread,
      },
      {
        series: 'reader.first_fault',
        role: 'reader',
        operation: 'first_fault',
        interval_ns: 1_000_000,
        ...thread,
      },
      {
        series: 'control.timer',
        role: 'control',
        operation: 'timer',
        interval_ns: 5_000_000,
        ...thread,
      },
    ],
  };
  const series = ['writer.mprotect', 'reader.first_fault', 'control.timer'];

  test('has the controls first, and everything said', async () => {
    const { description, ...resolved } = await loadResolved('priority-inversion');
    expect(description).toContain('Linux 6.17');
    expect(resolved).toEqual({
      name: 'priority-inversion',
      kernels: [],
      preempt: [],
      title: 'Giving memory back at low priority stalls threads of normal priority',
      runs: 2,
      seed: 1,
      warmup_ns: 200_000_000,
      duration_ns: 3_000_000_000,
      drain_ns: 2_000_000_000,
      threshold_ns: 100_000_000,
      spoiled: { steal_share: 0.1, foreignLoad_share: 0.25, retries: 5 },
      arms: [
        {
          name: 'idle-control',
          title: 'The holder does nothing',
          control: 'idle',
          layout: 'split',
          holder: { ...holder, active: false },
          ...common,
          series,
        },
        {
          name: 'foreign-control',
          title: 'The same holder in another process',
          control: 'foreign',
          layout: 'split',
          holder: { ...holder, process: 'foreign' },
          ...common,
          series: [...series, 'holder.madvise_free'],
        },
        {
          name: 'free-one-vma',
          title: 'MADV_FREE inside one VMA',
          control: null,
          layout: 'isolated',
          holder,
          ...common,
          series: [...series, 'holder.madvise_free'],
        },
        {
          name: 'free-across-vmas',
          title: 'MADV_FREE across two VMAs',
          control: null,
          layout: 'split',
          holder,
          ...common,
          series: [...series, 'holder.madvise_free'],
        },
        {
          name: 'dontneed-across-vmas',
          title: 'MADV_DONTNEED across two VMAs',
          control: null,
          layout: 'split',
          holder: { ...holder, operation: 'madvise_dontneed' },
          ...common,
          series: [...series, 'holder.madvise_dontneed'],
        },
      ],
    });
  });
});

describe('controls', () => {
  test('copy the first arm unless another is named', async () => {
    const arms = 'arms: [{ name: a, hogs: { count: 5 } }, { name: b, hogs: { count: 6 } }]';
    const counts = async (more: string) =>
      (await resolveFiles({ 'p.yaml': valid(`${more}\n${arms}`) })).arms.map(({ hogs }) => hogs.count);
    expect(await counts('')).toEqual([5, 5, 5, 6]);
    expect(await counts('controls: { of: b }')).toEqual([6, 6, 5, 6]);
  });

  test('the foreign one has no memory beside the victims, the idle one has', async () => {
    const { arms } = await resolveFiles({ 'p.yaml': valid('layout: same') });
    expect(arms.map(nativeArm).map(({ name, layout, victims }) => [name, layout, victims[0]?.layout])).toEqual([
      ['idle-control', 'isolated', 'isolated'].map((one, index) => (index === 0 ? one : 'same')),
      ['foreign-control', 'isolated', 'isolated'],
      ['a', 'same', 'same'],
    ]);
  });

  test('a victim of its own two VMAs keeps them in both', async () => {
    const victims = '[{ operation: madvise_free_page, rate: 1/s, layout: crossing }]';
    const { arms } = await resolveFiles({ 'p.yaml': valid('', victims) });
    expect(arms.map((arm) => arm.victims[0]?.layout)).toEqual(['crossing', 'crossing', 'crossing']);
  });

  test('of an inactive arm, the foreign one works', async () => {
    const { arms } = await resolveFiles({
      'p.yaml': valid('arms: [{ name: a, holder: { active: false } }]'),
    });
    expect(arms.map(nativeArm).map(({ holder, series }) => [holder.active, series.length])).toEqual([
      [false, 1],
      [true, 2],
      [false, 1],
    ]);
  });
});

describe('arms', () => {
  test('override key by key, touchers too', async () => {
    const more =
      'hogs: { nice: 3, burst: { run: 5ms, sleep: 1ms } }\narms: [{ name: a, hogs: { burst: steady } }, { name: b, hogs: { nice: 4 }, holder: { toucher: { nice: 2 } } }, { name: c, holder: { toucher: none } }]';
    const { arms } = await resolveFiles({ 'p.yaml': valid(more) });
    const burst = { run_ns: 5_000_000, sleep_ns: 1_000_000 };
    expect(
      arms
        .slice(2)
        .map(nativeArm)
        .map(({ hogs, holder }) => [hogs.nice, hogs.burst, holder.toucher?.nice]),
    ).toEqual([
      [3, null, 0],
      [4, burst, 2],
      [3, burst, undefined],
    ]);
  });

  test('say where each victim lies', async () => {
    const victims =
      '[{ operation: mprotect, rate: back-to-back }, { operation: mmap_munmap, rate: 1/s, layout: isolated }, { operation: noop, rate: 1/s }]';
    const { arms } = await resolveFiles({ 'p.yaml': valid('layout: adjacent', victims) });
    expect(arms[2]?.victims.map(({ series, layout, interval_ns }) => [series, layout, interval_ns])).toEqual([
      ['writer.mprotect', 'adjacent', 0],
      ['writer.mmap_munmap', 'isolated', 1_000_000_000],
      ['control.noop', 'isolated', 1_000_000_000],
    ]);
  });

  test('a holder that gives nothing back has no toucher, in no arm', async () => {
    const arms = ['read_smaps', 'madvise_populate_write', 'madvise_free'].map(
      (operation) => `{ name: ${operation.replaceAll('_', '-')}, holder: { operation: ${operation} } }`,
    );
    const resolved = await resolveFiles({ 'p.yaml': valid(`arms: [${arms.join(', ')}]`) });
    expect(resolved.arms.map(nativeArm).map(({ name, holder }) => [name, holder.toucher !== null])).toEqual([
      ['idle-control', false],
      ['foreign-control', false],
      ['read-smaps', false],
      ['madvise-populate-write', false],
      ['madvise-free', true],
    ]);
  });

  test('a real-time policy has its priority with it, another one has none', async () => {
    const more =
      'hogs: { policy: rr, rtPriority: 99 }\narms: [{ name: a, holder: { region: 64MiB, policy: fifo } }, { name: b, holder: { region: 64MiB, rtPriority: 5 }, hogs: { policy: idle } }]';
    const { arms } = await resolveFiles({ 'p.yaml': valid(more) });
    expect(
      arms
        .slice(2)
        .map(nativeArm)
        .map(({ holder, hogs }) => [holder.policy, hogs.policy]),
    ).toEqual([
      ['fifo 1', 'rr 99'],
      ['other', 'idle'],
    ]);
  });

  test('regions and CPUs are tagged', async () => {
    const { arms } = await resolveFiles({
      'p.yaml': valid('arms: [{ name: a, holder: { region: 64MiB, cpus: 3 } }]'),
    });
    expect(arms[2]?.holder).toMatchObject({
      region: { kind: 'bytes', bytes: 2 ** 26 },
      cpus: { kind: 'list', cpus: [3] },
    });
  });
});

describe('the hash', () => {
  test('does not depend on the order of keys, and on nothing else', async () => {
    const one = await resolveFiles({ 'p.yaml': valid('runs: 3\nseed: 4') });
    const same = await resolveFiles({ 'q.yaml': valid('seed: 4\nruns: 3\nwarmup: 0.2s') });
    const other = await resolveFiles({ 'p.yaml': valid('runs: 3\nseed: 5') });
    expect(hashOf(one)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(same)).toBe(hashOf(one));
    expect(hashOf(other)).not.toBe(hashOf(one));
  });

  test('is the same after a way through JSON, for every seed', async () => {
    const resolved = await loadResolved('convoy');
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const reversed = Object.fromEntries(Object.entries({ ...resolved, seed }).reverse());
        expect(hashOf(JSON.parse(JSON.stringify(reversed)) as typeof resolved)).toBe(hashOf({ ...resolved, seed }));
      }),
    );
  });
});

test('nothing is left undefined: a resolved profile survives JSON', async () => {
  const resolved = await resolveFiles({ 'p.yaml': valid() });
  expect(JSON.parse(JSON.stringify(resolved))).toStrictEqual(resolved);
});

test.each([
  ['churn: { rate: 10 }', 'churn'],
  ['jvm: { loads: [{ load: heap_wave }] }', 'jvm'],
])(
  'an agent beside %s does nothing in the idle control, and has a second process in the foreign control',
  async (work, kind) => {
    const { arms } = await resolveFiles({
      'p.yaml': `name: p\ntitle: P\nagent: { command: [cat, '/proc/{pid}/smaps'] }\nvictims: [{ operation: timer, rate: 10/s }]\narms: [{ name: a, ${work} }]\n`,
    });
    expect(arms.map((arm) => [arm.name, arm.kind, arm.agent?.active])).toEqual([
      ['idle-control', kind, false],
      ['foreign-control', kind, true],
      ['a', kind, true],
    ]);
    const control = arms.find(({ name }) => name === 'foreign-control');
    expect(control === undefined ? null : workOf(control)?.loadsIn).toBe('foreign');
  },
);

test('what I/O hogs may write grows with the window, up to a limit, unless the profile says it', async () => {
  const most = async (ioHogs: string, ...sets: string[]): Promise<(number | undefined)[]> => {
    const { arms } = await resolveFiles({ 'p.yaml': valid(`ioHogs: ${ioHogs}`) }, ...sets);
    return [...new Set(arms.map((arm) => ioHogsOf(arm)?.mostBytes))];
  };
  const second = 4 * 2 ** 30;
  expect(await most('{ count: 2 }', 'warmup=1s', 'duration=3s')).toEqual([4 * second]);
  expect(await most('{}', 'warmup=0ms', 'duration=10ms')).toEqual([Math.ceil(second / 100)]);
  expect(await most('{}', 'warmup=0ms', 'duration=60s')).toEqual([60 * second]);
  expect(await most('{}', 'duration=1h')).toEqual([2 ** 40]);
  expect(await most('{ atMost: 8GiB }', 'duration=60s')).toEqual([8 * 2 ** 30]);
});

test('the calls that a native arm makes are those of the arm alone, not of its idle control', async () => {
  const { arms } = await resolveFiles({
    'p.yaml':
      'name: p\ntitle: P\nholder: { operation: madvise_free }\nissues: { madvise.FREE: { by: holder, atLeast: 3 } }\nvictims: [{ operation: timer, rate: 10/s }]\narms: [{ name: a }]\n',
  });
  expect(arms.map((arm) => [arm.name, issuesOf(arm)])).toEqual([
    ['idle-control', []],
    ['foreign-control', [{ call: 'madvise.FREE', by: 'holder', atLeast: 3 }]],
    ['a', [{ call: 'madvise.FREE', by: 'holder', atLeast: 3 }]],
  ]);
});
