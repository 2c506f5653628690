/** Waits for mmap_lock that no record of the lock has, and files that a record of the lock does not name. */
import { expect, test } from 'vitest';
import { systemCallNumber, type SystemCallName } from '../../src/catalogue/system-calls.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { attributed } from '../../src/observe/observation.js';
import type { Observed } from '../../src/observe/observed.js';
import { lockWaits } from '../../src/observe/observed-waits.js';
import { hold, observed, observedThread, off, target } from '../support/observed.js';

const ms = 1_000_000;
const symbols = new Map([
  ['a1', '__vm_munmap'],
  ['a2', '__x64_sys_munmap'],
  ['b1', 'smaps_pte_range'],
  ['b2', 'show_smap'],
]);
const found = (of: Observed, known: typeof symbols | null = symbols) =>
  attributed(seenInKernel(of, { pids: [target], threshold_ns: 20 * ms, cpuCount: 2, detail_ns: ms, symbols: known }));

const victim = observedThread('mapper', 101);
const other = observedThread('other', 103);
const purger = observedThread('purger', 102);
const agent = observedThread('agent', 900, 900);
const callOf = (name: SystemCallName, ...args: string[]) => ({ number: systemCallNumber(name) ?? 0, arguments: args });
const munmap = callOf('munmap', '7f0000000000', '1000');
const purge = hold(purger, { from: 90, to: 200 }, { call: callOf('madvise', '7f0000000000', '3000000', '4') });
const inMunmap = { call: munmap, stack: ['a1', 'a2'] };

test('a wait that the observer marked is one, though the lock was then held too shortly for a record', () => {
  const { stalls } = found(
    observed({
      offs: [off(victim, { from: 100, woken: 200, to: 200 }, { lock: 'waits', lockPid: target, isWrite: true })],
      holds: [purge],
    }),
  );
  expect(stalls[0]?.cause).toMatchObject({ cause: 'mmap-lock-reader', grade: 'proven', thread: { name: 'purger' } });
});

test('a wait without a mark is one where the thread sleeps in a function that takes the lock', () => {
  const causes = (of: Parameters<typeof off>[2], known?: null) =>
    found(observed({ offs: [off(victim, { from: 100, woken: 200, to: 200 }, of)], holds: [purge] }), known).stalls.map(
      ({ cause }) => [cause?.cause, cause?.thread?.name],
    );
  expect(causes(inMunmap)).toEqual([['mmap-lock-reader', 'purger']]);
  expect(causes({ call: munmap, stack: ['a2'] })).toEqual([['unknown', undefined]]);
  expect(causes({ ...inMunmap, contention: 32 })).toEqual([['unknown', undefined]]);
  expect(causes(inMunmap, null)).toEqual([['unknown', undefined]]);
});

test('a wait from before the observation is for mmap_lock by its stack, and its holder is not guessed', () => {
  const { stalls } = found(observed({ offs: [off(victim, { from: -50, woken: 200, to: 200 }, inMunmap)] }));
  expect(stalls[0]?.chain?.map(({ cause, why }) => [cause, why?.code])).toEqual([['unknown', 'no-holder-seen']]);
});

test('a wait that a record of the lock has is not there twice', () => {
  const offs = [off(victim, { from: 95, woken: 200, to: 200 }, { lock: 'waits', lockPid: target, isWrite: true })];
  const holds = [hold(victim, { slept: 100, from: 200, to: 210 }, { isWrite: true, call: munmap })];
  expect(lockWaits({ offs, holds }, symbols).map(({ start_ns, end_ns }) => [start_ns / ms, end_ns / ms])).toEqual([
    [100, 200],
    [95, 100],
  ]);
});

test('a file that its reader had closed is known by another call, or by the function that reads it', () => {
  const reads = (descriptor: string, more: Parameters<typeof hold>[2]) =>
    hold(agent, { from: 90, to: 200 }, { call: callOf('read', descriptor), ...more });
  const earlier = hold(agent, { from: 10, to: 20 }, { call: callOf('read', '3'), file: '/proc/100/smaps' });
  const calls = (...holds: ReturnType<typeof hold>[]) =>
    found(
      observed({
        offs: [off(victim, { from: 100, woken: 200, to: 200 }, { lock: 'waits', lockPid: target, isWrite: true })],
        holds,
      }),
    ).reasons.map(({ call }) => call);
  expect(calls(earlier, reads('3', {}))).toEqual(['/proc/PID/smaps']);
  expect(calls(earlier, reads('4', {}))).toEqual(['read']);
  expect(calls(reads('4', { stack: ['b1', 'b2'] }))).toEqual(['/proc/PID/smaps']);
});

test('the turn of a writer that comes after a wait hides nothing of that wait', () => {
  const waits = { lock: 'waits', lockPid: target, isWrite: true } as const;
  const { stalls } = found(
    observed({
      offs: [
        // Woken, and too late for the lock: the purger has it again.
        off(victim, { from: 100, woken: 101, to: 107 }, { ...waits, waker: purger }),
        off(victim, { from: 107.05, woken: 298, to: 298 }, { ...waits, waker: purger }),
        off(other, { from: 100, woken: 300, to: 304 }, { ...waits, waker: victim }),
      ],
      holds: [
        hold(purger, { from: 102, to: 298 }, { call: callOf('madvise', '7f0000000000', '3000000', '4') }),
        hold(victim, { slept: 100, from: 298, to: 300 }, { isWrite: true }),
        hold(other, { slept: 100, from: 304, to: 304 }, { isWrite: true }),
      ],
    }),
  );
  const [stall] = stalls.filter(({ series }) => series.startsWith('mapper'));
  expect(stall?.cause).toMatchObject({ cause: 'mmap-lock-reader', thread: { name: 'purger' } });
});

/** Another writer queues behind `turn`, whose thread gets a CPU at 400 ms only. `waking`: as the observer has it. */
const behind = (waking: Parameters<typeof off>[2], { woken }: { readonly woken: number }) => {
  const waits = { lock: 'waits', lockPid: target, isWrite: true } as const;
  const { stalls } = found(
    observed({
      offs: [
        off(other, { from: 100, woken, to: 400 }, { ...waits, waker: purger, ...waking }),
        off(victim, { from: 150, woken: 401, to: 401 }, { ...waits, waker: other }),
      ],
      holds: [
        hold(other, { slept: 100, from: 400, to: 401 }, { isWrite: true, call: munmap }),
        hold(victim, { slept: 150, from: 401, to: 401 }, { isWrite: true }),
      ],
    }),
  );
  return stalls.find(({ series }) => series.startsWith('mapper'));
};

test.each([
  ['while it went to sleep', 100],
  ['by a thread whose hold is not recorded', 100.02],
  ['after a hold that began and ended unseen', 130],
])('a writer that was woken %s has its turn until it has a CPU', (_, woken) => {
  expect(behind({}, { woken })).toMatchObject({
    cause: { cause: 'mmap-lock-writer', grade: 'proven', thread: { name: 'other' } },
    chain: [{ isNext: true, duration_ns: 250 * ms }, {}],
  });
});

test('a thread that was woken in the queue as a reader, or in no queue, has no turn', () => {
  for (const waking of [{ isWrite: false }, { lock: 'none', lockPid: 0 }] as const)
    expect(behind(waking, { woken: 100 })?.chain?.map(({ cause, isNext }) => [cause, isNext])).toContainEqual([
      'unknown',
      false,
    ]);
});
