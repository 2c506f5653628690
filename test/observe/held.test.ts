import { describe, expect, test } from 'vitest';
import { systemCallNumber, type SystemCallName } from '../../src/catalogue/system-calls.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { holdersOf } from '../../src/observe/held.js';
import { attributed } from '../../src/observe/observation.js';
import type { Observed } from '../../src/observe/observed.js';
import { hold, observed, observedThread, off, ran, target } from '../support/observed.js';

const ms = 1_000_000;
const victim = observedThread('mapper', 101);
const purger = { ...observedThread('purger', 102), nice: 19 };
const hog = { ...observedThread('hog', 903, 900), nice: 5 };
const agent = observedThread('agent', 904, 904);
const call = (name: SystemCallName, ...args: readonly string[]) => ({
  number: systemCallNumber(name) ?? 0,
  arguments: [...args, '0', '0', '0', '0', '0', '0'].slice(0, 6),
});
const madvise = call('madvise', '7f0000000000', '4000000', '4');
const munmap = call('munmap', '7f1000000000', '1000');

function figures(of: Observed, kernel = '6.18.1') {
  const { roots } = attributed(
    seenInKernel(of, { pids: [target], threshold_ns: 20 * ms, cpuCount: 2, detail_ns: ms, symbols: new Map() }),
  );
  return holdersOf(of, roots, { kernel, policyOf: ({ name }) => (name === 'hog' ? 'batch' : null) });
}

/** The victim waits while the purger, preempted by the hog, has the lock; a shorter call of another size stalls nobody. */
const preempted = (by = purger): Observed =>
  observed({
    offs: [
      off(
        victim,
        { from: 100, woken: 400, to: 401 },
        { lock: 'waits', lockPid: target, isWrite: true, waker: by, call: munmap },
      ),
      off(by, { from: 110, to: 390 }, { state: 'runnable', lock: 'holds', lockPid: target, taker: hog, call: madvise }),
    ],
    holds: [
      hold(by, { from: 95, to: 400 }, { call: madvise }),
      hold(by, { from: 600, to: 602 }, { call: call('madvise', '7f0000000000', '1000', '4') }),
      hold(victim, { slept: 100, from: 401, to: 402 }, { isWrite: true, call: munmap }),
    ],
    rans: [ran(hog, 0, 110, 390)],
  });

describe('what is known of the thread that stalls others', () => {
  const [root] = figures(preempted());

  test('is its call, how long it had the lock, on its CPU and off it, and the range', () => {
    expect(root).toMatchObject({
      cause: 'mmap-lock-reader',
      call: 'madvise.DONTNEED',
      thread: { name: 'purger' },
      nice: 19,
      episodes_n: 1,
      stallMedian_ns: 301 * ms,
      held: { n: 1, median_ns: 305 * ms, onCpuMedian_ns: 25 * ms, offCpu_ns: 280 * ms },
      meanwhile: { onCpu_ns: 20 * ms, offCpu_ns: 280 * ms },
      range: { distinct_n: 1, medianBytes: 0x4000000, alignmentBytes: 2 ** 21 },
    });
  });

  test('is who had its CPU, with the nice value of another program’s thread', () => {
    expect(root?.competitors).toEqual([
      {
        name: 'hog',
        nice: 5,
        policy: 'batch',
        threads_n: 1,
        total_ns: 280 * ms,
        spans_n: 1,
        spanMedian_ns: 280 * ms,
      },
    ]);
  });

  test('is in which calls others waited', () => {
    expect(root?.waiters).toEqual([{ call: 'munmap', mode: 'mmap_lock write', waits_n: 1, threads_n: 1, nice: 0 }]);
  });

  test('is not the sleep before or behind a wait', () => {
    const of = preempted();
    const sleep = off(victim, { from: 400.5, to: 450 }, { state: 'asleep', call: call('clock_nanosleep') });
    expect(figures({ ...of, offs: [...of.offs, sleep] })[0]?.waiters).toHaveLength(1);
  });

  test.each([
    ['it took mmap_lock where it would take a VMA’s lock inside one', '6.17.0', purger, 'yes'],
    ['it took mmap_lock on a kernel that has no other lock for it', '6.16.0', purger, 'unknown'],
    ['it is a thread of another process', '6.17.0', agent, 'unknown'],
  ] as const)('is whether the range crossed VMAs: %s', (_, kernel, by, crossed) => {
    expect(figures(preempted(by), kernel)[0]?.crossed).toBe(crossed);
  });

  test('is nothing about crossing where the lock does not depend on it', () => {
    const of = preempted();
    const cold = call('madvise', '7f0000000000', '4000000', '14');
    const holds = of.holds.map((one) => (one.thread === purger ? { ...one, call: cold } : one));
    const offs = of.offs.map((one) => (one.thread === purger ? { ...one, call: cold } : one));
    expect(figures({ ...of, holds, offs })[0]).toMatchObject({ call: 'madvise.COLD', crossed: null });
  });

  test('is the file that it read', () => {
    const of = preempted(agent);
    const read = { call: call('read', '3'), file: `/proc/${target}/smaps` };
    const holds = of.holds.map((one) => (one.thread === agent ? { ...one, ...read } : one));
    const offs = of.offs.map((one) => (one.thread === agent ? { ...one, call: read.call } : one));
    expect(figures({ ...of, holds, offs })[0]).toMatchObject({
      call: '/proc/PID/smaps',
      range: null,
      held: { n: 1, onCpuMedian_ns: 25 * ms },
    });
  });
});

describe('a hold counts once', () => {
  const heldIn = (holds: Observed['holds'], offs: Observed['offs'] = []) => {
    const of = preempted();
    return figures({ ...of, holds: [...holds, ...of.holds.slice(1)], offs: [...of.offs.slice(0, 1), ...offs] })[0]
      ?.held;
  };
  const reader = { call: madvise };
  const other = { ...purger, tid: 107 };

  test('where a reader slept for the lock, and had it before it had a CPU', () => {
    const waited = off(purger, { from: 0, woken: 10, to: 200 }, { lock: 'waits', lockPid: target, call: madvise });
    const holds = [hold(purger, { slept: 0, from: 10, to: 200 }, reader), hold(purger, { from: 10, to: 400 }, reader)];
    expect(heldIn(holds, [waited])).toMatchObject({
      n: 1,
      median_ns: 390 * ms,
      longest_ns: 390 * ms,
      onCpuMedian_ns: 200 * ms,
      offCpu_ns: 190 * ms,
    });
  });

  test('where its end woke several threads', () => {
    const ends = [95, 120, 300].map((from) => hold(purger, { from, to: 400 }, reader));
    expect(heldIn(ends)).toMatchObject({ n: 1, median_ns: 305 * ms });
  });

  test('where nobody waited as a reader gave the lock back', () => {
    expect(heldIn([hold(purger, { slept: 0, from: 95, to: 400 }, reader)])).toMatchObject({
      n: 1,
      median_ns: 305 * ms,
    });
  });

  /** The victim waits once more. */
  const waitsAgain = (by: typeof purger): Observed['offs'][number] =>
    off(
      victim,
      { from: 700, woken: 950, to: 951 },
      { lock: 'waits', lockPid: target, isWrite: true, waker: by, call: munmap },
    );

  test('and a record of its beginning alone is none', () => {
    const holds = [
      hold(purger, { from: 95, to: 400 }, reader),
      hold(purger, { slept: 705, from: 720, to: 720 }, reader),
      hold(other, { from: 695, to: 950 }, reader),
    ];
    expect(heldIn(holds, [waitsAgain(other)])).toMatchObject({ n: 2, median_ns: 280 * ms });
    expect(heldIn([hold(purger, { slept: 100, from: 200, to: 200 }, reader)]) ?? null).toBeNull();
  });

  test('of each thread that had the lock', () => {
    const alike = [purger, other].map((by) => hold(by, { from: 95, to: 400 }, reader));
    const again = hold(other, { from: 695, to: 950 }, reader);
    expect(heldIn([...alike, again], [waitsAgain(other)])).toMatchObject({ n: 3, median_ns: 305 * ms });
  });
});

test('a thread without a CPU that stalls others meanwhile is told from one that does not', () => {
  const of = preempted();
  const alone = observedThread('alone', 105);
  const waits = off(alone, { from: 700, to: 800 }, { state: 'runnable', taker: hog });
  const causes = (more: Observed) => figures(more).map(({ cause, stalledThemselves }) => [cause, stalledThemselves]);
  expect(causes(of)).toEqual([
    ['mmap-lock-reader', false],
    ['not-scheduled', true],
  ]);
  expect(causes({ ...of, offs: [...of.offs.slice(0, 1), waits], rans: [ran(hog, 0, 700, 800)] })).toEqual([
    ['mmap-lock-reader', false],
    ['not-scheduled', false],
  ]);
});

test('a thread that waits for a lock and then keeps others waiting has two roots, and neither is a part of the other', () => {
  const of = preempted();
  const third = observedThread('third', 106);
  const more = {
    offs: [
      ...of.offs,
      off(third, { from: 450, woken: 500, to: 500 }, { lock: 'waits', lockPid: target, isWrite: true, waker: victim }),
    ],
    holds: [
      ...of.holds,
      hold(victim, { from: 440, to: 500 }, { isWrite: true, call: munmap }),
      hold(third, { slept: 450, from: 500, to: 501 }, { isWrite: true, call: munmap }),
    ],
  };
  const seen = figures({ ...of, ...more }).filter(({ cause }) => cause !== 'not-scheduled');
  expect(seen.map(({ thread, stalledThemselves }) => [thread?.name, stalledThemselves])).toEqual([
    ['purger', false],
    ['mapper', false],
  ]);
});

test('competitors of the same name count as many as had a tenth of the time each', () => {
  const of = preempted();
  const many = [0, 1, 2, 3].map((n) => observedThread('pool', 910 + n, 900));
  const rans = many.flatMap((thread, n) => [ran(thread, 0, 110 + n * 80, 110 + n * 80 + (n === 3 ? 10 : 80))]);
  expect(figures({ ...of, rans })[0]?.competitors).toMatchObject([{ name: 'pool', threads_n: 3 }]);
});
