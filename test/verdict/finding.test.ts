import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArmSummary, SeriesRunFigures } from '../../src/bundle/bundle-schema.js';
import { judge, type JudgeInput, type Judgement } from '../../src/verdict/run/judge.js';
import { armOf, kernelNamed, ms, runOf, seriesOf, stalledRun, writer, writerArm } from './fake-summary.js';
import { sentencesOf } from '../../src/facts/stated.js';
import { said } from '../support/stated.js';

type Circumstances = Partial<Omit<JudgeInput, 'arms'>>;

function judgeArms(arms: readonly ArmSummary[], more: Circumstances = {}): Judgement {
  return judge({ kernels: [kernelNamed('6.18.0')], status: 'complete', degraded: [], ...more, arms });
}

const quiet = runOf();
const foreign = writerArm('foreign-control', 'foreign', quiet, quiet);
const idle = writerArm('idle-control', 'idle', runOf({ holder_calls: 0 }), runOf({ holder_calls: 0 }));

test('a typical experiment, in words', () => {
  const timer = seriesOf('control.timer', [quiet, quiet]);
  const arm = (name: string, ...runs: SeriesRunFigures[]): ArmSummary =>
    armOf(name, null, [seriesOf(writer, runs), timer]);
  const judgement = judgeArms([
    armOf('idle-control', 'idle', [seriesOf(writer, [quiet, quiet]), timer]),
    armOf('foreign-control', 'foreign', [seriesOf(writer, [quiet, quiet]), timer]),
    arm('free-one-vma', quiet, quiet),
    arm('free-across-vmas', stalledRun(5, 0.61), stalledRun(6, 0.68)),
    {
      ...arm('dontneed-across-vmas', stalledRun(4, 0.53), stalledRun(4, 0.58, 3)),
      regionBytes: 82 * 2 ** 20,
      spoiledRuns: 1,
    },
  ]);
  expect(judgement).toMatchInlineSnapshot(`
    {
      "conclusions": [
        {
          "arms": [
            "free-across-vmas",
            "dontneed-across-vmas",
          ],
          "blocked": {
            "longest_ns": 480000000,
          },
          "code": "stalls",
          "controlsStalled": false,
          "hasIdleControl": true,
          "kernel": "6.18.0",
          "onMutex": null,
          "sentence": "in free-across-vmas and dontneed-across-vmas victims were blocked in the kernel for up to 480 ms at a time, while with the holder in another process or idle none was stalled, so a lock of their own address space blocked them, such as mmap_lock",
        },
        {
          "arms": [
            "free-one-vma",
          ],
          "code": "like-foreign",
          "kernel": "6.18.0",
          "noneStalled": true,
          "sentence": "free-one-vma is indistinguishable from the foreign control: in these runs no victim was stalled for 100 ms or more",
          "threshold_ns": 100000000,
        },
        {
          "code": "undisturbed-evidence",
          "isAll": true,
          "kernel": null,
          "sentence": "This rests on undisturbed runs",
        },
      ],
      "findings": [
        {
          "arm": "free-one-vma",
          "code": "like-foreign",
          "foreignStalls_n": 0,
          "idleStalls_n": 0,
          "kernel": "6.18.0",
          "level": "undisturbed",
          "outcome": "like-foreign",
          "paused": null,
          "reason": null,
          "seen": {
            "blocked_n": 0,
            "hasLostRecords": false,
            "longest_ns": 0,
            "mutex_n": 0,
            "runs_n": 2,
            "stalled_share": 0,
            "stallingRuns_n": 0,
            "stalls_n": 0,
            "threshold_ns": 100000000,
            "unseen_n": 0,
          },
          "sentence": "free-one-vma, writer.mprotect: no stall of 100 ms or more in either run; it is indistinguishable from the foreign control, which had none.",
          "series": "writer.mprotect",
          "underLoad": null,
        },
        {
          "arm": "free-one-vma",
          "code": "like-foreign",
          "foreignStalls_n": 0,
          "idleStalls_n": 0,
          "kernel": "6.18.0",
          "level": "undisturbed",
          "outcome": "like-foreign",
          "paused": null,
          "reason": null,
          "seen": {
            "blocked_n": 0,
            "hasLostRecords": false,
            "longest_ns": 0,
            "mutex_n": 0,
            "runs_n": 2,
            "stalled_share": 0,
            "stallingRuns_n": 0,
            "stalls_n": 0,
            "threshold_ns": 100000000,
            "unseen_n": 0,
          },
          "sentence": "free-one-vma, control.timer: no stall of 100 ms or more in either run; it is indistinguishable from the foreign control, which had none.",
          "series": "control.timer",
          "underLoad": null,
        },
        {
          "arm": "free-across-vmas",
          "code": "stalls",
          "foreignStalls_n": 0,
          "idleStalls_n": 0,
          "kernel": "6.18.0",
          "level": "undisturbed",
          "outcome": "stalls",
          "paused": null,
          "reason": null,
          "seen": {
            "blocked_n": 11,
            "hasLostRecords": false,
            "longest_ns": 500000000,
            "mutex_n": 0,
            "runs_n": 2,
            "stalled_share": 0.645,
            "stallingRuns_n": 2,
            "stalls_n": 11,
            "threshold_ns": 100000000,
            "unseen_n": 0,
          },
          "sentence": "free-across-vmas, writer.mprotect: 11 stalls of 100 ms or more in both runs, up to 500 ms long, 64.5 % of the window; the victim was blocked in the kernel in all of them; the foreign control had none, and the idle control none.",
          "series": "writer.mprotect",
          "underLoad": null,
        },
        {
          "arm": "free-across-vmas",
          "code": "like-foreign",
          "foreignStalls_n": 0,
          "idleStalls_n": 0,
          "kernel": "6.18.0",
          "level": "undisturbed",
          "outcome": "like-foreign",
          "paused": null,
          "reason": null,
          "seen": {
            "blocked_n": 0,
            "hasLostRecords": false,
            "longest_ns": 0,
            "mutex_n": 0,
            "runs_n": 2,
            "stalled_share": 0,
            "stallingRuns_n": 0,
            "stalls_n": 0,
            "threshold_ns": 100000000,
            "unseen_n": 0,
          },
          "sentence": "free-across-vmas, control.timer: no stall of 100 ms or more in either run; it is indistinguishable from the foreign control, which had none.",
          "series": "control.timer",
          "underLoad": null,
        },
        {
          "arm": "dontneed-across-vmas",
          "code": "stalls",
          "foreignStalls_n": 0,
          "idleStalls_n": 0,
          "kernel": "6.18.0",
          "level": "undisturbed",
          "outcome": "stalls",
          "paused": null,
          "reason": null,
          "seen": {
            "blocked_n": 7,
            "hasLostRecords": false,
            "longest_ns": 500000000,
            "mutex_n": 0,
            "runs_n": 2,
            "stalled_share": 0.5549999999999999,
            "stallingRuns_n": 2,
            "stalls_n": 8,
            "threshold_ns": 100000000,
            "unseen_n": 0,
          },
          "sentence": "dontneed-across-vmas, writer.mprotect: 8 stalls of 100 ms or more in both runs, up to 500 ms long, 55.5 % of the window; the victim was blocked in the kernel in 7 of them; the foreign control had none, and the idle control none.",
          "series": "writer.mprotect",
          "underLoad": null,
        },
        {
          "arm": "dontneed-across-vmas",
          "code": "like-foreign",
          "foreignStalls_n": 0,
          "idleStalls_n": 0,
          "kernel": "6.18.0",
          "level": "undisturbed",
          "outcome": "like-foreign",
          "paused": null,
          "reason": null,
          "seen": {
            "blocked_n": 0,
            "hasLostRecords": false,
            "longest_ns": 0,
            "mutex_n": 0,
            "runs_n": 2,
            "stalled_share": 0,
            "stallingRuns_n": 0,
            "stalls_n": 0,
            "threshold_ns": 100000000,
            "unseen_n": 0,
          },
          "sentence": "dontneed-across-vmas, control.timer: no stall of 100 ms or more in either run; it is indistinguishable from the foreign control, which had none.",
          "series": "control.timer",
          "underLoad": null,
        },
      ],
      "notes": [
        {
          "code": "few-runs",
          "onKernel": null,
          "oneInOfFive_n": 252,
          "oneIn_n": 6,
          "runs_n": 2,
          "sentence": "With 2 runs an arm, chance alone would put all of an arm's runs above the control's in 1 of 6 cases; with --runs 5 in 1 of 252.",
        },
        {
          "code": "runs-disturbed",
          "onKernel": null,
          "runs_n": 1,
          "sentence": "1 run was disturbed by other activity on this machine: kept in the bundle, and left out of these figures.",
        },
        {
          "arms": [
            {
              "arm": "dontneed-across-vmas",
              "holder": {
                "operation": "madvise_free",
                "regionBytes": 85983232,
              },
            },
          ],
          "code": "control-of-other-holder",
          "controlHolder": {
            "operation": "madvise_free",
            "regionBytes": 268435456,
          },
          "onKernel": null,
          "sentence": "The call of the holder is madvise_free of 82 MiB in dontneed-across-vmas, and madvise_free of 256 MiB in the foreign control: similar, but not the same.",
        },
      ],
      "verdict": "On Linux 6.18.0: in free-across-vmas and dontneed-across-vmas victims were blocked in the kernel for up to 480 ms at a time, while with the holder in another process or idle none was stalled, so a lock of their own address space blocked them, such as mmap_lock; free-one-vma is indistinguishable from the foreign control: in these runs no victim was stalled for 100 ms or more. This rests on undisturbed runs.",
    }
  `);
});

describe('the verdict', () => {
  const across = writerArm('across', null, stalledRun(5, 0.6), stalledRun(6, 0.7));
  const one = writerArm('one', null, quiet, quiet);
  const open = writerArm('open', null, stalledRun(5, 0.6), quiet);
  const empty = writerArm('empty', null);

  test.each<[string, ArmSummary[], Circumstances]>([
    ['everything at once', [foreign, across, one, open, empty], {}],
    ['noise in the control', [writerArm('foreign-control', 'foreign', stalledRun(1, 0.05, 0), quiet), across], {}],
    [
      'stalls outside the kernel on both sides',
      [
        writerArm('foreign-control', 'foreign', stalledRun(1, 0.05, 0), quiet),
        writerArm('one', null, quiet, stalledRun(1, 0.04, 0)),
      ],
      {},
    ],
    [
      'a single run',
      [writerArm('foreign-control', 'foreign', quiet), writerArm('across', null, stalledRun(1, 0.2))],
      {},
    ],
    [
      'only a stall of the warm-up',
      [
        foreign,
        writerArm(
          'across',
          null,
          runOf({ stalled_share: 1, blocked_share: 1 }),
          runOf({ stalled_share: 1, blocked_share: 1 }),
        ),
      ],
      {},
    ],
    ['spoiled runs only', [writerArm('foreign-control', 'foreign'), writerArm('across', null)], {}],
    ['controls only', [idle, foreign], {}],
    ['degraded', [foreign, one], { degraded: [said('nice 19 was refused', 'scheduling-refused')] }],
    ['interrupted', [foreign, across], { status: 'partial' }],
    ['failed', [foreign, across], { status: 'failed' }],
  ])('of %s', (_, arms, more) => {
    expect(judgeArms(arms, more).verdict).toMatchSnapshot();
  });

  test('takes its longest time from stalls blocked in the kernel, of series that stalled', () => {
    const series = [
      seriesOf(writer, [stalledRun(2, 0.3), { ...stalledRun(2, 0.3), longest_ns: 9_000 * ms }]),
      seriesOf('control.timer', [{ ...stalledRun(1, 0.9, 0), longest_ns: 7_000 * ms }, quiet]),
    ];
    const control = [seriesOf(writer, [quiet, quiet]), seriesOf('control.timer', [quiet, quiet])];
    const { verdict } = judgeArms([armOf('foreign-control', 'foreign', control), armOf('across', null, series)]);
    expect(verdict).toContain('for up to 480 ms at a time');
  });

  test('does not call an arm quiet of which a series was not compared', () => {
    const arm = armOf('one', null, [seriesOf(writer, [quiet]), seriesOf('b.mprotect', [stalledRun(3, 0.4)])]);
    expect(judgeArms([foreign, arm]).verdict).toBe('On Linux 6.18.0: these runs are inconclusive for one.');
  });
});

test.each<[string, SeriesRunFigures[], SeriesRunFigures[]]>([
  ['stalls, one run', [stalledRun(1, 0.2)], [quiet]],
  ['stalls, two runs', [stalledRun(2, 0.2), stalledRun(3, 0.5, 2)], [stalledRun(1, 0.02), quiet]],
  ['stalls, of the warm-up', [runOf({ stalled_share: 0.4, blocked_share: 0.4 })], [quiet]],
  ['stalls after the window', [stalledRun(1, 0, 0), stalledRun(2, 0, 0)], [quiet]],
  ['like the control, one run', [quiet], [quiet]],
  ['like the control, three runs', [quiet, stalledRun(1, 0.1, 0), quiet], [quiet, stalledRun(1, 0.1, 0), quiet]],
  ['no run', [], [quiet]],
  ['no operation', [runOf({ n: 0 })], [quiet]],
  ['no control run', [stalledRun(1, 0.2)], []],
  ['some runs', [stalledRun(1, 0.2), quiet], [quiet]],
  ['control stalls', [stalledRun(1, 0.2), stalledRun(1, 0.3)], [stalledRun(2, 0.3, 0)]],
  ['control unseen', [stalledRun(1, 0.2)], [runOf({ lost_records: 1 })]],
  ['not blocked', [stalledRun(1, 0.2, 0)], [quiet]],
  ['unseen', [quiet, runOf({ lost_records: 1 })], [quiet]],
  ['holder idle', [quiet, runOf({ holder_calls: 0 })], [quiet]],
  ['exhausted', [runOf({ exhausted: 1 })], [quiet]],
])('the sentence of a series: %s', (_, runs, control) => {
  expect(
    judgeArms([writerArm('foreign-control', 'foreign', ...control), writerArm('a', null, ...runs)]).findings[0]
      ?.sentence,
  ).toMatchSnapshot();
});

test('the sentence of a series that the control lacks', () => {
  const arm = armOf('with-writer', null, [seriesOf('b.mprotect', [stalledRun(2, 0.2)])]);
  expect(judgeArms([foreign, arm]).findings[0]?.sentence).toMatchSnapshot();
});

test('notes', () => {
  const flawed = armOf(
    'a',
    null,
    [
      seriesOf(writer, [stalledRun(2, 0.2), runOf({ status: 'partial' })], {
        refused: { ENOMEM: 1, EAGAIN: 3 },
        exhausted: 1,
        lost_records: 1,
      }),
      seriesOf('control.timer', [stalledRun(1, 0.1, 0)]),
    ],
    { spoiledRuns: 2 },
  );
  const other = { ...writerArm('b', null, quiet, quiet, quiet, quiet), regionBytes: 82 * 2 ** 20 };
  const noisy = (name: string, control: 'idle' | 'foreign'): ArmSummary =>
    writerArm(name, control, stalledRun(1, 0.1, 0));
  expect(
    judgeArms([noisy('idle-control', 'idle'), noisy('foreign-control', 'foreign'), flawed, other], {
      degraded: [said('nice 19 of thread holder was refused (EPERM)', 'scheduling-refused')],
    }).notes,
  ).toMatchSnapshot();
  const four = [quiet, quiet, quiet, quiet];
  expect(judgeArms([writerArm('foreign-control', 'foreign', ...four), writerArm('a', null, ...four)]).notes).toEqual(
    [],
  );
});

describe('whatever was measured', () => {
  const run = fc
    .record({
      count: fc.nat(2),
      blocked: fc.nat(2),
      share: fc.constantFrom(0.001, 0.2, 1),
      n: fc.constantFrom(0, 3000),
      calls: fc.constantFrom(0, 1, 5),
      lost: fc.constantFrom(0, 0, 1),
      exhausted: fc.constantFrom(0, 0, 1),
      status: fc.constantFrom('complete' as const, 'complete' as const, 'partial' as const, 'failed' as const),
    })
    .map(({ count, blocked, share, n, calls, lost, exhausted, status }) => ({
      ...stalledRun(count, count === 0 ? 0 : share, Math.min(blocked, count)),
      n,
      holder_calls: calls,
      lost_records: lost,
      exhausted,
      status,
    }));
  const runs = fc.array(run, { maxLength: 3 });
  const experiment = fc.record({
    foreign: runs,
    idle: runs,
    arms: fc.array(runs, { maxLength: 3 }),
    status: fc.constantFrom('complete' as const, 'partial' as const, 'failed' as const, 'running' as const),
    degraded: fc.subarray([said('nice 19 was refused', 'scheduling-refused')]),
  });
  const armsOf = (one: {
    foreign: SeriesRunFigures[];
    idle: SeriesRunFigures[];
    arms: SeriesRunFigures[][];
  }): ArmSummary[] => [
    writerArm('idle-control', 'idle', ...one.idle),
    writerArm('foreign-control', 'foreign', ...one.foreign),
    ...one.arms.map((own, i) => writerArm(`arm-${i}`, null, ...own)),
  ];

  test('every sentence is whole and grammatical', () => {
    fc.assert(
      fc.property(experiment, (one) => {
        const { verdict, findings, notes } = judgeArms(armsOf(one), one);
        for (const text of [verdict, ...sentencesOf(notes), ...sentencesOf(findings)]) {
          expect(text).not.toMatch(/undefined|null|NaN|Infinity|  | [.,;]|[;,:]\.|;;/);
          expect(text).not.toMatch(
            /\b1 (stalls|runs|records|operations|calls)\b|\b1 of 1 runs|\b[02-9]\d* (stall|run|record|call)\b(?! of)/,
          );
          expect(text).toMatch(/^[\w-].*\.$/);
        }
      }),
    );
  });

  test('the order of arms changes no finding', () => {
    fc.assert(
      fc.property(
        experiment.chain((one) =>
          fc.tuple(fc.constant(one), fc.shuffledSubarray(armsOf(one), { minLength: one.arms.length + 2 })),
        ),
        ([one, shuffled]) => {
          const sorted = ({ findings }: Judgement): string[] =>
            findings.map((finding) => JSON.stringify(finding)).sort();
          expect(sorted(judgeArms(shuffled, one))).toEqual(sorted(judgeArms(armsOf(one), one)));
        },
      ),
    );
  });

  test('the verdict names an arm as stalled only if one of its series is', () => {
    fc.assert(
      fc.property(experiment, (one) => {
        const { verdict, findings } = judgeArms(armsOf(one), one);
        const stalled = findings.filter(({ outcome }) => outcome === 'stalls').map(({ arm }) => arm);
        const named = /in ([^;]*?) victims were blocked/.exec(verdict)?.[1]?.split(/, | and /) ?? [];
        expect(named).toEqual(stalled);
      }),
    );
  });
});
