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
  const waits = offs.flatMap(waitOf).sort((a, b) => a.start_ns - b.start_ns);
  return { mutexWaits: grouped(waits, ({ tid }) => tid), mutexWaitsOn: grouped(waits, ({ mutex }) => mutex) };
}

function waitOf(off: OffRecord): MutexWait[] {
  const mutex = mutexOf(off);
  if (mutex === null) return [];
  const { thread, off_ns, on_ns, waker, wakerCall } = off;
  const end_ns = readyAt(off);
  // The call of who ends a short sleep is not read.
  const isUnlocked = wakerCall === null || wakingOf(withNumbers(wakerCall), mutex) === 'unlocks';
  return [
    {
      tid: thread.tid,
      mutex: mutexKey(thread.pid, mutex.address),
      isShared: mutex.isShared,
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
