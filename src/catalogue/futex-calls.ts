/**
 * Waits for a mutex, by the arguments of futex(2). glibc's mutexes and its lock of an arena of malloc sleep by FUTEX_WAIT
 * for the value 2, which stands for "locked, and others wait" (nptl/lowlevellock.h), and so does Go's runtime before 1.24.
 * FUTEX_LOCK_PI waits for a mutex by definition. Condition variables, semaphores and monitors of a JVM use
 * FUTEX_WAIT_BITSET, and so do the mutexes of Rust. Constants are those of linux/futex.h.
 */
import { systemCallNumber } from './system-calls.js';

export interface FutexCall {
  readonly number: number;
  readonly arguments: readonly bigint[];
}

export interface AwaitedMutex {
  readonly address: bigint;
  /** Other processes may use it, too. */
  readonly isShared: boolean;
}

const commands = { wait: 0, wake: 1, lockPi: 6, unlockPi: 7, lockPi2: 13 } as const;
const commandBits = 0x7f;
const privateFlag = 0x80;
const contended = 2;
/** A condition variable of musl lies in the frame of the function that waits for it. */
const ownFrameBytes = 4096n;

function wordOf({ arguments: args }: FutexCall, index: number): number {
  return Number((args[index] ?? 0n) & 0xffff_ffffn);
}

const commandOf = (call: FutexCall): number => wordOf(call, 1) & commandBits;

/**
 * Null: it waits for no mutex. A FUTEX_WAIT with a timeout is none: no C library locks a mutex like that. (A spin lock of
 * tcmalloc does, and sleeps many times for one wait: src/observe/unseen-locks.ts.) Nor is one for a word of the frame that
 * waits: musl's pthread_cond_wait, which waits for the value 2, too. `stack`: the stack pointer
 * of the thread; null where it is not known.
 */
export function awaitedMutex(call: FutexCall, stack: bigint | null): AwaitedMutex | null {
  if (call.number !== systemCallNumber('futex')) return null;
  const address = call.arguments[0] ?? 0n;
  const command = commandOf(call);
  const isPi = command === commands.lockPi || command === commands.lockPi2;
  const isContended = command === commands.wait && wordOf(call, 2) === contended && (call.arguments[3] ?? 0n) === 0n;
  const isInFrame = stack !== null && address >= stack && address < stack + ownFrameBytes;
  if (!isPi && (!isContended || isInFrame)) return null;
  return { address, isShared: (wordOf(call, 1) & privateFlag) === 0 };
}

/**
 * What a call by which a thread wakes another says of a mutex for which that one sleeps. `unlocks`: it gave the mutex back.
 * `broadcasts`: it wakes all that wait for the word, as pthread_barrier_wait does, so the word is no mutex: who unlocks
 * a mutex wakes one. `other`: it does something else, such as sending a signal.
 */
export function wakingOf(call: FutexCall, { address, isShared }: AwaitedMutex): 'unlocks' | 'broadcasts' | 'other' {
  // Another process may have a shared word at another address.
  if (call.number !== systemCallNumber('futex') || (!isShared && call.arguments[0] !== address)) return 'other';
  const command = commandOf(call);
  if (command === commands.unlockPi) return 'unlocks';
  if (command !== commands.wake) return 'other';
  return wordOf(call, 2) === 1 ? 'unlocks' : 'broadcasts';
}

/**
 * The same of a sleep as pauselab-sampler writes it: the call, address, value, timeout and stack pointer, in hexadecimal.
 * Whether another process may have the mutex is not known then.
 */
export function mutexIn(frames: readonly string[]): AwaitedMutex | null {
  const [name, ...rest] = frames;
  const command = { futex_wait: commands.wait, futex_lock_pi: commands.lockPi }[name ?? ''];
  const [address, value, timeout, stack] = rest.map(BigInt);
  const number = systemCallNumber('futex');
  if (command === undefined || number === null || address === undefined || value === undefined) return null;
  const args = [address, BigInt(command | privateFlag), value, timeout ?? 0n];
  return awaitedMutex({ number, arguments: args }, stack ?? null);
}
