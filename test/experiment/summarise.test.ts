import { describe, expect, test } from 'vitest';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import { bundleSchemas } from '../../src/bundle/bundle-schema.js';
import { summarise, type FinishedRun } from '../../src/experiment/summarise.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { analyse, ms, window, type FakeRun } from './fake-run.js';
import { kernelNamed } from '../verdict/fake-summary.js';
import { unclassified } from '../../src/facts/stated.js';
import { said } from '../support/stated.js';

const profile = await loadResolved('priority-inversion');
const arms = profile.arms.map((arm) => ({
  ...arm,
  victims: arm.victims.filter(({ series }) => series === 'writer.mprotect'),
}));
let made = 0;

function run(arm: string, fake: FakeRun, more: Partial<RunFile> = {}): FinishedRun {
  const analysis = analyse({ holder: [{ from: 300, to: 900 }], ...fake });
  made += 1;
  return {
    analysis,
    log: [],
    file: {
      schemaVersion: 2,
      name: `${String(made).padStart(3, '0')}-${arm}`,
      arm,
      kernel: '6.18.0',
      repetition: 1,
      status: 'complete',
      failures: [],
      disturbances: [],
      degraded: [],
      trace: null,
      startedAt: '2026-01-01T00:00:00.000Z',
      window,
      regionBytes: 4096,
      machine: {
        steal_share: 0,
        foreignLoad_share: 0,
        ownLoad_share: 0,
        clockSource: 'tsc',
        clockSourceChanged: false,
        guest: null,
      },
      autogroup: null,
      memoryLocked: true,
      layout: {},
      priorities: [],
      holder: analysis.holder?.figures ?? null,
      issued: null,
      cpuMax: null,
      agent: null,
      memoryUse: null,
      jvm: null,
      churn: null,
      unproven: [],
      series: analysis.series.map(({ figures }) => figures),
      blocked: null,
      ...more,
    },
  };
}

function summary(runs: readonly FinishedRun[]) {
  const made = summarise({
    profile,
    arms,
    kernels: [kernelNamed('6.18.0')],
    status: 'complete',
    runs,
    refused: [],
    resumed: [],
  });
  expect(bundleSchemas.summary.parse(made)).toEqual(made);
  return { ...made, arm: (name: string) => made.arms.find((arm) => arm.name === name) };
}

const stalls = [
  { from: 300, to: 900 },
  { from: 1000, to: 1300 },
];

test('runs are pooled for figures and kept apart for conclusions', () => {
  const arm = summary([
    run('free-across-vmas', { slow: stalls }),
    run('free-across-vmas', { slow: stalls.slice(1), quick_n: 1000, unserved: 5 }),
  ]).arm('free-across-vmas');
  expect(arm).toMatchObject({
    runs: 2,
    cutShortRuns: 0,
    spoiledRuns: 0,
    regionBytes: 4096,
    holder: { window_calls: 2, hold_ns: 8 * ms, service: { n: 2 } },
  });
  const [series] = arm?.series ?? [];
  expect(series).toMatchObject({
    service: { n: 3003, max_ns: 600 * ms },
    unserved: 5,
    saturated: true,
    stalls: { count: 3, blocked_count: 3, longest_ns: 600 * ms, total_ns: 1200 * ms },
  });
  expect(series?.stalls.stalled_share).toBeCloseTo(0.2, 10);
  expect(series?.perRun.map(({ count, n, holder_calls, status }) => [count, n, holder_calls, status])).toEqual([
    [2, 2002, 1, 'complete'],
    [1, 1001, 1, 'complete'],
  ]);
  expect(series?.perRun.map(({ stalled_share }) => stalled_share)).toEqual([0.3, 0.1]);
});

test('the collector of an arm is that of all its runs', async () => {
  const { arms: all, ...rest } = await loadResolved('app');
  const [arm] = all.filter(({ name }) => name === 'probes');
  if (arm === undefined) throw new Error('the profile app has it');
  const jvm = { processes: [], threads: [], log: [], logProblems: [], cpu_ns: 0, cpuOver_ns: 0 };
  const collectorOf = (...names: readonly (string | null | undefined)[]) =>
    summarise({
      profile: { ...rest, arms: [arm] },
      arms: [arm],
      kernels: [kernelNamed('6.18.0')],
      status: 'complete',
      runs: names.map((collector) => run('probes', {}, { jvm: collector === undefined ? jvm : { ...jvm, collector } })),
      refused: [],
      resumed: [],
    }).arms[0]?.jvm?.collector;
  expect([collectorOf('zgc', 'zgc'), collectorOf('g1')]).toEqual(['zgc', 'g1']);
  expect([collectorOf('zgc', 'g1'), collectorOf('zgc', null), collectorOf(undefined, 'zgc')]).toEqual([
    null,
    null,
    null,
  ]);
});

test('an idle holder beside I/O hogs does not make its run one without calls', () => {
  const actual = { nice: 0, policy: 'other', cpus: [0] };
  const hog = { name: 'io-hog-0', tid: 1, ...actual, actual, problems: [] };
  const callsBeside = (priorities: RunFile['priorities']) =>
    summary([run('foreign-control', { holder: [] }, { priorities })])
      .arm('foreign-control')
      ?.series[0]?.perRun.map(({ holder_calls }) => holder_calls);
  expect(callsBeside([hog])).toEqual([null]);
  expect(callsBeside([])).toEqual([0]);
});

test('a figure of the calls that some run lacks is unknown, and not the sum of the others', () => {
  const whole = run('free-across-vmas', {});
  const { holder } = whole.analysis;
  if (holder === null) throw new Error('it has a holder');
  const of = (figures: Partial<typeof holder.figures>) =>
    summary([
      run('free-across-vmas', {}),
      { ...whole, analysis: { ...whole.analysis, holder: { ...holder, figures: { ...holder.figures, ...figures } } } },
    ]).arm('free-across-vmas')?.holder;
  expect(of({ crossed_calls: 3, releasedBytes: 4096 })).toMatchObject({ crossed_calls: 3, releasedBytes: 4096 });
  expect(of({ crossed_calls: null, releasedBytes: null, calls_cpu_ns: null })).toMatchObject({
    crossed_calls: null,
    releasedBytes: null,
    calls_cpu_ns: null,
  });
});

test('runs that failed alike are one conclusion, each with its arm', () => {
  const failed = { status: 'failed', failures: [said('the JVM crashed', 'jvm-crashed')] } as const;
  const { conclusions, verdict } = summary([
    run('free-one-vma', {}, { ...failed, name: '001-a', failures: [...failed.failures] }),
    run('free-across-vmas', {}, { ...failed, name: '002-b', failures: [...failed.failures] }),
  ]);
  expect(conclusions.filter(({ code }) => code === 'runs-failed')).toMatchObject([
    { runs: ['001-a', '002-b'], arms: ['free-one-vma', 'free-across-vmas'], failures: ['jvm-crashed'] },
  ]);
  expect(verdict).toContain(' The runs 001-a and 002-b failed: the JVM crashed.');
});

describe('a run without a window', () => {
  const nothing = { windowStart_ns: 0, windowEnd_ns: 0, drainEnd_ns: 0 };
  const ended = (arm: string, status: RunFile['status'], code: 'guest-lost' | 'jvm-crashed' | null): FinishedRun => {
    const whole = run(arm, {});
    return {
      log: [],
      analysis: { window_ns: 0, series: [], holder: null },
      file: {
        ...whole.file,
        status,
        failures: code === null ? [] : [said('it is gone', code)],
        window: nothing,
        holder: null,
        series: [],
      },
    };
  };
  const noteCodes = ({ notes }: ReturnType<typeof summary>): string[] =>
    notes.map(({ code }) => code).filter((code) => code.startsWith('runs-'));

  test.each([
    ['whose guest was lost, as an older version recorded it', 'partial', 'guest-lost'],
    ['that failed before its window', 'failed', 'jvm-crashed'],
    ['that was cut short in its warm-up', 'partial', null],
  ] as const)('%s is in no figure', (_, status, code) => {
    const made = summary([ended('free-one-vma', status, code)]);
    expect(made.arm('free-one-vma')).toMatchObject({
      runs: 0,
      cutShortRuns: 0,
      failedRuns: 0,
      spoiledRuns: 0,
      runsWithoutFigures: 1,
    });
    expect(noteCodes(made)).toEqual(['runs-without-figures']);
    expect(made.conclusions.some((one) => one.code === 'runs-failed')).toBe(code !== null);
  });

  test('whose guest was lost is named in the verdict, with its kernel and the reason', () => {
    const { conclusions, verdict } = summary([ended('free-one-vma', 'partial', 'guest-lost')]);
    expect(conclusions.find(({ code }) => code === 'runs-failed')).toMatchObject({
      arms: ['free-one-vma'],
      kernels: ['6.18.0'],
      failures: ['guest-lost'],
    });
    expect(verdict).toMatch(/ The run \d+-free-one-vma failed: it is gone\./);
  });

  test('whose guest did not answer after a signal did not fail: it was cut short', () => {
    const lost = ended('free-one-vma', 'partial', 'guest-lost');
    const made = summary([{ ...lost, file: { ...lost.file, interrupted: true } }]);
    expect(made.conclusions.some(({ code }) => code === 'runs-failed')).toBe(false);
    expect(noteCodes(made)).toEqual(['runs-without-figures']);
  });

  test('takes no figure from the other runs of its arm', () => {
    const measured = {
      issued: [{ call: 'madvise.FREE', by: null, n: 3, bytes: 12 }],
      memoryUse: { rssMeanBytes: 1, rssPeakBytes: 2, pssBytes: null, cgroup: null, samples_n: 1, processes: [] },
    };
    const made = summary([ended('free-one-vma', 'failed', 'jvm-crashed'), run('free-one-vma', {}, measured)]);
    expect(made.arm('free-one-vma')).toMatchObject({
      runs: 1,
      issued: measured.issued,
      memoryUse: { rssPeakBytes: 2 },
    });
  });
});

test('a JVM that was started again before its window is a note', () => {
  const crash = said('in the guest: SIGILL', 'jvm-crashed');
  const again = (arm: string, ...failedStarts: (typeof crash)[]): FinishedRun => {
    const { file, ...rest } = run(arm, {});
    const guest = { runDelay_share: 0, clock_ratio: 1, failedStarts };
    return { ...rest, file: { ...file, name: `001-${arm}`, machine: { ...file.machine, guest } } };
  };
  const { notes } = summary([again('free-one-vma', crash, crash), again('free-across-vmas', crash)]);
  expect(notes.filter(({ code }) => code === 'jvm-started-again')).toMatchObject([
    {
      runs: ['001-free-one-vma', '001-free-across-vmas'],
      starts_n: 3,
      failure: 'jvm-crashed',
      sentence:
        '001-free-one-vma and 001-free-across-vmas: the JVM was started again 3 times before the window, because in the guest: SIGILL. ' +
        'Under TCG this may be a fault of the emulation; if it happens again, the JVM or the kernel causes it.',
    },
  ]);
});

test('a run that failed in its window is not said to be cut short', () => {
  const failed = run('free-one-vma', {}, { status: 'failed', failures: [said('it crashed', 'jvm-crashed')] });
  const made = summary([failed]);
  expect(made.arm('free-one-vma')).toMatchObject({ runs: 1, cutShortRuns: 0, failedRuns: 1 });
  expect(made.notes.map(({ sentence }) => sentence)).toContain(
    '1 run failed in its window: the figures contain what it recorded, but no conclusion is drawn from it.',
  );
});

test('every arm of the plan is there, before its first run too', () => {
  const { arms: listed, verdict } = summary([]);
  expect(listed.map(({ name, runs, holder }) => [name, runs, holder])).toEqual(arms.map(({ name }) => [name, 0, null]));
  expect(verdict).toContain('nothing can be concluded about free-one-vma, free-across-vmas and dontneed-across-vmas');
});

test('spoiled runs are counted and in no figure', () => {
  const arm = summary([
    run('free-one-vma', {}),
    run('free-one-vma', { slow: stalls }, { disturbances: [said('the hypervisor took 50 %')] }),
  ]).arm('free-one-vma');
  expect(arm).toMatchObject({ runs: 1, spoiledRuns: 1 });
  expect(arm?.series[0]).toMatchObject({ service: { n: 2000 }, stalls: { count: 0 } });
  expect(arm?.series[0]?.perRun).toHaveLength(1);
});

test('whole runs that nothing but other load spoiled are shown apart, and no figure has them', () => {
  const busy = { disturbances: [said('other programs used 60 %', 'foreign-load')] };
  const stopped = {
    disturbances: [said('other programs used 60 %', 'foreign-load'), said('it was stopped', 'stopped')],
  };
  const arm = summary([
    run('free-one-vma', { slow: stalls }, busy),
    run('free-one-vma', { slow: stalls }, stopped),
    run('free-one-vma', { slow: stalls }, { disturbances: [said('an older version', unclassified)] }),
  ]).arm('free-one-vma');
  expect(arm).toMatchObject({
    runs: 0,
    spoiledRuns: 3,
    series: [{ service: { n: 0 }, stalls: { count: 0 } }],
    underLoad: { runs: 1, series: [{ stalls: { count: 2 } }] },
  });
});

describe('a run that was cut short', () => {
  const controls = [run('idle-control', { holder: [] }), run('foreign-control', {})];
  const cut = run('free-across-vmas', { slow: stalls }, { status: 'partial' });

  test('is in the figures', () => {
    expect(summary([...controls, cut]).arm('free-across-vmas')).toMatchObject({
      runs: 1,
      cutShortRuns: 1,
      series: [{ stalls: { count: 2 } }],
    });
  });

  test.each(['partial', 'failed'] as const)('and no evidence: %s', (status) => {
    expect(
      summary([...controls, { ...cut, file: { ...cut.file, status } }]).findings.find(
        ({ arm }) => arm === 'free-across-vmas',
      )?.outcome,
    ).toBe('no-data');
    expect(
      summary([
        ...controls,
        run('free-across-vmas', { slow: stalls }),
        { ...cut, file: { ...cut.file, status } },
      ]).findings.find(({ arm }) => arm === 'free-across-vmas')?.outcome,
    ).toBe('stalls');
  });
});

test('from recordings to a verdict', () => {
  const { verdict, findings } = summary([
    run('idle-control', { holder: [] }),
    run('foreign-control', {}),
    run('free-one-vma', {}),
    run('free-across-vmas', { slow: stalls }),
    run('dontneed-across-vmas', { slow: stalls.map((one) => ({ ...one, state: 'R' })) }),
  ]);
  expect(findings.map(({ outcome }) => outcome)).toEqual(['like-foreign', 'stalls', 'unclear']);
  expect(verdict).toBe(
    'On Linux 6.18.0: in free-across-vmas victims were blocked in the kernel for up to 600 ms at a time, while with the holder in another process or idle none was stalled, so a lock of their own address space blocked them, such as mmap_lock; ' +
      'free-one-vma is indistinguishable from the foreign control: in these runs no victim was stalled for 100 ms or more; these runs are inconclusive for dontneed-across-vmas. This rests on undisturbed runs. From a single run this is an observation, not yet a finding.',
  );
});

describe('calls of a churn', () => {
  const across = arms.find(({ name }) => name === 'free-across-vmas');
  if (across?.kind !== 'native') throw new Error('the profile has the arm');
  const declared = (...calls: readonly string[]) => ({
    ...across,
    issues: calls.map((call) => ({ call, by: null, atLeast: 1 })),
  });
  const counted = (n: number): RunFile['issued'] => [{ call: 'madvise.FREE', by: null, n, bytes: 4096 * n }];
  const churn = { processes: [], threads: [], tallies: [] };
  const summaryWith = (arm: ReturnType<typeof declared>, issued: RunFile['issued']) =>
    summarise({
      profile,
      arms: [...arms.filter(({ control }) => control !== null), arm],
      kernels: [kernelNamed('6.18.0')],
      status: 'complete',
      runs: [
        run('idle-control', { holder: [] }),
        run('foreign-control', {}),
        run(arm.name, { holder: [] }, { churn, issued }),
      ],
      refused: [],
      resumed: [],
    });
  const callsOf = ({ arms: all }: ReturnType<typeof summaryWith>) =>
    all.find(({ name }) => name === 'free-across-vmas')?.series[0]?.perRun.map(({ holder_calls }) => holder_calls);

  test('are those that a trace counted', () => {
    expect(callsOf(summaryWith(declared('madvise.FREE'), counted(3)))).toEqual([3]);
    const none = summaryWith(declared('madvise.FREE'), counted(0));
    expect(callsOf(none)).toEqual([0]);
    expect(none.findings.map(({ code }) => code)).toEqual(['holder-idle']);
  });

  test('are not known without a trace, or where it does not count a call that the arm declares', () => {
    const untraced = summaryWith(declared('madvise.FREE'), null);
    expect(callsOf(untraced)).toEqual([null]);
    expect(untraced.findings.map(({ code }) => code)).toEqual(['like-foreign']);
    expect(callsOf(summaryWith(declared('madvise.FREE', 'fallocate.PUNCH_HOLE'), counted(0)))).toEqual([null]);
  });
});
