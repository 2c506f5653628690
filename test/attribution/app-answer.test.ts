/** The answer of `pauselab run app`, from stalls made by hand. */
import { describe, expect, test } from 'vitest';
import { appAnswer } from '../../src/attribution/app-answer.js';
import { givesMemoryBack } from '../../src/catalogue/gives-back.js';
import type { Cause, Grade } from '../../src/facts/blame.js';
import type { NumberedStall } from '../../src/bundle/read-stalls.js';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { renderAnswers } from '../../src/cli/text/app-answer-text.js';
import { exampleStall } from '../support/stalls.js';
import { said } from '../support/stated.js';
import { runOf, seriesOf } from '../verdict/fake-summary.js';

const ms = 1e6;
const figures = {
  n: 0,
  min_ns: null,
  mean_ns: null,
  p50_ns: null,
  p90_ns: null,
  p99_ns: null,
  p99_9_ns: null,
  p99_99_ns: null,
  max_ns: null,
};

type Arm = Pick<ArmSummary, 'name' | 'jvm' | 'series'>;

function armWith(uncommits: readonly number[], logProblems: readonly string[] = []): Arm {
  const total_ns = uncommits.reduce((sum, one) => sum + one, 0);
  const log =
    uncommits.length === 0
      ? []
      : [
          {
            name: 'gc.uncommit',
            durations: { ...figures, n: uncommits.length, max_ns: Math.max(...uncommits) },
            long_count: 0,
            total_ns,
            inWindow_ns: total_ns,
          },
        ];
  return {
    name: 'probes',
    series: [],
    jvm: {
      log,
      cpu_ns: 1,
      withoutProbes: null,
      perRun: [{ run: '000-probes', status: 'complete', cpu_ns: 1, over_ns: 1, window_ns: 10e9, log: [] }],
      logProblems: logProblems.map((text) => said(text, 'log-cut')),
      removedFromEnvironment: [],
      changedFlags: [],
      isMeantToShrink: false,
    },
  };
}

function stall(
  duration_ms: number,
  cause: Cause,
  more: {
    thread?: string;
    call?: string | null;
    grade?: Grade;
    run?: string;
    counted?: boolean;
    events?: NonNullable<ListedStall['evidence']>['events'];
  } = {},
): NumberedStall {
  const { thread = null, call = null, grade = 'likely', run = '000-probes', counted = true, events = [] } = more;
  const blamed = thread === null ? null : { name: thread, tid: 12, role: 'other' as const, nice: 19 };
  const link = exampleStall.chain?.[0];
  if (link === undefined) throw new Error('the example has a chain');
  const duration_ns = duration_ms * ms;
  return {
    number: 1,
    run,
    arm: 'probes',
    kernel: null,
    counted,
    isAfterWindow: false,
    stall: {
      ...exampleStall,
      duration_ns,
      cause: { duration_ns, cause, grade, lock: null, thread: blamed, steps: [], sentence: '' },
      chain: [{ ...link, cause, grade, lock: null, thread: blamed, call }],
      evidence: exampleStall.evidence && { ...exampleStall.evidence, events },
    },
  };
}

const byUncommit = (duration_ms: number): NumberedStall =>
  stall(duration_ms, 'mmap-lock-writer', { thread: 'G1 Service', call: 'mmap.NONE' });
const text = (stalls: readonly NumberedStall[], arm = armWith([900 * ms, 1200 * ms])): string =>
  renderAnswers([appAnswer(arm, stalls)], { threshold_ns: 100 * ms, bundle: 'pauselab-results/app' });

describe('giving memory back', () => {
  test('is the reason where most of the stalled time went by waiting for it', () => {
    const stalls = [byUncommit(827), byUncommit(450), stall(300, 'gc-pause')];
    expect(appAnswer(armWith([900 * ms, 1200 * ms]), stalls)).toMatchObject({
      isReason: 'yes',
      stalls_n: 3,
      stalled_ns: 1577 * ms,
      givingBack_ns: 1277 * ms,
      unknown_ns: 0,
      uncommits: { n: 2, total_ns: 2100 * ms, longest_ns: 1200 * ms, untimed_n: 0 },
    });
    expect(text(stalls)).toMatchInlineSnapshot(`
      "Answer: giving memory back is the reason of most of the stalled time. For 1.28 s of 1.58 s in 3 stalls, probes waited for a thread that gave memory back.
        stalled by                      stalls    time   share
        mmap-lock-writer by G1 Service  2       1.28 s  81.0 %
        gc-pause                        1       300 ms  19.0 %
        The JVM’s log has 2 uncommits, 2.10 s in total, the longest 1.20 s.

      Next: pauselab explain pauselab-results/app --stall 1 (the longest stall, step by step); pauselab report pauselab-results/app -o report.html (an HTML page)
      "
    `);
  });

  test('is not the reason where something else is, though the JVM gave heap back', () => {
    const stalls = [stall(800, 'gc-pause'), stall(300, 'not-scheduled'), byUncommit(200), stall(150, 'unknown')];
    expect(appAnswer(armWith([50 * ms]), stalls)).toMatchObject({
      isReason: 'no',
      givingBack_ns: 200 * ms,
      unknown_ns: 150 * ms,
    });
    expect(text(stalls, armWith([50 * ms]))).toMatchInlineSnapshot(`
      "Answer: giving memory back is not the reason. Of 1.45 s in 4 stalls, probes waited 200 ms for a thread that gave memory back, and at most 350 ms if the unknown part is counted too.
        stalled by                      stalls    time   share
        gc-pause                        1       800 ms  55.2 %
        not-scheduled                   1       300 ms  20.7 %
        mmap-lock-writer by G1 Service  1       200 ms  13.8 %
        unknown                         1       150 ms  10.3 %
        The JVM’s log has 1 uncommit, 50.0 ms in total, the longest 50.0 ms.

      Next: pauselab explain pauselab-results/app --stall 1 (the longest stall, step by step); pauselab report pauselab-results/app -o report.html (an HTML page)
      "
    `);
  });

  test('a thread that held the lock and gave nothing back is another reason', () => {
    expect(
      appAnswer(armWith([]), [stall(800, 'mmap-lock-reader', { thread: 'exporter', call: 'read_smaps' })]),
    ).toMatchObject({ isReason: 'no', givingBack_ns: 0, unknown_ns: 0, uncommits: { n: 0 } });
  });

  test.each<[string, NumberedStall]>([
    ['unknown', stall(800, 'unknown')],
    ['only possible', stall(800, 'mmap-lock-writer', { thread: 'G1 Service', call: 'mmap.NONE', grade: 'possible' })],
  ])('is open where the reason of most of the time is %s', (_, open) => {
    expect(appAnswer(armWith([50 * ms]), [open, byUncommit(300)])).toMatchObject({
      isReason: 'open',
      unknown_ns: 800 * ms,
    });
    expect(text([open, byUncommit(300)])).toContain(
      'it is open whether giving memory back is the reason. Of 1.10 s in 2 stalls, probes waited 300 ms for a thread',
    );
  });

  test.each<Cause>(['not-scheduled', 'cpu-limit', 'block-io', 'steal'])(
    'is not the reason where a probe only possibly waited itself: %s',
    (cause) => {
      const own = stall(800, cause, { grade: 'possible' });
      expect(appAnswer(armWith([50 * ms]), [own, byUncommit(300)])).toMatchObject({ isReason: 'no', unknown_ns: 0 });
    },
  );

  test.each<[string, NumberedStall]>([
    [
      'a thread that only possibly gave nothing',
      stall(800, 'mmap-lock-reader', { thread: 'x', call: 'read_smaps', grade: 'possible' }),
    ],
    ['a pause, without a return of heap in a whole log', stall(800, 'gc-pause', { grade: 'possible' })],
    ['nothing that is known', stall(800, 'unknown', { grade: 'possible' })],
  ])('is open where the most that is possible is %s', (_, open) => {
    expect(appAnswer(armWith([]), [open, byUncommit(300)])).toMatchObject({ isReason: 'open', unknown_ns: 800 * ms });
  });

  test.each<[string, NumberedStall]>([
    ['a lock whose holder was not seen', stall(800, 'mmap-lock-holder')],
    ['a writer whose call was not seen', stall(800, 'mmap-lock-writer', { thread: 'worker', grade: 'proven' })],
    ['a reader whose call was not seen', stall(800, 'mmap-lock-reader', { thread: 'worker' })],
    ['a mutex of the allocator whose owner was not seen', stall(800, 'allocator-mutex')],
  ])('is open where most of the time went by waiting for %s', (_, open) => {
    expect(appAnswer(armWith([]), [open, byUncommit(300)])).toMatchObject({ isReason: 'open', unknown_ns: 800 * ms });
    expect(text([open, byUncommit(300)])).toContain('and for 800 ms it is not known whether they did;');
  });

  test('is open for a pause of the JVM, unless its whole log has no return of heap at that time', () => {
    const uncommit = { name: 'gc.uncommit', label: 'uncommit', start_ns: 1100 * ms, duration_ns: ms };
    const isReason = (events: readonly (typeof uncommit)[], ...problems: string[]) =>
      (['safepoint', 'gc-pause'] as const).map(
        (cause) => appAnswer(armWith([ms], problems), [stall(800, cause, { events: [...events] })]).isReason,
      );
    expect(isReason([])).toEqual(['no', 'no']);
    expect(isReason([uncommit])).toEqual(['open', 'open']);
    expect(isReason([], 'a line is broken')).toEqual(['open', 'open']);
    expect(isReason(Array.from({ length: 20 }, () => ({ ...uncommit, name: 'safepoint.total' })))).toEqual([
      'open',
      'open',
    ]);
  });

  describe('of stalls whose records were lost', () => {
    const lost = { ...runOf({ lost_records: 3, count: 3, unseen_count: 3, longest_ns: 2000 * ms }) };
    const arm = (runs: Parameters<typeof seriesOf>[1]): Arm => ({ ...armWith([]), series: [seriesOf('mmap', runs)] });

    test('is open, and not that no probe stalled', () => {
      expect(appAnswer(arm([lost]), [])).toMatchObject({
        isReason: 'open',
        stalls_n: 3,
        lost_n: 3,
        stalled_ns: 6000 * ms,
        unknown_ns: 6000 * ms,
        causes: [{ cause: null, n: 3 }],
      });
      expect(text([], arm([lost]))).toContain(
        '3 stalls of these are counted and not listed, because records were lost.',
      );
      expect(text([], arm([lost]))).not.toContain('--stall 1');
    });

    test('leaves open what the listed stalls show, if they are the smaller part', () => {
      const listed = [byUncommit(500)];
      expect(appAnswer(arm([{ ...lost, count: 4 }]), listed)).toMatchObject({ isReason: 'open', lost_n: 3 });
      expect(appAnswer(arm([runOf({ count: 1, longest_ns: 500 * ms })]), listed)).toMatchObject({
        isReason: 'yes',
        lost_n: 0,
      });
    });
  });

  test.each([
    ['zgc', 'no'],
    ['shenandoah', 'no'],
    ['g1', 'open'],
    [null, 'open'],
    ['a later one', 'open'],
    [undefined, 'open'],
  ])('of the VM thread, with the collector %s, is %s', (collector, isReason) => {
    const { jvm, ...arm } = armWith([], ['a line is broken']);
    const own = jvm === null || collector === undefined ? jvm : { ...jvm, collector };
    expect(appAnswer({ ...arm, jvm: own }, [stall(800, 'not-scheduled', { thread: 'VM Thread' })])).toMatchObject({
      isReason,
    });
  });

  describe('of a thread that a pause waited for, whose call was not seen', () => {
    const answer = (thread: string, cause: Cause = 'not-scheduled', ...problems: string[]) =>
      appAnswer(armWith([], problems), [stall(800, cause, { thread })]);

    test.each(['VM Thread', 'G1 Service'])(
      'is not the reason where %s can give back heap only, by a whole log',
      (one) => {
        expect(answer(one)).toMatchObject({ isReason: 'no', unknown_ns: 0 });
        expect(answer(one, 'gc-pause')).toMatchObject({ isReason: 'no' });
        expect(answer(one, 'not-scheduled', 'a line is broken')).toMatchObject({ isReason: 'open' });
      },
    );

    test('is open where it had a lock, or gives back memory that the log does not have', () => {
      expect(answer('G1 Service', 'mmap-lock-writer').isReason).toBe('open');
      expect([answer('Reference Handler').isReason, answer('Native Heap Trimmer').isReason]).toEqual(['open', 'open']);
    });
  });

  test('is the reason of nothing where no probe was stalled: not in the window, or not in a run that counts', () => {
    const outside = [byUncommit(800), stall(900, 'gc-pause', { run: '001-spoiled' })].map((one, i) =>
      i === 0 ? { ...one, counted: false } : one,
    );
    expect(appAnswer(armWith([]), outside)).toMatchObject({ isReason: 'no stall', stalls_n: 0 });
    expect(text([], armWith([]))).toMatchInlineSnapshot(`
      "Answer: no probe stalled for 100 ms or more, so there is no stall to explain.
        The JVM’s log has no uncommit: the JVM gave no heap back in the windows.

      Next: pauselab report pauselab-results/app -o report.html (an HTML page)
      "
    `);
  });
});

test('returns without a length count as given back, and a warning of the JVM hides none', () => {
  const arm = armWith([]);
  const run = { run: '000-probes', status: 'complete' as const, cpu_ns: 1, over_ns: 1, window_ns: 10e9, log: [] };
  const logged = (heapReturns_n: number, code: string): typeof arm => ({
    ...arm,
    jvm: arm.jvm === null ? null : { ...arm.jvm, perRun: [{ ...run, heapReturns_n }], logProblems: [said('…', code)] },
  });
  expect(text([], logged(3, 'uncommit-without-length'))).toContain('The JVM’s log has 3 uncommits, without a length.');
  expect(text([], logged(0, 'jvm-warning'))).toContain('the JVM gave no heap back in the windows');
  expect(text([], logged(0, 'log-empty'))).toContain('does not show whether it gave heap back');
});

test('of a log that is not whole it is not said that the JVM gave nothing back', () => {
  expect(appAnswer(armWith([], ['a line is broken']), []).uncommits).toBeNull();
  expect(text([], armWith([], ['a line is broken']))).toContain(
    'The JVM’s log does not show whether it gave heap back.',
  );
});

test('several configurations have an answer each; a path that a shell would divide is quoted', () => {
  const answers = ['g1', 'serial'].map((name) => ({ ...appAnswer(armWith([]), []), arm: name }));
  const shown = renderAnswers(answers, { threshold_ns: 100 * ms, bundle: 'my results/app' });
  expect(shown).toMatch(/^g1: Answer: no probe.*\n.*\n\nserial: Answer: no probe/);
  expect(shown).toContain("pauselab report 'my results/app' -o report.html");
});

test.each([
  ['mmap.NONE', true],
  ['madvise_free across VMAs', true],
  ['munmap', true],
  ['brk', true],
  ['madvise.COLD', false],
  ['madvise_cold', false],
  ['read_smaps', false],
  ['mprotect', false],
  [null, false],
])('%s gives memory back: %s', (call, gives) => {
  expect(givesMemoryBack(call)).toBe(gives);
});
