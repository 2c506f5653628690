/**
 * The questions against a simulated kernel: whatever lock each call takes there, it is found, or left open, never
 * mistaken.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { declaredLock as declaredOn, fitsInRegion, knownCalls, probesOfTable } from '../../src/doctor/probes.js';
import type { Lock } from '../../src/catalogue/lock-row.js';
import type { Seen, OperationTime } from '../../src/doctor/lock-verdict.js';
import { askAll, lockOf, type Question } from '../../src/doctor/stages.js';
import { seriesOf, type Probe, type TrialResult } from '../../src/doctor/trial.js';
import type { LockClass } from '../../src/catalogue/locks.js';

const declaredLock = (probe: Probe): LockClass => declaredOn(probe, '6.17.13');
const all = probesOfTable();
const found = knownCalls(() => false);
if ('missing' in found) throw new Error(`no ${found.missing}`);
const known = found;
const isKnown = (probe: Probe): boolean =>
  [known.reader, known.writer].some((one) => seriesOf(one) === seriesOf(probe));

const ms = 1_000_000;
const passing: Seen = { n: 40, latest_ns: 2 * ms, waited_n: 0, longestWait_ns: 0, unclear_n: 0 };
const late: Seen = { n: 20, latest_ns: 90 * ms, waited_n: 0, longestWait_ns: 0, unclear_n: 1 };
const waiting = (waits: readonly OperationTime[]): Seen => ({
  n: 12,
  latest_ns: 240 * ms,
  waited_n: waits.length,
  longestWait_ns: Math.max(...waits.map(({ duration_ns }) => duration_ns)),
  unclear_n: 0,
});

interface Kernel {
  lockOf(probe: Probe): LockClass;
  /** In this trial the holder was never preempted inside a call. */
  holdsNothing(trial: number): boolean;
  /** In this trial the call got no CPU for too long. */
  getsNoCpu(trial: number, probe: Probe): boolean;
}

/** The waits of each victim, by the rules of the kernel's locks. */
function trialOn(kernel: Kernel, { holder, probes, inTurn }: Question, trial: number): TrialResult {
  const idle = kernel.holdsNothing(trial);
  const takes = (probe: Probe): boolean => kernel.lockOf(probe).startsWith('mmap_lock');
  const writes = (probe: Probe): boolean => kernel.lockOf(probe) === 'mmap_lock write';
  const turnOf = (probe: Probe): OperationTime => ({
    start_ns: 250 * ms * (inTurn ?? []).indexOf(probe),
    duration_ns: 180 * ms,
  });
  const inside = ({ start_ns, duration_ns }: OperationTime): OperationTime => ({
    start_ns: start_ns + ms,
    duration_ns: duration_ns - ms,
  });
  const whole: OperationTime = { start_ns: 0, duration_ns: 200 * ms };
  const waits = (probe: Probe): OperationTime[] => {
    if (idle || kernel.getsNoCpu(trial, probe)) return [];
    if (holder === 'writer')
      return takes(probe) || (probe.layout === 'same' && kernel.lockOf(probe) === 'VMA lock') ? [whole] : [];
    if (inTurn === undefined) return writes(probe) || (takes(probe) && probes.some(writes)) ? [whole] : [];
    if (inTurn.includes(probe)) return writes(probe) ? [turnOf(probe)] : [];
    return takes(probe) ? inTurn.filter(writes).map((other) => inside(turnOf(other))) : [];
  };
  const seen = (probe: Probe): Seen => {
    if (kernel.getsNoCpu(trial, probe)) return late;
    const own = waits(probe);
    return own.length === 0 ? passing : waiting(own);
  };
  return { seen, waits, held_n: idle ? 0 : 4 };
}

async function tableOf(kernel: Kernel): Promise<Map<string, Lock>> {
  let trials = 0;
  const { facts } = await askAll(all, known, {
    declared: declaredLock,
    trial: (question) => Promise.resolve(trialOn(kernel, question, trials++)),
    mayAsk: () => true,
    progress: () => undefined,
  });
  return new Map(all.map((probe) => [seriesOf(probe), lockOf(facts.get(seriesOf(probe)) ?? {})]));
}

/** What can be said of a call that takes this lock. */
function whole(probe: Probe, lock: LockClass): Lock {
  return lock.startsWith('mmap_lock') || fitsInRegion(probe) ? lock : 'no mmap_lock';
}

const quiet = { holdsNothing: () => false, getsNoCpu: () => false };
const anyLock = fc.constantFrom<LockClass>('mmap_lock write', 'mmap_lock read', 'VMA lock', 'none');
const anyLocks = fc.array(anyLock, { minLength: all.length, maxLength: all.length });
const lockIn =
  (locks: readonly LockClass[]) =>
  (probe: Probe): LockClass => {
    // A page in the holder's VMA is the same call.
    const asked = probe.layout === 'same' ? { ...probe, layout: 'isolated' as const } : probe;
    return isKnown(asked)
      ? declaredLock(asked)
      : (locks[all.findIndex((one) => seriesOf(one) === seriesOf(asked))] ?? 'none');
  };

test('on a quiet machine every call of a kernel as declared is decided', async () => {
  const table = await tableOf({
    ...quiet,
    lockOf: (probe) => declaredLock(probe.layout === 'same' ? { ...probe, layout: 'isolated' } : probe),
  });
  for (const probe of all)
    expect([seriesOf(probe), table.get(seriesOf(probe))]).toEqual([seriesOf(probe), whole(probe, declaredLock(probe))]);
});

test('whatever locks a kernel has, they are found on a quiet machine', async () => {
  await fc.assert(
    fc.asyncProperty(anyLocks, async (locks) => {
      const kernel = { ...quiet, lockOf: lockIn(locks) };
      const table = await tableOf(kernel);
      for (const probe of all)
        expect([seriesOf(probe), table.get(seriesOf(probe))]).toEqual([
          seriesOf(probe),
          whole(probe, kernel.lockOf(probe)),
        ]);
    }),
    { numRuns: 50 },
  );
});

test('on a loaded one they are found or left open, never mistaken', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLocks,
      fc.infiniteStream(fc.boolean()),
      fc.infiniteStream(fc.nat({ max: 3 })),
      async (locks, idle, busy) => {
        const kernel: Kernel = {
          lockOf: lockIn(locks),
          holdsNothing: memo(() => next(idle)),
          getsNoCpu: memo(() => next(busy) === 0),
        };
        const table = await tableOf(kernel);
        for (const probe of all)
          expect([whole(probe, kernel.lockOf(probe)), 'no mmap_lock', 'undecided']).toContain(
            table.get(seriesOf(probe)),
          );
        for (const probe of all)
          if (kernel.lockOf(probe).startsWith('mmap_lock')) expect(table.get(seriesOf(probe))).not.toBe('no mmap_lock');
      },
    ),
    { numRuns: 50 },
  );
});

test('when time is up nothing is asked, and all stays open', async () => {
  const { facts } = await askAll(all, known, {
    declared: declaredLock,
    trial: () => Promise.reject(new Error('asked')),
    mayAsk: () => false,
    progress: () => undefined,
  });
  expect(new Set(all.map((probe) => lockOf(facts.get(seriesOf(probe)) ?? {})))).toEqual(new Set(['undecided']));
});

function next<T>(stream: Iterator<T>): T {
  return stream.next().value as T;
}

/** The same answer for the same trial and call. */
function memo(ask: () => boolean): (trial: number, probe?: Probe) => boolean {
  const answers = new Map<string, boolean>();
  return (trial, probe) => {
    const key = `${trial} ${probe === undefined ? '' : seriesOf(probe)}`;
    const answer = answers.get(key) ?? ask();
    answers.set(key, answer);
    return answer;
  };
}
