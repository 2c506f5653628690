import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { mergeBundles } from '../../src/jobs/merge-bundles.js';
import { areBoots, compareBoots } from '../../src/verdict/compare/boots.js';
import type { Comparison } from '../../src/verdict/compare/compared.js';
import { defaultPolicy } from '../../src/verdict/compare/decide.js';
import { metricsFor } from '../../src/verdict/evidence/metrics.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { changeManifest, stalled, valuesWithP99, type FakeRun } from './fake-bundle.js';
import { kernelOf, writeFakeBoot, type AskedBoot } from './fake-boots.js';

function written(boots: readonly AskedBoot[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-boots-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return boots.map((boot, i) => {
    const path = join(folder, `${i}-${boot.label}`);
    writeFakeBoot(path, boot, i);
    return path;
  });
}

function compare(paths: readonly string[]): Comparison {
  const sides = paths.map((path) => readSide(path, { threshold_ns: 1e8 }));
  if (!areBoots(sides)) throw new Error('these are no boots');
  return compareBoots(sides, {
    metrics: metricsFor([99]),
    margins: [],
    arms: [],
    policy: { ...defaultPolicy, resamples: 300 },
  });
}

function failureOf(boots: readonly AskedBoot[]): Failure {
  const paths = written(boots);
  try {
    compare(paths);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const inTurns = (n: number): AskedBoot[] =>
  Array.from({ length: 2 * n }, (_, i) => ({ label: i % 2 === 0 ? 'stock' : 'patched' }));

const note = ({ notes }: Comparison, code: string): string => notes.find((one) => one.code === code)?.sentence ?? '';

describe('boots of two kernels in turns', () => {
  test('a value is of a boot, and the verdict names the patch', () => {
    const comparison = compare(written(inTurns(6)));
    const row = comparison.rows.find(({ metric }) => metric === 'stalls_per_minute');
    expect(row).toMatchObject({ valuePer: 'boot', runs: { a: 6, b: 6 }, verdict: 'improved' });
    expect(row?.values.a).toEqual([30, 42, 36, 30, 42, 36]);
    expect(comparison.joint[0]?.divisions).toBeLessThanOrEqual(2 ** 6);
    expect(comparison.verdict).toMatch(
      /^patched against stock: improved in .*\. Both are builds of linux-7\.3\.4\.tar\.xz with the same options and compiler, so between them lies the patch madvise-under-mmap-lock, which stock has\.$/,
    );
    expect(note(comparison, 'boots')).toMatch(
      /6 boots of stock \(Linux 7\.3\.4-stock\) and 6 boots of patched .*in the order stock, patched, stock, .*: 6 pairs\.$/,
    );
    expect(comparison.notes.map(({ code }) => code)).not.toContain('facts-differ');
  });

  test('each boot whose experiment is not complete is in the first line, by its path', () => {
    const paths = written(inTurns(4));
    const sides = paths.map((path, i) => ({
      ...readSide(path, { threshold_ns: 1e8 }),
      ...(i === 4 ? { incomplete: { code: 'no-summary' } as const } : {}),
      ...(i === 6 ? { incomplete: { code: 'not-complete', status: 'partial' } as const } : {}),
    }));
    if (!areBoots(sides)) throw new Error('these are no boots');
    const options = { metrics: metricsFor([99]), margins: [], arms: [], policy: { ...defaultPolicy, resamples: 300 } };
    const { verdict, conclusions } = compareBoots(sides, options);
    expect(conclusions[0]?.notWhole.map(({ side }) => side)).toEqual([paths[4], paths[6]]);
    expect(verdict).toContain(
      ` This may not hold, because the experiment ${paths[4] ?? ''} is not complete: it has no summary: the experiment ended before it could write one. This may not hold, because the experiment ${paths[6] ?? ''} is not complete (partial).`,
    );
  });

  test('the order of the bundles does not matter, except that the first is of the reference', () => {
    const paths = written(inTurns(5));
    const [, ...others] = paths;
    expect(compare([...paths.slice(0, 1), ...others.toReversed()]).verdict).toBe(compare(paths).verdict);
    expect(compare(paths.toReversed()).verdict).toMatch(/^stock against patched: regressed/);
  });

  test('many runs of few boots show nothing', () => {
    const many = Array.from({ length: 12 }, (_, i): FakeRun => ({ values_ns: valuesWithP99(20_000 + i) }));
    const boots = inTurns(2).map((boot) => ({
      ...boot,
      runs: many.map((run) => ({ ...run, stalls: stalled(boot.label === 'stock' ? 6 : 0) })),
    }));
    const comparison = compare(written(boots));
    expect(comparison.rows.every(({ verdict }) => verdict === 'inconclusive')).toBe(true);
    expect(comparison.verdict).toContain('so few boots (2 and 2) cannot show any difference');
    expect(comparison.rows[0]?.sentence).toMatch(/about \d+ boots a side would/);
  });

  test('bundles of one boot are one value, and a boot without a neighbour of the other kernel is left out', () => {
    const [first, ...rest] = inTurns(3);
    if (first === undefined) throw new Error('no boot');
    const boots = [{ ...first, bootId: 'one' }, { ...first, bootId: 'one' }, ...rest, { label: 'patched' } as const];
    const comparison = compare(written(boots));
    expect(comparison.rows[0]?.runs).toEqual({ a: 3, b: 3 });
    expect(note(comparison, 'boots')).toMatch(
      /3 pairs, and 1 boot without a neighbour of the other kernel is left out/,
    );
  });

  test('all of one before all of the other is inconclusive, because time explains it as well', () => {
    const boots = inTurns(4).toSorted((x, y) => x.label.localeCompare(y.label));
    const { exitCode, message } = failureOf(boots);
    expect(exitCode).toBe(ExitCode.inconclusive);
    expect(message).toBe(
      'inconclusive: all boots of patched (4 boots) came before all of stock (4 boots), so that time explains a ' +
        'difference as well as the kernel; boot them in turns (patched, stock, patched, stock, …) and compare all',
    );
    expect(failureOf(inTurns(1)).exitCode).toBe(ExitCode.inconclusive);
  });
});

describe('what is refused, or not called the patch', () => {
  test('another machine', () => {
    const boots = inTurns(3).map((boot, i) => (i === 3 ? { ...boot, host: { cpuModel: 'Another CPU' } } : boot));
    expect(failureOf(boots).message).toMatch(
      /are not of one machine: .*A CPU.*Another CPU.*; boots are compared on one/,
    );
  });

  test.each([
    [{ tool: { name: 'pauselab', version: '0.2.0' } }, 'pauselab is'],
    [
      {
        kernels: [
          { ...kernelOf({ label: 'stock' }, 2), facts: { preemption: 'full', hz: 250, transparentHugePages: 'never' } },
        ],
      },
      'the setting of transparent huge pages is',
    ],
  ])('boots of one kernel with other circumstances: %j', (changed, sentence) => {
    const paths = written(inTurns(3));
    const own = { ...kernelOf({ label: 'stock' }, 0) };
    changeManifest(paths[0] ?? '', {
      kernels: [{ ...own, facts: { ...own.facts, transparentHugePages: 'always' } }],
    });
    changeManifest(paths[2] ?? '', changed);
    expect(() => compare(paths)).toThrow(`do not repeat each other: ${sentence}`);
  });

  test('boots of one kernel that do not repeat each other', () => {
    const paths = written(inTurns(3));
    changeManifest(paths[2] ?? '', {
      kernels: [{ ...kernelOf({ label: 'stock' }, 2), facts: { preemption: 'lazy', hz: 250 } }],
    });
    expect(() => compare(paths)).toThrow(
      /are boots of stock and do not repeat each other: .*lazy.*; leave one of them out/,
    );
  });

  test('an unknown boot, and one boot of two kernels', () => {
    expect(failureOf(inTurns(2).map((boot) => ({ ...boot, bootId: null }))).message).toMatch(
      /does not have the id of its boot/,
    );
    expect(failureOf(inTurns(2).map((boot) => ({ ...boot, bootId: 'one' }))).message).toMatch(
      /are of one boot and of two kernels/,
    );
  });

  test('other options, and builds of the same: the verdict does not name a patch', () => {
    const other = (build: object): Comparison =>
      compare(written(inTurns(3).map((boot) => (boot.label === 'stock' ? { ...boot, build } : boot))));
    const options = other({ options: 'CONFIG_64BIT=y\nCONFIG_PSI=y\n' });
    expect(options.verdict).not.toContain('patch madvise');
    expect(note(options, 'boots-of-other-builds')).toBe(
      'stock and patched were built from other options, so more than a patch may lie between them.',
    );
    expect(note(other({ changes: [] }), 'boots-of-other-builds')).toMatch(/so no patch lies between them\.$/);
  });

  test('a manifest that does not say what was built', () => {
    expect(failureOf(inTurns(2).map((boot) => ({ ...boot, build: { changes: 'none' } }))).message).toMatch(
      /does not say what its booted kernel was built from; it was changed/,
    );
  });

  test('merging bundles of several boots, which would make one of them', () => {
    const paths = written([{ label: 'stock' }, { label: 'stock' }]);
    expect(() => mergeBundles(paths, join(paths[0] ?? '', '../merged'), () => undefined)).toThrow(
      /were measured in different boots/,
    );
  });
});
