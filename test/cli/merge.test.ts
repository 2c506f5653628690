import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KernelRecord } from '../../src/bundle/bundle-schema.js';
import { openBundle } from '../../src/bundle/store.js';
import { localPlace } from '../../src/experiment/place/place.js';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { loadResolved } from '../../src/profile/written/load.js';
import type { ResolvedProfile } from '../../src/profile/resolved/resolved.js';
import { resolvedProfileSchema } from '../../src/profile/resolved/resolved-schema.js';
import { shippedNames } from '../../src/profile/written/catalogue.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { changeManifest, kernelRecord, stalled, writeFakeBundle, type FakeRun } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();
const shipped = await shippedNames();
const profile = await loadResolved('priority-inversion');
const arm = 'free-one-vma';

function bundle(
  name: string,
  day: number,
  counts: readonly number[],
  more: { manifest?: object; run?: FakeRun; profile?: ResolvedProfile; status?: 'partial' } = {},
): string {
  const path = scratch.fresh(name);
  const own = more.profile ?? profile;
  const startedAt = `2026-01-0${day}T00:00:00.000Z`;
  writeFakeBundle(path, {
    ...(more.status === undefined ? {} : { status: more.status }),
    runs: counts.map((count, i) => ({
      arm,
      stalls: stalled(count),
      ...more.run,
      run: { repetition: i + 1, startedAt: startedAt.replace('00:00.000', `00:0${i}.000`), ...more.run?.run },
    })),
    manifest: {
      profile: own,
      profileHash: hashOf(own),
      startedAt,
      seed: own.seed,
      order: counts.map((_, i) => ({ arm, kernel: null, repetition: i + 1 })),
      argv: ['run', 'priority-inversion'],
    },
  });
  changeManifest(path, more.manifest ?? {});
  return path;
}

const monday = bundle('monday', 1, [1, 0]);
const tuesday = bundle('tuesday', 2, [3, 2, 0]);

const filesOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path)
      .filter((name) => name !== 'run.json')
      .map((name) => [name, readFileSync(join(path, name), 'utf8')]),
  );

const host = {
  kernel: '6.18.0',
  preemption: 'full',
  hz: 250,
  cpuModel: 'A CPU',
  cpus: [0, 1],
  memoryBytes: 8 * 2 ** 30,
};

const settings = {
  transparentHugePages: 'always',
  autogroup: true,
  clockSource: 'tsc',
  schedFeatures: ['HRTICK', 'PLACE_LAG'],
};

const asked = {
  ...{ allowDegraded: false, trace: false, untilN: null, failIf: [], keepSecrets: false },
  guest: { cpus: 1, memoryBytes: 2 ** 30, append: [], bootDeadline_ns: 1e9 },
};

function withAllocator(day: number, allocator: object, more: object = {}): string {
  const churn = { processes: [{ pid: 1, allocator, ...more }], threads: [], tallies: null };
  return bundle('allocator', day, [1], { run: { run: { churn } } });
}

/** Of one kernel in a guest. */
function inGuest(
  name: string,
  day: number,
  guest: Partial<NonNullable<ReturnType<typeof kernelRecord>['guest']>>,
  label: string | null = null,
): string {
  const own = kernelRecord('6.17.0', { label });
  const kernels = [{ ...own, guest: own.guest === null ? null : { ...own.guest, ...guest } }];
  return bundle(name, day, [1, 0], { manifest: { kernels }, run: { run: { kernel: own.name } } });
}

async function again(...paths: readonly string[]): Promise<string> {
  const out = scratch.fresh('again');
  expect(await command('merge', ...paths, '-o', out)).toMatchObject({ code: 0 });
  return out;
}

describe('pauselab merge', () => {
  test('of one place: also if its guest was told another frequency of its counter', async () => {
    const out = scratch.fresh('both');
    const words = (tsc: number) => ({ commandLine: `tsc=reliable tsc_early_khz=${tsc} no_timer_check` });
    const [a, b] = [inGuest('a', 1, words(2_000_000), 'stock'), inGuest('b', 2, words(2_000_001), 'stock')];
    expect(await command('merge', a, b, '-o', out)).toMatchObject({ code: 0, stderr: '' });
    const { summary, manifest } = openBundle(out);
    expect([summary?.arms.map(({ kernel, runs }) => [kernel, runs]), manifest.kernels[0]?.label]).toEqual([
      [['stock', 4]],
      'stock',
    ]);
  });

  test('of another boot, Node, rights and CPUs of the same number, and with a little more memory, and says so', async () => {
    const out = scratch.fresh('both');
    const of = (day: number, more: object): string =>
      bundle(`day-${day}`, day, [1], { manifest: { host: { ...host, ...settings, ...more } } });
    const a = of(1, { bootId: 'one', node: 'v20', root: true, maxMapCount: 65530 });
    const b = of(2, {
      bootId: 'two',
      node: 'v22',
      root: false,
      schedFeatures: null,
      cpus: [2, 3],
      maxMapCount: 65530,
      memoryBytes: host.memoryBytes - 4096,
    });
    const { code, stderr } = await command('merge', a, b, '-o', out);
    expect(code).toBe(0);
    expect(stderr).toContain('merged all the same: ');
    for (const [noun, then, now] of [
      ['Node is', 'v20', 'v22'],
      ['being root is', 'yes', 'no'],
      ['the features of the scheduler are', 'known', 'unknown'],
      ['the CPUs that may be used are', '0, 1', '2, 3'],
    ] as const)
      expect(stderr).toContain(`${noun} ${then} in ${a} and ${now} in ${b}`);
    expect(stderr).toContain(
      `${a} and ${b} were measured in two boots, of this machine or of another of the same make; label machines to tell them apart`,
    );
    expect(stderr).not.toContain('emory');
  });

  test.each<[string, KernelRecord | null, object, string]>([
    ['below guests', kernelRecord('6.17.0'), { bootId: 'two' }, ' of the machine below the guests, or on two machines'],
    [
      'of a machine with a label',
      { ...localPlace().kernel, label: 'blue', name: 'blue' },
      { bootId: 'two' },
      ' of blue',
    ],
    ['that is not known', null, { bootId: null }, ''],
  ])('of another boot %s', async (_, kernel, more, sentence) => {
    const of = (day: number, own: object): string =>
      bundle(`day-${day}`, day, [1], {
        manifest: { host: { ...host, ...own }, ...(kernel === null ? {} : { kernels: [kernel] }) },
        run: { run: kernel === null ? {} : { kernel: kernel.name } },
      });
    const [a, b] = [of(1, { bootId: 'one' }), of(2, more)];
    const { code, stderr } = await command('merge', a, b, '-o', scratch.fresh('both'));
    expect(code).toBe(0);
    if (sentence === '') expect(stderr).not.toContain('boots');
    else expect(stderr).toContain(`${a} and ${b} were measured in two boots${sentence}`);
  });

  test('of arms with other allocators', async () => {
    const [a, b] = ['jemalloc', 'mimalloc'].map((name, i) => withAllocator(i + 1, { name, version: `${i}.1` }));
    await again(a ?? '', b ?? '');
  });

  test('keeps what any of them could not run, and what it is made of', async () => {
    const out = scratch.fresh('both');
    const refused = (name: string) => ({ code: 'jdk-not-accepted', arm: name, jdk: '17.0.1', accepted: '>=26' });
    const size = (operation: string, bytes: number) => ({
      operation,
      pages: 'small',
      target_hold_ns: null,
      bytes,
      hold_ns: 1,
      probes: [],
    });
    const file = (path: string) => ({ path, bytes: 1, sha256: path });
    const of = (day: number, manifest: object): string => bundle(`day-${day}`, day, [1], { manifest });
    const [a, b] = [
      of(1, { calibration: [size('madvise_free', 1)], programs: [file('a.jar')] }),
      of(2, {
        calibration: [size('madvise_free', 2), size('mremap', 3)],
        programs: [file('a.jar'), file('b.jar')],
        refusedArms: [refused('free-across-vmas'), refused(arm)],
      }),
    ];
    expect(await command('merge', a, b, '-o', out)).toMatchObject({ code: 0, stderr: '' });
    const { manifest, summary } = openBundle(out);
    expect(manifest.refusedArms).toEqual([refused('free-across-vmas')]);
    expect(summary?.conclusions.find(({ code }) => code === 'arms-not-run')).toMatchObject({
      refused: [refused('free-across-vmas')],
    });
    expect(summary?.verdict).toContain('1 arm was not run: free-across-vmas, because JDK 17.0.1 is not one');
    expect(manifest.calibration.map(({ operation, bytes }) => [operation, bytes])).toEqual([
      ['madvise_free', 1],
      ['mremap', 3],
    ]);
    expect(manifest.programs?.map(({ path }) => path)).toEqual(['a.jar', 'b.jar']);
    expect(openBundle(await again(out, bundle('day-3', 3, [0]))).manifest.refusedArms).toHaveLength(1);
  });

  test('renumbers the runs, keeps every file and every origin', async () => {
    const out = scratch.fresh('both');
    const { code, stdout, stderr } = await command('merge', tuesday, monday, '-o', out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(out);
    const merged = openBundle(out);
    expect(merged.runs.map(({ name, repetition, series }) => [name, repetition, series[0]?.stalls.count])).toEqual([
      ['000-free-one-vma', 1, 1],
      ['001-free-one-vma', 2, 0],
      ['002-free-one-vma', 3, 3],
      ['003-free-one-vma', 4, 2],
      ['004-free-one-vma', 5, 0],
    ]);
    const [first, second] = [openBundle(monday), openBundle(tuesday)];
    const strip = ({ name, repetition, ...rest }: (typeof merged.runs)[number]): object => ({
      ...rest,
      was: [typeof name, typeof repetition],
    });
    expect(merged.runs.map(strip)).toEqual([...first.runs, ...second.runs].map(strip));
    expect(merged.runs.map(({ name }) => filesOf(join(out, 'runs', name)))).toEqual([
      ...first.runs.map(({ name }) => filesOf(join(monday, 'runs', name))),
      ...second.runs.map(({ name }) => filesOf(join(tuesday, 'runs', name))),
    ]);
    const { origins, ...manifest } = merged.manifest;
    expect(manifest).toMatchObject({ profileHash: hashOf(profile), startedAt: '2026-01-01T00:00:00.000Z' });
    const measured = ({ origins: none, ...rest }: typeof merged.manifest): object => ({
      ...rest,
      ...(none.length === 0 ? {} : { none }),
    });
    expect(origins.map((origin) => origin.manifest)).toEqual([measured(first.manifest), measured(second.manifest)]);
    expect(origins.map(({ path, runs }) => [path, runs.map(({ from, to }) => `${from} > ${to}`)])).toEqual([
      [monday, ['000-free-one-vma > 000-free-one-vma', '001-free-one-vma > 001-free-one-vma']],
      [
        tuesday,
        [
          '000-free-one-vma > 002-free-one-vma',
          '001-free-one-vma > 003-free-one-vma',
          '002-free-one-vma > 004-free-one-vma',
        ],
      ],
    ]);
  });

  test('runs of one round stay in one round, whatever arms and runs the bundles before have', async () => {
    const both = scratch.fresh('tuesday-of-two');
    const arms = [arm, 'free-across-vmas'];
    writeFakeBundle(both, {
      runs: [1, 2].flatMap((repetition) =>
        arms.map((name) => ({ arm: name, run: { repetition, startedAt: '2026-01-02T00:00:00.000Z' } })),
      ),
      manifest: {
        profile,
        profileHash: hashOf(profile),
        startedAt: '2026-01-02T00:00:00.000Z',
        seed: profile.seed,
        order: [1, 2].flatMap((repetition) => arms.map((name) => ({ arm: name, kernel: null, repetition }))),
      },
    });
    const out = scratch.fresh('both');
    // The first round of `cut` was lost.
    const cut = bundle('cut', 3, [0], { run: { run: { repetition: 2 } } });
    expect(await command('merge', monday, both, cut, '-o', out)).toMatchObject({ code: 0, stderr: '' });
    const rounds = openBundle(out).runs.map((run) => [run.arm, run.repetition]);
    expect(rounds).toEqual([
      [arm, 1],
      [arm, 2],
      ['free-one-vma', 3],
      ['free-across-vmas', 3],
      ['free-one-vma', 4],
      ['free-across-vmas', 4],
      [arm, 6],
    ]);
    expect(openBundle(out).manifest.order.map((one) => [one.arm, one.repetition])).toEqual(rounds);
  });

  test('sums up what both measured', async () => {
    const out = scratch.fresh('both');
    await command('merge', monday, tuesday, '-o', out);
    const series = openBundle(out).summary?.arms[0]?.series[0];
    const parts = [...openBundle(monday).runs, ...openBundle(tuesday).runs].flatMap((run) => run.series);
    expect(series?.service.n).toBe(parts.reduce((sum, { service }) => sum + service.n, 0));
    expect(series?.service.max_ns).toBe(Math.max(...parts.map(({ service }) => service.max_ns ?? 0)));
    expect(series?.service.mean_ns).toBeCloseTo(
      parts.reduce((sum, { service }) => sum + (service.mean_ns ?? 0), 0) / parts.length,
      6,
    );
    expect(series?.stalls.count).toBe(6);
    expect(series?.perRun.map(({ count }) => count)).toEqual([1, 0, 3, 2, 0]);
    expect(openBundle(out).summary?.status).toBe('complete');
  });

  test('of a merged bundle keeps the origins that were measured', async () => {
    const [once, twice] = [scratch.fresh('once'), scratch.fresh('twice')];
    const wednesday = bundle('wednesday', 3, [0]);
    await command('merge', monday, tuesday, '-o', once);
    expect((await command('merge', once, wednesday, '-o', twice)).code).toBe(0);
    expect(openBundle(twice).manifest.origins.map(({ path, runs }) => [path, runs.length])).toEqual([
      [monday, 2],
      [tuesday, 3],
      [wednesday, 1],
    ]);
  });

  /** A bundle that was resumed in a guest. */
  function resumed(name: string, day: number): string {
    const path = inGuest(name, day, {});
    const files = { 'consoles/6.17.0.log': `${name} died`, 'consoles/6.17.0.boot-2.log': `${name} ended` };
    const cut = { 'cut-short/002-free-one-vma/run.json': `${name} {}`, 'cut-short/002-free-one-vma/engine.log': '' };
    for (const [file, text] of Object.entries({ ...files, ...cut, 'consoles/.pauselab-1.partial': '' })) {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), text);
    }
    const setAside = [{ run: '002-free-one-vma', status: 'partial' }];
    const at = `2026-01-0${day}T01:00:00.000Z`;
    changeManifest(path, { resumed: [{ at, kept_n: 1, setAside, bootedAgain: [], changed: [] }] });
    return path;
  }
  const besideRuns = (path: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(path, { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(path, 'runs')))
        .filter((entry) => entry.parentPath !== path)
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => [file.slice(path.length + 1), readFileSync(file, 'utf8')] as const)
        .sort(),
    );
  const noteOf = (path: string): string =>
    openBundle(path).summary?.notes.find(({ code }) => code === 'resumed')?.sentence ?? '';

  test('keeps the consoles and the runs that were cut short, of each origin, and says where they are', async () => {
    const [plain, a, b] = [inGuest('plain', 2, {}), resumed('a', 3), resumed('b', 4)];
    const both = await again(b, plain, a);
    const ofOrigin = (origin: string, name: string): Record<string, string> => ({
      [`origins/${origin}/consoles/6.17.0.boot-2.log`]: `${name} ended`,
      [`origins/${origin}/consoles/6.17.0.log`]: `${name} died`,
      [`origins/${origin}/cut-short/002-free-one-vma/engine.log`]: '',
      [`origins/${origin}/cut-short/002-free-one-vma/run.json`]: `${name} {}`,
    });
    expect(besideRuns(both)).toEqual({ ...ofOrigin('001', 'a'), ...ofOrigin('002', 'b') });
    expect(noteOf(both)).toContain(
      '2 runs that were cut short or failed are in the folders origins/001/cut-short and origins/002/cut-short and in no figure, and were made again.',
    );
    const more = await again(both, inGuest('c', 5, {}), inGuest('first', 1, {}));
    const names = openBundle(more).manifest.origins.map(({ path }) => path.replace(/.*-/, ''));
    expect(names).toEqual(['first', 'plain', 'a', 'b', 'c']);
    expect(besideRuns(more)).toEqual({ ...ofOrigin('002', 'a'), ...ofOrigin('003', 'b') });
  });

  test('names no folder of runs that are not there, such as those that an older merge did not keep', async () => {
    const [a, b] = [resumed('a', 1), resumed('b', 2)];
    rmSync(join(a, 'cut-short'), { recursive: true });
    expect(noteOf(await again(a, b))).toContain(
      '; 2 runs that were cut short or failed are in no figure, and were made again.',
    );
  });

  test.each(['consoles/6.17.0.log', 'cut-short/003-a', 'cut-short/002-free-one-vma/engine.log'])(
    'refuses a link in place of %s',
    async (name) => {
      const linked = resumed('linked', 1);
      rmSync(join(linked, name), { force: true });
      symlinkSync('/etc', join(linked, name));
      const out = scratch.fresh('out');
      const { code, stderr } = await command('merge', linked, resumed('b', 2), '-o', out);
      expect({ code, isThere: existsSync(out) }).toEqual({ code: 2, isThere: false });
      expect(stderr).toContain(`${join(linked, name)} is no `);
    },
  );

  test('of something partial is partial', async () => {
    const out = scratch.fresh('both');
    expect((await command('merge', monday, bundle('partial', 4, [0], { status: 'partial' }), '-o', out)).code).toBe(0);
    expect(openBundle(out).summary?.status).toBe('partial');
  });

  const other = { ...profile, arms: profile.arms.map((one) => ({ ...one, hogs: { ...one.hogs, count: 7 } })) };

  test.each<[string, () => string[], string]>([
    ['one bundle', () => [monday], 'expected two bundles or more'],
    ['the same twice', () => [monday, monday], 'is also a run of'],
    [
      'another kernel',
      () => [
        monday,
        bundle('k', 3, [0], {
          manifest: {
            host: {
              kernel: '6.16.0',
              preemption: 'full',
              hz: 250,
              cpuModel: 'A CPU',
              cpus: [0, 1],
              memoryBytes: 8 * 2 ** 30,
            },
          },
        }),
      ],
      'not merged, because the runs do not repeat each other: the kernel is 6.18.0',
    ],
    [
      'another machine with the same kernel',
      () => [monday, bundle('m', 3, [0], { manifest: { host: { ...host, memoryBytes: 16 * 2 ** 30 } } })],
      'the memory is 8 GiB in',
    ],
    ...(
      [
        ['transparentHugePages', 'never', 'the setting of transparent huge pages is always in'],
        ['autogroup', false, 'autogroup is on in'],
        ['clockSource', 'hpet', 'the clock source is tsc in'],
        ['schedFeatures', ['NO_HRTICK', 'PLACE_LAG'], 'the scheduler has HRTICK in'],
        ['schedFeatures', null, 'the features of the scheduler are known in'],
        ['cpus', [0, 1, 2], 'the number of CPUs is 2 in'],
        ['memoryLimitBytes', 2 ** 30, 'the limit on memory (cgroup) is not recorded in'],
        ['hypervisor', true, 'being a virtual machine is not recorded in'],
      ] as const
    ).map(([fact, value, sentence]): [string, () => string[], string] => [
      `${fact} ${JSON.stringify(value)}`,
      () => [
        bundle('known', 1, [1], { manifest: { host: { ...host, ...settings } } }),
        bundle('changed', 2, [1], { manifest: { host: { ...host, ...settings, [fact]: value } } }),
      ],
      sentence,
    ]),
    [
      'another clock source in a guest',
      () =>
        ['tsc', 'hpet'].map((clockSource, i) => {
          const own = kernelRecord('6.17.0');
          const kernels = [{ ...own, facts: { ...own.facts, clockSource } }];
          return bundle(clockSource, i + 1, [1], { manifest: { kernels }, run: { run: { kernel: own.name } } });
        }),
      'the clock source is tsc in',
    ],
    [
      'other mitigations in a guest',
      () =>
        ['on', 'off'].map((retbleed, i) => {
          const own = kernelRecord('6.17.0');
          const kernels = [{ ...own, facts: { ...own.facts, mitigations: { retbleed } } }];
          return bundle(retbleed, i + 1, [1], { manifest: { kernels }, run: { run: { kernel: own.name } } });
        }),
      'on 6.17.0, the mitigations are retbleed on in',
    ],
    [
      'another kernel below guests',
      () =>
        ['6.18.0', '6.19.0'].map((kernel, i) => {
          const own = kernelRecord('6.17.0');
          const manifest = { kernels: [own], host: { ...host, kernel } };
          return bundle(kernel, i + 1, [1], { manifest, run: { run: { kernel: own.name } } });
        }),
      'the kernel is 6.18.0 in',
    ],
    [
      'another version of pauselab',
      () => [monday, bundle('v', 3, [0], { manifest: { tool: { name: 'pauselab', version: '0.2.0' } } })],
      'pauselab is 0.1.0 in',
    ],
    [
      'traced runs with others',
      () => [true, false].map((trace, i) => bundle('t', i + 1, [0], { manifest: { asked: { ...asked, trace } } })),
      'tracing (--trace) is on in',
    ],
    [
      'another version of the allocator of an arm',
      () => ['5.3.0', '5.3.1'].map((version, i) => withAllocator(i + 1, { name: 'jemalloc', version })),
      'the allocator is jemalloc 5.3.0 in',
    ],
    [
      'another C library of a fetched JDK',
      () =>
        ['2.41', '2.43'].map((version, i) =>
          withAllocator(i + 1, { name: 'glibc', version: '2.36' }, { packaged: { libc: { version } } }),
        ),
      'the C library of the JDK is glibc 2.41 in',
    ],
    [
      'another build of the same release',
      () => [inGuest('a', 1, { sha256: 'a'.repeat(64) }), inGuest('b', 2, { sha256: 'b'.repeat(64) })],
      "the kernel's image is aaaaaaaaaaaa in",
    ],
    [
      'another guest of the same kernel',
      () => [inGuest('a', 1, {}), inGuest('b', 2, { commandLine: 'quiet' })],
      `not merged, because the runs do not repeat each other: 6.17.0 has the command line none in`,
    ],
    [
      'another label for the same kernel',
      () => [inGuest('a', 1, {}, 'stock'), inGuest('b', 2, {}, 'patched')],
      'the label is stock in',
    ],
    ['a label in one of them', () => [inGuest('a', 1, {}, 'stock'), inGuest('b', 2, {})], 'its places are stock in'],
    [
      'another profile',
      () => [monday, bundle('p', 3, [0], { profile: { ...profile, name: 'other' } })],
      'the profile is priority-inversion',
    ],
    ['another setting', () => [monday, bundle('s', 3, [0], { profile: other })], 'hogs.count (1, 7)'],
    [
      'a folder that is no bundle',
      () => [monday, scratch.path],
      ' is no bundle: it has no manifest.json; name a folder',
    ],
    ['a bundle that does not exist', () => [monday, scratch.fresh('no')], ' is no bundle: it does not exist; name'],
    [
      'a file of a bundle',
      () => [join(monday, 'manifest.json'), monday],
      'manifest.json is no bundle: it is a file; name a folder',
    ],
    [
      'a profile that nobody can run',
      () => [1, 2].map((day) => bundle('x', day, [0], { manifest: { profile: { name: 'priority-inversion' } } })),
      'is no valid manifest: profile.title: ',
    ],
  ])('%s is refused, and nothing is written', async (_, paths, sentence) => {
    const out = scratch.fresh('both');
    const { code, stdout, stderr } = await command('merge', ...paths(), '-o', out);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(existsSync(out)).toBe(false);
  });

  test('a place that is taken is refused, and a link in a run', async () => {
    const out = scratch.fresh('taken');
    mkdirSync(out);
    writeFileSync(join(out, 'mine'), '');
    expect((await command('merge', monday, tuesday, '-o', out)).stderr).toContain('exists and is not empty');
    const linked = bundle('linked', 5, [0]);
    symlinkSync('/etc/passwd', join(linked, 'runs', '000-free-one-vma', 'passwd'));
    const free = scratch.fresh('both');
    expect((await command('merge', monday, linked, '-o', free)).stderr).toContain(
      'is no regular file, and pauselab writes only such there',
    );
    expect(existsSync(free)).toBe(false);
    expect(readdirSync(scratch.path).filter((name) => name.includes('-merging-'))).toEqual([]);
  });
});

describe('pauselab replay', () => {
  test('plans the same arms with the same seed, and says what differs', async () => {
    const { code, stdout } = await command('replay', monday, '--dry-run', '--json');
    expect(code).toBe(0);
    const { plan, differences } = JSON.parse(stdout) as {
      plan: { arms: { name: string }[] };
      differences: { fact: string; then: string; now: string }[];
    };
    expect(plan.arms.map(({ name }) => name)).toEqual([arm]);
    expect(differences.map(({ fact, then }) => [fact, then])).toEqual(
      expect.arrayContaining([
        ['kernel', '6.18.0'],
        ['cpuModel', 'A CPU'],
        ['root', 'not recorded'],
      ]),
    );
    const text = (await command('replay', monday, '--dry-run')).stdout;
    expect(text).toMatch(
      /^Replays .*: priority-inversion, seed 1, 1 arm, 2 runs each; it was `pauselab run priority-inversion`, on 2026-01-01/,
    );
    expect(text).toMatch(/^ {2}the kernel: 6\.18\.0 before, .* now$/m);
  });

  test.each<[string, object, string]>([
    ['changed', { profile: { ...profile, duration_ns: 1 } }, 'does not match its profileHash: it was changed'],
    ['none', { profile: { name: 'x' } }, 'is no valid manifest: profile.title: '],
    [
      'one that would leave the folder',
      { profile: { ...profile, arms: [{ ...profile.arms[0], name: '../../x' }] } },
      'is no valid manifest: profile.arms.0.name: ',
    ],
    ['one without a plan', { order: [] }, 'names no arm of its profile: it was changed'],
  ])('a profile that is %s is refused', async (_, manifest, sentence) => {
    const { code, stdout, stderr } = await command('replay', bundle('changed', 1, [0], { manifest }), '--dry-run');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  test.each(shipped)('reads back the profile %s as it was', async (name) => {
    const resolved = await loadResolved(name);
    const written: unknown = JSON.parse(JSON.stringify(resolved));
    expect(resolvedProfileSchema.parse(written)).toEqual(written);
    expect(hashOf(resolvedProfileSchema.parse(written))).toBe(hashOf(resolved));
  });
});
