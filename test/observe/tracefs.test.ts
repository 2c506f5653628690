/** An observation by events of tracefs: which stalls it finds, why, and what it forgets. */
import { describe, expect, test } from 'vitest';
import { traceBuilder } from '../../src/attribution/trace-builder.js';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import type { TraceModel } from '../../src/attribution/trace-model.js';
import type { ListedStall } from '../../src/bundle/stalls-schema.js';
import { attributed } from '../../src/observe/observation.js';
import {
  seenInTrace,
  settledInTrace,
  stackTrigger,
  type ObservedTrace,
} from '../../src/observe/tracefs/tracefs-evidence.js';
import { tracedHistory } from '../../src/observe/tracefs/tracefs-history.js';
import { joiner } from '../../src/observe/tracefs/tracefs-stream.js';
import type { ThreadOfProc } from '../../src/observe/tracefs/tracefs-threads.js';
import type { TraceEvent } from '../../src/record/trace/trace.js';
import { target } from '../support/observed.js';
import { traceEventsOf } from '../support/trace-events.js';

const ms = 1_000_000;
const [mapper, purger, hog, vm] = [101, 102, 900, 104];
const names = new Map([
  [mapper, 'mapper'],
  [purger, 'purger'],
  [hog, 'hog'],
  [vm, 'VM Thread'],
]);
const { switched, woke, wanted, got, gaveBack, entered, left, made, ended, stack } = traceEventsOf(names);
const number = (name: 'madvise' | 'munmap' | 'futex') => systemCallNumber(name) ?? 0;

const seenThread = (tid: number, more: Partial<ThreadOfProc> = {}): ThreadOfProc => ({
  tid,
  pid: target,
  name: names.get(tid) ?? '',
  nice: 0,
  state: 'S',
  cpu: 0,
  futexStack: null,
  ...more,
});
const threads = [seenThread(mapper), seenThread(purger, { nice: 19 }), seenThread(vm)];

interface Given {
  readonly seen?: readonly ThreadOfProc[];
  readonly to?: number;
  /** The events arrive in pieces that end at these times. */
  readonly pieces?: readonly number[];
  readonly symbols?: ReadonlyMap<string, string> | null;
  readonly more?: Partial<ObservedTrace>;
}

/** `events`: in any order. */
function found(events: readonly TraceEvent[], { seen = threads, to = 1000, pieces = [], ...given }: Given = {}) {
  const history = tracedHistory({
    pids: [target],
    threshold_ns: 20 * ms,
    detail_ns: ms,
    seen,
    seen_ns: ms,
    outsideFrom_ns: 0,
  });
  const options = { pids: [target], symbols: given.symbols === undefined ? new Map<string, string>() : given.symbols };
  const said = { lost_n: 0, refused: [], outsideProblem: null, ...given.more };
  const shown: ListedStall[] = [];
  const models: TraceModel[] = [];
  const inOrder = events.toSorted((a, b) => a.time_ns - b.time_ns);
  let from_ns = -Infinity;
  for (const end of [...pieces, to]) {
    history.add(
      inOrder.filter(({ time_ns }) => time_ns > from_ns && time_ns <= end * ms),
      end * ms,
      [],
    );
    from_ns = end * ms;
    const settled = history.takeSettled();
    if (settled === null) continue;
    const { waits, trace } = settled;
    models.push(trace.model);
    shown.push(...attributed(settledInTrace({ ...trace, ...said }, waits, { ...options, cpuCount: 2 })).stalls);
  }
  const counted_n = history.stalls_n();
  const trace = { ...history.whole(), ...said };
  const result = seenInTrace(trace, {
    ...options,
    threshold_ns: 20 * ms,
    detail_ns: ms,
    cpuCount: 2,
    cost: { cpu_ns: 0, memoryBytes: 0 },
  });
  return {
    ...attributed(result),
    counted_n,
    gaps: result.gaps,
    model: trace.model,
    threads: trace.threads,
    evidence: result.evidence,
    shown,
    models,
  };
}

/** CPU 0: the purger, preempted by the hog while it has the lock; CPU 1: the mapper, which waits for it. */
const preempted = (at = 0): TraceEvent[] => [
  switched(at + 90, 0, hog, 'preempted', purger),
  entered(at + 92, purger, number('madvise'), 0x7f00n, 0x1000n, 4n, 0n, 0n, 0n),
  got(at + 95, purger, false),
  switched(at + 110, 0, purger, 'preempted', hog),
  switched(at + 395, 0, hog, 'preempted', purger),
  gaveBack(at + 400, purger, false),
  woke(at + 400, purger, mapper),
  left(at + 400.1, purger, number('madvise')),
  switched(at + 400.2, 0, purger, 'asleep', 0),
  switched(at + 98, 1, 0, 'preempted', mapper),
  wanted(at + 99, mapper, true),
  switched(at + 100, 1, mapper, 'blocked', 0),
  switched(at + 401, 1, 0, 'preempted', mapper),
  got(at + 401, mapper, true),
  gaveBack(at + 402, mapper, true),
  switched(at + 403, 1, mapper, 'asleep', 0),
];

/** A wait from 100 to 150 whose kernel stack is that of a wait for a disk. */
const onDisk = {
  events: [
    switched(90, 1, 0, 'preempted', mapper),
    switched(100, 1, mapper, 'blocked', 0),
    stack(100, mapper, 'aa', 'bb'),
    woke(150, hog, mapper),
    switched(150, 1, 0, 'preempted', mapper),
  ],
  symbols: new Map([
    ['aa', 'io_schedule'],
    ['bb', 'folio_wait_bit_common'],
  ]),
};

const ofMapper = ({ stalls }: ReturnType<typeof found>) => stalls.filter(({ series }) => series.startsWith('mapper'));

describe('a traced stall', () => {
  test('has the thread that held mmap_lock, its call with the advice, and who had its CPU', () => {
    const [stall, ...others] = ofMapper(found(preempted()));
    expect(others).toEqual([]);
    expect(stall?.cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'proven',
      thread: { name: 'purger', role: 'other', nice: 19 },
    });
    expect(stall?.chain?.[0]).toMatchObject({
      call: 'madvise.DONTNEED',
      cpuTakenBy: [{ thread: { name: 'hog', role: 'outside' }, duration_ns: 285 * ms }],
    });
    expect([stall?.start_ns, stall?.duration_ns]).toEqual([100 * ms, 301 * ms]);
  });

  test('is the same where its events arrive in pieces', () => {
    const whole = found(preempted());
    for (const cut of [94, 99.5, 105, 200, 399, 400.5, 401])
      expect(found(preempted(), { pieces: [cut] }).stalls).toEqual(whole.stalls);
  });

  test('is kept with its reason for as long as the observation lasts, and the rest is forgotten', () => {
    const quiet = Array.from({ length: 100 }, (_, i) => [
      switched(600 + i, 1, 0, 'preempted', mapper),
      switched(600.5 + i, 1, mapper, 'asleep', 0),
    ]).flat();
    const { stalls, counted_n, model } = found([...preempted(), ...quiet], { pieces: [500, 700, 6000], to: 30_000 });
    expect(stalls.find(({ series }) => series.startsWith('mapper'))?.cause?.thread?.name).toBe('purger');
    // The purger was ready to run without a CPU, too.
    expect(counted_n).toBe(2);
    const times = (model.segments.get(mapper) ?? []).map(({ start_ns }) => start_ns / ms);
    expect(times.some((time) => time > 450 && time < 690)).toBe(false);
  });

  test('is kept with its thread after that has ended, and other threads that ended are forgotten', () => {
    const [short, stalled] = [1000, 2000];
    const lives = (at: number, tid: number, maker: number, wait: number) => [
      made(at, maker, tid, true),
      switched(at + 1, 1, 0, 'preempted', tid),
      switched(at + 2, 1, tid, 'blocked', 0),
      woke(at + 2 + wait, hog, tid),
      switched(at + 2 + wait, 1, 0, 'preempted', tid),
      ...(maker === mapper ? [ended(at + 3 + wait, tid)] : []),
      switched(at + 4 + wait, 1, tid, 'dead', 0),
    ];
    const many = Array.from({ length: 500 }, (_, i) => [
      ...lives(i * 20, short + i, mapper, 2),
      // Of another program.
      ...lives(i * 20 + 10, 10_000 + i, hog, 2),
    ]).flat();
    const pieces = Array.from({ length: 100 }, (_, i) => i * 250);
    const {
      threads: known,
      model,
      counted_n,
      stalls,
    } = found([...many, ...lives(10_000, stalled, mapper, 50)], {
      pieces,
      to: 25_000,
    });
    expect([...known.keys()].toSorted((a, b) => a - b)).toEqual([mapper, purger, vm, stalled]);
    expect(counted_n).toBe(1);
    expect(stalls.map(({ thread }) => thread?.tid)).toEqual([stalled]);
    // The threads beside the stall are kept.
    for (const map of [model.names, model.segments]) expect(map.size).toBeLessThan(20);
  });

  test('has the policy of its thread, also of a thread that had ended before a look at /proc', () => {
    const [stalled, seen] = [
      2000,
      threads.map((one) => (one.tid === mapper ? { ...one, policy: 'batch' as const } : one)),
    ];
    const lives = [
      made(10, mapper, stalled, true),
      switched(100, 1, 0, 'preempted', stalled),
      switched(101, 1, stalled, 'blocked', 0),
      woke(200, hog, stalled),
      switched(200, 1, 0, 'preempted', stalled),
      ended(201, stalled),
      switched(202, 1, stalled, 'dead', 0),
    ];
    const { threads: known, evidence } = found(lives, { seen });
    expect(known.get(stalled)?.policy).toBe('batch');
    expect([mapper, purger, stalled].map((tid) => evidence.threads.get(tid)?.policy)).toEqual([
      'batch',
      undefined,
      'batch',
    ]);
    // With the thread its policy is forgotten: the next thread with this id has that of its maker.
    const next = [ended(12_000, mapper), made(12_001, purger, stalled, true), ...preempted(12_010)];
    const pieces = Array.from({ length: 80 }, (_, i) => i * 250);
    expect(found(lives.slice(0, 1).concat(lives.slice(5)), { seen, pieces, to: 11_000 }).threads.has(stalled)).toBe(
      false,
    );
    expect(found([...lives, ...next], { seen, pieces, to: 20_000 }).threads.get(stalled)?.policy).toBeUndefined();
  });

  test('that began before the trace counts from its start, and is not said to be no wait for mmap_lock', () => {
    const [stall] = ofMapper(
      found([woke(300, purger, mapper), switched(301, 1, 0, 'preempted', mapper)], {
        seen: [seenThread(mapper, { state: 'D' }), seenThread(purger)],
      }),
    );
    expect(stall).toMatchObject({ start_ns: 0, duration_ns: 301 * ms, stillRunning: false });
    expect(stall?.chain?.[0]?.why?.code).toBe('lock-unseen');
  });

  test('that lasts from the start to the end has no event', () => {
    const [stall] = ofMapper(found([], { seen: [seenThread(mapper, { state: 'D' })] }));
    expect(stall).toMatchObject({ start_ns: 0, duration_ns: 1000 * ms, stillRunning: true });
  });

  test.each([
    ['waited for a CPU', 'preempted', 1],
    ['was blocked', 'blocked', 1],
    ['was stopped', 'stopped', 1],
    ['slept', 'asleep', 0],
  ] as const)('is one where the thread %s: %s', (_, how, expected_n) => {
    const events = [
      switched(90, 1, 0, 'preempted', mapper),
      switched(100, 1, mapper, how, hog),
      ...(how === 'preempted' ? [] : [woke(150, hog, mapper)]),
      switched(150, 1, hog, 'asleep', mapper),
    ];
    expect(ofMapper(found(events))).toHaveLength(expected_n);
  });

  test('has its time in the run queue once', () => {
    const [stall] = ofMapper(
      found([
        switched(90, 1, 0, 'preempted', mapper),
        switched(100, 1, mapper, 'blocked', hog),
        woke(150, hog, mapper),
        switched(180, 1, hog, 'preempted', mapper),
      ]),
    );
    expect(stall).toMatchObject({ duration_ns: 80 * ms, ownRunDelayAtMost_ns: 30 * ms });
  });

  test('is one of a thread that was made later, and none of a child process', () => {
    const waits = (tid: number) => [
      switched(100, 1, 0, 'preempted', tid),
      switched(101, 1, tid, 'blocked', 0),
      woke(200, hog, tid),
      switched(200, 1, 0, 'preempted', tid),
    ];
    expect(found([made(50, mapper, 200, true), ...waits(200)]).stalls).toHaveLength(1);
    expect(found([made(50, mapper, 200, false), ...waits(200)]).stalls).toEqual([]);
    expect(
      found([made(40, mapper, 200, true), ended(45, 200), made(50, hog, 200, false), ...waits(200)]).stalls,
    ).toEqual([]);
  });

  test('ends with its thread', () => {
    const [stall, ...later] = ofMapper(
      found([
        switched(100, 1, 0, 'preempted', mapper),
        switched(101, 1, mapper, 'blocked', 0),
        woke(200, hog, mapper),
        switched(200, 1, 0, 'preempted', mapper),
        ended(201, mapper),
        switched(202, 1, mapper, 'blocked', 0),
      ]),
    );
    expect(stall).toMatchObject({ duration_ns: 99 * ms });
    expect(later).toEqual([]);
  });

  test('is the wait for a disk where its kernel stack says so', () => {
    const { events, symbols } = onDisk;
    expect(ofMapper(found(events, { symbols }))[0]?.cause?.cause).toBe('block-io');
    const hidden = found(events, { symbols: null });
    expect(ofMapper(hidden)[0]?.cause?.cause).toBe('unknown');
    expect(hidden.gaps).toContainEqual({ code: 'symbols-hidden' });
  });

  test('is the end of a safepoint where the VM thread wakes all threads by one call', () => {
    const sleeps = (command: bigint, waiters: bigint) => [
      switched(90, 1, 0, 'preempted', mapper),
      entered(99, mapper, number('futex'), 0x7f10n, 0x80n, 3n, 0n, 0n, 0n),
      switched(100, 1, mapper, 'asleep', 0),
      entered(149, vm, number('futex'), 0x7f10n, command, waiters, 0n, 0n, 0n),
      woke(150, vm, mapper),
      switched(151, 1, 0, 'preempted', mapper),
      left(152, mapper, number('futex')),
    ];
    expect(ofMapper(found(sleeps(0x81n, 0x7fff_ffffn)))[0]?.cause?.cause).toBe('safepoint');
    expect(ofMapper(found(sleeps(0x81n, 1n)))).toEqual([]);
  });
});

describe('what a trace lacks', () => {
  const always = ['calls-partly-traced', 'freezer-unseen', 'sleeps-not-judged'];
  const gapsWith = (more: Partial<ObservedTrace>) => found([], { more }).gaps;

  test('is always said', () => {
    expect(gapsWith({}).map(({ code }) => code)).toEqual(always);
  });

  test.each([
    [{ lost_n: 3 }, { code: 'trace-overrun', seen_ns: 1000 * ms }],
    [{ refused: ['lock/contention_begin'] }, { code: 'trace-refused', what: 'lock/contention_begin' }],
    [{ refused: [stackTrigger] }, { code: 'trace-refused', what: stackTrigger }],
    [{ outsideProblem: 'no address' }, { code: 'others-untraced', reason: 'no address' }],
  ] as const)('is a gap: %j', (more, gap) => {
    expect(gapsWith(more)).toContainEqual(gap);
  });

  test('is no gap where it shows nothing', () => {
    expect(gapsWith({ refused: ['options/overwrite'] }).map(({ code }) => code)).toEqual(always);
  });

  test('makes an unseen lock unknown', () => {
    const [stall] = ofMapper(
      found(
        preempted().filter(({ kind }) => !kind.startsWith('lock')),
        { more: { refused: ['mmap_lock/mmap_lock_released'] } },
      ),
    );
    expect(stall?.chain?.[0]?.why?.code).toBe('lock-unseen');
  });
});

describe('two traces', () => {
  test('become one, in which an event that is in both stands once, wherever a piece ends', () => {
    const twin = [switched(100, 1, mapper, 'blocked', hog), switched(100.0005, 1, mapper, 'blocked', hog)] as const;
    const foreign = switched(100.2, 1, hog, 'preempted', 0);
    for (const cut of [90, 100, 100.0002, 100.1, 110]) {
      const join = joiner();
      const until = cut * ms;
      const joined = [...join([twin[0]], [twin[1], foreign], until), ...join([], [], 200 * ms)];
      expect(joined.map(({ time_ns }) => time_ns / ms)).toEqual([100, 100.2]);
    }
  });
});

describe('a builder', () => {
  const built = () => {
    const builder = traceBuilder(0);
    for (const event of preempted().toSorted((a, b) => a.time_ns - b.time_ns)) builder.add(event);
    return builder;
  };
  const whole = { start_ns: -Infinity, end_ns: 1000 * ms };

  test('drops what is over and not wanted, and nothing that goes on', () => {
    const builder = built();
    expect(builder.keep(() => true, -Infinity)).toBeGreaterThan(0);
    expect(builder.keep(() => false, -Infinity)).toBe(0);
    expect(builder.modelOf(whole, 0).segments.get(mapper)).toMatchObject([
      { scheduling: 'asleep', start_ns: 403 * ms, end_ns: 1000 * ms },
    ]);
  });

  test.each([
    ['dead', false],
    ['zombie', false],
    // A kernel thread.
    ['idle', true],
    ['asleep', true],
  ] as const)('has a thread that was switched out as %s no longer: %s', (how, isThere) => {
    const builder = traceBuilder(0);
    builder.add(switched(100, 0, 0, 'preempted', hog));
    builder.add(entered(105, hog, number('futex'), 0x7f10n));
    builder.add(switched(110, 0, hog, how, 0));
    expect(builder.currentOf(hog) !== undefined).toBe(isThere);
    expect(builder.segmentsOf(hog)).toMatchObject([{ start_ns: 100 * ms, end_ns: 110 * ms, scheduling: 'running' }]);
    expect(builder.callsOf(hog).map(({ end_ns }) => end_ns / ms)).toEqual(isThere ? [] : [110]);
    expect(builder.nameOf(hog)).toBe('hog');
    builder.keep(() => false, -Infinity);
    expect(builder.nameOf(hog)).toBe(isThere ? 'hog' : undefined);
  });

  test('does not ask about what was seen before', () => {
    const builder = built();
    const asked: number[] = [];
    builder.keep(({ end_ns }) => asked.push(end_ns) > 0, 399 * ms);
    expect(asked.length).toBeGreaterThan(0);
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(399 * ms);
  });

  test('has a model of recent spans, each whole, and goes on', () => {
    const builder = built();
    const recent = builder.modelOf({ start_ns: 396 * ms, end_ns: 450 * ms }, 0);
    expect(recent.segments.get(mapper)?.[0]).toMatchObject({ scheduling: 'blocked', start_ns: 100 * ms });
    expect(recent.segments.get(mapper)?.at(-1)).toMatchObject({ scheduling: 'asleep', end_ns: 450 * ms });
    expect(recent.holds.get(4096n)?.map(({ start_ns }) => start_ns / ms)).toEqual([95, 401]);
    // Before that, the hog ran there.
    expect(recent.ran.get(0)?.[0]).toMatchObject({ tid: purger, start_ns: 395 * ms });
    const before = builder.modelOf(whole, 0);
    expect(builder.modelOf(whole, 0)).toEqual(before);
    builder.add(switched(500, 1, 0, 'preempted', mapper));
    expect(builder.modelOf(whole, 0).segments.get(mapper)?.at(-1)).toMatchObject({ scheduling: 'running' });
  });

  test('has the wait of a reader that was given the lock long before it reported that', () => {
    const builder = traceBuilder(0);
    for (const event of [
      wanted(10, mapper, false),
      switched(11, 1, mapper, 'blocked', 0),
      wanted(20, vm, true),
      woke(100, purger, mapper),
      got(200, vm, true),
      switched(300, 1, 0, 'preempted', mapper),
      got(301, mapper, false),
    ])
      builder.add(event);
    // The lists of a lock are in the order of reports: the reader's wait ended at 100, and that of the writer at 200.
    expect(
      builder
        .modelOf({ start_ns: 150 * ms, end_ns: 400 * ms }, 0)
        .waitsOn.get(4096n)
        ?.map(({ tid }) => tid),
    ).toEqual([mapper, vm]);
  });
});

describe('a live view', () => {
  const looks = (to: number, every = 250) => Array.from({ length: to / every }, (_, i) => (i + 1) * every);
  const outline = ({ thread, start_ns, duration_ns, stillRunning, cause }: ListedStall) => ({
    tid: thread?.tid,
    start_ns,
    duration_ns,
    stillRunning,
    cause: cause && { cause: cause.cause, grade: cause.grade, sentence: cause.sentence },
  });

  test.each([50, 250, 330])('shows each stall once, as the result has it: looks every %i ms', (every) => {
    const events = [0, 1000, 2500, 12_000].flatMap(preempted);
    const { shown, stalls, counted_n } = found(events, { pieces: looks(14_000, every), to: 14_000 });
    expect(shown.map(outline).toSorted((a, b) => a.start_ns - b.start_ns)).toEqual(stalls.map(outline));
    expect(shown.length).toBe(8);
    expect(counted_n).toBe(8);
  });

  test('shows a stall when it has been over for half a second, and looks at its own time alone', () => {
    const events = [0, 9000].flatMap(preempted);
    expect(found(events, { to: 850 }).shown).toEqual([]);
    expect(found(events, { to: 950 }).shown).toHaveLength(2);
    const { models } = found(events, { pieces: looks(12_000), to: 12_000 });
    const ends = [...(models.at(-1)?.segments.values() ?? [])].flat().map(({ end_ns }) => end_ns / ms);
    expect(models.length).toBeGreaterThanOrEqual(2);
    // The first stall of the second burst begins at 9100.
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(9095);
  });

  test('shows no stall that goes on, and all of one that lasted long', () => {
    const events = [
      switched(90, 1, 0, 'preempted', mapper),
      switched(100, 1, mapper, 'stopped', 0),
      woke(20_000, hog, mapper),
      switched(20_000.1, 1, 0, 'preempted', mapper),
    ];
    expect(found(events, { pieces: looks(19_000), to: 19_000 }).shown).toEqual([]);
    const [stall, ...others] = found(events, { pieces: looks(21_000), to: 21_000 }).shown;
    expect(others).toEqual([]);
    expect(stall).toMatchObject({ start_ns: 100 * ms, duration_ns: 19_900.1 * ms, cause: { cause: 'stopped' } });
  });

  test('names functions of the kernel', () => {
    const { events, symbols } = onDisk;
    const { shown } = found(events, { symbols, pieces: looks(1000) });
    expect(shown.map(({ cause }) => cause?.cause)).toEqual(['block-io']);
  });
});

test('a sleep for a mutex is a stall by who gave it back, however long it took', () => {
  const futex = (at: number, tid: number, command: bigint, value: bigint) =>
    entered(at, tid, number('futex'), 0x7f10n, command, value, 0n, 0n, 0n);
  const sleep = (seen: readonly ThreadOfProc[], more: Partial<ObservedTrace> = {}) =>
    found(
      [
        switched(90, 0, purger, 'preempted', hog),
        futex(100, mapper, 0x80n, 2n),
        switched(100.01, 1, mapper, 'asleep', 0),
        switched(9000, 0, hog, 'preempted', purger),
        futex(9000.5, purger, 0x81n, 1n),
        woke(9000.6, purger, mapper),
        switched(9000.7, 1, 0, 'preempted', mapper),
        left(9000.8, mapper, number('futex')),
        left(9000.9, purger, number('futex')),
      ],
      { to: 20_000, pieces: [2000, 7000, 9500, 15_000], seen, more },
    );
  const sleepOfMapper = (...given: Parameters<typeof sleep>) => ofMapper(sleep(...given));
  const { shown } = sleep(threads);
  expect(shown.filter(({ series }) => series.startsWith('mapper'))).toMatchObject([{ cause: { cause: 'mutex' } }]);
  expect(sleepOfMapper(threads).map(({ cause }) => cause)).toMatchObject([
    { cause: 'mutex', grade: 'proven', thread: { name: 'purger' } },
  ]);
  // The trace covers no time in which it lost events.
  expect(sleepOfMapper(threads, { lost_n: 5 })[0]?.cause).toMatchObject({ grade: 'proven' });
  // A condition variable of musl.
  const inFrame = threads.map((one) => (one.tid === mapper ? { ...one, futexStack: '7e80' } : one));
  expect(sleepOfMapper(inFrame)).toEqual([]);
});
