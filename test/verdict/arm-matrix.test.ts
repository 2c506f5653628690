/** The matrix of arms, JDKs and kernels says what the verdict says. */
import { describe, expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import type { Stated } from '../../src/facts/stated.js';
import type { RefusedArm } from '../../src/facts/refused-arm-facts.js';
import { armMatrix, type ArmMatrix } from '../../src/verdict/run/arm-matrix.js';
import { judge } from '../../src/verdict/run/judge.js';
import { fakeProfile } from '../support/fake-profile.js';
import { jvmFigures, kernelNamed, pausedRun, runOf, stalledRun, summaryOf, writerArm } from './fake-summary.js';

const [quiet, stalled] = [runOf(), stalledRun(5, 0.6)];
const controls = [
  writerArm('idle-control', 'idle', quiet, quiet),
  writerArm('foreign-control', 'foreign', quiet, quiet),
];
const noisy = [
  writerArm('idle-control', 'idle', quiet, quiet),
  writerArm('foreign-control', 'foreign', stalled, stalled),
];
const g1 = writerArm('g1', null, stalled, stalled);
const still = writerArm('g1', null, quiet, quiet);
const on = (kernel: string, jdk: string | null, ...arms: ArmSummary[]): ArmSummary[] =>
  arms.map((arm) => ({ ...arm, name: jdk === null ? arm.name : `${arm.name}@${jdk}`, jdk, kernel }));

function matrixOf(arms: readonly ArmSummary[], refused: readonly RefusedArm[] = []): ArmMatrix | null {
  const kernels = [...new Set(arms.map(({ kernel }) => kernel))].map((kernel) => kernelNamed(kernel));
  const named = new Map<string, { name: string; jdk: string | null; control: string | null }>();
  for (const { name, jdk, control } of arms) named.set(name, { name, jdk, control });
  for (const { arm } of refused) named.set(arm, { name: arm, jdk: arm.replace(/.*@/, ''), control: null });
  const profile = fakeProfile({
    arms: [...named.values()].map(({ name, jdk, control }) => ({
      name,
      control,
      ...(jdk === null ? {} : { jvm: { jdkLabel: jdk } }),
    })),
  });
  const judgement = judge({ arms, kernels, status: 'complete', degraded: [], refused });
  return armMatrix({ summary: { ...summaryOf([...arms]), ...judgement }, profile, refused });
}

const matrixFindings = (arms: readonly ArmSummary[]) =>
  judge({ arms, kernels: ['6.16', '6.17'].map((kernel) => kernelNamed(kernel)), status: 'complete', degraded: [] })
    .findings;

const states = (matrix: ArmMatrix | null) =>
  matrix?.rows.map(({ arm, cells }) => [arm, ...cells.map((cell) => cell?.state ?? null)]);

describe('a matrix', () => {
  test('has a column per JDK on each kernel, and what was found in its cells', () => {
    const matrix = matrixOf([
      ...on('6.16', 'jdk-17', ...controls, g1),
      ...on('6.16', 'jdk-26', ...controls, still),
      ...on('6.17', 'jdk-17', ...noisy, g1),
      ...on('6.17', 'jdk-26', ...controls, writerArm('g1', null, quiet, stalled)),
    ]);
    expect(matrix?.columns).toEqual([
      { kernel: '6.16', jdk: 'jdk-17' },
      { kernel: '6.16', jdk: 'jdk-26' },
      { kernel: '6.17', jdk: 'jdk-17' },
      { kernel: '6.17', jdk: 'jdk-26' },
    ]);
    expect(states(matrix)).toEqual([['g1', 'stalls', 'like-foreign', 'unclear', 'unclear']]);
    const [cells = []] = matrix?.rows.map((row) => row.cells) ?? [];
    expect(cells.map((cell) => cell?.controlsStalled)).toEqual([false, false, true, false]);
    expect(cells[0]).toMatchObject({ longest_ns: 500e6, share: 0.6 });
    expect(cells[1]).toMatchObject({ longest_ns: 0, share: 0 });
  });

  test('has the arms that a JDK cannot run, on every kernel', () => {
    const refused: RefusedArm = { arm: 'zgc@jdk-17', jdk: '17.0.1', code: 'jdk-without-collector', collector: 'zgc' };
    const matrix = matrixOf(
      [...on('6.16', 'jdk-17', ...controls, g1), ...on('6.16', 'jdk-26', ...controls, g1, { ...g1, name: 'zgc' })],
      [refused],
    );
    expect(states(matrix)).toEqual([
      ['g1', 'stalls', 'stalls'],
      ['zgc', 'not-run', 'stalls'],
    ]);
    expect(matrix?.rows[1]?.cells[0]).toMatchObject({ refused, longest_ns: null });
  });

  test('shows the pauses of a JVM that is paused beyond its control, and never as no stalls', () => {
    const inJvm = (arm: ArmSummary, longest_ms: number, share: number): ArmSummary => ({
      ...arm,
      holder: null,
      jvm: jvmFigures([pausedRun(longest_ms, share), pausedRun(longest_ms, share)]),
    });
    const jvmControls = controls.map((arm) => inJvm(arm, 0, 0));
    const held = writerArm('g1', null, quiet, stalledRun(2, 0.07, 0));
    const matrix = matrixOf([
      ...on('6.16', 'jdk-17', ...jvmControls, inJvm(held, 1580, 0.75)),
      ...on('6.16', 'jdk-26', ...jvmControls, inJvm(still, 0, 0)),
    ]);
    expect(states(matrix)).toEqual([['g1', 'paused', 'like-foreign']]);
    expect(matrix?.rows[0]?.cells[0]).toMatchObject({ longest_ns: 1580e6, share: 0.75 });
  });

  test('gives no share of runs under load, which show none', () => {
    const arms = [...on('6.16', null, ...controls, g1), ...on('6.17', null, ...controls, g1)];
    const summary = summaryOf(arms, {
      conclusions: ['6.16', '6.17'].map(
        (kernel) => ({ code: 'stalls-under-load', arms: ['g1'], kernel, sentence: '' }) as Stated,
      ),
      findings: matrixFindings(arms),
    });
    const profile = fakeProfile({ arms: arms.map(({ name, control }) => ({ name, control })).slice(0, 3) });
    const [row] = armMatrix({ summary, profile, refused: [] })?.rows ?? [];
    expect(row?.cells).toMatchObject([
      { state: 'stalls-under-load', longest_ns: 500e6, share: null },
      { state: 'stalls-under-load', longest_ns: 500e6, share: null },
    ]);
  });

  test('of kernels alone has a column per kernel, and of one kernel and one JDK there is none', () => {
    expect(states(matrixOf([...on('6.16', null, ...controls, g1), ...on('6.17', null, ...controls, still)]))).toEqual([
      ['g1', 'stalls', 'like-foreign'],
    ]);
    expect(matrixOf(on('6.16', 'jdk-17', ...controls, g1))).toBeNull();
    expect(matrixOf(on('6.16', null, ...controls, g1))).toBeNull();
  });
});
