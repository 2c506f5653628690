/**
 * pauselab-observer on other kernels than this machine's, in emulated guests: its programs load, and name who waits for
 * mmap_lock, who had it, how, and in which call. The threads are those of native/test/lock_waits.cc.
 */
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../src/kernel/guest/guest-machine.js';
import type { KernelImage } from '../../src/kernel/image/kernel-image.js';
import { seenInKernel } from '../../src/observe/observed-evidence.js';
import { attributed } from '../../src/observe/observation.js';
import type { EndRecord, ObservedRecord, OffRecord } from '../../src/observe/observed.js';
import { bootObserving, observedIn, observedThreshold_ns } from '../support/observing-guest.js';
import { expectNothingLeft } from '../support/pauselab.js';
import { realKernel } from '../support/real-kernel.js';
import { noisy, withinTries } from '../support/tries.js';

/**
 * 6.1 is the oldest that observe needs. From 6.12 to 6.17 events and locks of VMAs changed, in 7.1 the queue of a
 * rwsem, in 7.2 the size of task_struct.on_cpu.
 */
const kernels = ['deb:6.1', 'deb:6.12', 'deb:6.17', 'deb:7.1', 'deb:7.2', 'deb:7.3'];

/** System calls of x86-64. */
const mprotect = 10;
const madvise = 28;

const offsOf = (records: readonly ObservedRecord[]): OffRecord[] => records.filter((record) => record.kind === 'off');

/** A wait for mmap_lock that whoever had the lock ended. */
const wait = (waiter: string, holder: string, mode: { isWrite: boolean; gaveWrite: boolean }, number: number) =>
  expect.objectContaining({
    thread: expect.objectContaining({ name: waiter }) as unknown,
    lock: 'waits',
    waker: expect.objectContaining({ name: holder }) as unknown,
    gaveFrom_ns: expect.any(Number) as unknown,
    wakerCall: expect.objectContaining({ number }) as unknown,
    ...mode,
  }) as OffRecord;

/** Who holds the lock long is named by a record of its own. */
const hold = (holder: string, isWrite: boolean, number: number) =>
  expect.objectContaining({
    kind: 'hold',
    thread: expect.objectContaining({ name: holder }) as unknown,
    isWrite,
    isSure: true,
    call: expect.objectContaining({ number }) as unknown,
  }) as ObservedRecord;

/** Asleep before the programs were attached: no event says for what. A CPU had not been taken from them then. */
const wereBlocked = (offs: readonly OffRecord[]): OffRecord[] =>
  offs.filter(({ state, off_ns, taker }) => state === 'blocked' && off_ns < 0 && taker === null);

/** What `pauselab observe` would answer, without names of kernel functions. */
function reasonsIn(records: readonly ObservedRecord[]): ReturnType<typeof attributed>['reasons'] {
  const [end] = records.filter((record): record is EndRecord => record.kind === 'end');
  if (end === undefined) throw new Error('the observer has no last record');
  const offs = offsOf(records);
  const pids = [
    ...new Set(offs.filter(({ thread }) => thread.name.startsWith('waiter')).map(({ thread }) => thread.pid)),
  ];
  const observed = {
    offs,
    holds: records.filter((record) => record.kind === 'hold'),
    rans: records.filter((record) => record.kind === 'ran'),
    exits: new Map<number, number>(),
    end,
  };
  return attributed(
    seenInKernel(observed, { pids, threshold_ns: observedThreshold_ns, detail_ns: 1e6, symbols: null, cpuCount: 2 }),
  ).reasons;
}

/** A reason, as the table of `pauselab observe` has it. */
const reason = (cause: string, holder: string, call: string, givesBack: boolean) =>
  expect.objectContaining({
    cause,
    call,
    givesBack,
    thread: expect.objectContaining({ name: holder }) as unknown,
  }) as ReturnType<typeof reasonsIn>[number];

async function expectWaits(machine: Machine, { release }: KernelImage): Promise<void> {
  const { kernel, code, complaints, records } = await observedIn(machine, 4000);
  expect({ kernel, code, complaints }).toEqual({ kernel: release, code: 0, complaints: '' });
  expect(records.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['ready', 'end']));
  const offs = offsOf(records);
  const reasons = reasonsIn(records);
  const blocked = wereBlocked(offs);
  // An emulated CPU is slow, and may have no time for each of these in the window.
  noisy(() => {
    expect(offs).toContainEqual(wait('waiter-write', 'holder-read', { isWrite: true, gaveWrite: false }, madvise));
    expect(offs).toContainEqual(wait('waiter-write', 'holder-write', { isWrite: true, gaveWrite: true }, mprotect));
    expect(offs).toContainEqual(wait('waiter-read', 'holder-write', { isWrite: false, gaveWrite: true }, mprotect));
    expect(records).toContainEqual(hold('holder-read', false, madvise));
    expect(records).toContainEqual(hold('holder-write', true, mprotect));
    expect(reasons).toContainEqual(reason('mmap-lock-reader', 'holder-read', 'madvise.POPULATE_READ', false));
    expect(reasons).toContainEqual(reason('mmap-lock-writer', 'holder-write', 'mprotect', false));
    expect(blocked.length, 'threads that waited when the observation began').toBeGreaterThan(0);
  });
  expect(blocked.map(({ lock }) => lock)).toEqual(blocked.map(() => 'waits'));
}

async function inGuest(
  asked: string,
  skip: (condition: boolean, reason: string) => void,
  look: typeof expectWaits,
): Promise<void> {
  const image = await realKernel(asked, skip);
  // An emulated kernel sometimes does not start.
  const machine = await withinTries(3, `${asked} boots`, () => noisy(() => bootObserving(image)));
  try {
    await withinTries(5, `${asked} is observed`, () => look(machine, image));
  } finally {
    await machine.close();
  }
}

describe.each(kernels)('%s', (asked) => {
  test('the observer names who waits for mmap_lock, who had it, how, and in which call', async ({ skip }) => {
    await inGuest(asked, skip, expectWaits);
  });
});

test('a kernel for real time is refused, because its lock does not name who has it', async ({ skip }) => {
  await inGuest('deb:6.12/rt', skip, async (machine) => {
    const { code, complaints, records } = await observedIn(machine, 1000);
    expect(complaints).toBe(
      'mmap_lock of this kernel does not name who has it, as with PREEMPT_RT; use --tier tracefs\n',
    );
    expect({ code, records }).toEqual({ code: 5, records: [] });
  });
});

expectNothingLeft();
