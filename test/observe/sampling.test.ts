/** Who held a lock, in a process that is only looked at. */
import { describe, expect, test } from 'vitest';
import type { LoggedEvent } from '../../src/attribution/evidence.js';
import type { Timeline } from '../../src/record/samples.js';
import type { StackReading } from '../../src/record/stacks.js';
import { attributed, answerOf } from '../../src/observe/observation.js';
import {
  lateLooks,
  lookedEvidence,
  lookedStalls,
  safepointsSeen,
} from '../../src/observe/sampling/sampling-evidence.js';
import { givesBackWord } from '../../src/words/observation-words.js';
import { look_ns, lookedAt, stream, waitingIn } from '../support/looks.js';
import { throttledIf } from '../support/throttled.js';

const threshold_ns = 30e6;

/** Waits of six looks, four times. */
const waiter = 'sssssddddddrss'.repeat(4);
const waits = [0, 1, 2, 3].map((n) => waitingIn('do_mprotect_pkey', 11, n * 14 + 6));
/** Without a CPU as long as the waiter waits, and on one when it goes on. */
const holder = 'sssssqqqqqqrss'.repeat(4);

interface SeenBeside {
  readonly functions?: typeof waits;
  readonly isThrottled?: boolean | null;
  readonly kernelRelease?: string;
  readonly events?: readonly LoggedEvent[];
  readonly kernelTids?: readonly number[];
}

function observedBy(
  threads: readonly Timeline[],
  { functions = waits, isThrottled = false, kernelRelease = '6.18.0', events = [], kernelTids = [] }: SeenBeside = {},
) {
  const samples = stream(...threads);
  const options = { threshold_ns, cpuCount: 2, kernelRelease, kernelTids };
  const stalls = lookedStalls(samples, functions, options);
  const eventsOf = events.length > 0 ? new Map([[100, events]]) : safepointsSeen(samples, functions, options);
  const evidence = lookedEvidence({ samples, waits: functions }, options);
  return attributed({
    stalls,
    evidence: { ...evidence, throttled: new Map([[100, throttledIf(isThrottled)]]) },
    eventsOf,
  });
}

/** Of the stalls of the thread `worker`. */
function causesOf(threads: readonly Timeline[], options?: Parameters<typeof observedBy>[1]) {
  return observedBy(threads, options)
    .stalls.filter(({ thread }) => thread?.tid === 11)
    .map(({ cause }) => cause);
}

const worker = lookedAt('worker', 11, waiter);
const sleeper = lookedAt('sleeper', 13, 's'.repeat(waiter.length));

describe('a holder without a CPU', () => {
  test('is likely where no other thread fits, and it is without a CPU mostly while others wait', () => {
    const causes = causesOf([worker, sleeper, lookedAt('purger', 12, holder, { nice: 19 })]);
    expect(causes).toHaveLength(4);
    for (const cause of causes)
      expect(cause).toMatchObject({
        cause: 'mmap-lock-holder',
        grade: 'likely',
        lock: 'mmap_lock',
        thread: { name: 'purger', tid: 12, nice: 19, role: 'other' },
      });
    expect(causes[0]?.sentence).toMatch(
      /^worker \(11\) waited 5\d\.\d ms for mmap_lock, held by `purger` \(nice 19\), which was ready to run but had no CPU for at most 5\d\.\d ms$/,
    );
  });

  test('is possible where it is as often without a CPU while nobody waits', () => {
    const starved = lookedAt('miner', 12, 'qqqqqqqqqqqrqq'.repeat(4), { nice: 19 });
    for (const cause of causesOf([worker, starved]))
      expect(cause).toMatchObject({ cause: 'mmap-lock-holder', grade: 'possible', thread: { name: 'miner' } });
  });

  test('cannot be a thread that did not run when the wait ended', () => {
    const later = lookedAt('miner', 12, `sssssqqqqqqqqqqr${'s'.repeat(waiter.length - 16)}`);
    const [first] = causesOf([worker, later]);
    expect(first).toMatchObject({ cause: 'mmap-lock-holder', thread: null });
    expect(first?.sentence).toMatch(/a thread of another program or of the kernel may have had it$/);
  });

  test('is found where looks are missing in the middle of the wait', () => {
    const samples = [worker, lookedAt('purger', 12, holder)].map((timeline): Timeline => {
      const ticks_ns = timeline.ticks_ns.map((time_ns, tick) => time_ns + Math.floor((tick + 6) / 14) * 30e6);
      const changes = timeline.changes.map((change) => ({ ...change, time_ns: (ticks_ns[change.tick] ?? 0) - 1000 }));
      return { ...timeline, ticks_ns, changes };
    });
    const functions = waits.map((wait, n) => ({ ...wait, time_ns: wait.time_ns + n * 30e6 }));
    for (const cause of causesOf(samples, { functions })) expect(cause).toMatchObject({ thread: { name: 'purger' } });
  });

  test('may be followed by another one in the same wait', () => {
    const [long, early, late] = ['sssddddddddddddddddddss', 'sssqqqqqqqqqrssssssssss', 'ssssssssssssqqqqqqqqqrs'];
    const threads = [lookedAt('worker', 11, long), lookedAt('early', 12, early), lookedAt('late', 14, late)];
    const { stalls } = observedBy(threads, { functions: [4, 13].map((look) => waitingIn('vm_mmap_pgoff', 11, look)) });
    const chain = stalls.find(({ thread }) => thread?.tid === 11)?.chain ?? [];
    expect(chain.map(({ thread, grade }) => [thread?.name, grade])).toEqual([
      ['early', 'possible'],
      ['late', 'possible'],
    ]);
  });

  test('is only possible while the wait has not ended', () => {
    const still = [lookedAt('worker', 11, 'sssssdddddddd'), lookedAt('purger', 12, 'sssssqqqqqqqq')];
    expect(causesOf(still)).toMatchObject([{ grade: 'possible' }]);
  });

  test('is possible where another thread ran all the time', () => {
    const busy = lookedAt('busy', 14, 'r'.repeat(waiter.length));
    for (const cause of causesOf([worker, busy, lookedAt('purger', 12, holder)]))
      expect(cause).toMatchObject({ grade: 'possible', thread: { name: 'purger' } });
  });

  test('is the one of lower priority, and only possible, where two fit', () => {
    const both = [lookedAt('purger', 12, holder, { nice: 19 }), lookedAt('server', 14, holder)];
    for (const cause of causesOf([worker, ...both]))
      expect(cause).toMatchObject({ cause: 'mmap-lock-holder', grade: 'possible', thread: { name: 'purger' } });
  });

  test('is not named where two fit alike, and both are listed', () => {
    const both = [lookedAt('one', 12, holder), lookedAt('two', 14, holder)];
    for (const cause of causesOf([worker, ...both])) {
      expect(cause).toMatchObject({ cause: 'mmap-lock-holder', thread: null });
      expect(cause?.sentence).toMatch(
        /held by a thread that was not seen: `one` and `two` of this process may have held it$/,
      );
    }
  });

  test('that only gives memory back, by its name, is named with its call', () => {
    const { stalls, reasons } = observedBy([worker, lookedAt('ZUncommitter', 12, holder, { nice: 19 })]);
    const ofWorker = stalls.filter(({ thread }) => thread?.tid === 11);
    for (const { cause } of ofWorker)
      expect(cause).toMatchObject({
        cause: 'mmap-lock-writer',
        lock: 'mmap_lock write',
        thread: { name: 'ZUncommitter' },
      });
    expect(reasons.find(({ cause }) => cause === 'mmap-lock-writer')).toMatchObject({
      call: 'mmap.NONE',
      givesBack: true,
    });
    const answer = answerOf(reasons, { threshold_ns, watched_ns: 1e9, threads_n: 2 });
    expect(answer).toMatchObject({ code: 'gives-back', givingBack_n: 4 });
  });

  test.each([
    ['G1 Service', 'G1 Main Marker'],
    ['VM Thread', 'G1 Main Marker'],
    ['VM Thread', 'ZDirector'],
    ['VM Thread', 'GC Thread#0'],
  ])('that does other work too is named without a call: %s beside %s', (name, telling) => {
    const { reasons } = observedBy([
      worker,
      lookedAt(name, 12, holder),
      lookedAt(telling, 13, 's'.repeat(waiter.length)),
    ]);
    const reason = reasons.find(({ thread }) => thread?.name === name && thread.role === 'other');
    expect(reason).toMatchObject({ cause: 'mmap-lock-holder', call: null, givesBack: false });
    expect(reason === undefined ? null : givesBackWord(reason)).toBe('not known');
    expect(answerOf(reasons, { threshold_ns, watched_ns: 1e9, threads_n: 3 })).toMatchObject({ givingBack_n: 0 });
  });

  test('is preferred among several if it may give heap back, which the collector decides', () => {
    const busy = 'r'.repeat(waiter.length);
    const blamed = (telling: string) =>
      causesOf([
        ...[worker, lookedAt('VM Thread', 12, busy), lookedAt('other', 14, busy)],
        lookedAt(telling, 13, 's'.repeat(waiter.length)),
      ]).map((cause) => cause?.thread?.name ?? null);
    expect(blamed('G1 Main Marker')).toEqual(Array(4).fill('VM Thread'));
    expect(blamed('ZDirector')).toEqual(Array(4).fill(null));
  });

  test('has its call where the log of the JVM has a return of heap at that time', () => {
    const uncommit = { name: 'gc.uncommit', label: 'uncommit', start_ns: 0, duration_ns: 10e9 };
    const threads = [worker, lookedAt('G1 Service', 12, holder)];
    const { reasons } = observedBy(threads, { events: [uncommit] });
    expect(reasons.find(({ cause }) => cause === 'mmap-lock-writer')).toMatchObject({ call: 'mmap.NONE' });
  });

  test('may have been kept back by the limit of a cgroup that used up its CPU time', () => {
    const sentences = [true, false].map(
      (isThrottled) => causesOf([worker, lookedAt('purger', 12, holder)], { isThrottled })[0]?.sentence,
    );
    expect(sentences[0]).toMatch(
      /had no CPU for at most \S+ ms, perhaps because its cgroup had used up its CPU time \(cpu.max\)$/,
    );
    expect(sentences[1]).toMatch(/had no CPU for at most \S+ ms$/);
  });

  test('stands behind a thread that waits for the readers of a VMA', () => {
    const writer = lookedAt('writer', 15, waiter);
    const functions = [...waits, ...[0, 1, 2, 3].map((n) => waitingIn('__vma_start_write', 15, n * 14 + 6))];
    for (const cause of causesOf([worker, writer, lookedAt('purger', 12, holder)], { functions }))
      expect(cause).toMatchObject({ cause: 'vma-lock', thread: { name: 'purger' } });
  });
});

describe('nobody', () => {
  test('is named where all other threads slept or waited too', () => {
    for (const cause of causesOf([worker, sleeper, lookedAt('other', 12, waiter)])) {
      expect(cause).toMatchObject({ cause: 'mmap-lock-holder', thread: null, grade: 'likely' });
      expect(cause?.sentence).toMatch(/a thread of another program or of the kernel may have had it$/);
    }
  });

  test('of another process is named', () => {
    const outside = lookedAt('purger', 12, holder, { pid: 200 });
    for (const cause of causesOf([worker, outside])) expect(cause).toMatchObject({ thread: null });
  });

  test('is named who was not there all the time', () => {
    // Threads that come and go: each lives for less than the wait.
    const ticks = waiter.length;
    const churn = Array.from({ length: 40 }, (_, i) =>
      lookedAt(`task-${i}`, 100 + i, `${'s'.repeat(i)}qqx`.slice(0, ticks), { ticks }),
    );
    for (const cause of causesOf([worker, ...churn])) expect(cause).toMatchObject({ thread: null });
  });
});

describe('a thread that is blocked', () => {
  test('in a function that is no lock is not said to wait for one', () => {
    const functions = [waitingIn('folio_wait_bit_common', 11, 6), waitingIn('pipe_write', 11, 20)];
    const [disk, pipe] = causesOf([worker, lookedAt('purger', 12, holder)], { functions });
    expect(disk).toMatchObject({ cause: 'block-io', grade: 'likely', thread: null });
    expect(pipe).toMatchObject({ cause: 'unknown', grade: 'possible' });
    expect(pipe?.sentence).toMatch(/blocked in the kernel \(state D\), in the function pipe_write$/);
  });

  test('has no cause where its function and its call may not be read', () => {
    for (const cause of causesOf([worker, lookedAt('purger', 12, holder)], { functions: [] }))
      expect(cause).toMatchObject({ cause: 'unknown', grade: 'possible' });
  });
});

describe('a wait for a CPU', () => {
  const queued = lookedAt('worker', 11, 'ssssqqqqqqrsss');
  test('is likely', () => {
    expect(causesOf([queued])).toMatchObject([{ cause: 'not-scheduled', grade: 'likely' }]);
  });
  test('is only possible where the limit of a cgroup may have caused it', () => {
    const causes = causesOf([queued], { isThrottled: true });
    expect(causes).toMatchObject([{ cause: 'not-scheduled', grade: 'possible' }]);
    // Looks see threads, and no CPU.
    expect(causes[0]?.sentence).toMatch(
      /and had no CPU: its cgroup used up its CPU time \(cpu.max\) around that time, and that may be why the thread had no CPU$/,
    );
  });
  test('is only possible where it could not be read whether a limit caused it', () => {
    const causes = causesOf([queued], { isThrottled: null });
    expect(causes).toMatchObject([{ cause: 'not-scheduled', grade: 'possible' }]);
    expect(causes[0]?.sentence).toMatch(
      /and had no CPU: pauselab could not read whether its cgroup had used up its CPU time \(cpu.max\); if it had, that may be why the thread had no CPU$/,
    );
  });
  test('is a part of the stop where a sleeping thread was woken to be stopped', () => {
    expect(causesOf([lookedAt('worker', 11, 'ssssqqqqqtttsss')])).toMatchObject([
      { cause: 'stopped', grade: 'likely' },
    ]);
    // Nobody knows when the signal came.
    expect(causesOf([lookedAt('worker', 11, 'rrrrqqqqqtttrrr')])).toMatchObject([{ cause: 'not-scheduled' }]);
  });
});

test('a thread that ended, and one that still waits, are told apart', () => {
  const letters = 'sssssddddddd';
  const stalls = lookedStalls(
    stream(lookedAt('goes on', 11, letters), lookedAt('ended', 12, 'sssssdddddx', { ticks: letters.length })),
    [],
    { threshold_ns, kernelTids: [] },
  ).map(({ thread, stall: { stillRunning, threadEnded } }) => [thread.name, stillRunning, threadEnded]);
  expect(stalls).toEqual([
    ['goes on', true, false],
    ['ended', false, true],
  ]);
});

describe('a thread of the kernel', () => {
  const kernelTids = [38, 39];
  const ofKernel = (letters: string, name = 'khugepaged', tid = 38) =>
    lookedAt(name, tid, letters, { pid: tid, nice: 19 });
  const purger = lookedAt('purger', 12, holder, { nice: 19 });

  test('may have the lock, if it had no CPU meanwhile; if another thread had it, memory may have been given back', () => {
    const { stalls, reasons } = observedBy([worker, sleeper, ofKernel(holder)], { kernelTids });
    const causes = stalls.filter(({ thread }) => thread?.tid === 11).map(({ cause }) => cause);
    expect(causes).toHaveLength(4);
    for (const cause of causes)
      expect(cause).toMatchObject({
        cause: 'mmap-lock-holder',
        grade: 'possible',
        thread: { name: 'khugepaged', role: 'outside', nice: 19 },
      });
    expect(causes[0]?.sentence).toMatch(
      /^worker \(11\) waited 5\d\.\d ms for mmap_lock, perhaps held by `khugepaged`, a thread of the kernel \(nice 19\) that makes huge pages of small ones, which was ready to run but had no CPU for at most 5\d\.\d ms$/,
    );
    expect(reasons.map(({ thread, givesBack }) => [thread?.name, givesBack])).toEqual([['khugepaged', false]]);
    expect(reasons.map((reason) => givesBackWord(reason))).toEqual(['not known']);
  });

  test('is no stalled thread, and its process no JVM', () => {
    const stalled = ofKernel('sssssddddddrssqqqqqqqqr');
    expect(observedBy([sleeper, stalled], { kernelTids }).stalls).toEqual([]);
    expect(observedBy([sleeper, stalled]).stalls).not.toEqual([]);
    const {
      named,
      threads,
      ofKernel: seen,
    } = lookedEvidence(
      { samples: stream(sleeper, stalled), waits: [] },
      { threshold_ns, cpuCount: 2, kernelRelease: '6.18.0', kernelTids },
    );
    expect(named.map(({ thread }) => thread.name)).toEqual(['sleeper']);
    expect(threads.get(38)?.role).toBe('outside');
    expect(seen).toEqual([threads.get(38)]);
  });

  test.each([
    ['purger', 19],
    ['server', 0],
    ['ZUncommitter', 19],
  ])('and a thread of the process are not told apart where both had no CPU: %s, nice %i', (name, nice) => {
    const ofProcess = lookedAt(name, 12, holder, { nice });
    for (const cause of causesOf([worker, ofProcess, ofKernel(holder)], { kernelTids })) {
      expect(cause).toMatchObject({ cause: 'mmap-lock-holder', thread: null });
      expect(cause?.sentence).toContain(
        `: \`${name}\` of this process, or the kernel thread \`khugepaged\`, may have held it`,
      );
    }
  });

  test('is listed with another one that had no CPU', () => {
    const [both] = causesOf([worker, ofKernel(holder), ofKernel(holder, 'ksmd', 39)], { kernelTids });
    expect(both?.sentence).toMatch(/: the kernel threads `khugepaged` and `ksmd` may have held it$/);
  });

  test('is named, and no thread of the process, if it alone goes with all waits; and the other way round', () => {
    const always = 'qqqqqqqqqqqrqq'.repeat(4);
    const whose = (threads: readonly Timeline[]) =>
      causesOf([worker, ...threads], { kernelTids }).map((cause) => [cause?.thread?.name, cause?.grade]);
    expect(whose([purger, ofKernel(always)])).toEqual(Array(4).fill(['purger', 'possible']));
    expect(whose([lookedAt('miner', 12, always, { nice: 19 }), ofKernel(holder)])).toEqual(
      Array(4).fill(['khugepaged', 'possible']),
    );
  });

  test.each([
    ['the kernel thread `khugepaged`', [ofKernel(holder)]],
    ['the kernel threads `khugepaged` and `ksmd`', [ofKernel(holder), ofKernel(holder, 'ksmd', 39)]],
  ])('does not take the place of a thread of the process that ran: %s', (words, kernel) => {
    const busy = 'r'.repeat(waiter.length);
    const beside = (name: string) => causesOf([worker, lookedAt(name, 12, busy), ...kernel], { kernelTids });
    // It does nothing but give memory back.
    for (const cause of beside('jemalloc_bg_thd'))
      expect(cause).toMatchObject({
        cause: 'mmap-lock-reader',
        grade: 'possible',
        thread: { name: 'jemalloc_bg_thd' },
      });
    for (const cause of beside('server')) {
      expect(cause).toMatchObject({ cause: 'mmap-lock-holder', thread: null });
      expect(cause?.sentence).toContain(`: \`server\` of this process, or ${words}, may have held it`);
    }
  });

  test('does not hide that two threads of the process had the lock one after the other', () => {
    const [long, early, late] = ['sssddddddddddddddddddss', 'sssqqqqqqqqqrssssssssss', 'ssssssssssssqqqqqqqqqrs'];
    const functions = [4, 13].map((look) => waitingIn('vm_mmap_pgoff', 11, look));
    const chainBeside = (...beside: readonly Timeline[]) =>
      observedBy([lookedAt('worker', 11, long), ...beside], { functions, kernelTids }).stalls.find(
        ({ thread }) => thread?.tid === 11,
      )?.chain ?? [];
    // On a busy machine it has no CPU for most of the time, also while nobody waits.
    const always = ofKernel('qqqqqqqqqqqqrqqqqqqqqr');
    const both = chainBeside(lookedAt('early', 12, early), lookedAt('late', 14, late), always);
    expect(both.map(({ thread }) => thread)).toEqual([null, null]);
    for (const [i, name] of ['early', 'late'].entries())
      expect(both[i]?.sentence).toContain(`\`${name}\` of this process, or the kernel thread \`khugepaged\`,`);
    // Where nobody of the process fits, it may have had the lock all the time, or for half of it.
    expect(chainBeside(always)).toMatchObject([{ thread: { name: 'khugepaged' }, grade: 'possible' }]);
    expect(chainBeside(ofKernel(early)).map(({ thread }) => thread?.name)).toEqual(['khugepaged', undefined]);
  });

  test('does not have the lock, if it slept or ran', () => {
    const busy = 'r'.repeat(waiter.length);
    for (const letters of [busy, 's'.repeat(waiter.length)])
      for (const cause of causesOf([worker, purger, ofKernel(letters)], { kernelTids }))
        expect(cause).toMatchObject({ grade: 'likely', thread: { name: 'purger' } });
    for (const cause of causesOf([worker, ofKernel(busy)], { kernelTids }))
      expect(cause).toMatchObject({ thread: null });
  });

  test('does not have the lock of a VMA, and no mutex', () => {
    const functions = [0, 1, 2, 3].map((n) => waitingIn('__vma_start_write', 11, n * 14 + 6));
    for (const cause of causesOf([worker, ofKernel(holder)], { kernelTids, functions }))
      expect(cause).toMatchObject({ cause: 'vma-lock', thread: null });
    const asleep = 'sssssssssssrss'.repeat(4);
    const mutex = [0, 1, 2, 3].map((n): StackReading => ({
      ...waitingIn('futex_wait', 11, n * 14 + 6),
      state: 'S',
      frames: ['futex_wait', '0x7f00deadbeef', '0x2'],
    }));
    for (const cause of causesOf([lookedAt('worker', 11, asleep), ofKernel(holder)], { kernelTids, functions: mutex }))
      expect(cause).toMatchObject({ cause: 'mutex', thread: null });
  });
});

describe('late looks', () => {
  const ticks = (between: readonly number[]): number[] => {
    let at = 0;
    return [0, ...between.map((one) => (at += one * 1e6))];
  };
  test('are counted, with the longest time without one', () => {
    const ticks_ns = ticks([10, 10, 40, 10, 30]);
    expect(lateLooks({ timelines: new Map(), ticks_ns, period_ns: look_ns })).toEqual([
      { code: 'looks-late', looks_n: 6, late_n: 2, period_ns: look_ns, mean_ns: 20e6, longest_ns: 40e6 },
    ]);
  });
  test('are no gap where a few came a little late', () => {
    const ticks_ns = ticks([...Array.from({ length: 30 }, () => 10), 17]);
    expect(lateLooks({ timelines: new Map(), ticks_ns, period_ns: look_ns })).toEqual([]);
  });
});

describe('a sleep until a safepoint is over', () => {
  const letters = 'rrrrrrssssssssrrrrrr';
  const workers = [lookedAt('worker', 11, letters), lookedAt('other', 12, letters)];
  const vm = lookedAt('VM Thread', 15, 'ssssssqqqqqqqqrsssss', { nice: 19 });
  const asleep = (tid: number, word: string, value: string): StackReading => ({
    ...waitingIn('futex_wait', tid, 8),
    frames: ['futex_wait', word, value],
  });
  const inSafepoint = [asleep(11, '0x7f10', '0x9'), asleep(12, '0x7f10', '0x9')];

  test('is a stall, whose root is the VM thread that had no CPU', () => {
    const causes = causesOf([...workers, vm], { functions: inSafepoint });
    expect(causes).toMatchObject([{ cause: 'not-scheduled', thread: { name: 'VM Thread' } }]);
    expect(causes[0]?.sentence).toMatch(/^worker \(11\) was stopped for \S+ ms by a safepoint of the JVM/);
  });

  test('does not blame the VM thread for a lock that it waited for, where nobody was seen who had it', () => {
    const blocked = lookedAt('VM Thread', 15, 'ssssssddddddddrsssss');
    const [cause] = causesOf([...workers, blocked], {
      functions: [...inSafepoint, waitingIn('do_mprotect_pkey', 15, 9)],
    });
    expect(cause).toMatchObject({ cause: 'mmap-lock-holder', thread: null });
    expect(cause?.sentence).toMatch(/`VM Thread` waited \S+ ms for mmap_lock, \S* ?held by a thread that was not seen/);
  });

  test.each([
    { what: 'without a VM thread', threads: workers, functions: inSafepoint },
    { what: 'on a word of one thread', threads: [...workers, vm], functions: inSafepoint.slice(0, 1) },
    {
      what: 'on a contended mutex of the C library',
      threads: [...workers, vm],
      functions: [asleep(11, '0x7f10', '0x2'), asleep(12, '0x7f10', '0x2')],
    },
    { what: 'of which nothing was read', threads: [...workers, vm], functions: [] },
  ])('is not seen in a sleep $what', ({ threads, functions }) => {
    expect(causesOf(threads, { functions })).toEqual([]);
  });
});

describe('a sleep for a mutex', () => {
  const asleep = lookedAt('worker', 11, 'rssssssrrr');
  const sleepIn = (...frames: string[]): StackReading[] => [{ time_ns: 3 * look_ns, tid: 11, state: 'S', frames }];
  const mutex = sleepIn('futex_wait', '0x7f10', '0x2', '0x0', '0x9f00');
  const holding = lookedAt('purger', 12, 'rqqqqqqrrr', { nice: 19 });

  test('counts, and its holder is possible at most', () => {
    expect(causesOf([asleep, holding], { functions: mutex })).toMatchObject([
      { cause: 'mutex', grade: 'possible', lock: 'futex', thread: { name: 'purger' } },
    ]);
    expect(causesOf([asleep], { functions: mutex })).toMatchObject([{ cause: 'mutex', thread: null }]);
  });

  test.each([
    ['another word', ['futex_wait', '0x7f10', '0x1', '0x0', '0x9f00']],
    ['up to a timeout', ['futex_wait', '0x7f10', '0x2', '0x7f99', '0x9f00']],
    ['a word of its own frame', ['futex_wait', '0x7f10', '0x2', '0x0', '0x7f00']],
  ])('does not count for %s', (_, frames) => {
    expect(causesOf([asleep, holding], { functions: sleepIn(...frames) })).toEqual([]);
  });

  test('counts by FUTEX_LOCK_PI', () => {
    const functions = sleepIn('futex_lock_pi', '0x7f10', '0x0', '0x0', '0x9f00');
    expect(causesOf([asleep], { functions })).toMatchObject([{ cause: 'mutex' }]);
  });
});
