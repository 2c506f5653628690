import { describe, expect, test } from 'vitest';
import type { RunEvidence } from '../../src/attribution/evidence.js';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { answerOf, attributed } from '../../src/observe/observation.js';
import type { Observed } from '../../src/observe/observed.js';
import { statedAnswer } from '../../src/words/observation-words.js';
import { hold, observed, observedThread, off, ran, target, recordOptions, unthrottled } from '../support/observed.js';
import { alwaysThrottled, neverThrottled, throttledIf } from '../support/throttled.js';
import { statedGap } from '../../src/words/observation-words.js';

const ms = 1_000_000;
const found = (of: Observed, steal: RunEvidence['steal'] = []) => {
  const seen = seenInKernel(of, recordOptions);
  return attributed({ ...seen, evidence: { ...seen.evidence, throttled: unthrottled, steal } });
};

const victim = observedThread('mapper', 101);
const purger = { ...observedThread('purger', 102), nice: 19 };
const hog = observedThread('hog', 103);
const agent = observedThread('agent', 900, 900);
const madvise = {
  number: systemCallNumber('madvise') ?? 0,
  arguments: ['7f0000000000', '3000000', '4', '0', '0', '0'],
};
const munmap = { number: systemCallNumber('munmap') ?? 0, arguments: ['7f0000000000', '1000', '0', '0', '0', '0'] };
const read = { number: systemCallNumber('read') ?? 0, arguments: ['3', '0', '0', '0', '0', '0'] };

/** The victim waits for write while the purger, preempted by the hog, has the lock for read. */
const preempted = observed({
  offs: [
    off(victim, { from: 100, woken: 400, to: 401 }, { lock: 'waits', lockPid: target, isWrite: true, waker: purger }),
    off(purger, { from: 110, to: 395 }, { state: 'runnable', lock: 'holds', lockPid: target, taker: hog, before: hog }),
  ],
  holds: [
    hold(purger, { from: 95, to: 400 }, { call: madvise }),
    hold(victim, { slept: 100, from: 401, to: 402 }, { isWrite: true, call: munmap }),
  ],
  rans: [ran(hog, 0, 110, 395)],
});

describe('a stall of an observed process', () => {
  test('has the thread that held mmap_lock, its call with the advice, and who had its CPU', () => {
    const { stalls } = found(preempted);
    const [stall] = stalls.filter(({ series }) => series.startsWith('mapper'));
    expect(stall?.cause).toMatchObject({
      cause: 'mmap-lock-reader',
      grade: 'proven',
      lock: 'mmap_lock read',
      thread: { name: 'purger', tid: 102, role: 'other', nice: 19 },
    });
    expect(stall?.chain?.[0]).toMatchObject({
      call: 'madvise.DONTNEED',
      cpuTakenBy: [{ thread: { name: 'hog' }, duration_ns: 285 * ms }],
    });
    expect(stall?.start_ns).toBe(100 * ms);
    expect(stall?.duration_ns).toBe(301 * ms);
    expect(stall?.causeWithoutTrace).toBeNull();
  });

  test('does not say how long a thread ran that has no records of its running', () => {
    const slept = off(hog, { from: 120, woken: 140, to: 141 });
    const { stalls } = found({ ...preempted, offs: [...preempted.offs, slept] });
    const [stall] = stalls.filter(({ series }) => series.startsWith('mapper'));
    const ran_ns = (name: string) => stall?.evidence?.threads.find(({ thread }) => thread.name === name)?.onCpu_ns;
    expect(ran_ns('hog')).toBeNull();
    expect(ran_ns('purger')).toBeGreaterThan(0);
    expect(ran_ns('mapper')).toBe(0);
  });

  test('names a holder outside of the process, with what it did', () => {
    const { stalls, reasons } = found(
      observed({
        offs: [off(victim, { from: 100, woken: 200, to: 200 }, { lock: 'waits', lockPid: target, isWrite: true })],
        holds: [
          hold(agent, { from: 90, to: 200 }, { call: read }),
          hold(victim, { slept: 100, from: 200, to: 201 }, { isWrite: true }),
        ],
      }),
    );
    expect(stalls[0]?.cause?.thread).toMatchObject({ name: 'agent', role: 'outside' });
    expect(reasons).toMatchObject([{ call: 'read', givesBack: false }]);
  });

  test('is a wait for a CPU where no lock was waited for', () => {
    const { stalls } = found(
      observed({ offs: [off(victim, { from: 100, to: 150 }, { state: 'runnable' })], rans: [ran(hog, 0, 100, 150)] }),
    );
    expect(stalls[0]?.cause).toMatchObject({ cause: 'not-scheduled', grade: 'proven' });
  });

  test('is possible only where nobody was seen on the CPU for most of it', () => {
    const { stalls } = found(
      observed({ offs: [off(victim, { from: 100, to: 150 }, { state: 'runnable' })], rans: [ran(hog, 0, 100, 110)] }),
    );
    expect(stalls[0]?.cause).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
    expect(stalls[0]?.cause?.sentence).toContain('its CPU was not seen busy');
  });

  test('does not say that it was no wait for mmap_lock where the lock was not seen', () => {
    const reasons = (more: Parameters<typeof off>[2], from = 100) =>
      found(
        observed({ offs: [off(victim, { from, woken: 200, to: 200 }, { call: munmap, ...more })] }),
      ).stalls[0]?.chain?.map(({ cause, why }) => [cause, why?.code]);
    // It began before the observation, and whether it was for the lock nobody knows.
    expect(reasons({}, -50)).toEqual([['unknown', 'lock-unseen']]);
    expect(reasons({})).toEqual([['unknown', 'lock-unseen']]);
    // A mutex of the kernel (LCB_F_MUTEX).
    expect(reasons({ contention: 32 })).toEqual([['unknown', 'not-mmap-lock']]);
  });

  test.each([
    ['a sleep that another thread ended', { state: 'asleep', waker: hog }],
    ['a sleep that nobody ended', { state: 'asleep' }],
  ] as const)('is not %s', (_, more) => {
    expect(found(observed({ offs: [off(victim, { from: 0, woken: 900, to: 900 }, more)] })).stalls).toEqual([]);
  });

  test('is not a sleep of a thread that was woken shortly before it went to sleep', () => {
    const woken = (at: number) =>
      found(observed({ offs: [off(victim, { from: 100, woken: at, to: 400 }, { state: 'asleep', waker: hog })] }))
        .stalls;
    expect(woken(100)).toEqual([]);
    expect(woken(101)).toHaveLength(1);
  });

  describe('that sleeps until a safepoint is over', () => {
    const vm = observedThread('VM Thread', 104);
    const futex = (address: string, command: string, value: string) => ({
      number: systemCallNumber('futex') ?? 0,
      arguments: [address, command, value, '0', '0', '0'],
    });
    const slept = (more: Parameters<typeof off>[2]) =>
      found(observed({ offs: [off(victim, { from: 100, woken: 160, to: 160 }, { state: 'asleep', ...more })] })).stalls;
    const wait = futex('7f10', '80', '3');
    const wake = futex('7f10', '81', '7fffffff');

    test('is one', () => {
      expect(slept({ waker: vm, call: wait, wakerCall: wake })).toHaveLength(1);
    });

    test.each([
      ['of another process', { waker: observedThread('VM Thread', 904, 900), call: wait, wakerCall: wake }],
      ['for work of the VM thread', { waker: vm, call: futex('7f10', '189', '0'), wakerCall: wake }],
      ['for a mutex that the VM thread had', { waker: vm, call: wait, wakerCall: futex('7f10', '81', '1') }],
      ['on another futex', { waker: vm, call: wait, wakerCall: futex('7f90', '81', '7fffffff') }],
      ['until its process ended', { waker: vm, call: wait, wakerCall: null }],
    ])('is none where it sleeps %s', (_, more) => {
      expect(slept(more)).toEqual([]);
    });
  });

  test('is one where a thread ran for a moment between two waits, and two where it ran for longer', () => {
    const waits = (gap: number) =>
      found(observed({ offs: [off(victim, { from: 100, to: 130 }), off(victim, { from: 130 + gap, to: 160 + gap })] }))
        .stalls;
    expect(waits(0.05)).toHaveLength(1);
    expect(waits(0.5)).toHaveLength(2);
  });

  test('is not one of another process, nor one below the threshold', () => {
    const short = off(victim, { from: 100, to: 119 });
    const foreign = off(agent, { from: 100, to: 300 }, { lock: 'holds', lockPid: target });
    expect(found(observed({ offs: [short, foreign] })).stalls).toEqual([]);
  });

  test('that began before the observation counts from its start, and one that goes on ends with it', () => {
    const { stalls } = found(observed({ offs: [off(victim, { from: -500, to: 1000 }, { hasEnded: false })] }));
    expect(stalls[0]).toMatchObject({ start_ns: 0, duration_ns: 1000 * ms, stillRunning: true, threadEnded: false });
  });

  test('ends with its thread', () => {
    const { stalls } = found(
      observed({
        offs: [off(victim, { from: 100, to: 1000 }, { hasEnded: false })],
        exits: new Map([[victim.tid, 500 * ms]]),
      }),
    );
    expect(stalls[0]).toMatchObject({ threadEnded: true, stillRunning: false });
  });

  test('does not end with an earlier thread of the same id', () => {
    const { stalls } = found(
      observed({
        offs: [off(victim, { from: 100, to: 1000 }, { hasEnded: false })],
        exits: new Map([[victim.tid, 50 * ms]]),
      }),
    );
    expect(stalls[0]).toMatchObject({ threadEnded: false, stillRunning: true });
  });
});

describe('a stop', () => {
  const worker = observedThread('worker', 104);
  const stop = (thread: typeof worker) =>
    off(thread, { from: 150.05, woken: 230, to: 231 }, { state: 'stopped', call: null });
  const chainOf = (records: Observed) =>
    found(records)
      .stalls.find(({ thread }) => thread?.tid === victim.tid)
      ?.chain?.map(({ cause, start_ns, end_ns }) => [cause, start_ns / ms, end_ns / ms]);

  test('counts from the signal that woke a sleeping thread', () => {
    const woken = off(victim, { from: 20, woken: 100, to: 150 }, { state: 'asleep' });
    expect(chainOf(observed({ offs: [woken, stop(victim)] }))).toEqual([
      ['stopped', 100, 230],
      ['not-scheduled', 230, 231],
    ]);
  });

  test('counts for a thread without a CPU from the signal that another thread of its process had', () => {
    const waiting = off(victim, { from: 80, to: 150 }, { state: 'runnable' });
    const other = off(worker, { from: 20, woken: 100, to: 150 }, { state: 'asleep' });
    expect(chainOf(observed({ offs: [waiting, stop(victim), other, stop(worker)] }))).toEqual([
      ['not-scheduled', 80, 100],
      ['stopped', 100, 230],
      ['not-scheduled', 230, 231],
    ]);
    expect(chainOf(observed({ offs: [waiting, stop(victim)] }))?.[0]).toEqual(['not-scheduled', 80, 150.05]);
  });

  test('does not take a wait for a CPU before which the thread slept and after which it ran', () => {
    const woken = off(victim, { from: 20, woken: 100, to: 140 }, { state: 'asleep' });
    expect(chainOf(observed({ offs: [woken, stop(victim)] }))?.[0]).toEqual(['not-scheduled', 100, 140]);
  });
});

describe('a limit of CPU time', () => {
  const symbols = new Map([['f1', 'task_work_run']]);
  const waited = off(victim, { from: 100, to: 150 }, { state: 'runnable', stack: ['f1'] });
  const causeWith = (isThrottled: boolean | null) => {
    const seen = seenInKernel(observed({ offs: [waited] }), { ...recordOptions, symbols });
    const evidence = { ...seen.evidence, throttled: new Map([[target, throttledIf(isThrottled)]]) };
    return attributed({ ...seen, evidence }).stalls[0]?.cause;
  };

  test('is the reason where a thread left the run queue on its way to user space', () => {
    expect(causeWith(true)).toMatchObject({ cause: 'cpu-limit', grade: 'likely' });
    expect(causeWith(null)).toMatchObject({ cause: 'cpu-limit', grade: 'possible' });
  });

  test('is none where no cgroup of the process had used up its time', () => {
    expect(causeWith(false)).toMatchObject({ cause: 'not-scheduled' });
  });

  describe('may be the reason where a cgroup had used up its time, and no stack shows which waits came from that', () => {
    const names = new Map([...symbols, ['f2', 'exit_to_user_mode_loop']]);
    const judged = (of: Observed, more: Partial<RunEvidence> = {}) => {
      const seen = seenInKernel(of, { ...recordOptions, symbols: names });
      const evidence = { ...seen.evidence, throttled: new Map([[target, alwaysThrottled]]), ...more };
      return attributed({ ...seen, evidence }).stalls.find(({ series }) => series.startsWith('mapper'))?.cause;
    };
    const behindHog = (stack: string[]) =>
      observed({
        offs: [off(victim, { from: 100, to: 150 }, { state: 'runnable', stack })],
        rans: [ran(hog, 0, 100, 150)],
      });

    test('for a thread behind another one', () => {
      const cause = judged(behindHog(['f2']));
      expect(cause).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
      expect(cause?.sentence).toMatch(
        /had no CPU while `hog` ran there: its cgroup used up its CPU time \(cpu.max\) around that time, and that may be why the thread had no CPU$/,
      );
      expect(judged(behindHog([]), { showsThrottling: true })).toMatchObject({ grade: 'possible' });
    });

    test('but not where the stack would show it, nor for a process of another cgroup', () => {
      const proven = { cause: 'not-scheduled', grade: 'proven' };
      expect(judged(behindHog(['f2']), { showsThrottling: true })).toMatchObject(proven);
      expect(
        judged(behindHog(['f2']), {
          throttled: new Map([
            [target, neverThrottled],
            [900, alwaysThrottled],
          ]),
        }),
      ).toMatchObject(proven);
    });

    test('for a thread that had the lock, unless the kernel throttles none that has one', () => {
      const cause = judged(preempted);
      expect(cause).toMatchObject({ cause: 'mmap-lock-reader', grade: 'proven' });
      expect(cause?.sentence).toMatch(
        /had no CPU for 285 ms while `hog` ran there, perhaps because its cgroup had used up its CPU time \(cpu.max\)$/,
      );
      expect(judged(preempted, { showsThrottling: true })?.sentence).toMatch(/while `hog` ran there$/);
    });
  });
});

describe('the answer', () => {
  const watched = { threshold_ns: 20 * ms, watched_ns: 1000 * ms, threads_n: 3 };

  test('counts apart, too, what the hypervisor may have taken from a thread that others waited for', () => {
    const { reasons } = found(preempted, [{ start_ns: 0, end_ns: 1000 * ms, steal_share: 0.5 }]);
    expect(reasons.map(({ cause }) => cause)).toContain('steal');
    expect(answerOf(reasons, watched)).toMatchObject({
      stalls_n: 1,
      others: [],
      ofHolders_n: 1,
      ofHolders_ns: 285 * ms,
    });
    // Of a thread for which nobody waited.
    const alone = off(victim, { from: 100, to: 150 }, { state: 'runnable' });
    const stolen = found(observed({ offs: [alone], rans: [ran(hog, 0, 100, 150)] }), [
      { start_ns: 0, end_ns: 1000 * ms, steal_share: 0.5 },
    ]);
    expect(statedAnswer(answerOf(stolen.reasons, watched)).sentence).toMatch(
      /1 stall \(50\.0 ms\) may have come from the hypervisor, which took CPU time meanwhile$/,
    );
  });

  test('counts what a call took that gives memory back, and apart what its thread waited for a CPU meanwhile', () => {
    const { reasons } = found(preempted);
    expect(answerOf(reasons, watched)).toMatchObject({
      code: 'gives-back',
      stalls_n: 1,
      total_ns: 301 * ms,
      givingBack_n: 1,
      givingBack_ns: 301 * ms,
      others: [],
      ofHolders_n: 1,
      ofHolders_ns: 285 * ms,
      unknown_n: 0,
    });
    expect(reasons.map(({ cause, thread }) => [cause, thread?.name])).toEqual([
      ['mmap-lock-reader', 'purger'],
      ['not-scheduled', 'purger'],
    ]);
  });

  test('counts a wait for a CPU as a stall of its own where others waited for its thread for less than half of it', () => {
    const waited = (to: number) => {
      const offs = [...preempted.offs, off(purger, { from: 401, to }, { state: 'runnable', cpuIn: 1 })];
      const rans = [...preempted.rans, ran(hog, 0, 401, to)];
      return answerOf(found({ ...preempted, offs, rans }).reasons, watched);
    };
    expect(waited(450)).toMatchObject({ stalls_n: 2, ofHolders_n: 1, others: [{ cause: 'not-scheduled' }] });
  });

  test('counts the stalls for which giving back is only possible, not their reasons', () => {
    const [reason] = found(preempted).reasons;
    if (reason === undefined) throw new Error('there is one');
    const of = { ...reason, grade: 'possible', stalls_n: 17, possible_n: 2 } as const;
    expect(answerOf([of], watched)).toMatchObject({ givingBack_n: 17, perhaps_n: 2 });
  });

  test('is not ruled out by a thread that is only possibly to blame', () => {
    const [reason] = found(preempted).reasons;
    if (reason === undefined) throw new Error('there is one');
    const late = {
      ...reason,
      cause: 'safepoint',
      call: null,
      thread: { name: 'worker', tid: 104, role: 'other', nice: null } as const,
      givesBack: false,
    };
    const answerWith = (grade: 'likely' | 'possible') => answerOf([{ ...late, cause: 'safepoint', grade }], watched);
    expect(answerWith('likely')).toMatchObject({ others: [{ isOpen: false }] });
    expect(answerWith('possible')).toMatchObject({ others: [{ isOpen: true }] });
    expect(statedAnswer(answerWith('possible')).sentence).toContain('was not seen to be the reason');
  });

  test('has mutexes once, whether the call of the holder was seen or not', () => {
    const [reason] = found(preempted).reasons;
    if (reason === undefined) throw new Error('there is one');
    const mutex = { ...reason, cause: 'mutex', givesBack: false } as const;
    const answer = answerOf(
      [
        { ...mutex, call: null },
        { ...mutex, call: 'read' },
      ],
      watched,
    );
    expect(answer).toMatchObject({ others: [{ cause: 'mutex', isOpen: true, stalls_n: 2 }] });
  });

  test('is that there was no stall, with how much was watched', () => {
    expect(answerOf([], watched)).toEqual({ code: 'no-stall', ...watched });
  });

  test('does not call munmap of another thread anything but giving back, nor a read', () => {
    const by = (call: typeof read) =>
      found(
        observed({
          offs: [off(victim, { from: 100, woken: 200, to: 200 }, { lock: 'waits', lockPid: target })],
          holds: [
            hold(purger, { from: 90, to: 200 }, { call, isWrite: true }),
            hold(victim, { slept: 100, from: 200, to: 201 }),
          ],
        }),
      ).reasons.map(({ givesBack }) => givesBack);
    expect(by(munmap)).toEqual([true]);
    expect(by(read)).toEqual([false]);
  });
});

describe('what was not seen', () => {
  test('is every counter of the observer that is not 0', () => {
    const codes = (end: Parameters<typeof observed>[1]) =>
      seenInKernel(observed({}, end), recordOptions).gaps.map(({ code }) => code);
    expect(codes({})).toEqual(['sleeps-not-judged']);
    expect(codes({ ringFull_n: 1, threadsMissed_n: 2, lockUsersMissed_n: 3, recursion_n: 4 })).toEqual([
      'records-dropped',
      'threads-not-followed',
      'lock-users-missed',
      'events-missed',
      'sleeps-not-judged',
    ]);
    const sentences = seenInKernel(
      observed({}, { threadsMissed_n: 2, lockUsersMissed_n: 300 }),
      recordOptions,
    ).gaps.map((gap) => statedGap(gap).sentence);
    expect(sentences.slice(0, 2)).toEqual([
      '2 threads could not be followed, because pauselab’s table in the kernel had another thread in their place: their stalls are missing',
      '300 times a thread that used mmap_lock could not be followed, because pauselab’s table in the kernel had another thread in its place; for these times the holder may be unknown',
    ]);
    expect(seenInKernel(observed({}), { ...recordOptions, symbols: null }).gaps.map(({ code }) => code)).toContain(
      'symbols-hidden',
    );
  });
});

describe('a wait that is still going on when the observation ends', () => {
  const open = (isSure: boolean) =>
    observed({
      offs: [
        off(victim, { from: 100, to: 400 }, { lock: 'waits', lockPid: target, isWrite: true, hasEnded: false }),
        off(purger, { from: 90, to: 400 }, { state: 'runnable', hasEnded: false }),
      ],
      holds: [
        hold(victim, { slept: 100, from: 400, to: 400 }, { isWrite: true, hasIt: false, hasEnded: false }),
        hold(purger, { from: 100, to: 400 }, { isSure, hasEnded: false }),
      ],
    });
  test.each([
    ['proven', true],
    ['likely', false],
  ])('has the thread that the lock names: %s', (grade, isSure) => {
    const [stall] = found(open(isSure)).stalls.filter(({ series }) => series.startsWith('mapper'));
    expect(stall?.cause).toMatchObject({ cause: 'mmap-lock-reader', grade, thread: { name: 'purger' } });
  });

  test('leaves it open whether the call, which was not seen, gave memory back', () => {
    const { reasons } = found(open(false));
    const answer = answerOf(reasons, { threshold_ns: 20 * ms, watched_ns: 400 * ms, threads_n: 2 });
    expect(answer).toMatchObject({
      givingBack_n: 0,
      others: [{ cause: 'mmap-lock-reader', isOpen: true, stalls_n: 1 }],
    });
  });
});

test('a writer that is blocked while it has mmap_lock waits for the reader of a VMA that woke it', () => {
  const { stalls } = found(
    observed({
      offs: [
        off(
          victim,
          { from: 100, woken: 300, to: 301 },
          { lock: 'holds', lockPid: target, isWrite: true, waker: purger },
        ),
        off(purger, { from: 110, to: 290 }, { state: 'runnable', taker: hog, before: hog, call: madvise }),
      ],
      rans: [ran(hog, 0, 110, 290)],
    }),
  );
  const [stall] = stalls.filter(({ series }) => series.startsWith('mapper'));
  expect(stall?.cause).toMatchObject({ cause: 'vma-lock', lock: 'vma', thread: { name: 'purger' } });
});

test('a wait for a CPU that was busy with many short runs is one, and else perhaps one', () => {
  const graded = (busy: number) =>
    found(observed({ offs: [off(victim, { from: 100, to: 200 }, { state: 'runnable', busy_ns: busy * ms })] }))
      .stalls[0]?.cause;
  expect(graded(60)).toMatchObject({ cause: 'not-scheduled', grade: 'proven' });
  expect(graded(40)).toMatchObject({ cause: 'not-scheduled', grade: 'possible' });
});
