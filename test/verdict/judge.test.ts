import { describe, expect, test } from 'vitest';
import type { ArmSummary, KernelRecord } from '../../src/bundle/bundle-schema.js';
import { judge } from '../../src/verdict/run/judge.js';
import { betweenKernels } from '../../src/verdict/run/kernel-notes.js';
import { conditionSuffix } from '../../src/bundle/place-names.js';
import { kernelRecord } from './fake-bundle.js';
import { kernelNamed, runOf, stalledRun, writer, writerArm } from './fake-summary.js';
import { sentencesOf } from '../../src/facts/stated.js';
import { said } from '../support/stated.js';

const quiet = runOf();
const on = (kernel: string, ...arms: ArmSummary[]): ArmSummary[] => arms.map((arm) => ({ ...arm, kernel }));
const controls = [
  writerArm('idle-control', 'idle', quiet, quiet),
  writerArm('foreign-control', 'foreign', quiet, quiet),
];
const stalling = (name: string): ArmSummary => writerArm(name, null, stalledRun(5, 0.6), stalledRun(6, 0.6));
const still = (name: string): ArmSummary => writerArm(name, null, quiet, quiet);
const kernels = [kernelNamed('6.16.12'), kernelNamed('6.17.13')];
const arms = [
  ...on('6.16.12', ...controls, stalling('one-vma'), stalling('crossing')),
  ...on('6.17.13', ...controls, still('one-vma'), stalling('crossing')),
];

const judged = (more: readonly KernelRecord[] = kernels, all: readonly ArmSummary[] = arms) =>
  judge({ arms: all, kernels: more, status: 'complete', degraded: [] });

describe('arms on several kernels', () => {
  test('are told apart in findings, each beside its own kernel’s control', () => {
    expect(judged().findings.map(({ arm, kernel, outcome }) => [arm, kernel, outcome])).toEqual([
      ['one-vma', '6.16.12', 'stalls'],
      ['crossing', '6.16.12', 'stalls'],
      ['one-vma', '6.17.13', 'like-foreign'],
      ['crossing', '6.17.13', 'stalls'],
    ]);
    expect(judged().findings[2]?.sentence).toMatch(new RegExp(`^one-vma on 6\\.17\\.13, ${writer}: no stall`));
  });

  test('the control of another kernel does not count', () => {
    const [, noisy] = [controls, [writerArm('foreign-control', 'foreign', stalledRun(9, 0.9), stalledRun(9, 0.9))]];
    const mixed = [...on('6.16.12', ...noisy, stalling('one-vma')), ...on('6.17.13', ...controls, stalling('one-vma'))];
    expect(judged(kernels, mixed).findings.map(({ outcome }) => outcome)).toEqual(['unclear', 'stalls']);
  });

  test('the verdict says of each kernel what was found, then which arm stalls where, and speaks of no patch', () => {
    const { verdict } = judged();
    expect(verdict).toMatch(
      /^On Linux 6\.16\.12: in one-vma and crossing victims were blocked.* On Linux 6\.17\.13: in crossing victims were blocked/,
    );
    expect(verdict).toContain('Side by side, one-vma stalls on 6.16.12 and not on 6.17.13; crossing stalls on all.');
    expect(verdict).not.toContain('patch');
  });

  test('the conclusions say the same by codes, each with its sentence in the verdict', () => {
    const { verdict, conclusions } = judged();
    expect(conclusions.map((one) => [one.code, (one as { kernel?: unknown }).kernel])).toEqual([
      ['stalls', '6.16.12'],
      ['stalls', '6.17.13'],
      ['like-foreign', '6.17.13'],
      ['kernels-compared', null],
      ['undisturbed-evidence', null],
    ]);
    expect(conclusions[0]).toMatchObject({
      arms: ['one-vma', 'crossing'],
      blocked: { longest_ns: 480e6 },
      onMutex: null,
    });
    expect(conclusions[3]).toMatchObject({
      behaviours: [
        { arms: ['one-vma'], stallsOn: ['6.16.12'], pausedOn: [], quietOn: ['6.17.13'], undecidedOn: [], notRunOn: [] },
        {
          arms: ['crossing'],
          stallsOn: ['6.16.12', '6.17.13'],
          pausedOn: [],
          quietOn: [],
          undecidedOn: [],
          notRunOn: [],
        },
      ],
    });
    for (const { sentence } of conclusions) expect(verdict).toContain(sentence);
  });

  test('an arm that is open on one kernel is not called quiet there', () => {
    const open = writerArm('one-vma', null, stalledRun(1, 0.1), quiet);
    expect(
      judged(kernels, [...on('6.16.12', ...controls, stalling('one-vma')), ...on('6.17.13', ...controls, open)])
        .verdict,
    ).toContain('one-vma stalls on 6.16.12 (undecided on 6.17.13)');
    const { verdict } = judged(kernels, [
      ...on('6.16.12', ...controls, still('one-vma'), still('crossing')),
      ...on('6.17.13', ...controls, open, still('crossing')),
    ]);
    expect(verdict).toContain(
      'Side by side, one-vma does not stall on 6.16.12 (undecided on 6.17.13); crossing stalls on none of them.',
    );
  });
});

describe('two places whose kernels have one release', () => {
  const release = '6.17.0';
  // Labels that stand in nearly every sentence.
  const [a, b] = ['a', 'the'];
  const places = [a, b].map((label) => kernelNamed(label, { label, release }));
  const few = [...on(a, ...controls, stalling('one-vma')), ...on(b, ...controls, still('one-vma'))];
  const lost = (arm: ArmSummary): ArmSummary => ({ ...arm, spoiledRuns: 2 });

  test('are told apart by their labels in findings and verdict, which says the release too', () => {
    const { verdict, findings } = judged(places, few);
    expect(findings.map(({ arm, kernel, outcome }) => [arm, kernel, outcome])).toEqual([
      ['one-vma', a, 'stalls'],
      ['one-vma', b, 'like-foreign'],
    ]);
    expect(verdict).toMatch(/^On a \(Linux 6\.17\.0\): in one-vma victims .* On the \(Linux 6\.17\.0\): /);
    expect(verdict).toContain('Side by side, one-vma stalls on a and not on the.');
  });

  test('a note of one of them says which, however short its label is', () => {
    const { notes } = judged(places, [...few.slice(0, 5), ...few.slice(5).map(lost)]);
    expect(notes.filter(({ code }) => code === 'runs-disturbed')).toEqual([
      expect.objectContaining({ onKernel: 'the', sentence: expect.stringMatching(/^On the: /) as string }),
    ]);
  });

  test('what their images differ in names them both', () => {
    const guests = [
      kernelRecord(release, { label: a }),
      {
        ...kernelRecord(release, { label: b }),
        differences: [
          {
            fact: 'options',
            a: null,
            b: null,
            options: ['KSM', 'MEMCG'],
            sentence: 'options: 2 of the configuration differ',
          },
        ],
      },
    ];
    expect(sentencesOf(judged(guests, few).notes)).toContain('a against the: options: 2 of the configuration differ.');
    expect(judged(guests, few).notes).toContainEqual(
      expect.objectContaining({ code: 'built-differently', fact: 'options', options: ['KSM', 'MEMCG'] }),
    );
  });
});

describe('notes on kernels', () => {
  const guest = {
    origin: {},
    sha256: '',
    configSha256: null,
    commandLine: '',
    preempt: null,
    accelerator: 'tcg',
    withoutKvm: '/dev/kvm does not exist',
    qemu: '9',
    cpus: 2,
    memoryBytes: 2 ** 31,
    pinnedTo: [0, 1],
    channel: 'virtio',
    image: { bytes: 1, sha256: '', built_ms: null },
    boot_ms: 1,
    bootFailures: [],
    command: [],
  } as const;
  const inGuest = (name: string, facts: Record<string, unknown>): KernelRecord =>
    kernelNamed(name, { facts, guest: { ...guest, pinnedTo: [0, 1], bootFailures: [], command: [] } });

  test('guests are said to be guests, with how they ran', () => {
    expect(judged([inGuest('6.16.12', {}), inGuest('6.17.13', {})]).notes[0]?.sentence).toMatch(
      /^6\.16\.12 and 6\.17\.13 ran in a guest of 2 CPUs and 2 GiB, emulated in software \(TCG, because \/dev\/kvm does not exist\)/,
    );
    expect(judged([inGuest('6.16.12', {}), kernels[1] ?? kernelNamed('')]).notes[1]?.sentence).toMatch(
      /^6\.17\.13 ran on this machine itself: its times cannot be compared with those of a guest/,
    );
  });

  test('a kernel that failed at its first boot is said to have', () => {
    const failed = inGuest('6.16.12', {});
    expect(
      judged([
        {
          ...failed,
          guest:
            failed.guest === null
              ? null
              : { ...failed.guest, bootFailures: [said("the guest's kernel failed (Oops)", 'guest-kernel-crashed')] },
        },
      ]).notes[1]?.sentence,
    ).toMatch(/^6\.16\.12 was booted once more, because the guest's kernel failed \(Oops\)\. Under TCG/);
  });

  test('what else is in force on one and not on the other is named with what it could explain; what is alike is not', () => {
    const same = {
      hz: 250,
      transparentHugePages: 'always',
      perVmaLocks: true,
      clockSource: 'tsc',
      autogroup: true,
      mitigations: {},
    };
    const { notes } = judged([
      inGuest('6.16.12', { ...same, preemption: 'full' }),
      inGuest('6.17.13', { ...same, preemption: 'lazy' }),
    ]);
    expect(sentencesOf(notes).filter((note) => note.startsWith('The kernels differ in '))).toEqual([
      expect.stringMatching(/preemption model too \(full on 6\.16\.12, lazy on 6\.17\.13\): it decides/),
    ]);
    expect(notes.some(({ code }) => code === 'kernels-unknown')).toBe(false);
  });

  test('scheduler features that differ are named, without those that only one kernel has', () => {
    const { notes } = judged([
      inGuest('6.16.12', { schedFeatures: ['PLACE_LAG', 'NO_HRTICK', 'OLD'] }),
      inGuest('6.17.13', { schedFeatures: ['PLACE_LAG', 'HRTICK', 'NO_NEW'] }),
    ]);
    expect(notes.filter(({ code }) => code === 'features-differ')).toMatchObject([
      {
        kernels: [
          { kernel: '6.16.12', features: ['NO_HRTICK'] },
          { kernel: '6.17.13', features: ['HRTICK'] },
        ],
        sentence: expect.stringMatching(
          /^The kernels differ in scheduler features too \(NO_HRTICK on 6\.16\.12, HRTICK on 6\.17\.13\)/,
        ) as string,
      },
    ]);
  });

  describe('of one kernel with several scheduler features', () => {
    const withFeature = (feature: string, preempt: string | null = null): KernelRecord => {
      const one = inGuest(`6.16.12${conditionSuffix({ preempt, feature })}`, {
        schedFeatures: ['PLACE_LAG', feature],
      });
      return { ...one, release: '6.16.12', feature, guest: one.guest === null ? null : { ...one.guest, preempt } };
    };
    const two = [withFeature('HRTICK'), withFeature('NO_HRTICK')];

    test('the verdict says that the feature is what lies between them, and no note repeats it', () => {
      const { verdict, conclusions, notes } = judged(two);
      expect(verdict).toContain(
        'They are one kernel, on which HRTICK and NO_HRTICK were set through debugfs and read back, so between them lies the scheduler feature HRTICK.',
      );
      expect(conclusions).toContainEqual(
        expect.objectContaining({ code: 'between-features', features: ['HRTICK', 'NO_HRTICK'], models_n: 1 }),
      );
      expect(notes.some(({ code }) => code === 'features-differ')).toBe(false);
    });

    test('under several models, each with each feature, too; and not if one is missing', () => {
      const four = ['lazy', 'full'].flatMap((model) => ['HRTICK', 'NO_HRTICK'].map((one) => withFeature(one, model)));
      expect(betweenKernels(four)).toEqual({
        code: 'between-features',
        features: ['HRTICK', 'NO_HRTICK'],
        models_n: 2,
      });
      expect(betweenKernels(four.slice(0, 3))).toBeNull();
      expect(betweenKernels([...two, inGuest('6.17.13', {})])).toBeNull();
      expect(betweenKernels(two.slice(0, 1))).toBeNull();
    });
  });

  describe('of one tree', () => {
    const oneTree = { version: '6.17.0-rc3', options_n: 4312, sameCompiler: true, built: null };
    const [before, after] = [inGuest('6.16.12', {}), { ...inGuest('6.17.13', {}), oneTree }];
    const sentence =
      'As far as version and configuration show, both are builds of one tree (see the notes), so between them lies the patch';

    test('what lies between two of them is the patch, and the notes say by what that was judged', () => {
      const { verdict, notes } = judged([before, after]);
      expect(verdict).toContain(`crossing stalls on all. ${sentence}.`);
      expect(sentencesOf(notes)).toContain(
        '6.16.12 and 6.17.13 appear to be builds of one tree: both are your images of Linux 6.17.0-rc3, with the same 4312 options of the configuration (except local version and build salt) and the same compiler. Their sources were not compared: an image does not name them.',
      );
    });

    test('each of two builds under the same models, and not under others, differ in the patch', () => {
      const built = { source: 'linux-source-7.3', onlyFirst: ['hrtick-off'], onlyThis: [] };
      const under = (kernel: KernelRecord, preempt: string): KernelRecord => ({
        ...kernel,
        name: `${kernel.name}${conditionSuffix({ preempt, feature: null })}`,
        guest: kernel.guest === null ? null : { ...kernel.guest, preempt },
      });
      const second = { ...after, oneTree: { ...oneTree, built } };
      const four = [under(before, 'lazy'), under(before, 'full'), under(second, 'lazy'), under(second, 'full')];
      expect(betweenKernels(four)).toMatchObject({
        code: 'between-builds',
        changes: [
          { kernel: '6.16.12', names: ['hrtick-off'] },
          { kernel: '6.17.13', names: [] },
        ],
      });
      expect(betweenKernels(four.slice(0, 3))).toBeNull();
      expect(betweenKernels([...four, inGuest('6.18.0', {})])).toBeNull();
    });

    test('another compiler is named beside it', () => {
      const { verdict, notes } = judged([before, { ...after, oneTree: { ...oneTree, sameCompiler: false } }]);
      expect(verdict).toContain(`${sentence} and the compiler.`);
      expect(sentencesOf(notes).join(' ')).toContain('though by another compiler');
    });

    test('of builds of pauselab the patches are known, and named with the kernel that has them', () => {
      const known = { source: 'linux-source-7.3 7.3.4-1', onlyFirst: ['madvise-under-mmap-lock'], onlyThis: [] };
      const { verdict, conclusions, notes } = judged([before, { ...after, oneTree: { ...oneTree, built: known } }]);
      expect(verdict).toContain(
        'Both are builds of linux-source-7.3 7.3.4-1 with the same options and compiler, so between them lies the patch madvise-under-mmap-lock, which 6.16.12 has.',
      );
      expect(conclusions).toContainEqual(
        expect.objectContaining({
          code: 'between-builds',
          changes: [
            { kernel: '6.16.12', names: ['madvise-under-mmap-lock'] },
            { kernel: '6.17.13', names: [] },
          ],
        }),
      );
      expect(sentencesOf(notes)).toContain(
        'pauselab built 6.16.12 and 6.17.13 from linux-source-7.3 7.3.4-1, with the same options and compiler: only 6.16.12 has madvise-under-mmap-lock. The text of these changes is in the manifest.',
      );
      const both = { ...known, onlyThis: ['a.patch', 'the reverted b.patch'] };
      expect(
        judged([before, { ...after, oneTree: { ...oneTree, sameCompiler: false, built: both } }]).verdict,
      ).toContain(
        'with the same options, so between them lie the patch madvise-under-mmap-lock, which 6.16.12 has, the patches a.patch and the reverted b.patch, which 6.17.13 has and the compiler.',
      );
    });

    test('under several models, or with a third kernel, the verdict speaks of no patch', () => {
      for (const more of [
        [before, { ...before, name: '6.16.12 lazy' }, after],
        [before, after, { ...after, name: '6.17.14' }],
        [before, inGuest('6.17.13', {})],
      ])
        expect(judged(more).verdict).not.toContain('patch');
    });
  });

  test('what is not known of both is said', () => {
    expect(
      judged([inGuest('6.16.12', { hz: 250 }), inGuest('6.17.13', {})]).notes.some((note) =>
        /^Unknown for some kernel: .*timer frequency/.test(note.sentence),
      ),
    ).toBe(true);
  });

  test('a single kernel of this machine has no such notes', () => {
    const one = judged(kernels.slice(0, 1), arms.slice(0, 4));
    expect(one.verdict).not.toContain('Side by side');
    expect(sentencesOf(one.notes).join(' ')).not.toMatch(/guest|differ/);
  });
});
