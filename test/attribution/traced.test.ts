/** Chains from events of the kernel, made by hand: what was seen is proven, and nothing else. */
import { describe, expect, test } from 'vitest';
import type { HolderEvidence, LoggedEvent, RunEvidence, StealSpan } from '../../src/attribution/evidence.js';
import { traceModel } from '../../src/attribution/trace-builder.js';
import type { BlamedThread } from '../../src/bundle/stalls-schema.js';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import type { StackReading } from '../../src/record/stacks.js';
import type { TraceEvent } from '../../src/record/trace/trace.js';
import { alwaysThrottled, neverThrottled, throttledIf } from '../support/throttled.js';
import {
  attributed,
  blocked,
  evidenceOf,
  holderOf,
  holderThread,
  ms,
  readerThread,
  timelineOf,
  victimOf,
  writerThread,
} from './fake-evidence.js';

const [writer, holder, reader, hog] = [11, 12, 13, 14];
const hogThread: BlamedThread = { name: 'hog-0', tid: hog, role: 'hog', nice: 0 };
const covered = { start_ns: 0, end_ns: 3000 * ms };
const [runnable, interruptible, uninterruptible] = [0x100, 1, 2];

const lock = (kind: 'lock-start' | 'lock-released', at: number, tid: number, isWrite: boolean): TraceEvent => ({
  kind,
  time_ns: at * ms,
  cpu: 0,
  tid,
  mm: 1n,
  isWrite,
});
const acquired = (at: number, tid: number, isWrite: boolean): TraceEvent => ({
  kind: 'lock-acquired',
  time_ns: at * ms,
  cpu: 0,
  tid,
  mm: 1n,
  isWrite,
  succeeded: true,
});
const switched = (at: number, cpu: number, previous: number, state: number, next: number): TraceEvent => ({
  kind: 'switch',
  time_ns: at * ms,
  cpu,
  tid: previous,
  previous,
  previousName: '',
  previousState: state,
  next,
  nextName: '',
});
const waking = (at: number, tid: number, woken: number): TraceEvent => ({
  kind: 'waking',
  time_ns: at * ms,
  cpu: 0,
  tid,
  woken,
});

function traced(
  events: readonly TraceEvent[],
  victim = victimOf(),
  to = covered.end_ns,
  more: {
    readonly threads?: readonly BlamedThread[];
    readonly events?: readonly LoggedEvent[];
    readonly holders?: readonly HolderEvidence[];
    readonly missingEvents?: readonly string[];
    readonly outsideFrom_ns?: number;
    readonly throttled?: RunEvidence['throttled'];
    readonly showsThrottling?: boolean;
    readonly stacks?: readonly StackReading[];
    readonly steal?: readonly StealSpan[];
    /** Other threads of the process. */
    readonly tids?: readonly number[];
  } = {},
) {
  const threads = new Map(
    [writerThread, holderThread, readerThread, hogThread, ...(more.threads ?? [])].map((one) => [one.tid, one]),
  );
  const model = traceModel(events, { ...covered, end_ns: to }, more.outsideFrom_ns);
  return attributed(
    evidenceOf([timelineOf(11, blocked), ...(more.tids ?? []).map((tid) => timelineOf(tid, [[0, 'S']]))], {
      threads,
      events: more.events ?? [],
      holders: more.holders ?? [],
      victims: [victim],
      ...(more.throttled === undefined ? {} : { throttled: more.throttled }),
      ...(more.showsThrottling === undefined ? {} : { showsThrottling: more.showsThrottling }),
      steal: more.steal ?? [],
      trace: {
        model,
        coveredFrom_ns: 0,
        coveredTo_ns: to,
        lost_n: 3,
        missingEvents: more.missingEvents ?? [],
        stacks: more.stacks ?? [],
      },
    }),
    victim,
  );
}

describe('a thread that is ready to run', () => {
  /** From 1001 to 1490; until then another thread has its CPU, or it is idle (0). */
  const without = (other: number, more: Parameters<typeof traced>[3] = {}) =>
    traced(
      [
        switched(990, 1, 0, runnable, writer),
        switched(1001, 1, writer, runnable, other),
        switched(1490, 1, other, runnable, writer),
        switched(1510, 1, writer, interruptible, 0),
      ],
      victimOf(),
      covered.end_ns,
      // By the looks it waited for the holder's lock.
      { holders: [holderOf()], ...more },
    ).cause;
  const throttled = new Map([[10, alwaysThrottled]]);

  test('had no CPU, where another thread ran there, also if not all threads are traced', () => {
    for (const cause of [without(hog, { outsideFrom_ns: 0 }), without(hog)])
      expect(cause).toMatchObject({ cause: 'not-scheduled', grade: 'proven' });
  });

  test('perhaps had no CPU, where its own was idle, or was not seen as not all threads are traced', () => {
    for (const cause of [without(0, { outsideFrom_ns: 0 }), without(0)]) {
      expect(cause).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
      expect(cause.sentence).toContain('its CPU was not seen busy');
    }
  });

  test('was likely kept back by a limit, where its cgroup used up its time and its CPU was idle', () => {
    expect(without(0, { outsideFrom_ns: 0, throttled })).toMatchObject({ cause: 'cpu-limit', grade: 'likely' });
  });

  test('was perhaps kept back by a limit, where its cgroup used up its time and another thread ran', () => {
    const cause = without(hog, { outsideFrom_ns: 0, throttled });
    expect(cause).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
    expect(cause.sentence).toContain('had no CPU while `hog-0` ran there: its cgroup used up its CPU time');
  });

  test('was not kept back by a limit that explains less than half of its wait, or came at another time', () => {
    const grade = (...times: readonly (readonly [start: number, end: number, throttled: number])[]) =>
      without(hog, {
        outsideFrom_ns: 0,
        throttled: new Map([
          [
            10,
            times.map(([start, end, time]) => ({
              start_ns: start * ms,
              end_ns: end * ms,
              throttled_ns: time * ms,
            })),
          ],
        ]),
      }).grade;
    // The wait lasts from 1001 to 1490.
    expect(grade([900, 1250, 10])).toBe('proven');
    expect(grade([0, 1000, 900], [1500, 1750, 900])).toBe('proven');
    expect(grade([900, 1250, 100], [1250, 1500, 150])).toBe('possible');
    // The whole of it is counted when it is over.
    expect(grade([1250, 1500, 489])).toBe('possible');
  });

  describe('without a word on whether its cgroup used up its time', () => {
    const read = (frames: readonly string[]) => [{ time_ns: 1002 * ms, tid: writer, state: 'R', frames: [...frames] }];

    test('perhaps had no CPU because of that, also where another thread ran', () => {
      for (const unread of [new Map([[10, null]]), new Map([[99, neverThrottled]]), new Map<number, null>()]) {
        const cause = without(hog, { outsideFrom_ns: 0, throttled: unread });
        expect(cause).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
        expect(cause.sentence).toContain(
          'had no CPU while `hog-0` ran there: pauselab could not read whether its cgroup had used up its CPU time (cpu.max)',
        );
        expect(cause.sentence).not.toContain('no lock is to blame');
      }
      const idle = without(0, { outsideFrom_ns: 0, throttled: new Map([[10, null]]) });
      expect(idle).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
    });

    test('had no CPU, where its stack would show a limit', () => {
      const more = { outsideFrom_ns: 0, throttled: new Map([[10, null]]), stacks: read(['exit_to_user_mode_loop']) };
      expect(without(hog, { ...more, showsThrottling: true })).toMatchObject({ grade: 'proven' });
      expect(without(hog, { ...more, showsThrottling: false })).toMatchObject({ grade: 'possible' });
    });

    test('was perhaps kept back, where its stack shows work that a limit shares with other causes', () => {
      const kept = (frames: readonly string[], is: boolean | null) =>
        without(hog, { throttled: new Map([[10, throttledIf(is)]]), showsThrottling: true, stacks: read(frames) });
      const cause = kept(['task_work_run'], null);
      expect(cause).toMatchObject({ cause: 'cpu-limit', grade: 'possible' });
      expect(cause.sentence).toContain('had no CPU, perhaps because its cgroup had used up its CPU time');
      expect(kept(['task_work_run'], true)).toMatchObject({ cause: 'cpu-limit', grade: 'likely' });
      expect(kept(['throttle_cfs_rq_work', 'task_work_run'], null)).toMatchObject({
        cause: 'cpu-limit',
        grade: 'likely',
      });
      expect(kept(['task_work_run'], false)).toMatchObject({ cause: 'not-scheduled', grade: 'proven' });
      // The kernel may count the time only after the last reading.
      expect(kept(['throttle_cfs_rq_work', 'task_work_run'], false)).toMatchObject({
        cause: 'cpu-limit',
        grade: 'likely',
      });
    });
  });

  test('perhaps lost its CPU to the hypervisor, where that took more than half of one', () => {
    const steal = (steal_share: number) => [{ start_ns: 900 * ms, end_ns: 1900 * ms, steal_share }];
    for (const other of [hog, 0]) {
      const cause = without(other, { outsideFrom_ns: 0, steal: steal(0.3) });
      expect(cause).toMatchObject({ cause: 'steal', grade: 'possible' });
      expect(cause.sentence).toContain(
        `while ${other === 0 ? '' : '`hog-0` ran there and '}the hypervisor took CPU time from this machine: 30 % of the CPU time`,
      );
    }
    expect(without(hog, { outsideFrom_ns: 0, steal: steal(0.2) })).toMatchObject({
      cause: 'not-scheduled',
      grade: 'proven',
    });
    const readings = (...shares: readonly number[]) =>
      shares.map((steal_share, n) => ({ start_ns: (1000 + 50 * n) * ms, end_ns: (1050 + 50 * n) * ms, steal_share }));
    const rest = Array.from({ length: 9 }, () => 0);
    // A CPU lost in one reading of ten does not explain the others.
    expect(without(hog, { outsideFrom_ns: 0, steal: readings(0.5, ...rest) })).toMatchObject({ grade: 'proven' });
    const half = readings(...Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? 0.6 : 0)));
    expect(without(hog, { outsideFrom_ns: 0, steal: half }).sentence).toContain(': 31 % of the CPU time');
    // Nothing is known of the rest of the wait.
    expect(without(hog, { outsideFrom_ns: 0, steal: readings(0.6) })).toMatchObject({ grade: 'proven' });
    const early = [{ start_ns: 0, end_ns: 1000 * ms, steal_share: 0.9 }];
    expect(without(hog, { outsideFrom_ns: 0, steal: early })).toMatchObject({ cause: 'not-scheduled' });
  });
});

/** CPU 0: the holder, preempted by a hog from 1010 to 1480; CPU 1: the writer, blocked from 1001 to 1490. */
const preemption = [
  switched(900, 0, hog, runnable, holder),
  switched(1010, 0, holder, runnable, hog),
  switched(1480, 0, hog, runnable, holder),
  switched(990, 1, 0, runnable, writer),
  switched(1001, 1, writer, uninterruptible, 0),
  waking(1490, holder, writer),
  switched(1492, 1, 0, runnable, writer),
];
const byTime = (events: readonly TraceEvent[]): TraceEvent[] => events.toSorted((a, b) => a.time_ns - b.time_ns);

describe('a trace proves', () => {
  test('who held mmap_lock for reading, and who had that one’s CPU', () => {
    const { cause, chain, causeWithoutTrace } = traced(
      byTime([
        ...preemption,
        acquired(950, holder, false),
        lock('lock-released', 1490, holder, false),
        lock('lock-start', 1000, writer, true),
        acquired(1493, writer, true),
        lock('lock-released', 1494, writer, true),
      ]),
    );
    expect(cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'proven',
      lock: 'mmap_lock read',
      thread: holderThread,
    });
    const link = chain.find((one) => one.cause === 'mmap-lock-reader');
    expect(link).toMatchObject({
      holder: { preempted_ns: 470 * ms, isExact: true },
      cpuTakenBy: [{ thread: hogThread, duration_ns: 470 * ms }],
    });
    expect(causeWithoutTrace?.cause).toBe('unknown');
  });

  test('who held it for writing', () => {
    expect(
      traced(
        byTime([
          ...preemption,
          acquired(950, holder, true),
          lock('lock-released', 1490, holder, true),
          lock('lock-start', 1000, writer, true),
          acquired(1493, writer, true),
        ]),
      ).cause,
    ).toMatchObject({ cause: 'mmap-lock-writer', grade: 'proven', thread: holderThread });
  });

  /**
   * The lock is given back at 1000.8, and the holder, first in the queue, is woken to take it; a hog has its CPU up to
   * 1480. The writer sleeps behind it.
   */
  const nextInQueue = (waker: number): TraceEvent[] => [
    switched(900, 0, hog, runnable, holder),
    lock('lock-start', 995, holder, true),
    switched(996, 0, holder, uninterruptible, hog),
    switched(990, 1, 0, runnable, writer),
    lock('lock-start', 1000, writer, true),
    switched(1000.5, 1, writer, uninterruptible, reader),
    acquired(950, reader, false),
    lock('lock-released', 1000.8, reader, false),
    waking(1000.9, waker, holder),
    switched(1480, 0, hog, runnable, holder),
    acquired(1485, holder, true),
    lock('lock-released', 1490, holder, true),
    waking(1490, holder, writer),
    switched(1492, 1, reader, runnable, writer),
    acquired(1493, writer, true),
  ];

  test('that it waits behind a writer that was woken for its turn and has no CPU, whoever takes the lock for a moment meanwhile', () => {
    const steals = Array.from({ length: 100 }, (_, i) => [
      acquired(1010 + 4 * i, reader, true),
      lock('lock-released', 1010.01 + 4 * i, reader, true),
    ]).flat();
    // Queued between the event of the lock's release and the release.
    const late = nextInQueue(reader).map((event) =>
      event.kind === 'lock-released' && event.tid === reader ? { ...event, time_ns: 994.9 * ms } : event,
    );
    for (const events of [nextInQueue(reader), [...nextInQueue(reader), ...steals], late]) {
      const { chain, cause } = traced(byTime(events));
      expect(cause).toMatchObject({
        cause: 'mmap-lock-writer',
        grade: 'proven',
        lock: 'mmap_lock write',
        thread: holderThread,
      });
      const [link] = chain.toSorted((a, b) => b.duration_ns - a.duration_ns);
      expect(link).toMatchObject({
        isNext: true,
        holder: { preempted_ns: 479.1 * ms, isExact: true },
        cpuTakenBy: [{ thread: hogThread }],
      });
      expect(link?.sentence).toMatch(
        /^writer\.mprotect waited 48\d ms in mmap_lock’s queue behind `holder` \(nice 19\), the writer whose turn it was, which was ready to run but had no CPU for 479 ms while `hog-0` ran there$/,
      );
    }
  });

  /**
   * A queued reader, the holder, is given the lock at 1000.9, when it is woken; a hog has its CPU up to 1480, and only
   * then it says so.
   */
  const wokenReader: readonly TraceEvent[] = [
    switched(900, 0, hog, runnable, holder),
    lock('lock-start', 995, holder, false),
    switched(996, 0, holder, uninterruptible, hog),
    switched(990, 1, 0, runnable, reader),
    acquired(991, reader, true),
    lock('lock-released', 1000.8, reader, true),
    waking(1000.9, reader, holder),
    switched(1000.95, 1, reader, runnable, writer),
    lock('lock-start', 1001, writer, true),
    switched(1001.5, 1, writer, uninterruptible, 0),
  ];

  test('that a reader has the lock from when it is woken, and not from when it gets a CPU and says so', () => {
    const ended = [
      switched(1480, 0, hog, runnable, holder),
      acquired(1481, holder, false),
      lock('lock-released', 1490, holder, false),
      waking(1490, holder, writer),
      switched(1492, 1, 0, runnable, writer),
      acquired(1493, writer, true),
    ];
    const { chain, cause } = traced(byTime([...wokenReader, ...ended]));
    expect(cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'proven',
      lock: 'mmap_lock read',
      thread: holderThread,
    });
    expect(chain.find((link) => link.cause === 'mmap-lock-reader')).toMatchObject({
      isNext: false,
      holder: { preempted_ns: 478.5 * ms, isExact: true },
    });
  });

  /** It is woken after it decided to sleep and before its switch, as Linux's try_to_wake_up does on another CPU. */
  const early = (events: readonly TraceEvent[], sleep_ms: number): TraceEvent[] =>
    byTime(
      events.map((event) =>
        event.kind === 'switch' && event.previous === holder && event.time_ns === sleep_ms * ms
          ? { ...event, time_ns: 1000.904 * ms }
          : event,
      ),
    );

  test('that a thread that is woken between its decision to sleep and its switch does not sleep', () => {
    const { chain, cause } = traced(
      early(
        [
          ...wokenReader,
          switched(1480, 0, hog, runnable, holder),
          acquired(1481, holder, false),
          lock('lock-released', 1490, holder, false),
          waking(1490, holder, writer),
          switched(1492, 1, 0, runnable, writer),
          acquired(1493, writer, true),
        ],
        996,
      ),
    );
    expect(cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'proven',
      lock: 'mmap_lock read',
      thread: holderThread,
    });
    expect(chain.find((link) => link.cause === 'mmap-lock-reader')).toMatchObject({
      holder: { preempted_ns: 478.5 * ms, blocked_ns: 0, isExact: true },
    });
    expect(traced(early(nextInQueue(reader), 996)).cause).toMatchObject({
      cause: 'mmap-lock-writer',
      grade: 'proven',
      thread: holderThread,
    });
  });

  test('that a thread that does something after it was woken sleeps when it is switched out', () => {
    // It went on and took another lock; its sleep is a later one, and for that lock it still waits.
    const went = byTime([
      ...early(
        [...wokenReader, acquired(1000.902, holder, false), lock('lock-released', 1000.903, holder, false)],
        996,
      ),
      lock('lock-start', 1000.9031, holder, false),
    ]);
    expect(traced(went, victimOf(), 1400 * ms).cause).toMatchObject({ cause: 'unknown' });
  });

  test('that a woken reader has it to the end of a trace in which it never gets a CPU', () => {
    expect(traced(byTime(wokenReader), victimOf(), 1400 * ms).cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'proven',
      thread: holderThread,
    });
  });

  test('who has the lock from outside the workload, by its name; what it did meanwhile only where all of it was traced', () => {
    const agent = 99;
    const events = byTime([
      ...[
        switched(900, 0, hog, runnable, agent),
        switched(1010, 0, agent, runnable, hog),
        switched(1480, 0, hog, runnable, agent),
      ].map((event) =>
        event.kind === 'switch'
          ? {
              ...event,
              previousName: event.previous === agent ? 'agent' : 'hog',
              nextName: event.next === agent ? 'agent' : 'hog',
            }
          : event,
      ),
      acquired(950, agent, true),
      lock('lock-released', 1490, agent, true),
      waking(1490, agent, writer),
      switched(990, 1, 0, runnable, writer),
      lock('lock-start', 1000, writer, true),
      switched(1001, 1, writer, uninterruptible, 0),
      switched(1492, 1, 0, runnable, writer),
      acquired(1493, writer, true),
    ]);
    const { cause, chain } = traced(events, victimOf(), covered.end_ns, { outsideFrom_ns: 0 });
    expect(cause).toMatchObject({
      cause: 'mmap-lock-writer',
      grade: 'proven',
      thread: { name: 'agent', tid: agent, role: 'outside' },
    });
    expect(chain.find((link) => link.cause === 'mmap-lock-writer')).toMatchObject({
      holder: { preempted_ns: 470 * ms, isExact: true },
      cpuTakenBy: [{ thread: hogThread }],
    });
    expect(cause.sentence).toMatch(
      /held for writing by `agent`, a thread outside this process, which was ready to run but had no CPU for 470 ms/,
    );
    expect(traced(events).chain.find((link) => link.cause === 'mmap-lock-writer')).toMatchObject({
      holder: null,
      cpuTakenBy: [],
    });
  });

  test('no turn of a writer that was woken by somebody who did not have the lock', () => {
    expect(traced(byTime(nextInQueue(hog))).cause).toMatchObject({ cause: 'unknown', grade: 'possible' });
  });

  test('a pause of the JVM: its log says so, and its VM thread ends the sleep', () => {
    const vmThread: BlamedThread = { name: 'VM Thread', tid: 15, role: 'other', nice: null };
    const asleep = preemption.map((event) =>
      event.kind === 'switch' && event.previous === writer ? { ...event, previousState: interruptible } : event,
    );
    const pause = { name: 'gc.pause', label: 'Pause Young', start_ns: 1000 * ms, duration_ns: 489 * ms, tid: null };
    const woken = (tid: number): TraceEvent[] =>
      byTime(asleep.map((event) => (event.kind === 'waking' ? { ...event, tid } : event)));
    const victim = victimOf({ lock: 'none' });
    expect(traced(woken(15), victim, covered.end_ns, { threads: [vmThread], events: [pause] }).cause).toMatchObject({
      cause: 'gc-pause',
      grade: 'proven',
    });
    expect(traced(woken(hog), victim, covered.end_ns, { threads: [vmThread], events: [pause] }).cause).toMatchObject({
      cause: 'gc-pause',
      grade: 'likely',
    });
  });

  test('who did the last part of a pause’s work: the one who wakes the VM thread, and nobody who was late beside it', () => {
    const [vm, early, last] = [
      { name: 'VM Thread', tid: 15 },
      { name: 'GC Thread#0', tid: 16 },
      { name: 'GC Thread#1', tid: 17 },
    ].map((one): BlamedThread => ({ ...one, role: 'other', nice: null }));
    const [vmTid, earlyTid, lastTid] = [15, 16, 17];
    const pause = { name: 'gc.pause', label: 'Pause Young', start_ns: 1000 * ms, duration_ns: 489 * ms, tid: null };
    const work = (waker: number): TraceEvent[] =>
      byTime([
        ...preemption.flatMap((event): TraceEvent[] => {
          if (event.kind === 'waking') return [{ ...event, tid: vmTid }];
          if (event.kind === 'switch' && event.previous === writer) return [{ ...event, previousState: interruptible }];
          return [event];
        }),
        switched(1005, 2, vmTid, interruptible, 0),
        waking(1485, waker, vmTid),
        switched(1486, 2, 0, runnable, vmTid),
        switched(1004, 3, earlyTid, runnable, 98),
        switched(1400, 3, 98, runnable, earlyTid),
        switched(1401, 3, earlyTid, interruptible, 0),
        switched(995, 4, lastTid, interruptible, 99),
        waking(1250, earlyTid, lastTid),
        switched(1484, 4, 99, runnable, lastTid),
      ]);
    const chainOf = (waker: number) =>
      traced(work(waker), victimOf({ lock: 'none' }), covered.end_ns, {
        threads: [vm, early, last].flatMap((one) => one ?? []),
        tids: [vmTid, earlyTid, lastTid],
        events: [pause],
      })
        .chain.filter(({ cause }) => cause === 'not-scheduled')
        .map(({ thread, grade, start_ns, end_ns }) => [thread?.name, grade, start_ns / ms, end_ns / ms]);
    // The victim itself has no CPU at the end, and nobody was seen on it.
    const end = [undefined, 'possible', 1490, 1492];
    expect(chainOf(lastTid)).toEqual([
      ['GC Thread#0', 'possible', 1004, 1250],
      ['GC Thread#1', 'likely', 1250, 1484],
      end,
    ]);
    expect(chainOf(earlyTid)).toEqual([
      ['GC Thread#0', 'likely', 1005, 1400],
      ['GC Thread#1', 'possible', 1400, 1484],
      end,
    ]);
    // A thread of another program does no work of a pause: which was late for longest is taken.
    expect(chainOf(hog)).toEqual([['GC Thread#0', 'likely', 1004, 1400], ['GC Thread#1', 'likely', 1400, 1484], end]);
  });

  test('that a writer with the lock in hand waits for a VMA’s reader, the one who wakes it', () => {
    expect(
      traced(
        byTime([
          ...preemption,
          lock('lock-start', 1000, writer, true),
          acquired(1000.5, writer, true),
          lock('lock-released', 1495, writer, true),
        ]),
      ).cause,
    ).toMatchObject({ cause: 'vma-lock', grade: 'proven', lock: 'vma', thread: holderThread });
  });

  test('that who waits for such a writer waits for the same reader', () => {
    const other = victimOf({ thread: readerThread, lock: 'mmap_lock read', slow: [] });
    const events = byTime([
      ...preemption,
      acquired(1000.5, writer, true),
      lock('lock-released', 1495, writer, true),
      switched(1001.5, 1, reader, uninterruptible, 0),
      lock('lock-start', 1001, reader, false),
      acquired(1496, reader, false),
      waking(1495, writer, reader),
    ]);
    const { chain, cause } = traced(events, other);
    expect(cause).toMatchObject({ cause: 'vma-lock', lock: 'mmap_lock write', thread: holderThread, grade: 'proven' });
    expect(chain.find((link) => link.cause === 'vma-lock')?.via).toEqual([writerThread]);
  });

  test('who had the mutex: the one who wakes the sleeper', ({ skip }) => {
    skip(systemCallNumber('futex') === null, 'numbers of system calls are known on x86-64 only');
    const futex = systemCallNumber('futex') ?? 0;
    const victim = victimOf({ operation: 'malloc_8k', lock: 'none', allocates: true });
    const events = byTime([
      ...preemption.map((event) =>
        event.kind === 'switch' && event.previous === writer ? { ...event, previousState: interruptible } : event,
      ),
      { kind: 'enter', time_ns: 1000.9 * ms, cpu: 1, tid: writer, call: futex },
      { kind: 'exit', time_ns: 1493 * ms, cpu: 1, tid: writer, call: futex },
    ]);
    expect(traced(events, victim).cause).toMatchObject({
      cause: 'allocator-mutex',
      grade: 'proven',
      thread: holderThread,
    });
    expect(traced(events).cause.cause).toBe('unknown');
  });
});

describe('where a trace does not tell, what is said without it stands, with its grade', () => {
  const waits = [...preemption, lock('lock-start', 1000, writer, true), acquired(1493, writer, true)];
  const known = { holders: [holderOf()] };

  test('of a lock that nobody was seen holding', () => {
    const { cause, causeWithoutTrace } = traced(byTime(waits), victimOf(), covered.end_ns, known);
    expect(cause).toMatchObject({ cause: 'mmap-lock-reader', grade: 'likely', thread: holderThread });
    expect(causeWithoutTrace).toMatchObject({ cause: 'mmap-lock-reader', grade: 'likely' });
    expect(traced(byTime(waits)).cause.cause).toBe('unknown');
  });

  test('of a victim of which the trace has no event', () => {
    const others = preemption.filter(
      (event) =>
        event.tid !== writer &&
        !('woken' in event && event.woken === writer) &&
        !('next' in event && event.next === writer),
    );
    expect(traced(byTime(others), victimOf(), covered.end_ns, known).cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'likely',
      thread: holderThread,
    });
  });

  test('on a kernel without the events of mmap_lock', () => {
    expect(
      traced(byTime(preemption), victimOf(), covered.end_ns, {
        ...known,
        missingEvents: ['mmap_lock/mmap_lock_start_locking'],
      }).cause,
    ).toMatchObject({ cause: 'mmap-lock-reader', grade: 'likely' });
  });

  test('but not what the trace rules out: a wait for another lock, and a holder that waited itself', () => {
    expect(traced(byTime(preemption), victimOf(), covered.end_ns, known).cause.cause).toBe('unknown');
    const queued = [lock('lock-start', 980, holder, false), switched(985, 0, holder, uninterruptible, hog)];
    expect(
      traced(
        byTime(
          [...waits, ...queued].filter(
            (event) => !('next' in event && event.next === holder && event.time_ns > 950 * ms),
          ),
        ),
        victimOf(),
        covered.end_ns,
        known,
      ).cause.cause,
    ).toBe('unknown');
  });
});

describe('a thread that runs all the time, by the trace', () => {
  const running = [switched(900, 1, 0, runnable, writer), switched(1600, 1, writer, interruptible, 0)];
  const seen = (state: 'R' | 'h', steal_share: number) => {
    const model = traceModel(running, covered);
    return attributed(
      evidenceOf(
        [
          timelineOf(11, [
            [0, 'S'],
            [900, state],
            [1601, 'S'],
          ]),
        ],
        {
          steal: [{ start_ns: 0, end_ns: 2000 * ms, steal_share }],
          trace: { model, coveredFrom_ns: 0, coveredTo_ns: covered.end_ns, lost_n: 0, missingEvents: [], stacks: [] },
        },
      ),
    ).cause;
  };

  test('ran; but one whose counters stand still had its CPU taken by the hypervisor, which no event shows', () => {
    expect(seen('R', 0)).toMatchObject({ cause: 'running', grade: 'proven' });
    expect(seen('R', 0.4)).toMatchObject({ cause: 'running', grade: 'possible' });
    expect(seen('h', 0)).toMatchObject({ cause: 'running', grade: 'proven' });
    expect(seen('h', 0.4)).toMatchObject({ cause: 'steal', grade: 'likely' });
  });
});

describe('a wait for another lock of the kernel', () => {
  const contended = (at: number, kind: { isRead: boolean; isWrite: boolean }, address = 0xffff_0000n): TraceEvent => ({
    kind: 'contended',
    time_ns: at * ms,
    cpu: 1,
    tid: writer,
    lock: address,
    ...kind,
  });
  const ended = (at: number, address = 0xffff_0000n): TraceEvent => ({
    kind: 'contention-end',
    time_ns: at * ms,
    cpu: 1,
    tid: writer,
    lock: address,
  });
  const withLock = [
    ...preemption,
    lock('lock-start', 1000, writer, true),
    acquired(1000.5, writer, true),
    lock('lock-released', 1495, writer, true),
  ];
  const [mutex, reading, writing] = [
    { isRead: false, isWrite: false },
    { isRead: true, isWrite: false },
    { isRead: false, isWrite: true },
  ];

  test('for a mutex, or for reading, is none for a VMA, though mmap_lock is held meanwhile', () => {
    for (const kind of [mutex, reading])
      expect(traced(byTime([...withLock, contended(1000.9, kind), ended(1493)])).cause).toMatchObject({
        cause: 'unknown',
        grade: 'possible',
      });
    expect(traced(byTime([...withLock, contended(1000.9, mutex), ended(1493)])).cause.sentence).toMatch(
      /blocked in the kernel, and not for mmap_lock but for a mutex of the kernel, until `holder` woke it$/,
    );
  });

  test('for writing is that for a VMA where its lock is such a one (Linux 6.4 to 6.14); one that has ended is no reason', () => {
    expect(traced(byTime([...withLock, contended(1000.9, writing), ended(1493)])).cause).toMatchObject({
      cause: 'vma-lock',
      grade: 'proven',
      thread: holderThread,
    });
    expect(traced(byTime([...withLock, contended(1000.9, mutex), ended(1001)])).cause).toMatchObject({
      cause: 'vma-lock',
      grade: 'proven',
    });
  });

  test('inside the address space itself is mmap_lock, and not another one', () => {
    const events = [
      ...preemption,
      acquired(950, holder, false),
      lock('lock-released', 1490, holder, false),
      lock('lock-start', 1000, writer, true),
      contended(1000.5, writing, 0x120n),
      ended(1492.5, 0x120n),
      acquired(1493, writer, true),
    ];
    expect(traceModel(byTime(events), covered).otherWaits.size).toBe(0);
    expect(traced(byTime(events)).cause).toMatchObject({ cause: 'mmap-lock-reader', grade: 'proven' });
  });
});

test('a stall that the trace does not cover is told without it, and that is said', () => {
  const { cause, causeWithoutTrace, evidence } = traced(byTime(preemption), victimOf(), 1100 * ms);
  expect(cause.grade).not.toBe('proven');
  expect(causeWithoutTrace).toBeNull();
  expect(evidence.missing).toContainEqual({
    code: 'trace-gap',
    lost_n: 3,
    sentence: 'the trace does not cover this stall: 3 events were lost',
  });
});
