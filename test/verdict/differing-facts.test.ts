/** Circumstances of two sides: settings of the kernel, allocators and tracing. */
import { expect, test } from 'vitest';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import { differingFacts } from '../../src/verdict/compare/differing-facts.js';
import { allocatorsOf } from '../../src/verdict/evidence/allocators-of.js';
import { unknownFacts, type SideFacts } from '../../src/verdict/evidence/side.js';
import { refusedFacts } from '../../src/verdict/gate/gate-evidence.js';
import { factsText } from '../../src/words/side-words.js';

const same: SideFacts = {
  profile: 'p',
  profileHash: 'h',
  label: null,
  kernel: '6.18.0',
  guest: null,
  image: null,
  preemption: 'full',
  hz: 250,
  transparentHugePages: 'always',
  autogroup: true,
  clockSource: 'tsc',
  schedFeatures: ['HRTICK', 'PLACE_LAG'],
  cpuModel: 'A CPU',
  cpus: 2,
  memoryBytes: 8 * 2 ** 30,
  tool: '1',
  trace: false,
  jdks: [],
  allocators: [
    { name: 'glibc', version: '2.36' },
    { name: 'jemalloc', version: '5.3.0' },
  ],
};
const textOf = (a: Partial<SideFacts>, b: Partial<SideFacts>): string =>
  factsText(differingFacts({ ...same, ...a }, { ...same, ...b }), { a: 'A', b: 'B' });

test.each<[Partial<SideFacts>, string]>([
  [{}, ''],
  [{ transparentHugePages: 'never' }, 'the setting of transparent huge pages is always in A and never in B'],
  [{ autogroup: false }, 'autogroup is on in A and off in B'],
  [{ clockSource: 'hpet' }, 'the clock source is tsc in A and hpet in B'],
  [{ schedFeatures: ['PLACE_LAG', 'NO_HRTICK'] }, 'the scheduler has HRTICK in A and NO_HRTICK in B'],
  [{ trace: true }, 'tracing (--trace) is off in A and on in B'],
  [
    { allocators: [{ name: 'jemalloc', version: '5.3.1' }] },
    'the allocator is jemalloc 5.3.0 in A and jemalloc 5.3.1 in B',
  ],
  // A second version on one side: both are listed.
  [
    {
      allocators: [
        { name: 'glibc', version: '2.36' },
        { name: 'glibc', version: '2.42' },
      ],
    },
    'the allocator is glibc 2.36 in A and glibc 2.36 and 2.42 in B',
  ],
  // A C library that a fetched JDK brought.
  [
    { allocators: [{ name: 'glibc', version: '2.42', ofJdk: true }] },
    'the C library of the JDK is glibc 2.36 in A and glibc 2.42 in B',
  ],
  [{ allocators: [{ name: 'glibc', version: '2.36', ofJdk: true }] }, ''],
  [{ schedFeatures: ['PLACE_LAG'] }, 'the scheduler has HRTICK in A and no other feature in B'],
  // Other arms.
  [{ allocators: [{ name: 'mimalloc', version: '2.0' }] }, ''],
  // A little more memory after another boot.
  [{ memoryBytes: 8 * 2 ** 30 - 4096 }, ''],
  // What a log, an older bundle or the key of a baseline does not know is no difference.
  [unknownFacts, ''],
])('%j', (other, text) => {
  expect(textOf({}, other)).toBe(text);
});

test('other kernels have other features of the scheduler anyway', () => {
  expect(textOf({}, { kernel: '6.19.0', schedFeatures: [] })).toBe('the kernel is 6.18.0 in A and 6.19.0 in B');
});

test('a C library of the JDK differs with the JDK', () => {
  const fetched = (version: string): SideFacts => ({ ...same, allocators: [{ name: 'glibc', version, ofJdk: true }] });
  const refused = (...allowed: Parameters<typeof refusedFacts>[2]): string[] =>
    refusedFacts({ facts: fetched('2.36') }, { facts: fetched('2.42') }, allowed).map(({ fact }) => fact);
  expect(refused('jdk')).toEqual([]);
  expect(refused('allocator')).toEqual(['jdkLibrary']);
});

test('processes prove which C library a JDK brought', () => {
  const process = (packaged: object | null): Record<string, unknown> => ({
    name: 'jvm',
    allocator: { name: 'glibc', version: '2.36' },
    ...(packaged === null ? {} : { packaged }),
  });
  const jvm = { processes: [process(null), process({ libc: { version: '2.42' } })] } as unknown as RunFile['jvm'];
  expect(allocatorsOf([{ jvm, churn: null }])).toEqual([
    { name: 'glibc', version: '2.36' },
    { name: 'glibc', version: '2.42', ofJdk: true },
  ]);
});

test('a gate refuses them unless their class is allowed, and reports the trace', () => {
  const refused = (other: Partial<SideFacts>, ...allowed: Parameters<typeof refusedFacts>[2]): string[] =>
    refusedFacts({ facts: same }, { facts: { ...same, ...other } }, allowed).map(({ fact }) => fact);
  const other = {
    transparentHugePages: 'never',
    clockSource: 'hpet',
    allocators: [{ name: 'glibc', version: '2.41' }],
  };
  expect(refused(other)).toEqual(['transparentHugePages', 'clockSource', 'allocators']);
  expect(refused(other, 'kernel')).toEqual(['allocators']);
  expect(refused(other, 'kernel', 'allocator')).toEqual([]);
  expect(refused({ trace: true, tool: '2' })).toEqual([]);
});
