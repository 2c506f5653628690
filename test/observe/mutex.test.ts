/** Waits for mutexes in an observed process: which sleeps count, and who had the mutex. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mutexParts } from '../../src/attribution/traced-mutex.js';
import type { MutexMemory } from '../../src/attribution/evidence.js';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { mutexWaits } from '../../src/observe/mutex-sleeps.js';
import { attributed } from '../../src/observe/observation.js';
import type { ObservedThread, OffRecord } from '../../src/observe/observed.js';
import { hold, observed, observedThread, off, ran, target, recordOptions, unthrottled } from '../support/observed.js';

const ms = 1_000_000;
const futex = (address: string, command: string, value: string, timeout = '0') => ({
  number: systemCallNumber('futex') ?? 0,
  arguments: [address, command, value, timeout, '0', '0'],
});
const lock = futex('7f10', '80', '2');
const unlock = futex('7f10', '81', '1');
const madvise = {
  number: systemCallNumber('madvise') ?? 0,
  arguments: ['7f0000000000', '3000000', '4', '0', '0', '0'],
};

const [a, b, c] = [observedThread('a', 101), observedThread('b', 102), observedThread('c', 103)];
const owner = { ...observedThread('owner', 104), nice: 19 };
const hog = observedThread('hog', 105);

/** Asleep for the mutex, until the waker gives it back. */
function waited(
  thread: ObservedThread,
  times: { readonly from: number; readonly woken?: number | null; readonly to: number },
  waker: ObservedThread | null,
  more: Parameters<typeof off>[2] = {},
): OffRecord {
  const wakerCall = waker === null ? null : unlock;
  return off(thread, times, { state: 'asleep', call: lock, waker, wakerCall, ...more });
}

function found(offs: readonly OffRecord[], more: Parameters<typeof observed>[0] = {}, lost_n = 0) {
  const seen = seenInKernel(observed({ offs, ...more }, { ringFull_n: lost_n }), recordOptions);
  return attributed({ ...seen, evidence: { ...seen.evidence, throttled: unthrottled } });
}

/** Of the thread `a`. */
function chainOf(offs: readonly OffRecord[], more?: Parameters<typeof observed>[0], lost_n?: number) {
  const { stalls } = found(offs, more, lost_n);
  return (stalls.find(({ thread }) => thread?.tid === a.tid)?.chain ?? []).map((link) => [
    ...[link.thread?.name ?? null, link.cause, link.grade, link.start_ns / ms, link.end_ns / ms],
  ]);
}

describe('a sleep', () => {
  const counted = (more: Parameters<typeof off>[2]) =>
    found([waited(a, { from: 100, woken: 200, to: 200 }, owner, more)]).stalls.length === 1;

  test.each([
    ['a mutex', {}],
    ['a mutex of several processes', { call: futex('7f10', '0', '2'), wakerCall: futex('7f10', '1', '1') }],
    ['FUTEX_LOCK_PI', { call: futex('7f10', '86', '0'), wakerCall: futex('7f10', '87', '0') }],
    ['FUTEX_LOCK_PI2 with a timeout', { call: futex('7f10', '8d', '0', '7f99'), wakerCall: futex('7f10', '87', '0') }],
    ['a mutex that a signal interrupts', { wakerCall: { number: 62, arguments: ['1', '2', '0', '0', '0', '0'] } }],
  ])('for %s is a stall', (_, more) => {
    expect(counted(more)).toBe(true);
  });

  test.each([
    ['a condition variable', { call: futex('7f10', '189', '2') }],
    ['another word', { call: futex('7f10', '80', '1') }],
    ['a mutex, up to a timeout,', { call: futex('7f10', '80', '2', '7f99') }],
    ['a word of its own frame, as in musl’s pthread_cond_wait,', { stackPointer: '7e80' }],
    ['a barrier', { wakerCall: futex('7f10', '81', '7fffffff') }],
    ['something that is no futex', { call: { ...lock, number: 1 } }],
  ])('for %s is none', (_, more) => {
    expect(counted(more)).toBe(false);
  });
});

describe('the mutex', () => {
  const cause = (memory: MutexMemory) => {
    const offs = [waited(a, { from: 100, woken: 400, to: 400 }, owner)];
    const seen = seenInKernel(observed({ offs }), recordOptions);
    const mutexMemory = new Map([[`${target} 7f10`, memory]]);
    return attributed({ ...seen, evidence: { ...seen.evidence, mutexMemory } }).stalls[0]?.cause;
  };

  test('of an arena is the allocator’s', () => {
    expect(cause({ kind: 'malloc-arena' })).toMatchObject({ cause: 'allocator-mutex', thread: { name: 'owner' } });
  });

  test.each([
    [null, 'the mutex lies in memory of the program'],
    ['libjvm.so', 'the mutex lies in the data of libjvm.so'],
    [
      'libc.so.6',
      'the mutex lies in the data of libc.so.6: it is that of malloc’s main arena, or another lock of the C library',
    ],
  ])('in the data of %s is named by that', (file, sentence) => {
    expect(cause({ kind: 'elsewhere', file })).toMatchObject({
      cause: 'mutex',
      sentence: `a (101) waited 300 ms for a mutex, held by \`owner\` (nice 19): ${sentence}`,
    });
  });
});

describe('the holder of a mutex', () => {
  test('is who gives it back, with its call and who had its CPU', () => {
    const { stalls, reasons } = found(
      [
        waited(a, { from: 100, woken: 400, to: 400 }, owner),
        off(owner, { from: 110, to: 395 }, { state: 'runnable', call: madvise, taker: hog, before: hog }),
      ],
      { rans: [ran(hog, 0, 110, 395)] },
    );
    const stall = stalls.find(({ thread }) => thread?.tid === a.tid);
    expect(stall?.cause).toMatchObject({ cause: 'mutex', grade: 'proven', lock: 'futex', thread: { name: 'owner' } });
    expect(stall?.cause?.sentence).toBe(
      'a (101) waited 300 ms for a mutex, held by `owner` (madvise.DONTNEED, nice 19), which was ready to run but had no CPU for 285 ms while `hog` ran there',
    );
    expect(reasons[0]).toMatchObject({ cause: 'mutex', call: 'madvise.DONTNEED', givesBack: true });
  });

  test('changes with each waking of a thread that waited for it', () => {
    const offs = [
      waited(a, { from: 100, woken: 400, to: 400 }, c),
      waited(b, { from: 90, woken: 200, to: 200.1 }, owner),
      waited(c, { from: 95, woken: 300, to: 300.1 }, b),
    ];
    expect(chainOf(offs)).toEqual([
      ['owner', 'mutex', 'proven', 100, 200],
      ['b', 'mutex', 'proven', 200, 300],
      ['c', 'mutex', 'proven', 300, 400],
    ]);
  });

  test('is the thread whose turn it is, while that thread has no CPU', () => {
    const { stalls } = found([
      waited(a, { from: 100, woken: 400, to: 400 }, b),
      waited(b, { from: 90, woken: 150, to: 390 }, owner),
    ]);
    const chain = stalls.find(({ thread }) => thread?.tid === a.tid)?.chain ?? [];
    expect(chain.map(({ thread, isNext, grade }) => [thread?.name, isNext, grade])).toEqual([
      ['owner', false, 'proven'],
      ['b', true, 'proven'],
      ['b', false, 'proven'],
    ]);
    expect(chain[1]?.sentence).toBe(
      'a (101) waited 240 ms for a mutex behind `b` (nice 0), whose turn it was, which was ready to run but had no CPU for 240 ms',
    );
  });

  test('may be a thread that was faster than the one that was woken: since when is not known', () => {
    const offs = [
      waited(a, { from: 100, woken: 400, to: 400 }, c),
      waited(b, { from: 90, woken: 150, to: 250 }, owner),
      waited(b, { from: 250.01, to: 900 }, null, { hasEnded: false }),
    ];
    expect(chainOf(offs)).toEqual([
      ['owner', 'mutex', 'proven', 100, 150],
      ['c', 'mutex', 'possible', 150, 250],
      ['c', 'mutex', 'proven', 250, 400],
    ]);
  });

  test('is not known where nobody has given it back, or else the last that was woken', () => {
    const open = waited(a, { from: 100, to: 1000 }, null, { hasEnded: false });
    expect(chainOf([open])).toEqual([[null, 'mutex', 'possible', 100, 1000]]);
    const first = waited(b, { from: 90, woken: 500, to: 500 }, owner);
    expect(chainOf([open, first])).toEqual([
      ['owner', 'mutex', 'proven', 100, 500],
      ['b', 'mutex', 'possible', 500, 1000],
    ]);
    const again = waited(b, { from: 501, to: 1000 }, null, { hasEnded: false });
    expect(chainOf([open, first, again]).at(-1)).toEqual([null, 'mutex', 'possible', 500, 1000]);
  });

  test('is possible only where records are missing, or another process may have the mutex', () => {
    const one = waited(a, { from: 100, woken: 400, to: 400 }, owner);
    expect(chainOf([one], {}, 1)).toEqual([['owner', 'mutex', 'possible', 100, 400]]);
    const shared = { call: futex('7f10', '0', '2'), wakerCall: futex('6e10', '1', '1') };
    const outside = { ...observedThread('stranger', 900, 900) };
    expect(chainOf([{ ...one, ...shared, waker: outside }])).toEqual([['stranger', 'mutex', 'possible', 100, 400]]);
  });

  test('passes on the reason for which it waits itself', () => {
    const { stalls } = found(
      [
        waited(a, { from: 100, woken: 400, to: 400 }, b),
        off(b, { from: 110, woken: 390, to: 390 }, { lock: 'waits', lockPid: target, isWrite: true, waker: owner }),
      ],
      {
        holds: [
          hold(owner, { from: 95, to: 390 }, { call: madvise }),
          hold(b, { slept: 110, from: 390, to: 391 }, { isWrite: true }),
        ],
      },
    );
    const stall = stalls.find(({ thread }) => thread?.tid === a.tid);
    expect(stall?.cause).toMatchObject({ cause: 'mmap-lock-reader', grade: 'proven', thread: { name: 'owner' } });
    expect(stall?.cause?.steps).toMatchObject([{ step: 'mutex', thread: { name: 'b' }, activity: 'blocked' }]);
    expect(stall?.chain?.find(({ steps }) => steps.length > 0)?.sentence).toBe(
      'a (101) waited 280 ms for a mutex that `b` held: `b` waited 280 ms for mmap_lock, held for reading by `owner` (madvise.DONTNEED, nice 19)',
    );
  });

  test('is possible only where it sleeps until another thread does something, and not in a call that is known', () => {
    const chain = (call: OffRecord['call']) =>
      chainOf([
        waited(a, { from: 100, woken: 400, to: 400 }, b),
        off(b, { from: 110, woken: 390, to: 390 }, { state: 'asleep', call, waker: c, wakerCall: unlock }),
      ]);
    expect(chain(futex('7f20', '189', '0'))).toEqual([['b', 'mutex', 'possible', 100, 400]]);
    expect(chain({ ...lock, number: systemCallNumber('nanosleep') ?? 0 })).toEqual([
      ['b', 'mutex', 'proven', 100, 400],
    ]);
  });

  test('does not pass on what goes round', () => {
    const other = futex('7f20', '80', '2');
    const offs = [
      waited(a, { from: 100, woken: 400, to: 400 }, b),
      waited(b, { from: 100, woken: 399, to: 399 }, a, { call: other, wakerCall: futex('7f20', '81', '1') }),
    ];
    for (const [, cause] of chainOf(offs)) expect(cause).toBe('mutex');
  });
});

interface Turn {
  readonly thread: number;
  readonly from: number;
  readonly hold: number;
  /** For how long it has no CPU after it was woken. */
  readonly delay: number;
}

/** A mutex as glibc has it: the word is 0, 1 or 2; who unlocks a 2 wakes the first sleeper, and a running thread may be faster. */
function simulated(turns: readonly Turn[]) {
  const offs: OffRecord[] = [];
  const holds: { tid: number; from: number; to: number }[] = [];
  const sleepers: { turn: Turn; since: number }[] = [];
  const events: { at: number; act: () => void }[] = [];
  let word = 0;
  const later = (at: number, act: () => void) => {
    events.push({ at, act });
    events.sort((x, y) => x.at - y.at);
  };
  const unlockAt = (at: number, turn: Turn) => {
    const old = word;
    word = 0;
    const first = old === 2 ? sleepers.shift() : undefined;
    if (first === undefined) return;
    const [waker, woken] = [observedThread('t', turn.thread), observedThread('t', first.turn.thread)];
    const to = at + first.turn.delay;
    const times = { from: first.since, woken: at, to };
    // What the observer reports, and what it reads of the waker.
    if (to - first.since >= 1) offs.push(waited(woken, times, waker, at - first.since >= 1 ? {} : { wakerCall: null }));
    later(to, () => {
      lockAt(to, first.turn, 2);
    });
  };
  const lockAt = (at: number, turn: Turn, as: 1 | 2) => {
    if (word === 0) {
      word = as;
      holds.push({ tid: turn.thread, from: at, to: at + turn.hold });
      later(at + turn.hold, () => {
        unlockAt(at + turn.hold, turn);
      });
    } else {
      word = 2;
      sleepers.push({ turn, since: at });
    }
  };
  for (const turn of turns)
    later(turn.from, () => {
      lockAt(turn.from, turn, 1);
    });
  for (let next = events.shift(); next !== undefined; next = events.shift()) next.act();
  return { offs, holds };
}

test('whoever is proven or likely had the mutex, or was woken to take it, whatever threads do', () => {
  const half = (most: number) => fc.integer({ min: 0, max: most }).map((n) => n / 2);
  const turn = fc.record({ from: half(200), hold: half(60).map((n) => n + 0.5), delay: half(40) });
  let judged_n = 0;
  fc.assert(
    fc.property(fc.array(turn, { minLength: 2, maxLength: 12 }), (turns) => {
      const { offs, holds } = simulated(turns.map((one, thread) => ({ ...one, thread: thread + 1 })));
      const model = mutexWaits(offs);
      for (const wait of [...model.mutexWaits.values()].flat()) {
        if (wait.end_ns === wait.start_ns || !wait.isWhole) continue;
        const parts = mutexParts(wait, model);
        expect(parts[0]?.start_ns).toBe(wait.start_ns);
        expect(parts.at(-1)?.end_ns).toBe(wait.end_ns);
        for (const { tid, isNext, grade, start_ns, end_ns } of parts) {
          if (tid === null || grade === 'possible') continue;
          judged_n += 1;
          const others_ns = holds
            .filter((one) => one.tid !== tid)
            .reduce(
              (sum, one) => sum + Math.max(0, Math.min(one.to * ms, end_ns) - Math.max(one.from * ms, start_ns)),
              0,
            );
          // Faster threads may have it for a moment while the thread whose turn it is has no CPU.
          if (!isNext) expect(others_ns).toBeLessThanOrEqual(ms);
          else
            expect(
              offs.some(
                ({ thread, woken_ns, on_ns }) =>
                  thread.tid === tid && (woken_ns ?? on_ns) <= start_ns && on_ns >= end_ns,
              ),
            ).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
  expect(judged_n).toBeGreaterThan(100);
});

test('the parts of a wait in a span are those of the whole wait', () => {
  const waits = fc.array(
    fc.record({ tid: fc.nat(4), from: fc.nat(40), length: fc.integer({ min: 1, max: 30 }), by: fc.option(fc.nat(5)) }),
    { minLength: 1, maxLength: 15 },
  );
  fc.assert(
    fc.property(waits, fc.nat(60), fc.integer({ min: 1, max: 20 }), (all, from, length) => {
      const list = all
        .map(({ tid, from: start, length: lasts, by }) => ({
          ...{ tid, mutex: '1 2', isWhole: true, unlockedBy: by },
          ...{ start_ns: start * ms, end_ns: (start + lasts) * ms, ran_ns: (start + lasts + (tid % 3)) * ms },
        }))
        .sort((one, other) => one.start_ns - other.start_ns);
      const mutexWaitsOn = new Map([['1 2', list]]);
      const span = { start_ns: from * ms, end_ns: (from + length) * ms };
      const meets = (part: { start_ns: number; end_ns: number }) =>
        part.start_ns < span.end_ns && part.end_ns > span.start_ns;
      for (const wait of list)
        expect(mutexParts(wait, { mutexWaitsOn }, span).filter(meets)).toEqual(
          mutexParts(wait, { mutexWaitsOn }).filter(meets),
        );
    }),
  );
});

describe('a holder that waits for an operation of the VM thread', () => {
  const vm = observedThread('VM Thread', 106);
  const service = { ...observedThread('G1 Service', 107), nice: 19 };
  const condition = futex('7f90', '80', '0');
  /** `a` waits for a mutex that `b` has; `b` waits for the VM thread, and that for the service thread. */
  const chain = (
    { vmFrom = 100.1, doer = service }: { readonly vmFrom?: number; readonly doer?: ObservedThread },
    ...more: readonly OffRecord[]
  ) => {
    const asleep = { state: 'asleep', call: condition } as const;
    const { stalls } = found(
      [
        waited(a, { from: 120, woken: 420, to: 420 }, b),
        off(b, { from: 100, woken: 415, to: 415 }, { ...asleep, waker: vm }),
        off(vm, { from: vmFrom, woken: 400, to: 400 }, { ...asleep, waker: doer }),
        ...more,
      ],
      { rans: [ran(hog, 0, 105, 399)] },
    );
    return stalls.find(({ thread }) => thread?.tid === a.tid);
  };
  const preempted = (thread: ObservedThread) =>
    off(thread, { from: 105, to: 399 }, { state: 'runnable', taker: hog, before: hog });

  test('waits for the thread that delayed the VM thread, as likely', () => {
    const stall = chain({}, preempted(service));
    expect(stall?.chain?.[0]?.sentence).toContain(
      'a mutex that `b` held: `b` waited 279 ms for the VM thread of the JVM, which waited for another thread: `G1 Service`',
    );
    expect(stall).toMatchObject({
      cause: { cause: 'not-scheduled', grade: 'likely', thread: { name: 'G1 Service' } },
      chain: [
        {
          start_ns: 120 * ms,
          end_ns: 399 * ms,
          steps: [{ step: 'mutex' }, { step: 'vm-operation' }, { step: 'late-thread' }],
        },
        { cause: 'mutex' },
      ],
    });
  });

  test('is a stall by giving memory back where that thread lost its CPU in such a call', () => {
    const giving = { ...preempted(service), call: madvise };
    const { reasons } = found(
      [
        waited(a, { from: 120, woken: 420, to: 420 }, b),
        off(b, { from: 100, woken: 415, to: 415 }, { state: 'asleep', call: condition, waker: vm }),
        off(vm, { from: 100.1, woken: 400, to: 400 }, { state: 'asleep', call: condition, waker: service }),
        giving,
      ],
      { rans: [ran(hog, 0, 105, 399)] },
    );
    expect(reasons.map(({ cause, thread, call, givesBack }) => [cause, thread?.role, call, givesBack])).toEqual([
      ['not-scheduled', 'other', 'madvise.DONTNEED', true],
      // Its own wait for a CPU, meanwhile.
      ['not-scheduled', 'victim', null, false],
    ]);
  });

  test('waits for the lock for which that thread waits', () => {
    const blockedService = off(
      service,
      { from: 105, woken: 399, to: 399 },
      { lock: 'waits', lockPid: target, isWrite: true, waker: owner, gaveWrite: true },
    );
    const gave = { ...blockedService, gaveFrom_ns: 90 * ms, gaveTo_ns: 399 * ms };
    expect(chain({}, gave)?.cause).toMatchObject({
      cause: 'mmap-lock-writer',
      grade: 'likely',
      thread: { name: 'owner' },
    });
  });

  test('waits for the work of a pause, if a thread of the collector delayed that', () => {
    const worker = observedThread('GC Thread#0', 108);
    const steps = chain({ doer: worker }, preempted(worker))?.chain?.[0]?.steps.map(({ step }) => step);
    expect(steps).toEqual(['mutex', 'vm-operation', 'late-thread']);
  });

  test.each<[string, { readonly vmFrom?: number; readonly doer?: ObservedThread }]>([
    ['the VM thread slept before it was asked', { vmFrom: 50 }],
    ['a thread of another program woke the VM thread', { doer: observedThread('other', 900, 900) }],
  ])('stays the answer, as possible, where %s', (_, how) => {
    expect(chain(how, preempted(how.doer ?? service))?.cause).toMatchObject({
      cause: 'mutex',
      grade: 'possible',
      thread: { name: 'b' },
    });
  });
});
