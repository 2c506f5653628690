/** A bundle of several kernels: each is compared, gated, exported and kept as what it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { KernelRecord } from '../../src/bundle/bundle-schema.js';
import type { Comparison } from '../../src/verdict/compare/compared.js';
import type { GateResult } from '../../src/verdict/gate/gated.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { kernelRecord, kernelRuns, stalled, writeFakeBundle } from './fake-bundle.js';
import { said } from '../support/stated.js';
import { sentencesOf } from '../../src/facts/stated.js';

const scratch = scratchFolder();
const [old, patched] = ['6.16.12', '6.17.13'];
const arms = [
  { name: 'foreign-control', control: 'foreign' },
  { name: 'free', control: null },
];
let day = 0;

interface More {
  readonly gone?: string;
  /** Of the places, whose names are then labels. */
  readonly release?: string;
  readonly records?: readonly KernelRecord[];
}

/** Stalls of `free`, by kernel; the control has many, and is nobody's business. */
function bundle(name: string, stalls: Readonly<Record<string, number>>, more: More = {}): string {
  const path = scratch.fresh(name);
  const kernels = Object.keys(stalls);
  day += 1;
  writeFakeBundle(path, {
    runs: kernels.flatMap((kernel) => [
      ...kernelRuns(8, { kernel, arm: 'free', stalls: stalled(stalls[kernel] ?? 0) }),
      ...kernelRuns(8, {
        kernel,
        arm: 'foreign-control',
        stalls: stalled(7),
        ...(more.gone === kernel ? { run: { disturbances: [said('steal')] } } : {}),
      }),
    ]),
    manifest: {
      startedAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
      profile: { name: 'fake', arms, duration_ns: 10e9, kernels: kernels.map((kernel) => `deb:${kernel}`) },
      kernels: [
        ...(more.records ??
          kernels.map((kernel) =>
            more.release === undefined ? kernelRecord(kernel) : kernelRecord(more.release, { label: kernel }),
          )),
      ],
    },
  });
  return path;
}

const both = bundle('both', { [old]: 4, [patched]: 0 });
const again = bundle('again', { [old]: 4, [patched]: 0 });
const worse = bundle('worse', { [old]: 4, [patched]: 4 });
const alone = bundle('alone', { [patched]: 0 });

async function gated(...words: string[]): Promise<GateResult> {
  const { stdout, stderr } = await command('gate', ...words, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as GateResult;
}

test('a single bundle is compared kernel by kernel, the first one the reference', async () => {
  const { code, stdout } = await command('compare', both, '--json');
  expect(code).toBe(0);
  const { reference, candidates, rows, notes } = JSON.parse(stdout) as Comparison;
  expect([reference, ...candidates].map(({ facts }) => facts.kernel)).toEqual([
    `${old} in a guest (tcg)`,
    `${patched} in a guest (tcg)`,
  ]);
  expect(rows.find(({ arms: { a }, metric }) => a === 'free' && metric === 'stalled_share')).toMatchObject({
    arms: { a: 'free', b: 'free' },
    verdict: 'improved',
    runs: { a: 8, b: 8 },
  });
  expect(sentencesOf(notes).join()).toContain(`the kernel is ${old} in a guest (tcg)`);
  expect((await command('compare', alone)).stderr).toContain(
    'expected two bundles or more, the reference first, or a bundle of several kernels',
  );
});

test('two of the same kernels are compared on each', async () => {
  const { rows } = JSON.parse(
    (await command('compare', both, worse, '--json', '--metric', 'stalled_share')).stdout,
  ) as Comparison;
  expect(
    rows.filter(({ arms: { a } }) => a.startsWith('free')).map(({ arms: { a }, verdict }) => [a, verdict]),
  ).toEqual([
    [`free on ${old}`, 'equivalent'],
    [`free on ${patched}`, 'regressed'],
  ]);
});

describe('a gate', () => {
  test('has a suite a kernel, and leaves controls out', async () => {
    const result = await gated('--baseline', both, '--candidate', again);
    expect(result.outcome).toBe('pass');
    expect(
      result.suites.map(({ candidate, baseline, checks }) => [
        candidate.facts.kernel,
        baseline?.facts.kernel,
        new Set(checks.map(({ arm }) => arm)),
      ]),
    ).toEqual(
      [old, patched].map((kernel) => [`${kernel} in a guest (tcg)`, `${kernel} in a guest (tcg)`, new Set(['free'])]),
    );
    expect(result.verdict).toBe('PASS: 6 checks of 1 profile in 2 suites, by the default policy.');
  });

  test('fails where one of them is worse, and says which, in every form', async () => {
    const words = ['--baseline', both, '--candidate', worse];
    expect((await gated(...words)).suites.map(({ checks }) => checks[0]?.outcome)).toEqual(['pass', 'fail']);
    const name = `fake on ${patched} in a guest (tcg)`;
    expect((await command('gate', ...words)).stdout).toMatch(
      new RegExp(`^FAIL: 3 of 6 checks failed\\. ${name.replace(/[()]/g, '\\$&')}, free, writer`),
    );
    expect((await command('gate', ...words, '--junit')).stdout).toContain(
      `<testsuite name="${name}" tests="3" failures="3"`,
    );
    expect((await command('gate', ...words, '--markdown')).stdout).toContain(`### ${name}`);
  });

  test('takes rules for one of them', async () => {
    const policy = scratch.write(
      'gate.yaml',
      `rules: [{ kernels: ["${patched}*"], arms: [free], limits: [stalls_per_minute == 0] }, { kernels: ["${old}*"], compare: [stalled_share] }]`,
    );
    const { suites, exitCode } = await gated('--baseline', both, '--candidate', again, '--policy', policy);
    expect(exitCode).toBe(0);
    expect(suites.map(({ checks }) => checks.map(({ kind }) => kind))).toEqual([['comparison'], ['limit']]);
  });

  test('finds its own kernel in a baseline of several, and no other one', async () => {
    const folder = scratch.fresh('baselines');
    expect((await command('baseline', 'save', both, '--as', 'main', '--in', folder)).code).toBe(0);
    expect((await command('baseline', 'show', 'main', '--in', folder)).stdout.match(/^kernel /gm)).toHaveLength(2);
    for (const path of [folder, join(folder, 'main'), both]) {
      const { suites, exitCode } = await gated('--baseline', path, '--candidate', alone);
      expect({ exitCode, kernels: suites.map(({ baseline }) => baseline?.facts.kernel) }).toEqual({
        exitCode: 0,
        kernels: [`${patched} in a guest (tcg)`],
      });
    }
    const elsewhere = await gated('--baseline', folder, '--candidate', bundle('new', { '7.3.4': 0 }));
    expect(elsewhere.exitCode).toBe(4);
    expect(elsewhere.verdict).toContain(`the kernel is ${old} in a guest (tcg) in main on ${old}`);
    expect((await gated('--baseline', alone, '--candidate', both)).exitCode).toBe(4);
  });

  test('runs that are gone on one kernel leave the other one alone', async () => {
    const path = bundle('spoiled', { [old]: 4, [patched]: 0 }, { gone: old });
    expect(
      (await gated('--baseline', both, '--candidate', path)).suites.map(({ notes }) =>
        sentencesOf(notes).join().includes('8 runs of 16 are disturbed'),
      ),
    ).toEqual([true, false]);
  });
});

describe('places whose kernels have one release', () => {
  const release = '6.17.0';
  const labelled = (name: string, stalls: Readonly<Record<string, number>>, own = release): string =>
    bundle(name, stalls, { release: own });
  const stockAndPatched = labelled('labelled', { stock: 4, patched: 0 });
  const compared = async (...words: string[]): Promise<Comparison> => {
    const { code, stdout, stderr } = await command('compare', ...words, '--json', '--metric', 'stalled_share');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Comparison;
  };
  const verdicts = ({ rows }: Comparison): string[] =>
    rows
      .filter(({ arms: { a } }) => a.startsWith('free'))
      .map(({ arms: { a, b }, verdict, runs }) => `${a} | ${b}: ${verdict}, ${runs.a} and ${runs.b} runs`);

  test('of one bundle are compared with each other, by their labels', async () => {
    const comparison = await compared(stockAndPatched);
    expect(verdicts(comparison)).toEqual(['free | free: improved, 8 and 8 runs']);
    expect([comparison.reference, ...comparison.candidates].map(({ label, facts }) => [label, facts.label])).toEqual([
      [expect.stringMatching(/ on stock$/), 'stock'],
      [expect.stringMatching(/ on patched$/), 'patched'],
    ]);
    expect(sentencesOf(comparison.notes).join()).toContain('the label is stock in ');
    expect((await command('compare', stockAndPatched)).stdout).toContain(`stock (Linux ${release} in a guest (tcg))`);
  });

  test('a host and a guest, which have no labels, are two as well', async () => {
    const [host, guest] = [`${release} (host)`, `${release} (deb:${release})`];
    const path = bundle(
      'host',
      { [host]: 0, [guest]: 4 },
      {
        records: [
          { ...kernelRecord(release), name: host, asked: 'host', guest: null },
          { ...kernelRecord(release), name: guest },
        ],
      },
    );
    expect(verdicts(await compared(path))).toEqual(['free | free: regressed, 8 and 8 runs']);
  });

  test('of two bundles are matched by label, whatever their releases are', async () => {
    const next = labelled('next', { patched: 4, stock: 4 }, '6.18.0');
    const comparison = await compared(stockAndPatched, next);
    expect(verdicts(comparison)).toEqual([
      'free on stock | free on stock: equivalent, 8 and 8 runs',
      'free on patched | free on patched: regressed, 8 and 8 runs',
    ]);
    expect(sentencesOf(comparison.notes).join()).toContain('the kernel is 6.17.0 in a guest (tcg)');
  });

  test('a label that only one of two has stands for its release', async () => {
    const records = [kernelRecord('6.16.12', { label: 'stock' }), kernelRecord('6.17.13', { label: 'patched' })];
    const half = bundle('half', { stock: 4, patched: 0 }, { records });
    expect(verdicts(await compared(worse, half))).toEqual([
      'free on 6.16.12 | free on stock: equivalent, 8 and 8 runs',
      'free on 6.17.13 | free on patched: improved, 8 and 8 runs',
    ]);
    // Of two labels with one release neither is the one that is meant.
    const one = bundle('one', { [release]: 0, [old]: 0 });
    expect((await compared(stockAndPatched, one).catch(() => null))?.rows ?? []).toEqual([]);
  });

  test('a gate judges each by the place of its label, also where kernels may differ', async () => {
    const next = labelled('next', { patched: 4, stock: 4 }, '6.18.0');
    const folder = scratch.fresh('baselines');
    expect((await command('baseline', 'save', stockAndPatched, '--as', 'main', '--in', folder)).code).toBe(0);
    expect((await command('baseline', 'show', 'main', '--in', folder)).stdout).toContain(`stock (${release} in a`);
    for (const path of [stockAndPatched, folder]) {
      expect((await gated('--baseline', path, '--candidate', next)).exitCode).toBe(4);
      const { suites, verdict } = await gated('--baseline', path, '--candidate', next, '--allow-different', 'kernel');
      expect(
        suites.map(({ candidate, baseline, checks }) => [
          candidate.facts.label,
          baseline?.facts.label,
          checks[0]?.outcome,
        ]),
      ).toEqual([
        ['patched', 'patched', 'fail'],
        ['stock', 'stock', 'pass'],
      ]);
      expect(verdict).toContain('fake on patched');
    }
  });

  test('another image of one release is another kernel, and another size another guest', async () => {
    const build = (sha256: string, cpus = 2): string => {
      const own = kernelRecord(release);
      return bundle(
        sha256,
        { [release]: 0 },
        { records: [{ ...own, guest: own.guest === null ? null : { ...own.guest, sha256, cpus } }] },
      );
    };
    const [before, after] = [build('a'.repeat(64)), build('b'.repeat(64))];
    expect(sentencesOf((await compared(before, after)).notes).join()).toContain(
      "the kernel's image is aaaaaaaaaaaa in ",
    );
    const { exitCode, suites } = await gated('--baseline', before, '--candidate', after);
    expect([exitCode, JSON.stringify(suites)]).toEqual([4, expect.stringContaining("kernel's image")]);
    expect((await gated('--baseline', before, '--candidate', after, '--allow-different', 'kernel')).exitCode).toBe(0);
    expect(sentencesOf((await compared(before, build('a'.repeat(64), 4))).notes).join()).toContain(
      'the guest is of 2 CPUs 2 GiB in ',
    );
  });

  test('an export has each by its label', async () => {
    const { stdout } = await command('export', stockAndPatched, '--format', 'bencher');
    for (const label of ['stock', 'patched']) expect(stdout).toContain(`fake/free on ${label}/writer.mprotect`);
    const samples = (await command('export', stockAndPatched, '--format', 'openmetrics')).stdout
      .split('\n')
      .filter((line) => line.startsWith('pauselab_stalls_per_minute{'))
      .map((line) => line.split(' ').slice(0, -1).join(' '));
    expect(new Set(samples).size).toBe(2 * 2 * 8);
    expect(samples[0]).toContain(`place="stock",kernel="${release} in a guest (tcg)"`);
  });

  test('of one name in one bundle are refused, as an older version could write them', async () => {
    const path = bundle('collided', { [old]: 1 }, { records: [kernelRecord(old), kernelRecord(old)] });
    expect(await command('compare', path, both)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /has two kernels with the name "6\.16\.12".*measure again with a label for each/,
      ) as string,
    });
  });
});

describe('an export', () => {
  test.each(['bencher', 'github-action-benchmark'])('%s has a benchmark a kernel', async (format) => {
    const { stdout } = await command('export', both, '--format', format);
    for (const kernel of [old, patched])
      expect(stdout).toContain(`fake/free on ${kernel} in a guest (tcg)/writer.mprotect`);
  });

  test('OpenMetrics has the kernel as a label, and each sample once', async () => {
    const { stdout } = await command('export', both, '--format', 'openmetrics');
    const samples = stdout
      .split('\n')
      .filter((line) => line.startsWith('pauselab_stalls_per_minute{'))
      .map((line) => line.split(' ').slice(0, -1).join(' '));
    expect(samples).toHaveLength(2 * 2 * 8);
    expect(new Set(samples).size).toBe(samples.length);
    expect(samples[0]).toContain(`kernel="${old} in a guest (tcg)"`);
  });

  test('CSV has the kernel of the run and not of the host', async () => {
    const { stdout } = await command('export', both, '--format', 'csv');
    const [head = '', ...rows] = stdout.trim().split('\r\n');
    const at = head.split(',').indexOf('kernel');
    expect(new Set(rows.map((row) => row.split(',')[at]))).toEqual(new Set([old, patched]));
    expect(readFileSync(join(both, 'manifest.json'), 'utf8')).toContain('6.18.0');
  });
});
