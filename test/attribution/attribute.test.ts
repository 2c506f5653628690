/** Each cause from what a sampler and the board would have seen of it; and what is never blamed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvidence } from '../../src/attribution/evidence.js';
import { causes } from '../../src/facts/blame.js';
import type { BlamedThread } from '../../src/bundle/stalls-schema.js';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import { noSystemCall } from '../../src/record/samples.js';
import {
  attributed,
  blocked,
  callOf,
  evidenceOf,
  holderOf,
  holderThread,
  ms,
  preempted,
  reader,
  readerThread,
  timelineOf,
  victimOf,
  writerThread,
  type Seen,
} from './fake-evidence.js';

const noNumbers = 'numbers of system calls are known on x86-64 only';
const asleep: Seen = [[0, 'S']];
const atWork = [timelineOf(12, preempted)];
const writerBlocked = timelineOf(11, blocked);
const both = [writerBlocked, timelineOf(13, blocked), ...atWork];

describe('a victim blocked in the kernel', () => {
  test('waits for mmap_lock held by a reader, and who that is, what it did and how long it was off its CPU is said', () => {
    const { cause, chain } = attributed(evidenceOf([writerBlocked, ...atWork], { holders: [holderOf()] }));
    expect(cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'likely',
      lock: 'mmap_lock read',
      thread: holderThread,
      duration_ns: 500 * ms,
    });
    expect(cause.sentence).toBe(
      'writer.mprotect waited 500 ms for mmap_lock, held for reading by `holder` (madvise_free across VMAs, nice 19), which was ready to run but had no CPU for at most 500 ms',
    );
    expect(chain).toHaveLength(1);
  });

  test('that reads waits behind the writer in the queue', () => {
    const { cause, chain } = attributed(evidenceOf(both, { holders: [holderOf()] }), reader, 1001);
    expect(cause).toMatchObject({ cause: 'mmap-lock-reader', grade: 'likely' });
    expect(chain[0]).toMatchObject({ via: [writerThread] });
    expect(cause.sentence).toContain(
      'behind `writer.mprotect` in the queue of mmap_lock, held for reading by `holder`',
    );
  });

  test('that reads, without a writer in the queue, is only possibly held up by a reader', () => {
    expect(attributed(evidenceOf(both, { holders: [holderOf()], victims: [reader] }), reader, 1001).cause.grade).toBe(
      'possible',
    );
  });

  test('waits for mmap_lock held by a writer', () => {
    const holder = holderOf({ operation: 'mprotect_region', lock: 'mmap_lock write', crossingLock: 'mmap_lock write' });
    expect(attributed(evidenceOf([writerBlocked, ...atWork], { holders: [holder] })).cause).toMatchObject({
      cause: 'mmap-lock-writer',
      grade: 'likely',
      lock: 'mmap_lock write',
      thread: holderThread,
    });
  });

  describe('of whom one changes the VMA that is given back', () => {
    const near = victimOf({ layout: 'same' });
    const holders = [holderOf({ calls: [callOf(980, 1500)] })];

    test('waits for that VMA’s readers', () => {
      expect(attributed(evidenceOf(both, { holders, victims: [near, reader] }), near).cause).toMatchObject({
        cause: 'vma-lock',
        grade: 'likely',
        lock: 'vma',
        thread: holderThread,
      });
    });

    test('holds up the others, who wait for mmap_lock that it has', () => {
      const { cause, chain } = attributed(evidenceOf(both, { holders, victims: [near, reader] }), reader, 1001);
      expect(cause).toMatchObject({ cause: 'vma-lock', lock: 'mmap_lock write', thread: holderThread });
      expect(chain[0]?.via).toEqual([writerThread]);
    });

    test('is not to blame when one that needs another VMA waited first: the call had mmap_lock', () => {
      const far = victimOf({
        thread: { ...readerThread, name: 'bystander.mmap_munmap' },
        slow: [{ start_ns: 999 * ms, duration_ns: 501 * ms }],
      });
      expect(attributed(evidenceOf(both, { holders, victims: [near, far] }), near).cause).toMatchObject({
        cause: 'mmap-lock-reader',
        grade: 'possible',
      });
    });

    test('is perhaps a thread that allocates and waited first: its heap may lie in that VMA', () => {
      const heap = victimOf({ allocates: true, lock: 'none' });
      const seen = evidenceOf(both, { holders, victims: [heap, reader] });
      expect(attributed(seen, heap).cause).toMatchObject({ cause: 'vma-lock', grade: 'possible', lock: 'vma' });
      const { cause, chain } = attributed(seen, reader, 1001);
      expect(cause).toMatchObject({ cause: 'vma-lock', grade: 'possible', lock: 'mmap_lock write' });
      expect(chain[0]?.via).toEqual([writerThread]);
      const far = victimOf({ thread: readerThread, slow: [{ start_ns: 999 * ms, duration_ns: 501 * ms }] });
      expect(attributed(evidenceOf(both, { holders, victims: [heap, far] }), heap).cause).toMatchObject({
        cause: 'mmap-lock-reader',
        grade: 'possible',
      });
    });

    test('and without such a writer the VMA’s lock keeps nobody waiting', () => {
      expect(attributed(evidenceOf(both, { holders })).cause).toMatchObject({
        cause: 'mmap-lock-reader',
        grade: 'possible',
      });
    });
  });

  test('waits for nobody known beside a holder in another process', () => {
    expect(
      attributed(evidenceOf([writerBlocked, ...atWork], { holders: [holderOf({ concernsVictims: false })] })).cause,
    ).toMatchObject({ cause: 'unknown', thread: null });
  });

  test('is not blamed on a holder that was blocked itself: at most possibly, and a thread outside the process may hold the lock', () => {
    const queued = evidenceOf(
      [
        writerBlocked,
        timelineOf(12, [
          [0, 'S'],
          [980, 'D'],
          [1500, 'S'],
        ]),
      ],
      { holders: [holderOf()] },
    );
    const { cause, chain } = attributed(queued);
    expect(cause).toMatchObject({ cause: 'mmap-lock-reader', grade: 'possible', thread: holderThread });
    expect(chain[0]).toMatchObject({ holderWaited: true });
    expect(cause.sentence).toBe(
      'writer.mprotect waited 500 ms perhaps for mmap_lock, held for reading by `holder` (madvise_free across VMAs, nice 19), which was blocked itself (state D): a thread outside this process may hold the lock',
    );
  });

  test('is blamed on a holder for the time after it was blocked itself', () => {
    const { chain } = attributed(
      evidenceOf(
        [
          writerBlocked,
          timelineOf(12, [
            [0, 'S'],
            [980, 'D'],
            [1200, 'r'],
            [1500, 'S'],
          ]),
        ],
        { holders: [holderOf()] },
      ),
    );
    expect(chain.map(({ grade, holderWaited }) => [grade, holderWaited])).toEqual([
      ['possible', true],
      ['likely', false],
    ]);
  });

  test('is blamed all the same where threads of their own make the holder’s calls', () => {
    expect(
      attributed(evidenceOf([writerBlocked, timelineOf(12, blocked)], { holders: [holderOf({ isOneThread: false })] }))
        .cause.grade,
    ).toBe('likely');
  });

  describe('beside a victim that is in a call of its own', () => {
    const walker = victimOf({
      thread: { ...readerThread, name: 'reader.proc_smaps' },
      operation: 'proc_smaps',
      lock: 'mmap_lock read',
      walksMemory: true,
      slow: [{ start_ns: 980 * ms, duration_ns: 520 * ms }],
    });
    const beside = (other: typeof walker, seen: Seen) =>
      attributed(evidenceOf([writerBlocked, timelineOf(13, seen)], { victims: [victimOf(), other] })).cause;

    test('waits for it, if it walks memory and is off its CPU', () => {
      expect(beside(walker, preempted)).toMatchObject({
        cause: 'mmap-lock-reader',
        grade: 'likely',
        lock: 'mmap_lock read',
        thread: walker.thread,
      });
      expect(beside(walker, preempted).sentence).toBe(
        'writer.mprotect waited 500 ms for mmap_lock, held for reading by `reader.proc_smaps` (proc_smaps, nice 0), which was ready to run but had no CPU for at most 500 ms',
      );
    });

    test('possibly, if it is not known whether it has the lock', () => {
      expect(beside({ ...walker, walksMemory: false }, preempted).grade).toBe('possible');
    });

    test('not, if it is blocked itself, in another process, or takes no lock', () => {
      expect(beside(walker, blocked).cause).toBe('unknown');
      expect(beside({ ...walker, pid: 99 }, preempted).cause).toBe('unknown');
      expect(beside({ ...walker, lock: 'none' }, preempted).cause).toBe('unknown');
    });

    test('and not instead of a holder', () => {
      expect(
        attributed(
          evidenceOf([writerBlocked, timelineOf(13, preempted), ...atWork], {
            holders: [holderOf()],
            victims: [victimOf(), walker],
          }),
        ).cause.thread,
      ).toEqual(holderThread);
    });
  });

  test('is not the lock’s victim in an operation that takes none', () => {
    expect(
      attributed(evidenceOf([writerBlocked, ...atWork], { holders: [holderOf()] }), victimOf({ lock: 'none' })).cause
        .cause,
    ).toBe('unknown');
  });

  test('in a JVM waits for the thread that gives heap back and is kept off its CPU', () => {
    const service = {
      thread: { name: 'G1 Service', tid: 12, role: 'other' as const, nice: 19 },
      pid: 10,
      call: 'mmap.NONE',
      lock: 'mmap_lock write' as const,
      isCallSure: false,
      keepsMutex: false,
    };
    const uncommit = { name: 'gc.uncommit', label: 'uncommit', start_ns: 995 * ms, duration_ns: 500 * ms };
    for (const more of [{ events: [uncommit] }, { named: [{ ...service, isCallSure: true }] }]) {
      const { cause, chain } = attributed(evidenceOf([writerBlocked, ...atWork], { named: [service], ...more }));
      expect(cause).toMatchObject({ cause: 'mmap-lock-writer', grade: 'likely', thread: service.thread });
      expect(chain[0]?.call).toBe('mmap.NONE');
    }
    // By its name alone: it does other work too, so neither its call nor the mode of its lock is known.
    const { cause, chain } = attributed(evidenceOf([writerBlocked, ...atWork], { named: [service] }));
    expect(cause).toMatchObject({
      cause: 'mmap-lock-holder',
      grade: 'possible',
      lock: 'mmap_lock',
      thread: service.thread,
    });
    expect(cause.sentence).toBe(
      'writer.mprotect waited 500 ms for mmap_lock, perhaps held by `G1 Service` (nice 19), which was ready to run but had no CPU for at most 500 ms',
    );
    expect(chain[0]?.call).toBeNull();
    expect(attributed(evidenceOf([writerBlocked, timelineOf(12, asleep)], { named: [service] })).cause.cause).toBe(
      'unknown',
    );
  });

  describe('and nobody of the workload fits: a thread of the kernel', () => {
    const khugepaged = { name: 'khugepaged', tid: 38, role: 'outside' as const, nice: 19 };
    const starved: Seen = [
      [0, 'S'],
      [1000, 'r'],
      [1501, 'S'],
    ];
    const beside = (seen: Seen, more: Partial<RunEvidence> = {}) =>
      attributed(evidenceOf([writerBlocked, timelineOf(38, seen, 38)], { ofKernel: [khugepaged], ...more }));

    test('may have the lock, if it had no CPU meanwhile', () => {
      const { cause, evidence } = beside(starved);
      expect(cause).toMatchObject({ cause: 'mmap-lock-holder', grade: 'possible', thread: khugepaged });
      expect(cause.sentence).toBe(
        'writer.mprotect waited 500 ms for mmap_lock, perhaps held by `khugepaged`, a thread of the kernel (nice 19) that makes huge pages of small ones, which was ready to run but had no CPU for at most 500 ms',
      );
      expect(evidence.threads.map(({ thread }) => thread.name)).toContain('khugepaged');
    });

    test('does not, if it slept or ran', () => {
      expect(beside(asleep).cause.cause).toBe('unknown');
      expect(beside([[0, 'R']]).cause.cause).toBe('unknown');
    });

    test('does not, if a holder was in its call', () => {
      expect(beside(starved, { holders: [holderOf()] }).cause.thread).toEqual(holderThread);
    });
  });
});

describe('a victim that is not blocked is never one of mmap_lock', () => {
  const holders = [holderOf()];
  test.each<[string, Seen, object, string]>([
    [
      'stopped by a signal',
      [
        [0, 'S'],
        [1000, 'T'],
        [1501, 'S'],
      ],
      {},
      'stopped',
    ],
    [
      'in the run queue',
      [
        [0, 'S'],
        [990, 'r'],
        [1501, 'S'],
      ],
      {},
      'not-scheduled',
    ],
    [
      'on a CPU',
      [
        [0, 'S'],
        [990, 'R'],
        [1501, 'S'],
      ],
      {},
      'running',
    ],
    ['asleep', asleep, {}, 'unknown'],
    [
      'not looked at',
      [
        [0, 'S'],
        [990, '?'],
        [1501, 'D'],
      ],
      {},
      'unknown',
    ],
    [
      'robbed of its CPU',
      [
        [0, 'S'],
        [990, 'r'],
        [1501, 'S'],
      ],
      { steal: [{ start_ns: 0, end_ns: 2000 * ms, steal_share: 0.4 }] },
      'steal',
    ],
  ])('%s', (_, seen, more, cause) => {
    const { chain, ...stall } = attributed(evidenceOf([timelineOf(11, seen), ...atWork], { holders, ...more }));
    expect(stall.cause.cause).toBe(cause);
    expect(
      chain
        .filter((link) => link.cause.startsWith('mmap-lock') || link.cause === 'vma-lock')
        .map(({ duration_ns }) => duration_ns),
    ).toEqual([]);
  });

  test.each([
    ['whose counters stand still while the machine lost as much', 'h', 0.4, { cause: 'steal', grade: 'likely' }],
    ['whose counters stand still and nothing was stolen', 'h', 0, { cause: 'not-scheduled' }],
    ['whose counters stand still while little was stolen', 'h', 0.05, { cause: 'not-scheduled' }],
    [
      'in its queue while much was stolen: its CPU may have been taken, or others had it',
      'r',
      0.4,
      { cause: 'steal', grade: 'possible' },
    ],
    [
      'whose CPU time grows while much was stolen: not every kernel leaves stolen time out',
      'R',
      0.4,
      { cause: 'running', grade: 'possible' },
    ],
    ['whose CPU time grows', 'R', 0, { cause: 'running', grade: 'likely' }],
  ] as const)('a thread in state R %s', (_, seen, steal_share, cause) => {
    const steal = [{ start_ns: 0, end_ns: 2000 * ms, steal_share }];
    expect(
      attributed(
        evidenceOf(
          [
            timelineOf(11, [
              [0, 'S'],
              [990, seen],
              [1501, 'S'],
            ]),
            ...atWork,
          ],
          { holders, steal },
        ),
      ).cause,
    ).toMatchObject(cause);
  });

  test('where nobody looked, counters that stand still say that it was one wait', () => {
    const { chain } = attributed(
      evidenceOf(
        [
          timelineOf(11, [
            [0, 'S'],
            [1000, 'D'],
            [1100, '?'],
            [1300, 'D'],
            [1501, 'S'],
          ]),
          ...atWork,
        ],
        { holders },
      ),
    );
    expect(chain).toMatchObject([{ cause: 'mmap-lock-reader' }]);
  });
});

describe('a victim that allocates, asleep', () => {
  const victim = victimOf({ operation: 'malloc_8k', lock: 'none', allocates: true });
  const holders = [holderOf({ operation: 'malloc_trim', keepsMutex: true, calls: [callOf(980, 1500)] })];

  test('waits for the allocator’s mutex that a trimming thread has', () => {
    const { cause } = attributed(evidenceOf([timelineOf(11, asleep), ...atWork], { holders }), victim);
    expect(cause).toMatchObject({ cause: 'allocator-mutex', grade: 'likely', lock: 'futex', thread: holderThread });
  });

  test('for somebody’s, possibly, where nobody was seen with it', () => {
    expect(attributed(evidenceOf([timelineOf(11, asleep)]), victim).cause).toMatchObject({
      cause: 'allocator-mutex',
      grade: 'possible',
      thread: null,
    });
  });

  test('but not in another system call than futex', ({ skip }) => {
    skip(systemCallNumber('nanosleep') === null, noNumbers);
    const nanosleep = systemCallNumber('nanosleep') ?? 0;
    expect(
      attributed(evidenceOf([timelineOf(11, [[0, 'S', nanosleep]]), ...atWork], { holders }), victim).cause.cause,
    ).toBe('unknown');
  });

  test('and not while the JVM had stopped it', () => {
    const events = [
      { name: 'gc.pause', label: 'Pause Young', start_ns: 1100 * ms, duration_ns: 200 * ms },
      { name: 'safepoint.total', label: 'G1Collect', start_ns: 1050 * ms, duration_ns: 300 * ms },
    ];
    const { chain } = attributed(evidenceOf([timelineOf(11, asleep), ...atWork], { holders, events }), victim);
    expect(chain.map((link) => [link.cause, link.duration_ns / ms])).toEqual([
      ['allocator-mutex', 50],
      ['safepoint', 50],
      ['gc-pause', 200],
      ['safepoint', 50],
      ['allocator-mutex', 150],
    ]);
  });
});

describe('a safepoint is a symptom', () => {
  const victim = victimOf({
    thread: { ...writerThread, name: 'app.heap_allocation' },
    operation: 'heap_allocation',
    lock: 'none',
    touchesMemory: true,
    sleepsItself: true,
  });
  const other = (name: string, tid: number, nice: number | null = null): BlamedThread => ({
    name,
    tid,
    role: 'other',
    nice,
  });
  const [service, main, compiler] = [other('G1 Service', 21, 19), other('main', 22), other('C2 CompilerThre', 23)];
  const event = (name: string, from: number, to: number) => ({
    name,
    label: 'G1CollectForAllocation',
    start_ns: from * ms,
    duration_ns: (to - from) * ms,
  });
  const events = [
    event('safepoint.total', 1000, 1500),
    event('safepoint.reach', 1000, 1490),
    event('gc.pause', 1490, 1500),
  ];
  const uncommit = event('gc.uncommit', 995, 1490);
  const named = [
    {
      ...{ thread: service, pid: 10, call: 'mmap.NONE', lock: 'mmap_lock write' as const },
      ...{ isCallSure: false, keepsMutex: false },
    },
  ];
  const of = (seen: readonly [BlamedThread, Seen][], more = events) => {
    const threads = new Map([writerThread, ...seen.map(([thread]) => thread)].map((one) => [one.tid, one]));
    return attributed(
      evidenceOf([timelineOf(11, asleep), ...seen.map(([thread, what]) => timelineOf(thread.tid, what))], {
        threads,
        events: more,
        named,
        victims: [victim],
      }),
      victim,
    );
  };

  test('of a thread that reached it late, which was blocked by the holder of the lock', () => {
    const { cause, chain } = of(
      [
        [service, preempted],
        [
          main,
          [
            [0, 'S'],
            [1000, 'D', noSystemCall],
            [1491, 'S'],
          ],
        ],
      ],
      [...events, uncommit],
    );
    expect(cause).toMatchObject({ cause: 'mmap-lock-writer', grade: 'likely', thread: service });
    expect(chain[0]?.steps).toMatchObject([
      { step: 'safepoint', duration_ns: 500 * ms },
      { step: 'time-to-safepoint', duration_ns: 490 * ms },
      { step: 'late-thread', thread: main, activity: 'blocked' },
      { step: 'page-fault', thread: main },
    ]);
    expect(cause.sentence).toMatch(
      /^app\.heap_allocation was stopped for 49\d ms by a safepoint of the JVM \(G1CollectForAllocation\), which a thread reached late: `main`, in a page fault, waited 49\d ms for mmap_lock, held for writing by `G1 Service` \(mmap\.NONE, nice 19\), which was ready to run but had no CPU/,
    );
    expect(chain.at(-1)).toMatchObject({ cause: 'gc-pause', thread: null });
  });

  test('of a thread that had no CPU: that thread is to blame', () => {
    const { cause, chain } = of(
      [
        [service, preempted],
        [compiler, preempted],
      ],
      [...events, uncommit],
    );
    expect(cause).toMatchObject({ cause: 'not-scheduled', grade: 'likely', thread: service });
    expect(chain[0]).toMatchObject({
      call: 'mmap.NONE',
      steps: [
        { step: 'safepoint' },
        { step: 'time-to-safepoint' },
        { step: 'late-thread', thread: service, activity: 'runnable' },
      ],
    });
    expect(cause.sentence).toMatch(
      /which a thread reached late: `G1 Service` \(mmap\.NONE, nice 19\) was ready to run for 49\d ms and had no CPU$/,
    );
  });

  test('of one thread after the other', () => {
    const { chain } = of(
      [
        [service, preempted],
        [
          main,
          [
            [0, 'S'],
            [1000, 'D', noSystemCall],
            [1301, 'S'],
          ],
        ],
      ],
      [...events, uncommit],
    );
    expect(chain.map(({ cause, thread }) => [cause, thread?.name])).toEqual([
      ['mmap-lock-writer', 'G1 Service'],
      ['not-scheduled', 'G1 Service'],
      ['gc-pause', undefined],
    ]);
  });

  test('possibly of a thread that ran on: one in native code does so, too', () => {
    expect(
      of([
        [
          main,
          [
            [0, 'S'],
            [990, 'R'],
            [1491, 'S'],
          ],
        ],
      ]).cause,
    ).toMatchObject({ cause: 'safepoint', grade: 'possible', thread: main });
  });

  test('of two threads that waited for different reasons, possibly of the first', () => {
    expect(
      of([
        [main, preempted],
        [other('worker', 24), preempted],
      ]).cause,
    ).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
  });

  test('and where no thread was late, a safepoint; what took it long after all had stopped is not their doing', () => {
    expect(
      of([
        [service, asleep],
        [main, asleep],
      ]).cause,
    ).toMatchObject({ cause: 'safepoint', grade: 'likely', thread: null, steps: [] });
    const quick = [event('safepoint.total', 1000, 1500), event('safepoint.reach', 1000, 1001)];
    expect(of([[service, preempted]], quick).cause).toMatchObject({ cause: 'safepoint', thread: null });
  });

  test('a pause of the collector is one, too: whose threads do its work may wait', () => {
    const worker = other('GC Thread#0', 25);
    expect(of([[worker, preempted]], [event('gc.pause', 1000, 1500)]).cause).toMatchObject({
      cause: 'not-scheduled',
      thread: worker,
      steps: [{ step: 'gc-pause' }, { step: 'late-thread' }],
    });
  });
});

describe('a victim whose operation takes no lock, blocked in the kernel', () => {
  const victim = victimOf({ operation: 'heap_allocation', lock: 'none', touchesMemory: true, sleepsItself: true });
  const holders = [
    holderOf({ operation: 'mprotect_region', lock: 'mmap_lock write', crossingLock: 'mmap_lock write' }),
  ];
  const of = (systemCall: number | undefined, who = victim) =>
    attributed(
      evidenceOf(
        [
          timelineOf(11, [
            [0, 'S'],
            [1000, 'D', ...(systemCall === undefined ? [] : [systemCall])],
            [1501, 'S'],
          ] as Seen),
          ...atWork,
        ],
        { holders },
      ),
      who,
    ).cause;

  test('in a page fault waits for the lock', () => {
    expect(of(noSystemCall)).toMatchObject({
      cause: 'mmap-lock-writer',
      grade: 'likely',
      thread: holderThread,
      steps: [{ step: 'page-fault' }],
    });
    expect(of(noSystemCall).sentence).toMatch(
      /^writer\.mprotect, in a page fault, waited 500 ms for mmap_lock, held for writing by `holder`/,
    );
  });

  test('possibly in one, if it touches memory and the call could not be read', () => {
    expect(of(undefined)).toMatchObject({ cause: 'mmap-lock-writer', grade: 'possible' });
    expect(of(undefined, { ...victim, touchesMemory: false }).cause).toBe('unknown');
  });

  test('in a call that changes mappings waits for it, in another one it does not', ({ skip }) => {
    skip(systemCallNumber('mmap') === null, noNumbers);
    expect(of(systemCallNumber('mmap') ?? 0)).toMatchObject({ cause: 'mmap-lock-writer', grade: 'likely', steps: [] });
    expect(of(systemCallNumber('nanosleep') ?? 0).cause).toBe('unknown');
  });
});

test('links partition the stall’s time exactly, whatever was seen', () => {
  const seen = fc
    .array(
      fc.tuple(fc.integer({ min: 0, max: 2500 }), fc.constantFrom<Seen[number][1]>('D', 'S', 'T', 'R', 'r', '?')),
      { maxLength: 12 },
    )
    .map((list): Seen => [[0, 'S'], ...list.toSorted((a, b) => a[0] - b[0])]);
  const calls = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 1, max: 800 })), { maxLength: 6 })
    .map((list) => list.map(([from, length]) => callOf(from, from + length, { crossed: length % 2 === 0 })));
  const events = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 1, max: 300 })), { maxLength: 4 })
    .map((list) =>
      list.map(([from, length], i) => ({
        name: i % 2 === 0 ? 'gc.pause' : 'safepoint.total',
        label: '',
        start_ns: from * ms,
        duration_ns: length * ms,
      })),
    );
  fc.assert(
    fc.property(
      seen,
      calls,
      events,
      fc.boolean(),
      fc.integer({ min: 1, max: 1500 }),
      fc.integer({ min: 1, max: 1400 }),
      (states, made, pauses, allocates, from, length) => {
        const run = evidenceOf([timelineOf(11, states), timelineOf(12, preempted)], {
          holders: [holderOf({ calls: made, keepsMutex: allocates })],
          events: pauses,
        });
        const { chain, cause, start_ns, duration_ns } = attributed(run, victimOf({ allocates }), from, from + length);
        let at_ns = start_ns;
        for (const link of chain) {
          expect(link.start_ns).toBe(at_ns);
          expect(link.duration_ns).toBe(link.end_ns - link.start_ns);
          expect(link.duration_ns).toBeGreaterThan(0);
          expect(causes).toContain(link.cause);
          at_ns = link.end_ns;
        }
        expect(at_ns).toBe(start_ns + duration_ns);
        expect(cause.duration_ns).toBeLessThanOrEqual(duration_ns);
      },
    ),
    { numRuns: 300 },
  );
});
