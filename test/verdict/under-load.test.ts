/**
 * Constructed experiments in which other programs disturbed every run: what may be concluded from them, and what may
 * not.
 */
import { describe, expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { judge } from '../../src/verdict/run/judge.js';
import { atLeastByChance, underLoad } from '../../src/verdict/run/under-load.js';
import { kernelNamed, ms, runOf, seriesOf, stalledRun, writer, writerArm } from './fake-summary.js';

type BlockedRun = ArmSummary['blockedRuns'][number];
type Blamed = BlockedRun['blamed'][number];

const reader = 'reader.first_fault';

/** Stalls whose wait ended with a hold of the holder: each of another hold. */
function blamed(n: number, more: Partial<Blamed> = {}): Blamed {
  return {
    thread: 'holder',
    call: 'madvise_free across VMAs',
    cause: 'mmap-lock-reader',
    endedWithHold_n: n,
    endsWithHold_n: n,
    series: [writer],
    longest_ns: n === 0 ? 0 : 645 * ms,
    nearEnds_share: 0.01,
    ...more,
  };
}

function loaded(stalls_n: number, who: readonly Blamed[] = [], more: Partial<BlockedRun> = {}): BlockedRun {
  return {
    run: '',
    window_ns: 3e9,
    load_share: 0.6,
    holder_calls: 4,
    stalls_n,
    ends_n: stalls_n,
    unseen_n: 0,
    lost_records: 0,
    blamed: [...who],
    ...more,
  };
}

/** An arm that other programs spoiled every run of. */
function arm(name: string, control: ArmSummary['control'], runs: readonly BlockedRun[]): ArmSummary {
  const blockedRuns = runs.map((run, i) => ({ ...run, run: `${String(i).padStart(3, '0')}-${name}` }));
  return {
    ...writerArm(name, control),
    blockedRuns,
    spoiledRuns: runs.length,
    underLoad: {
      runs: runs.length,
      foreignLoad_share: 0.6,
      series: [
        seriesOf(
          writer,
          runs.map(({ stalls_n }) => stalledRun(stalls_n, 0.3)),
        ),
      ],
    },
  };
}

const still = [loaded(0), loaded(0)];
const idleStill = still.map((run) => ({ ...run, holder_calls: 0 }));
const stalling = [loaded(2, [blamed(2)]), loaded(2, [blamed(1)])];

interface Beside {
  readonly foreign?: readonly BlockedRun[];
  readonly idle?: readonly BlockedRun[];
}

function concluded(runs: readonly BlockedRun[], { foreign = still, idle = idleStill }: Beside = {}) {
  return underLoad(
    arm('across', null, runs),
    arm('foreign-control', 'foreign', foreign),
    arm('idle-control', 'idle', idle),
  );
}

test('an arm whose victims go on when the holder lets go stalls, and why is known, from runs under load alone', () => {
  expect(concluded(stalling)).toMatchObject({
    blamed: { thread: 'holder', call: 'madvise_free across VMAs', cause: 'mmap-lock-reader' },
    runs: 2,
    stalls_n: 4,
    endedWithHold_n: 3,
    longest_ns: 645 * ms,
  });
});

describe('nothing is concluded', () => {
  test.each<[string, readonly BlockedRun[], Beside?]>([
    ['from two stalls', [loaded(1, [blamed(1)]), loaded(1, [blamed(1)])]],
    ['from stalls of one run', [loaded(5, [blamed(5)]), loaded(0)]],
    ['from waits that end at other times than the holds', [loaded(3, [blamed(0)]), loaded(3, [blamed(0)])]],
    ['from stalls that nobody is blamed for', [loaded(3), loaded(3)]],
    ['from runs in which the holder made no call', stalling.map((run) => ({ ...run, holder_calls: 0 }))],
    // A trap: waits for a file system, beside a holder whose calls end five times a second. A tenth of all instants is
    // near to an end.
    [
      'where chance has as many ends near to ends of holds',
      [loaded(15, [blamed(2, { nearEnds_share: 0.1 })]), loaded(15, [blamed(2, { nearEnds_share: 0.1 })])],
    ],
    // Two victims that go on together, in two runs, are two coincidences and not four.
    [
      'from waits that go on together by chance',
      [
        loaded(8, [blamed(2, { endsWithHold_n: 1, nearEnds_share: 0.1 })], { ends_n: 4 }),
        loaded(8, [blamed(2, { endsWithHold_n: 1, nearEnds_share: 0.1 })], { ends_n: 4 }),
      ],
    ],
    // The trap of a holder that is always in its call: every wait overlaps it, and no hold ends.
    [
      'from a hold that never ends',
      [loaded(4, [blamed(0, { nearEnds_share: 0 })]), loaded(4, [blamed(0, { nearEnds_share: 0 })])],
    ],
    ['if a victim of the foreign control was blocked, whatever for', stalling, { foreign: [loaded(0), loaded(1)] }],
    ['if a victim of the idle control was', stalling, { idle: [loaded(1, [], { holder_calls: 0 }), ...idleStill] }],
    [
      'if nobody saw in what state a victim of a control was',
      stalling,
      { foreign: [loaded(0, [], { unseen_n: 1 }), loaded(0)] },
    ],
    [
      'if records of a control were lost',
      stalling,
      { idle: [loaded(0, [], { holder_calls: 0, lost_records: 3 }), ...idleStill] },
    ],
    ['if a control ran for less time', stalling, { foreign: [loaded(0)] }],
    ['if a control ran under less load', stalling, { idle: idleStill.map((run) => ({ ...run, load_share: 0.3 })) }],
    [
      'if the foreign control gave nothing back',
      stalling,
      { foreign: still.map((run) => ({ ...run, holder_calls: 0 })) },
    ],
    ['without a run of the idle control', stalling, { idle: [] }],
  ])('%s', (_, runs, beside) => {
    expect(concluded(runs, beside)).toBeNull();
  });

  test('without a control', () => {
    const across = arm('across', null, stalling);
    expect(underLoad(across, undefined, arm('idle-control', 'idle', idleStill))).toBeNull();
    expect(underLoad(across, arm('foreign-control', 'foreign', still), undefined)).toBeNull();
  });
});

describe('of the runs of an arm', () => {
  test('those of least load are taken, as many as the controls match, whatever they show', () => {
    const worse = [loaded(2, [blamed(2)], { load_share: 0.9 }), loaded(2, [blamed(2)], { load_share: 0.95 })];
    expect(concluded([...stalling, ...worse])).toMatchObject({ runs: 2, endedWithHold_n: 3 });
    expect(concluded([...still, ...worse])).toBeNull();
  });

  test('a load that differs by what ticks of 10 ms tell is none', () => {
    expect(concluded(stalling.map((run) => ({ ...run, load_share: 0.64 })))).not.toBeNull();
    expect(concluded(stalling.map((run) => ({ ...run, load_share: 0.7 })))).toBeNull();
  });
});

test('the binomial tail', () => {
  expect(atLeastByChance(0, 5, 0.2)).toBe(1);
  expect(atLeastByChance(6, 5, 0.2)).toBe(0);
  expect(atLeastByChance(3, 3, 0.2)).toBeCloseTo(0.008, 10);
  expect(atLeastByChance(1, 2, 0.5)).toBeCloseTo(0.75, 10);
});

describe('the verdict', () => {
  const judged = (...arms: readonly ArmSummary[]) =>
    judge({ arms, kernels: [kernelNamed('6.18.0')], status: 'complete', degraded: [] });
  const controls = [arm('idle-control', 'idle', idleStill), arm('foreign-control', 'foreign', still)];

  test('says on which level it stands, and names who held the lock', () => {
    const { verdict, findings } = judged(...controls, arm('one-vma', null, still), arm('across', null, stalling));
    expect(findings.map(({ arm: name, outcome, level }) => [name, outcome, level])).toEqual([
      ['one-vma', 'no-data', null],
      ['across', 'stalls', 'under-load'],
    ]);
    expect(verdict).toMatchInlineSnapshot(
      `"On Linux 6.18.0: in across victims were blocked in the kernel for up to 645 ms at a time, and 3 of 4 such waits ended when a hold of \`holder\` (madvise_free across VMAs) ended, while no victim of the controls was blocked beside as much load, so they waited for mmap_lock, which it held; nothing can be concluded about one-vma, because it or a control has no complete, undisturbed run. That across stalls, and why, rests on runs under load; how often and how long, and any comparison, needs undisturbed runs (--wait-for-quiet)."`,
    );
    expect(findings[1]?.sentence).toMatchInlineSnapshot(
      `"across, writer.mprotect: in 2 runs under load (others took 60 % of the CPU time that was left), 3 of 4 waits in the kernel (state D) of this arm's victims, up to 645 ms long, ended within 10 ms of the end of a hold of \`holder\` (madvise_free across VMAs), which chance would do in less than 0.01 % of cases; both controls ran as long beside 60 % or more, and no victim of theirs was blocked in the kernel."`,
    );
  });

  test('undisturbed runs that say the same stand first; the others say no rate and no length', () => {
    const quiet = runOf();
    const whole = [
      writerArm('idle-control', 'idle', quiet, quiet),
      writerArm('foreign-control', 'foreign', quiet, quiet),
      writerArm('across', null, stalledRun(3, 0.3), stalledRun(3, 0.3)),
    ];
    const { verdict, findings } = judged(...whole);
    expect(findings).toMatchObject([{ outcome: 'stalls', level: 'undisturbed' }]);
    expect(verdict).toContain('This rests on undisturbed runs.');
    expect(verdict).not.toContain('under load');
  });

  test('undisturbed runs alone are judged by their own rule', () => {
    const quiet = runOf();
    const some = {
      ...writerArm('across', null, stalledRun(3, 0.3), stalledRun(3, 0.3), quiet),
      blockedRuns: stalling,
      underLoad: null,
    };
    const whole = [
      writerArm('idle-control', 'idle', quiet, quiet, quiet),
      writerArm('foreign-control', 'foreign', quiet, quiet, quiet),
    ].map((one) => ({ ...one, blockedRuns: [...still, loaded(0)] }));
    expect(judged(...whole, some).findings).toMatchObject([{ outcome: 'unclear', level: null }]);
  });

  test('a series that nobody saw wait so is not said to', () => {
    const two = { ...arm('across', null, stalling), series: [seriesOf(writer, []), seriesOf(reader, [])] };
    expect(
      judged(...controls.map((one) => ({ ...one, series: two.series })), two).findings.map(({ outcome }) => outcome),
    ).toEqual(['stalls', 'no-data']);
  });
});
