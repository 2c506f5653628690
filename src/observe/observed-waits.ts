/**
 * Waits for mmap_lock. A record of the lock has the whole wait. Some waits have no such record: the lock became a
 * reader's at once (munmap) and was held for less than is reported, or the wait began before the observation did. Then
 * what the thread did off its CPU shows it: the observer's own mark, or the function of the kernel that takes the lock.
 * Pure.
 */
import { uncovered } from '../attribution/links.js';
import { overlapping, type LockWait } from '../attribution/trace-model.js';
import { grouped } from '../base/group.js';
import { mmapLockTakenBy } from '../catalogue/kernel-waits.js';
import type { HoldRecord, Observed, OffRecord } from './observed.js';

/** Names of kernel functions by address; null: they are hidden. */
export type KernelSymbols = ReadonlyMap<string, string> | null;

export function lockWaits({ offs, holds }: Pick<Observed, 'offs' | 'holds'>, symbols: KernelSymbols): LockWait[] {
  const recorded = holds.flatMap(ofHold);
  const recordedOf = grouped(
    recorded.toSorted((a, b) => a.start_ns - b.start_ns),
    ({ tid }) => tid,
  );
  const others = offs
    .filter(({ state }) => state === 'blocked')
    .flatMap((off) => ofMark(off) ?? ofStack(off, symbols) ?? [])
    .flatMap((wait) =>
      uncovered(wait, overlapping(recordedOf.get(wait.tid), wait)).map((part) => ({ ...wait, ...part })),
    );
  return [...recorded, ...others];
}

function ofHold({ thread, lockPid, isWrite, slept_ns, acquired_ns }: HoldRecord): LockWait[] {
  return slept_ns === null
    ? []
    : [{ mm: BigInt(lockPid), tid: thread.tid, isWrite, start_ns: slept_ns, end_ns: acquired_ns }];
}

function ofMark({ lock, lockPid, isWrite, ...off }: OffRecord): LockWait | null {
  return lock === 'waits' ? waitOf(off, BigInt(lockPid), isWrite) : null;
}

function ofStack({ lock, contention, stack, ...off }: OffRecord, symbols: KernelSymbols): LockWait | null {
  if (symbols === null || lock !== 'none' || contention >= 0) return null;
  const taken = mmapLockTakenBy(stack.map((address) => symbols.get(address) ?? ''));
  return taken === null ? null : waitOf(off, BigInt(off.thread.pid), taken === 'write');
}

/** A reader has the lock when it is woken; a writer takes it when it runs. */
function waitOf(
  { thread, off_ns, woken_ns, on_ns }: Pick<OffRecord, 'thread' | 'off_ns' | 'woken_ns' | 'on_ns'>,
  mm: bigint,
  isWrite: boolean,
): LockWait {
  return { mm, tid: thread.tid, isWrite, start_ns: off_ns, end_ns: isWrite ? on_ns : (woken_ns ?? on_ns) };
}
