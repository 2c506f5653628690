/** Sleeps for a mutex, in what was seen of a thread off its CPU: who slept for which one, and who gave it back. Pure. */
import { mutexKey, type MutexWait } from '../attribution/trace-model.js';
import { awaitedMutex, wakingOf, type AwaitedMutex, type FutexCall } from '../catalogue/futex-calls.js';
import { grouped } from '../base/group.js';
import { readyAt, type ObservedCall, type OffRecord } from './observed.js';

/** Null: it did not sleep for a mutex, as far as is known. */
export function mutexOf({ state, call, userStack, wakerCall }: OffRecord): AwaitedMutex | null {
  if (state !== 'asleep' || call === null) return null;
  const mutex = awaitedMutex(withNumbers(call), userStack === null ? null : BigInt(`0x${userStack}`));
  if (mutex === null) return null;
  const isBroadcast = wakerCall !== null && wakingOf(withNumbers(wakerCall), mutex) === 'broadcasts';
  return isBroadcast ? null : mutex;
}

/** Of each thread, and of each mutex, by start. */
export function mutexWaits(offs: readonly OffRecord[]): {
  readonly mutexWaits: ReadonlyMap<number, readonly MutexWait[]>;
  readonly mutexWaitsOn: ReadonlyMap<string, readonly MutexWait[]>;
} {
  const unsure = grouped(offs.filter(isUnsure), mutexKeyOf);
  const waits = offs
    .flatMap(waitOf)
    .map((wait) => ({
      ...wait,
      isWhole:
        wait.isWhole &&
        !(unsure.get(wait.mutex) ?? []).some(({ off_ns, on_ns }) => off_ns <= wait.end_ns && on_ns >= wait.start_ns),
    }))
    .sort((a, b) => a.start_ns - b.start_ns);
  return { mutexWaits: grouped(waits, ({ tid }) => tid), mutexWaitsOn: grouped(waits, ({ mutex }) => mutex) };
}

/** It was woken while it went to sleep: whether it slept for the mutex, and who gave it that, is not known (readyAt). */
function isUnsure(off: OffRecord): boolean {
  return off.woken_ns === off.off_ns && mutexOf(off) !== null;
}

function mutexKeyOf(off: OffRecord): string | null {
  const mutex = mutexOf(off);
  return mutex === null ? null : mutexKey(off.thread.pid, mutex.address);
}

function waitOf(off: OffRecord): MutexWait[] {
  const mutex = mutexOf(off);
  if (mutex === null || isUnsure(off)) return [];
  const { thread, off_ns, on_ns, waker, wakerCall } = off;
  const end_ns = readyAt(off);
  // The call of who ends a short sleep is not read.
  const isUnlocked = wakerCall === null || wakingOf(withNumbers(wakerCall), mutex) === 'unlocks';
  return [
    {
      tid: thread.tid,
      mutex: mutexKey(thread.pid, mutex.address),
      isWhole: !mutex.isShared,
      start_ns: off_ns,
      end_ns,
      ran_ns: on_ns,
      unlockedBy: off.woken_ns === end_ns && waker !== null && waker.tid !== 0 && isUnlocked ? waker.tid : null,
    },
  ];
}

function withNumbers({ number, arguments: args }: ObservedCall): FutexCall {
  return { number, arguments: args.map((one) => BigInt(`0x${one}`)) };
}
