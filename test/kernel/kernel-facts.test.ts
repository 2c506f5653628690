import { expect, test } from 'vitest';
import { factsOf, type KernelFacts } from '../../src/kernel/image/kernel-facts.js';
import { kernelDifferences } from '../../src/kernel/image/kernel-differences.js';
import { config } from '../support/kernels.js';

const dynamic = {
  PREEMPT_DYNAMIC: 'y',
  PREEMPT_NONE: 'n',
  PREEMPT_VOLUNTARY: 'n',
  PREEMPT: 'n',
  PREEMPT_LAZY: 'y',
  CFS_BANDWIDTH: 'y',
  SCHED_AUTOGROUP: 'y',
  TRANSPARENT_HUGEPAGE: 'y',
  TRANSPARENT_HUGEPAGE_ALWAYS: 'y',
  CPU_MITIGATIONS: 'y',
  MITIGATION_RETPOLINE: 'y',
  MITIGATION_SLS: 'n',
};

function facts(
  version: string,
  options: Readonly<Record<string, string>> | null = {},
  release = `${version}+deb13-cloud-amd64`,
): KernelFacts {
  return factsOf(
    { release, sha256: 'ab', origin: { kind: 'file' } },
    options === null ? null : config(version, { ...dynamic, ...options }),
  );
}

test('what a .config says', () => {
  expect(facts('6.16.12')).toMatchObject({
    version: '6.16.12',
    flavour: 'cloud-amd64',
    hz: 250,
    preemption: { default: 'lazy', models: ['none', 'voluntary', 'lazy', 'full'], realTime: false },
    perVmaLocks: true,
    transparentHugePages: 'always',
    mitigations: { enabled: true, on: ['RETPOLINE'], off: ['SLS'] },
    cpuBandwidth: true,
    autogroup: true,
  });
});

test('a model that the Kconfig does not offer cannot be booted', () => {
  const text = config('7.3.4', { PREEMPT_DYNAMIC: 'y', PREEMPT: 'n', PREEMPT_LAZY: 'y' });
  expect(factsOf({ release: '7.3.4', sha256: '', origin: { kind: 'file' } }, text).preemption).toEqual({
    default: 'lazy',
    models: ['lazy', 'full'],
    realTime: false,
  });
});

test('without PREEMPT_DYNAMIC there is one model', () => {
  expect(facts('6.16.12', { PREEMPT_DYNAMIC: 'n' }).preemption?.models).toEqual(['lazy']);
});

test("Debian's release is not always the kernel's version", () => {
  expect(facts('6.1.176', {}, '6.1.0-50-cloud-amd64').version).toBe('6.1.176');
  expect(
    factsOf(
      {
        release: '6.1.0-50-amd64',
        sha256: '',
        origin: { kind: 'deb', package: 'p', version: '6.1.176-1', suite: null },
      },
      null,
    ),
  ).toMatchObject({ version: '6.1.176', flavour: 'amd64' });
});

test('without a .config nothing is guessed', () => {
  const { hz, preemption, perVmaLocks, transparentHugePages, mitigations, notKnown } = facts('6.16.12', null);
  expect([hz, preemption, perVmaLocks, transparentHugePages, mitigations]).toEqual([null, null, null, null, null]);
  expect(notKnown[0]).toMatch(/\.config is unknown/);
});

test('that a lock is found by behaviour only is always said', () => {
  expect(facts('6.17.13').notKnown.join('\n')).toMatch(/which lock a call takes.*only behaviour/);
});

test('older names of mitigations are read as the newer ones', () => {
  const text = config('6.1.176', { CPU_MITIGATIONS: 'y', RETPOLINE: 'y', CPU_IBRS_ENTRY: 'n' });
  expect(factsOf({ release: '6.1', sha256: '', origin: { kind: 'file' } }, text).mitigations).toEqual({
    enabled: true,
    on: ['RETPOLINE'],
    off: ['IBRS_ENTRY'],
  });
});

test('a kernel does not differ from itself', () => {
  expect(kernelDifferences(facts('6.16.12'), facts('6.16.12'))).toEqual([]);
});

test.each([
  [{ HZ: '1000' }, 'hz', '250/s', '1000/s'],
  [{ PREEMPT: 'y', PREEMPT_LAZY: 'n' }, 'preemption default', 'lazy', 'full'],
  [{ PREEMPT_DYNAMIC: 'n' }, 'preemption models', 'none, voluntary, lazy, full', 'lazy'],
  [{ PREEMPT_RT: 'y' }, 'real time', 'no', 'yes'],
  [{ PER_VMA_LOCK: 'n' }, 'per-VMA locks', 'yes', 'no'],
  [
    { TRANSPARENT_HUGEPAGE_ALWAYS: 'n', TRANSPARENT_HUGEPAGE_MADVISE: 'y' },
    'transparent huge pages',
    'always',
    'madvise',
  ],
  [{ MITIGATION_SLS: 'y' }, 'mitigations', 'fewer', 'also SLS'],
  [{ CPU_MITIGATIONS: 'n' }, 'mitigations', 'also RETPOLINE', 'off'],
  [{ SCHED_AUTOGROUP: 'n' }, 'autogroup', 'yes', 'no'],
  [{ CC_VERSION_TEXT: '"gcc-15"' }, undefined, '', ''],
])('%j: %s', (options, fact, a, b) => {
  const found = kernelDifferences(facts('6.16.12'), facts('6.16.12', options));
  expect(found.map((one) => [one.fact, one.a, one.b])).toEqual(fact === undefined ? [] : [[fact, a, b]]);
  for (const { sentence } of found) expect(sentence).toMatch(/could explain/);
});

test('across 6.18 a version warns of cpu.max, and only a version', () => {
  const found = kernelDifferences(facts('6.17.13'), facts('6.18.5'));
  expect(found.map(({ fact }) => fact)).toEqual(['version', 'cpu.max']);
  expect(found[1]?.sentence).toMatch(/by version only/);
  expect(kernelDifferences(facts('6.16.12'), facts('6.17.13')).map(({ fact }) => fact)).toEqual(['version']);
  expect(kernelDifferences(facts('6.9.1'), facts('6.18.0')).map(({ fact }) => fact)).toEqual(['version', 'cpu.max']);
});

test('a mitigation that one kernel has no option for is not called a difference', () => {
  expect(kernelDifferences(facts('6.16.12'), facts('6.16.12', { MITIGATION_NEW: 'y' }))).toEqual([]);
});

test('what is not known of one is said, not left out', () => {
  expect(
    kernelDifferences(facts('6.16.12'), facts('6.16.12', null)).map(({ fact, sentence }) => [fact, sentence]),
  ).toEqual([['config', expect.stringMatching(/unknown differences/)]]);
});

test('both ways alike', () => {
  const [one, other] = [facts('6.12.9', { HZ: '1000', MITIGATION_SLS: 'y' }), facts('6.18.5', { PER_VMA_LOCK: 'n' })];
  expect(kernelDifferences(other, one).map(({ fact, a, b }) => [fact, b, a])).toEqual(
    kernelDifferences(one, other).map(({ fact, a, b }) => [fact, a, b]),
  );
});
