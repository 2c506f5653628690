/** An arm whose JVM stands still in pauses is not called like its control, whether its victims are stalled or not. */
import { describe, expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { compareArms, findingOf } from '../../src/verdict/run/finding.js';
import { judge, type Judgement } from '../../src/verdict/run/judge.js';
import { armOf, kernelNamed, jvmFigures, ms, pausedRun, runOf, seriesOf, stalledRun, writer } from './fake-summary.js';

const quiet = runOf();
const jvmArm = (
  name: string,
  pauses: ReturnType<typeof pausedRun>[],
  { control = null, runs = [quiet, quiet, quiet] }: { control?: ArmSummary['control']; runs?: (typeof quiet)[] } = {},
): ArmSummary => armOf(name, control, [seriesOf(writer, runs)], { holder: null, jvm: jvmFigures(pauses) });

const still = [pausedRun(0, 0), pausedRun(2, 0.001), pausedRun(0, 0)];
const foreign = jvmArm('foreign-control', still, { control: 'foreign' });
const long = [pausedRun(1800, 0.9), pausedRun(2200, 0.8), pausedRun(1500, 0.7)];

const findingsOf = (...arms: ArmSummary[]) => compareArms(arms).map((one) => findingOf(one));
const judged = (arms: readonly ArmSummary[]): Judgement =>
  judge({ arms, kernels: [kernelNamed('6.18.0')], status: 'complete', degraded: [] });

describe('a JVM arm', () => {
  test('that is paused beyond its control is not like it, and the sentence says for how long', () => {
    expect(findingsOf(foreign, jvmArm('serial', long))).toMatchObject([
      {
        code: 'paused',
        outcome: 'unclear',
        level: 'undisturbed',
        paused: { runs_n: 3, pausedRuns_n: 3, longest_ns: 2200 * ms, foreign_share: 0.001 },
        sentence:
          'serial, writer.mprotect: no stall of 100 ms or more in any of 3 runs; the foreign control had none; ' +
          'by its log, the JVM was paused for up to 2.20 s at a time in all 3 runs, 80.0 % of the time, ' +
          'and the JVM of the foreign control for at most 0.100 % in any run; ' +
          'threads stand still in a pause, also between their operations, which only the response time shows.',
      },
    ]);
  });

  test('is so by a single run', () => {
    expect(findingsOf(foreign, jvmArm('serial', [pausedRun(150, 0.1), ...still.slice(1)]))).toMatchObject([
      { code: 'paused', paused: { pausedRuns_n: 1 } },
    ]);
  });

  test('is so when pauses fell into operations of its victims', () => {
    const runs = [stalledRun(3, 0.9, 0), stalledRun(3, 0.9, 0), quiet];
    expect(findingsOf(foreign, jvmArm('serial', long, { runs }))).toMatchObject([{ code: 'paused' }]);
    expect(findingsOf(foreign, jvmArm('serial', still, { runs }))).toMatchObject([{ code: 'not-blocked' }]);
  });

  test('is not so with short pauses, or with as much in a run of its control', () => {
    const short = [pausedRun(99, 0.3), pausedRun(99, 0.3), pausedRun(99, 0.3)];
    expect(findingsOf(foreign, jvmArm('g1', short))).toMatchObject([{ code: 'like-foreign', paused: null }]);
    const noisy = jvmArm('foreign-control', [...still.slice(1), pausedRun(2200, 0.9)], { control: 'foreign' });
    expect(findingsOf(noisy, jvmArm('g1', long))).toMatchObject([{ code: 'like-foreign' }]);
  });

  test('stalls where its victims were blocked, paused or not', () => {
    const runs = [stalledRun(3, 0.3), stalledRun(3, 0.3), stalledRun(3, 0.3)];
    expect(findingsOf(foreign, jvmArm('g1', long, { runs }))).toMatchObject([{ code: 'stalls', paused: null }]);
  });

  test('is paused beside a control that is no JVM', () => {
    const native = armOf('foreign-control', 'foreign', [seriesOf(writer, [quiet])]);
    expect(findingsOf(native, jvmArm('g1', long))[0]?.sentence).toContain(
      '80.0 % of the time, and the foreign control is no JVM',
    );
  });

  test('of an older version, whose pauses are only counted with their ends in the drain, is paused for all of the time at most', () => {
    const older = long.map((run) => ({
      ...run,
      log: run.log.map((one) => ({ ...one, total_ns: 13e9, inWindow_ns: null })),
    }));
    expect(findingsOf(foreign, jvmArm('serial', older))).toMatchObject([{ paused: { paused_share: 1 } }]);
  });
});

test('the verdict says of which arms the JVM was paused, apart from those that are like the control', () => {
  const { verdict, conclusions } = judged([
    foreign,
    jvmArm('serial', long),
    jvmArm('parallel', [pausedRun(1100, 0.4), pausedRun(900, 0.4), pausedRun(800, 0.4)]),
    jvmArm('g1', still),
  ]);
  expect(verdict).toContain('g1 is indistinguishable from the foreign control');
  expect(verdict).toContain(
    'in serial and parallel the JVM was paused, by its log, for up to 2.20 s at a time and 40.0 % to 80.0 % of the time, ' +
      'while with the loads in another JVM it was paused for at most 0.100 %: ' +
      'its threads stood still in pauses, and no lock of the kernel is shown to have blocked them',
  );
  expect(conclusions.filter(({ code }) => code === 'undisturbed-evidence')).toHaveLength(1);
  const alone = judged([
    jvmArm('foreign-control', still.slice(0, 1), { control: 'foreign', runs: [quiet] }),
    jvmArm('serial', long.slice(0, 1), { runs: [quiet] }),
  ]);
  expect(alone.conclusions.map(({ code }) => code)).toEqual(['paused', 'undisturbed-evidence', 'single-run']);
});

test('a stalled victim that takes no lock may have been in a pause', () => {
  const timer = (name: string, pauses: ReturnType<typeof pausedRun>[]): ArmSummary =>
    armOf(name, null, [seriesOf('control.timer', [stalledRun(1, 0.1, 0)])], { holder: null, jvm: jvmFigures(pauses) });
  const sentenceOf = (arm: ArmSummary): string | undefined =>
    judged([foreign, arm]).notes.find(({ code }) => code === 'lock-free-stalled')?.sentence;
  expect(sentenceOf(timer('serial', long.slice(0, 1)))).toBe(
    'serial: control.timer takes no lock and was stalled too, so some stalls in this arm have another cause, ' +
      'such as a pause of the JVM (its log has pauses of up to 1.80 s) or a busy CPU.',
  );
  expect(sentenceOf(timer('g1', still.slice(0, 1)))).toMatch(/another cause, such as a busy CPU\.$/);
});
