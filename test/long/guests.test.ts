/**
 * What takes minutes where guests are emulated: the guest examples of docs/kernels.md really run, in short, with what
 * each is there to show; and the lock tables of two kernels side by side.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readBundle, type Bundle } from '../support/bundle.js';
import { expectNothingLeft, expectSuccess, pauselab, repository, startPauselab } from '../support/pauselab.js';
import { processesWith } from '../support/processes.js';
import { expectLocks } from '../support/lock-table.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

/** A host that is busy spoils no run here: what is claimed holds on one, or the try is made again. */
const short = [
  '--runs',
  '1',
  ...['spoiled.foreignLoad=100%', 'spoiled.steal=100%'].flatMap((value) => ['--set', value]),
];

const blocked = ({ summary }: Bundle, arm: string, kernel = ''): number =>
  summary.arms
    .filter((one) => one.name === arm && one.kernel.includes(kernel))
    .flatMap(({ series }) => series)
    .reduce((sum, { stalls }) => sum + stalls.blocked_count, 0);

interface Example {
  readonly duration: string;
  /** What a bundle of it has to show. */
  readonly claim: (bundle: Bundle) => void;
}

const claims: Record<string, Example> = {
  'stock-vs-patched': {
    duration: '3s',
    claim(bundle) {
      for (const call of ['free', 'dontneed']) {
        expect(blocked(bundle, `${call}-one-vma`, '6.16'), call).toBeGreaterThan(0);
        expect(blocked(bundle, `${call}-one-vma`, '6.17'), call).toBe(0);
        for (const kernel of ['6.16', '6.17'])
          expect(blocked(bundle, `${call}-across-vmas`, kernel), `${call} on ${kernel}`).toBeGreaterThan(0);
      }
    },
  },
  'priority-inversion': {
    duration: '3s',
    claim(bundle) {
      for (const kernel of ['6.12', '6.17'])
        expect(blocked(bundle, 'free-across-vmas', kernel), kernel).toBeGreaterThan(0);
      expect(blocked(bundle, 'free-one-vma', '6.17'), 'free-one-vma on 6.17').toBe(0);
    },
  },
  'preemption-models': {
    duration: '3s',
    claim(bundle) {
      expect(bundle.manifest.kernels.map(({ facts }) => facts.preemption)).toEqual([
        'full',
        'voluntary',
        'lazy',
        'none',
      ]);
      for (const model of ['full', 'voluntary', 'none'])
        expect(blocked(bundle, 'free-across-vmas', `preempt=${model}`), model).toBeGreaterThan(0);
    },
  },
  'stock-vs-patched-jvm': {
    duration: '6s',
    claim(bundle) {
      for (const { file } of bundle.runs) expect(file.jvm?.processes.length, file.name).toBeGreaterThan(0);
      for (const kernel of ['6.16', '6.17']) expect(blocked(bundle, 'g1-uncommit', kernel), kernel).toBeGreaterThan(0);
      // A purge that finds its VMA being changed takes mmap_lock on 6.17 as well: fewer, and not always none.
      expect(blocked(bundle, 'jemalloc-free', '6.17'), 'stalls on 6.17').toBeLessThan(
        blocked(bundle, 'jemalloc-free', '6.16'),
      );
    },
  },
  'throttled-holder': {
    duration: '4s',
    claim(bundle) {
      expect(blocked(bundle, 'throttled', '6.17')).toBeGreaterThan(0);
      expect(blocked(bundle, 'throttled', '7.3'), 'throttled on 7.3').toBe(0);
      for (const { file } of bundle.runs.filter((run) => run.file.arm === 'throttled'))
        expect(file.cpuMax?.throttledPeriods, file.name).toBeGreaterThan(0);
    },
  },
  'guard-advices': {
    duration: '3s',
    claim(bundle) {
      expect(blocked(bundle, 'guard-one-vma', '6.18')).toBeGreaterThan(0);
      expect(blocked(bundle, 'guard-one-vma', '6.19')).toBe(0);
      for (const kernel of ['6.18', '6.19'])
        expect(blocked(bundle, 'guard-across-vmas', kernel), kernel).toBeGreaterThan(0);
    },
  },
  'smaps-7-2': {
    duration: '4s',
    claim(bundle) {
      expect(blocked(bundle, 'smaps', '7.1')).toBeGreaterThan(0);
      expect(blocked(bundle, 'smaps', '7.2')).toBe(0);
      for (const kernel of ['7.1', '7.2']) expect(blocked(bundle, 'smaps-rollup', kernel), kernel).toBeGreaterThan(0);
    },
  },
  'preemption-7-3': {
    duration: '3s',
    claim(bundle) {
      for (const model of ['preempt=lazy', 'preempt=full']) {
        expect(blocked(bundle, 'one-vma-8ms', model), model).toBe(0);
        expect(blocked(bundle, 'across-8ms', model), model).toBeGreaterThan(0);
      }
    },
  },
  'hrtick-switch': {
    duration: '4s',
    claim(bundle) {
      const { manifest, summary } = bundle;
      expect(manifest.kernels.map(({ feature, facts }) => [feature, facts.schedFeatures])).toEqual([
        ['HRTICK', expect.arrayContaining(['HRTICK'])],
        ['NO_HRTICK', expect.arrayContaining(['NO_HRTICK'])],
      ]);
      expect(summary.verdict).toContain('so between them lies the scheduler feature HRTICK');
      // With NO_HRTICK single calls can be preempted too, on a busy host.
      expect(blocked(bundle, 'hold-3ms', ' HRTICK')).toBeGreaterThan(blocked(bundle, 'hold-3ms', ' NO_HRTICK'));
    },
  },
  'hrtick-slices': {
    duration: '3s',
    claim(bundle) {
      for (const ms of [1, 3, 10, 30, 100])
        for (const { file } of bundle.runs.filter((run) => run.file.arm === `slice-${ms}ms`))
          expect(file.priorities.find(({ name }) => name === 'holder')?.actual?.slice_ns, file.name).toBe(ms * 1e6);
    },
  },
  'hrtick-weight': {
    duration: '3s',
    claim(bundle) {
      const weights = new Map(bundle.runs.map(({ file }) => [file.arm, file.cpuWeights?.[0]]));
      expect(weights.get('hogs-weight-1')).toEqual({ threads: 'hogs', weight: 1 });
      expect(weights.get('holder-weight-10000')).toEqual({ threads: 'holder', weight: 10_000 });
      expect(weights.get('hold-3ms')).toBeUndefined();
      expect(blocked(bundle, 'holder-nice-0-weight-1', ' HRTICK')).toBeGreaterThan(0);
    },
  },
  hrtick: {
    duration: '3s',
    claim(bundle) {
      for (const kernel of ['7.0', '7.1', '7.2', '7.3']) {
        const asked = bundle.summary.arms.filter((arm) => arm.name === 'hold-10ms' && arm.kernel.startsWith(kernel));
        expect(asked.map(({ asked_hold_ns }) => asked_hold_ns)).toEqual([10_000_000, 10_000_000]);
        const [full = ''] = asked.map((arm) => arm.kernel).filter((name) => name.includes('full'));
        expect(blocked(bundle, 'hold-10ms', full), full).toBeGreaterThan(0);
      }
    },
  },
};

const [block = ''] = [
  ...readFileSync(`${repository}/docs/kernels.md`, 'utf8').matchAll(/^```sh guest\n([\s\S]*?)^```$/gm),
].map(([, text = '']) => text);
const examples = block.split('\n').flatMap((line) => /^pauselab (run .*?)(?=\s+#|$)/.exec(line)?.[1] ?? []);

test('every guest example of the documentation has something to show', () => {
  expect(examples.map((example) => example.split(' ')[1])).toEqual(expect.arrayContaining(Object.keys(claims)));
});

describe('examples of docs/kernels.md', () => {
  test.each(examples)('pauselab %s', async (example) => {
    const [, profile = ''] = example.split(' ');
    const wanted = claims[profile];
    if (wanted === undefined) throw new Error(`nothing is claimed of ${profile}`);
    await withinTries(3, example, async () => {
      const out = scratch.fresh(profile);
      expectSuccess(await pauselab([...example.split(/\s+/), ...short, '--duration', wanted.duration, '--out', out]));
      const bundle = readBundle(out);
      expect(bundle.summary.status).toBe('complete');
      noisy(() => {
        for (const control of ['idle-control', 'foreign-control']) expect(blocked(bundle, control), control).toBe(0);
        wanted.claim(bundle);
      });
    });
  });
});

describe('doctor of two kernels', () => {
  const kernels = ['doctor', '--kernel', 'deb:6.16.12', '--kernel', 'deb:6.17.13'];

  test('has their lock tables side by side', async () => {
    await withinTries(2, 'both tables are decided', async () => {
      const ended = await pauselab([...kernels, '--json']);
      expectSuccess(ended);
      const tables = JSON.parse(ended.stdout) as {
        kernel: string;
        locks: { operation: string; layout: string; lock: string }[];
      }[];
      expect(tables.map(({ kernel }) => kernel.slice(0, 7))).toEqual(['6.16.12', '6.17.13']);
      const lockOf = (operation: string, layout: string): (string | undefined)[] =>
        tables.map(({ locks }) => locks.find((row) => row.operation === operation && row.layout === layout)?.lock);
      for (const operation of ['madvise_free_page', 'madvise_dontneed_page']) {
        expectLocks(lockOf(operation, 'isolated'), ['mmap_lock read', 'VMA lock'], operation);
        expectLocks(lockOf(operation, 'crossing'), ['mmap_lock read', 'mmap_lock read'], operation);
      }
    });
  });

  test.each([
    ['boots', /^booting /],
    ['is examined', / on 6\.16\.12/],
  ])('Ctrl-C while a guest %s: exit code 130, no table', async (_, moment) => {
    const running = startPauselab(kernels);
    await until('that moment', () => running.logs().some((text) => moment.test(text)), 300_000);
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({
      code: 130,
      stdout: '',
      sentences: [expect.stringMatching(/^pauselab: interrupted by SIGINT; an incomplete examination has no result/)],
    });
    expect(processesWith(`path=/dev/shm/pauselab-run-${running.pid}-`)).toEqual([]);
  });
});

test('a clock that runs too fast: refused before anything is measured, exit code 6', async () => {
  // As a kernel has it that counted its ticks while it was kept waiting.
  const { code, sentences } = await pauselab([
    'run',
    'stock-vs-patched',
    '--kernel',
    'deb:6.17.13',
    ...short,
    '--append',
    'tsc_early_khz=500000',
    '--out',
    scratch.fresh('clock'),
  ]);
  expect(code).toBe(6);
  expect(sentences).toEqual([
    expect.stringMatching(/^pauselab: the guest's clock is wrong: it counted \d+ s in the \d+ s since its start/),
  ]);
});

expectNothingLeft();
