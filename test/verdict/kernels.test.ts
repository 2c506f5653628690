/** A bundle of several kernels: each is compared, gated, exported and kept as what it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Comparison } from '../../src/verdict/compared.js';
import type { GateResult } from '../../src/verdict/gate/gated.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { kernelRecord, kernelRuns, stalled, writeFakeBundle } from './fake-bundle.js';
import { said } from '../support/stated.js';

const scratch = scratchFolder();
const [old, patched] = ['6.16.12', '6.17.13'];
const arms = [
  { name: 'foreign-control', control: 'foreign' },
  { name: 'free', control: null },
];
let day = 0;

/** Stalls of `free`, by kernel; the control has many, and is nobody's business. */
function bundle(name: string, stalls: Readonly<Record<string, number>>, more: { gone?: string } = {}): string {
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
      kernels: kernels.map((kernel) => kernelRecord(kernel)),
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
  expect(notes.join()).toContain(`the kernel is ${old} in a guest (tcg)`);
  expect((await command('compare', alone)).stderr).toContain(
    'expected two bundles or more, the reference first, or one of several kernels',
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
        notes.join().includes('8 runs of 16 are spoiled'),
      ),
    ).toEqual([true, false]);
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
