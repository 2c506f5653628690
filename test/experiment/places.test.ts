import { release } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { planPlaces, type WantedPlaces } from '../../src/experiment/place/places.js';
import type { KernelImage } from '../../src/kernel/image/kernel.js';
import { openGuest } from '../../src/experiment/place/guest-place.js';
import { guestImage } from '../../src/kernel/guest/guest-image.js';
import { scratchFolder } from '../support/scratch.js';

vi.mock('../../src/experiment/place/guest-place.js', { spy: true });
vi.mock('../../src/kernel/guest/guest-image.js', { spy: true });

const scratch = scratchFolder();
const guest = { cpus: 2, memoryBytes: 2 ** 31, append: [], bootDeadline_ms: 1000 };
const config = scratch.write(
  'config',
  [
    '# Linux/x86 6.16.1 Kernel Configuration',
    'CONFIG_PREEMPT_DYNAMIC=y',
    '# CONFIG_PREEMPT is not set',
    'CONFIG_PREEMPT_LAZY=y',
    'CONFIG_HZ=250',
    '',
  ].join('\n'),
);
const kernel = (asked: string): Promise<KernelImage> =>
  Promise.resolve({
    asked,
    release: asked.includes('6.16') ? '6.16.1' : '6.17.1',
    image: asked,
    config,
    modules: null,
    sha256: 'x',
    origin: { kind: 'file' },
  });
const session = {
  interrupted: new Promise(() => undefined),
  progress: () => undefined,
  note: () => undefined,
  withoutKvm: undefined,
};
const plan = (wanted: Partial<WantedPlaces>, resolve = kernel) =>
  planPlaces({ kernels: [], preempt: [], guest, ...wanted }, resolve, session);
const names = async (wanted: Partial<WantedPlaces>): Promise<string[]> => (await plan(wanted)).map(({ name }) => name);

// One that answers as QEMU does, so that no test needs it.
const qemu = scratch.write('qemu', '#!/bin/sh\necho "QEMU emulator version 9.9.9"\n', 0o755);
const withQemu = (): void => {
  vi.stubEnv('PAUSELAB_QEMU', qemu);
};
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('names in the results', () => {
  test('this machine alone needs no QEMU', async () => {
    vi.stubEnv('PATH', '');
    expect(await names({})).toEqual([release()]);
    expect(await names({ kernels: ['host'] })).toEqual([release()]);
    expect(await names({ kernels: ['base=host'] })).toEqual(['base']);
  });

  test('a kernel is called by its release', async () => {
    withQemu();
    expect(await names({ kernels: ['a-6.16', 'host', 'b-6.17'], preempt: ['full'] })).toEqual([
      '6.16.1',
      release(),
      '6.17.1',
    ]);
  });

  test('or by its label, which the kernel itself does not know', async () => {
    withQemu();
    const places = await plan({ kernels: ['stock=x/6.16', 'patched=y/6.16', 'base=host'], preempt: ['full', 'lazy'] });
    expect(places.map(({ name, asked, guest: own }) => [name, asked, own?.kernel.asked])).toEqual([
      ['stock preempt=full', 'stock=x/6.16', 'x/6.16'],
      ['stock preempt=lazy', 'stock=x/6.16', 'x/6.16'],
      ['patched preempt=full', 'patched=y/6.16', 'y/6.16'],
      ['patched preempt=lazy', 'patched=y/6.16', 'y/6.16'],
      ['base', 'base=host', undefined],
    ]);
    expect((await places.at(-1)?.open())?.kernel).toMatchObject({ name: 'base', label: 'base', release: release() });
  });

  test('a guest with the release of this machine is another place', async () => {
    withQemu();
    const places = await plan({ kernels: ['host', 'deb:same'] }, async (asked) => ({
      ...(await kernel(asked)),
      release: release(),
    }));
    expect(places.map(({ name }) => name)).toEqual([`${release()} (host)`, `${release()} (deb:same)`]);
    expect((await places[0]?.open())?.kernel).toMatchObject({ name: `${release()} (host)`, label: null });
  });

  test('two of one release are told apart by what was asked for, one under several models by the model', async () => {
    withQemu();
    expect(await names({ kernels: ['/x/before-6.16', '/x/after-6.16'] })).toEqual([
      '6.16.1 (before-6.16)',
      '6.16.1 (after-6.16)',
    ]);
    expect(await names({ kernels: ['/a/6.16/bzImage', '/b/6.16/bzImage'] })).toEqual(['6.16.1 (a)', '6.16.1 (b)']);
    expect(await names({ kernels: ['a-6.16'], preempt: ['full', 'lazy'] })).toEqual([
      '6.16.1 preempt=full',
      '6.16.1 preempt=lazy',
    ]);
  });

  test('a scheduler feature is in the name if there are several, on this machine too', async () => {
    withQemu();
    const features = ['HRTICK', 'NO_HRTICK'];
    expect(await names({ kernels: ['host', 'a-6.16'], preempt: ['full'], features })).toEqual([
      `${release()} HRTICK`,
      `${release()} NO_HRTICK`,
      '6.16.1 HRTICK',
      '6.16.1 NO_HRTICK',
    ]);
    expect(await names({ kernels: ['stock=a-6.16'], preempt: ['full', 'lazy'], features })).toEqual([
      'stock preempt=full HRTICK',
      'stock preempt=full NO_HRTICK',
      'stock preempt=lazy HRTICK',
      'stock preempt=lazy NO_HRTICK',
    ]);
    const [alone] = await plan({ kernels: ['a-6.16'], features: ['NO_HRTICK'] });
    expect(alone).toMatchObject({ name: '6.16.1', guest: { settings: { feature: 'NO_HRTICK' } } });
    expect((await plan({ kernels: ['a-6.16'] }))[0]?.guest?.settings.feature).toBeNull();
  });
});

describe('two images of one version', () => {
  const image =
    (own: string, options: string) =>
    (asked: string): Promise<KernelImage> => {
      const file = scratch.write(
        `${own}-${asked}`,
        [
          '# Linux/x86 6.16.1 Kernel Configuration',
          'CONFIG_HZ=250',
          ...(asked.includes('after') ? [options] : []),
          '',
        ].join('\n'),
      );
      return Promise.resolve({
        asked,
        release: '6.16.1',
        image: asked,
        config: file,
        modules: null,
        sha256: asked,
        origin: { kind: 'file' },
      });
    };
  const opened = async (options: string, sharedConfig?: string) => {
    withQemu();
    vi.mocked(openGuest).mockClear();
    vi.mocked(openGuest).mockResolvedValue({} as Awaited<ReturnType<typeof openGuest>>);
    vi.mocked(guestImage).mockReturnValue({ path: '/i', bytes: 1, sha256: 's', built_ms: null });
    const resolve = image('own', options);
    for (const { open } of await plan({ kernels: ['before', 'after'] }, async (asked) => ({
      ...(await resolve(asked)),
      ...(sharedConfig === undefined ? {} : { config: sharedConfig }),
    })))
      await open();
    return vi.mocked(openGuest).mock.calls.map(([{ oneTree, differences }]) => ({
      oneTree,
      differences: differences.map(({ sentence }) => sentence),
    }));
  };

  test('of one configuration: of one tree with the first', async () => {
    expect(await opened('CONFIG_LOCALVERSION="-after"')).toEqual([
      { oneTree: null, differences: [] },
      { oneTree: { version: '6.16.1', options_n: 1, sameCompiler: true, built: null }, differences: [] },
    ]);
  });

  test('of other options: those are named', async () => {
    expect(await opened('CONFIG_KSM=y\nCONFIG_MEMCG=y')).toMatchObject([
      {},
      {
        oneTree: null,
        differences: [
          'options: 2 of the configuration differ (KSM, MEMCG), so that more than a patch may explain a difference',
        ],
      },
    ]);
  });

  test('with one file for both configurations: nothing is said', async () => {
    expect(await opened('', config)).toMatchObject([{}, { oneTree: null, differences: [] }]);
  });
});

describe('refused, before anything boots', () => {
  test.each<[string, Partial<WantedPlaces>, RegExp]>([
    ['a kernel twice', { kernels: ['a-6.16', 'a-6.16'] }, /^--kernel a-6\.16: a-6\.16 is listed twice/],
    ['a label twice', { kernels: ['a=6.16', 'a=6.17'] }, /^--kernel a=6\.17: expected a label for each kernel/],
    ['--preempt for this machine with a label', { kernels: ['a=host'], preempt: ['full'] }, /^--preempt full is for/],
    ['--preempt for this machine', { preempt: ['full'] }, /^--preempt full is for guests/],
    [
      '--append for this machine',
      { kernels: ['host'], guest: { ...guest, append: ['quiet'] } },
      /^--append is for guests/,
    ],
    [
      'a model that the kernel has not',
      { kernels: ['a-6.16'], preempt: ['full', 'voluntary'] },
      /^6\.16\.1 cannot be booted with preempt=voluntary; it has lazy, full/,
    ],
  ])('%s', async (_, wanted, sentence) => {
    withQemu();
    await expect(plan(wanted)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(sentence) as string,
    });
  });

  test('no QEMU: what to install, and no kernel is fetched for nothing', async () => {
    vi.stubEnv('PATH', '/nowhere');
    const fetched = vi.fn(kernel);
    await expect(plan({ kernels: ['a-6.16'] }, fetched)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(
        /^qemu-system-x86_64 is not installed.*install it \(.*qemu-system-x86.*use --kernel host$/,
      ) as string,
    });
    expect(fetched).not.toHaveBeenCalled();
  });

  test('a QEMU that is none', async () => {
    vi.stubEnv('PAUSELAB_QEMU', '/bin/true');
    await expect(plan({ kernels: ['a-6.16'] })).rejects.toMatchObject({ exitCode: 5 });
  });
});
