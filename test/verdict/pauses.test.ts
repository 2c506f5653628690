/** An arm whose JVM stands still in pauses is not called like its control, whether its victims are stalled or not. */
import { describe, expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import type { Stated } from '../../src/facts/stated.js';
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
        paused: {
          runs_n: 3,
          pausedRuns_n: 3,
          longest_ns: 2200 * ms,
          foreignRuns_n: 3,
          foreign_share: 0.001,
          isWhole: true,
        },
        sentence:
          'serial, writer.mprotect: no stall of 100 ms or more in any of 3 runs; the foreign control had none; ' +
          'by its log, the JVM was paused for up to 2.20 s at a time and for up to 90 % of a run ' +
          '(pauses as long as a stall in all 3 runs), ' +
          'and the JVM of the foreign control for at most 0.100 % of any of 3 runs; ' +
          'threads stand still in a pause, also between their operations, which only the response time shows.',
      },
    ]);
  });

  test('is open by some of its runs, and neither paused nor like its control', () => {
    const { findings, verdict } = judged([foreign, jvmArm('serial', [pausedRun(150, 0.1), ...still.slice(1)])]);
    expect(findings).toMatchObject([
      {
        code: 'pauses-undecided',
        outcome: 'unclear',
        level: null,
        paused: { pausedRuns_n: 1 },
        sentence:
          'serial, writer.mprotect: no stall of 100 ms or more in any of 3 runs; the foreign control had none; ' +
          'by its log, the JVM was paused for up to 150 ms at a time and for up to 10 % of a run ' +
          '(pauses as long as a stall in 1 of 3 runs), ' +
          'and the JVM of the foreign control for at most 0.100 % of any of 3 runs; ' +
          'these runs do not decide whether it is paused for longer than the control; use more runs (--runs).',
      },
    ]);
    expect(verdict).toBe('On Linux 6.18.0: these runs are inconclusive for serial.');
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
    expect(findingsOf(noisy, jvmArm('g1', long))).toMatchObject([{ code: 'like-foreign', paused: null }]);
  });

  test('stalls where its victims were blocked, paused or not', () => {
    const runs = [stalledRun(3, 0.3), stalledRun(3, 0.3), stalledRun(3, 0.3)];
    expect(findingsOf(foreign, jvmArm('g1', long, { runs }))).toMatchObject([{ code: 'stalls', paused: null }]);
  });

  describe('that is paused for longer by as little as runs differ anyway is open', () => {
    const alike = (share: number) => [pausedRun(200, share), pausedRun(200, share), pausedRun(200, share)];
    const codeOf = (control: typeof long, arm: typeof long): string | undefined =>
      findingsOf(jvmArm('foreign-control', control, { control: 'foreign' }), jvmArm('g1', arm))[0]?.code;
    const runsOf = (...shares: number[]) => shares.map((share) => pausedRun(200, share));

    test.each<[string, typeof long, typeof long, string]>([
      ['nothing', alike(0.3), alike(0.3), 'like-foreign'],
      ['less', alike(0.3), alike(0.2), 'like-foreign'],
      ['next to nothing', alike(0.3), alike(0.3000001), 'pauses-undecided'],
      ['less than 10 %', alike(0.3), alike(0.329), 'pauses-undecided'],
      ['more than 10 %', alike(0.3), alike(0.331), 'paused'],
      ['less than 0.1 % of the window', alike(0), alike(0.0009), 'pauses-undecided'],
      ['more than 0.1 % of the window', alike(0), alike(0.0011), 'paused'],
      ['less than the runs of the control differ', runsOf(0.1, 0.2, 0.3), alike(0.49), 'pauses-undecided'],
      ['more than the runs of the control differ', runsOf(0.1, 0.2, 0.3), alike(0.51), 'paused'],
      [
        'less than a run of the control stands out',
        runsOf(0.05, 0.05, 0.4),
        runsOf(0.7, 0.72, 0.75),
        'pauses-undecided',
      ],
      ['less than its own runs differ', alike(0.1), runsOf(0.09, 0.3, 0.4), 'pauses-undecided'],
      ['more than its own runs differ', alike(0.1), runsOf(0.11, 0.3, 0.4), 'paused'],
    ])('%s', (_, control, arm, code) => {
      expect(codeOf(control, arm)).toBe(code);
    });

    test.each([
      [1, 1],
      [2, 2],
      [3, 1],
      [1, 3],
      [2, 5],
    ])('with %i runs beside %i it has to be twice as much', (arm, control) => {
      const beside = (share: number) =>
        codeOf(
          alike(0.2).concat(alike(0.2)).slice(0, control),
          Array.from({ length: arm }, () => pausedRun(200, share)),
        );
      expect([beside(0.39), beside(0.41)]).toEqual(['pauses-undecided', 'paused']);
    });

    test('as it is beside operations that were stalled, which have a reason of their own', () => {
      const control = jvmArm('foreign-control', alike(0.3), { control: 'foreign' });
      const runs = [stalledRun(1, 0.2, 0), quiet, quiet];
      expect(findingsOf(control, jvmArm('g1', alike(0.31), { runs }))).toMatchObject([
        { code: 'not-blocked', paused: null },
      ]);
    });
  });

  test('is paused beside a control that is no JVM', () => {
    const native = armOf('foreign-control', 'foreign', [seriesOf(writer, [quiet])]);
    expect(findingsOf(native, jvmArm('g1', long))[0]?.sentence).toContain(
      'for up to 90 % of a run (pauses as long as a stall in all 3 runs), and the foreign control is no JVM',
    );
  });

  test('of an older version, whose pauses are only counted with their ends in the drain, is paused for all of the time at most', () => {
    const older = long.map((run) => ({
      ...run,
      log: run.log.map((one) => ({ ...one, total_ns: 13e9, inWindow_ns: null })),
    }));
    expect(findingsOf(foreign, jvmArm('serial', older))).toMatchObject([{ paused: { most_share: 1 } }]);
  });
});

test('an arm of which a series was blocked is not called paused, though a victim that takes no lock is', () => {
  const twoSeries = (name: string, control: ArmSummary['control'], runs: (typeof quiet)[], pauses: typeof long) =>
    armOf(name, control, [seriesOf(writer, runs), seriesOf('control.timer', [quiet, quiet, quiet])], {
      holder: null,
      jvm: jvmFigures(pauses),
    });
  const stalled = [stalledRun(2, 0.2), stalledRun(2, 0.2), stalledRun(2, 0.2)];
  const { verdict, findings } = judged([
    twoSeries('foreign-control', 'foreign', [stalledRun(3, 0.3, 0), quiet, quiet], still),
    twoSeries('serial', null, stalled, long),
  ]);
  expect(findings).toMatchObject([{ code: 'control-stalls', seen: { blocked_n: 6 } }, { code: 'paused' }]);
  expect(verdict).toContain('these runs are inconclusive for serial');
  expect(verdict).not.toMatch(/no lock of the kernel|undisturbed/);
});

test('arms are set beside their own controls, in the run that was paused most', () => {
  const under = (jdk: string, ...arms: ArmSummary[]): ArmSummary[] =>
    arms.map((arm) => ({ ...arm, name: `${arm.name}@${jdk}`, jdk }));
  const once = (share: number) => [pausedRun(200, share), pausedRun(200, share * 0.9), pausedRun(200, share * 0.8)];
  const each = (share: number) => [pausedRun(200, share), pausedRun(200, share), pausedRun(200, share)];
  const controlOf = (share: number): ArmSummary => jvmArm('foreign-control', each(share), { control: 'foreign' });
  const { verdict } = judged([
    ...under('jdk-17', controlOf(0.05), jvmArm('serial', once(0.09))),
    ...under('jdk-26', controlOf(0.2), jvmArm('serial', once(0.3))),
  ]);
  expect(verdict).toContain(
    'in serial@jdk-17 the JVM was paused, by its log, for up to 200 ms at a time and for up to 9 % of a run (3 runs), ' +
      'while with the loads in another JVM it was paused for at most 5 % of any run (3 runs): ',
  );
  expect(verdict).toContain(
    'for up to 30 % of a run (3 runs), while with the loads in another JVM it was paused for at most 20 % of any run (3 runs): ',
  );
});

test('arms with other numbers of runs have clauses of their own', () => {
  const { conclusions } = judged([foreign, jvmArm('serial', long), jvmArm('parallel', long.slice(1))]);
  expect(conclusions.filter(({ code }) => code === 'paused')).toMatchObject([
    { arms: ['serial'], runs_n: 3, foreignRuns_n: 3 },
    { arms: ['parallel'], runs_n: 2, foreignRuns_n: 3 },
  ]);
});

describe('arms of several JDKs', () => {
  const pausedOn = (controls: readonly number[], shares: readonly number[]) => {
    const each = (share: number) => [pausedRun(200, share), pausedRun(200, share), pausedRun(200, share)];
    const arms = controls.flatMap((share, i) => [
      { ...jvmArm('foreign-control', each(share), { control: 'foreign' }), name: `foreign-control@${i}`, jdk: `${i}` },
      { ...jvmArm('serial', each(shares[i] ?? 0)), name: `serial@${i}`, jdk: `${i}` },
    ]);
    return judged(arms).conclusions.filter(({ code }) => code === 'paused');
  };

  test('whose controls differ by little share a clause, with the highest control', () => {
    const found = pausedOn([0.01234, 0.012341, 0.012362], [0.3, 0.2, 0.4]);
    expect(found).toMatchObject([{ arms: ['serial@0', 'serial@1', 'serial@2'], foreign_share: 0.012362 }]);
    expect(found[0]?.sentence).toContain('it was paused for at most 1.24 % of any run (3 runs a control): ');
  });

  test('have clauses of their own where an arm lies below the control of another', () => {
    expect(pausedOn([0.05, 0.2, 0.1], [0.15, 0.4, 0.3])).toMatchObject([
      { arms: ['serial@0', 'serial@2'], foreign_share: 0.1, least_share: 0.15 },
      { arms: ['serial@1'], foreign_share: 0.2 },
    ]);
  });
});

test('an arm that kept its heap shows nothing, paused or not', () => {
  const kept = { isMeantToShrink: true };
  const runs = long.map((run) => ({ ...run, heapReturns_n: 0 }));
  const arm = { ...jvmArm('shenandoah', long), jvm: jvmFigures(runs, kept) };
  const { conclusions, findings, notes } = judged([foreign, arm]);
  expect(findings).toMatchObject([{ code: 'heap-kept', level: null, paused: null }]);
  expect(conclusions.map(({ code }) => code)).toEqual(['heap-kept']);
  expect(notes.map(({ code }) => code)).toEqual(expect.arrayContaining(['heap-kept', 'pauses-beside-stalls']));
});

describe('a log that may lack pauses', () => {
  const empty = { code: 'log-empty', sentence: 'the JVM’s log is empty' };
  const dropped = { code: 'log-dropped', sentence: 'the JVM dropped 3 messages' };
  const lacking = (arm: ArmSummary, problem: Stated, pauses: typeof long): ArmSummary => ({
    ...arm,
    jvm: jvmFigures(pauses, { logProblems: [problem] }),
  });
  const unlogged = long.map((run) => ({ ...run, log: [] }));

  test('leaves its arm open, and a note says why', () => {
    const { findings, verdict, notes } = judged([
      foreign,
      lacking(jvmArm('serial', []), empty, unlogged),
      lacking(jvmArm('parallel', []), dropped, still),
    ]);
    expect(findings).toMatchObject([
      { code: 'pauses-unseen', outcome: 'unclear', level: null },
      { code: 'pauses-unseen' },
    ]);
    expect(findings[0]?.sentence).toMatch(
      /had none; but the JVM’s log may lack pauses, in which threads stand still, also between their operations\.$/,
    );
    expect(verdict).toContain('these runs are inconclusive for serial and parallel');
    expect(notes.filter(({ code }) => code === 'pauses-unseen').map(({ sentence }) => sentence)).toEqual([
      'serial: the JVM’s log is empty. Pauses that the log lacks are in no figure.',
      'parallel: the JVM dropped 3 messages. Pauses that the log lacks are in no figure.',
    ]);
  });

  test('of the control makes its pauses unknown, and not none', () => {
    const control = lacking(foreign, empty, unlogged);
    const { findings, verdict, notes } = judged([control, jvmArm('serial', long), jvmArm('g1', still)]);
    expect(findings).toMatchObject([
      { code: 'paused', paused: { foreign_share: null, isForeignUnknown: true } },
      { code: 'like-foreign' },
    ]);
    expect(findings[0]?.sentence).toContain('for how long the JVM of the foreign control was paused is not known;');
    expect(verdict).toContain('while for how long it was paused with the loads in another JVM is not known: ');
    expect(notes).toContainEqual(expect.objectContaining({ code: 'pauses-unseen', arms: ['foreign-control'] }));
  });

  test('does not hide the pauses that it has, and is no matter in a run that is no evidence', () => {
    const lacks = lacking(jvmArm('serial', []), dropped, long);
    expect(findingsOf(foreign, lacks)).toMatchObject([{ code: 'paused', paused: { isWhole: false } }]);
    expect(judged([foreign, lacks]).verdict).toContain(
      'for at least 2.20 s at a time and for at least 90 % of a run (3 runs; the log may lack pauses), while',
    );
    const some = [pausedRun(150, 0.1), ...still.slice(1)];
    expect(findingsOf(foreign, lacking(jvmArm('serial', []), dropped, some))).toMatchObject([
      { code: 'pauses-unseen' },
    ]);
    const cutShort = { ...pausedRun(0, 0), status: 'partial' as const, logProblems: [empty] };
    const whole = still.map((run) => ({ ...run, logProblems: [] }));
    expect(findingsOf(foreign, lacking(jvmArm('g1', []), empty, [...whole, cutShort]))).toMatchObject([
      { code: 'like-foreign' },
    ]);
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
    'in serial and parallel the JVM was paused, by its log, for up to 2.20 s at a time and for up to 90 % of a run ' +
      '(3 runs an arm; in each of these arms 40 % or more of some run), ' +
      'while with the loads in another JVM it was paused for at most 0.100 % of any run (3 runs a control): ' +
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
