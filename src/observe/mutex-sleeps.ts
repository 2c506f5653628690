/** Sleeps for a mutex, in what was seen of a thread off its CPU: who slept for which one, and who gave it back. Pure. */
import { mutexKey, overlapping, type MutexWait } from '../attribution/trace-model.js';
import { awaitedMutex, wakingOf, type AwaitedMutex, type FutexCall } from '../catalogue/futex-calls.js';
import { grouped } from '../base/group.js';
import { readyAt, type ObservedCall, type OffRecord } from './observed.js';

/** Null: it did not sleep for a mutex, as far as is known. */
export function mutexOf({ state, call, stackPointer, wakerCall }: OffRecord): AwaitedMutex | null {
  if (state !== 'asleep' || call === null) return null;
  const mutex = awaitedMutex(withNumbers(call), stackPointer === null ? null : BigInt(`0x${stackPointer}`));
  if (mutex === null) return null;
  const isBroadcast = wakerCall !== null && wakingOf(withNumbers(wakerCall), mutex) === 'broadcasts';
  return isBroadcast ? null : mutex;
}

/** Of each thread, and of each mutex, by start. */
export function mutexWaits(offs: readonly OffRecord[]): {
  readonly mutexWaits: ReadonlyMap<number, readonly MutexWait[]>;
  readonly mutexWaitsOn: ReadonlyMap<string, readonly MutexWait[]>;
} {
  const sleeps = offs.flatMap(sleepOf);
  // Woken while it went to sleep: whether it slept for the mutex, and who gave it that, is not known (readyAt).
  const isUnsure = ({ off }: MutexSleep): boolean => off.woken_ns === off.off_ns;
  const unsure = grouped(
    sleeps
      .filter(isUnsure)
      .map(({ off: { off_ns, on_ns }, mutex }) => ({ mutex, start_ns: off_ns, end_ns: on_ns }))
      .sort((a, b) => a.start_ns - b.start_ns),
    ({ mutex }) => mutex,
  );
  const waits = sleeps
    .filter((sleep) => !isUnsure(sleep))
    .map(waitOf)
    .map((wait) => {
      // A common instant is enough.
      const around = { start_ns: wait.start_ns - 1, end_ns: wait.end_ns + 1 };
      return { ...wait, isWhole: wait.isWhole && overlapping(unsure.get(wait.mutex), around).length === 0 };
    })
    .sort((a, b) => a.start_ns - b.start_ns);
  return { mutexWaits: grouped(waits, ({ tid }) => tid), mutexWaitsOn: grouped(waits, ({ mutex }) => mutex) };
}

interface MutexSleep {
  readonly off: OffRecord;
  /** By process and address. */
  readonly mutex: string;
  readonly awaited: AwaitedMutex;
}

function sleepOf(off: OffRecord): MutexSleep[] {
  const awaited = mutexOf(off);
  return awaited === null ? [] : [{ off, mutex: mutexKey(off.thread.pid, awaited.address), awaited }];
}

function waitOf({ off, mutex, awaited }: MutexSleep): MutexWait {
  const { thread, off_ns, on_ns, waker, wakerCall } = off;
  const end_ns = readyAt(off);
  // The call of who ends a short sleep is not read.
  const isUnlocked = wakerCall === null || wakingOf(withNumbers(wakerCall), awaited) === 'unlocks';
  return {
    tid: thread.tid,
    mutex,
    isWhole: !awaited.isShared,
    start_ns: off_ns,
    end_ns,
    ran_ns: on_ns,
    unlockedBy: off.woken_ns === end_ns && waker !== null && waker.tid !== 0 && isUnlocked ? waker.tid : null,
  };
}

function withNumbers({ number, arguments: args }: ObservedCall): FutexCall {
  return { number, arguments: args.map((one) => BigInt(`0x${one}`)) };
}
