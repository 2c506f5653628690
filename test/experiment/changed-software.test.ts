/** An upgrade of a JDK or an allocator between the runs of an experiment is found before it is resumed. */
import { expect, test, vi } from 'vitest';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import { changedSoftware } from '../../src/experiment/run/changed-software.js';
import { allocatorLaunch, allocatorVersion } from '../../src/host/allocators/allocator-launch.js';
import type { Jdk } from '../../src/host/jdks.js';
import { jdkOfArm } from '../../src/workload/jvm/jvm-workload.js';
import { fakeProfile } from '../support/fake-profile.js';

vi.mock('../../src/workload/jvm/jvm-workload.js', { spy: true });
vi.mock('../../src/host/allocators/allocator-launch.js', { spy: true });

const { arms } = fakeProfile({ arms: [{ name: 'g1', jvm: {} }, { name: 'native' }] });
const packaged = {
  package: 'openjdk-26-jre-headless',
  version: '26.0.1+8-1',
  suite: 'sid',
  libc: { version: '2.43-7', suite: 'sid' },
};
const jdk = { vendor: 'Debian', version: '26.0.1', packaged: null } as unknown as Jdk;

function ran(process: object): Pick<RunFile, 'arm' | 'jvm' | 'churn'>[] {
  const jvm = { processes: [{ ...process }], threads: [], log: [], logProblems: [], cpu_ns: 0, cpuOver_ns: 0 };
  return [
    { arm: 'native', jvm: null, churn: null },
    { arm: 'g1', jvm, churn: null },
  ];
}

const found = (now: object, then: object) => {
  vi.mocked(jdkOfArm).mockResolvedValue({ ...jdk, ...now });
  return changedSoftware(arms, ran({ ...jdk, ...then }));
};
const glibc = (version: string) => ({ allocator: { name: 'glibc', version } });
const own = allocatorVersion('glibc', null).version ?? '';

test.each<[string, object, object, object | null]>([
  ['nothing', {}, glibc(own), null],
  ['the JDK', { version: '26.0.2' }, {}, { what: 'the JDK', then: 'Debian 26.0.1', now: 'Debian 26.0.2' }],
  [
    'the C library of a fetched JDK',
    { packaged: { ...packaged, libc: { version: '2.44-1', suite: 'sid' } } },
    { packaged },
    {
      what: 'the JDK',
      then: 'Debian 26.0.1 (openjdk-26-jre-headless 26.0.1+8-1, libc 2.43-7)',
      now: 'Debian 26.0.1 (openjdk-26-jre-headless 26.0.1+8-1, libc 2.44-1)',
    },
  ],
  ['the allocator', {}, glibc('1.0'), { what: 'the allocator', then: 'glibc 1.0', now: `glibc ${own}` }],
  [
    'nothing of a fetched JDK, whose glibc is not that of this machine',
    { packaged },
    { packaged, ...glibc('2.43') },
    null,
  ],
])('%s', async (_, now, then, changed) => {
  expect(await found(now, then)).toEqual(changed === null ? null : { arm: 'g1', ...changed });
});

test('an arm without a run says nothing', async () => {
  vi.mocked(jdkOfArm).mockResolvedValue({ ...jdk, version: '99' });
  expect(await changedSoftware(arms, [])).toBeNull();
});

test.each([
  ['jemalloc', '5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c', '5.3.0', false],
  ['jemalloc', '5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c', '5.3.1', true],
  ['jemalloc', '5.3.0', '5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c', false],
  ['mimalloc', '2.0.9', '2.0', false],
  ['mimalloc', '2.0.9', '2.0.91', true],
  ['mimalloc', '2.0.9', '2.1', true],
  ['tcmalloc', '2.10', '2.1', true],
] as const)('%s reported %s, and its file says %s: changed is %s', async (name, reported, file, isChanged) => {
  vi.mocked(jdkOfArm).mockResolvedValue(jdk);
  vi.mocked(allocatorLaunch).mockReturnValue({ library: '/lib/some.so', environment: {} });
  vi.mocked(allocatorVersion).mockReturnValue({ file: '/lib/some.so', version: file });
  const { arms: preloaded } = fakeProfile({
    arms: [{ name: 'g1', jvm: { allocator: { name, path: null, settings: {} } } }],
  });
  const changed = await changedSoftware(preloaded, ran({ ...jdk, allocator: { name, version: reported } }));
  expect(changed?.what ?? null).toBe(isChanged ? 'the allocator' : null);
});
