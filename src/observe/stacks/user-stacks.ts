/** Stacks of programs among the records: whose, when, and what the thread did then. Pure. */
import type { UserMoment, UserStackFact } from '../../facts/user-stack-facts.js';
import { mutexOf } from '../mutex-sleeps.js';
import type { KeptRecords, ObservedThread, OffRecord, UserStack } from '../observed.js';

/** The frames as addresses, or with their names. */
export interface UserStackReading<Stack = UserStackFact> {
  readonly tid: number;
  readonly pid: number;
  readonly start_ns: number;
  readonly end_ns: number;
  readonly stack: Stack;
}

export type RawUserStack = UserStack & { readonly moment: UserMoment };

export function userStacksIn({ offs, holds }: KeptRecords): UserStackReading<RawUserStack>[] {
  return [
    ...offs.flatMap((off) => [...ofWaker(off), ...ofHolder(off)]),
    ...holds.flatMap(({ thread, userStack, slept_ns, acquired_ns, released_ns, hasEnded }) =>
      reading(thread, userStack, {
        moment: slept_ns !== null ? 'waited' : hasEnded ? 'gave-back' : 'lost-cpu',
        start_ns: slept_ns !== null || hasEnded ? released_ns : acquired_ns,
        end_ns: released_ns,
      }),
    ),
  ];
}

function ofWaker(off: OffRecord): UserStackReading<RawUserStack>[] {
  const { waker, wakerStack, woken_ns, state, lock, gaveTo_ns } = off;
  if (waker === null || woken_ns === null) return [];
  // Of another process, or another reader, the waking says nothing.
  const gaveBack = lock === 'waits' ? gaveTo_ns !== null : state === 'blocked' || mutexOf(off) !== null;
  return gaveBack ? reading(waker, wakerStack, { moment: 'gave-back', start_ns: woken_ns, end_ns: woken_ns }) : [];
}

function ofHolder({ thread, ownStack, off_ns, on_ns }: OffRecord): UserStackReading<RawUserStack>[] {
  return reading(thread, ownStack, { moment: 'lost-cpu', start_ns: off_ns, end_ns: on_ns });
}

function reading(
  { tid, pid }: ObservedThread,
  stack: UserStack | null,
  { moment, ...span }: { readonly moment: UserMoment; readonly start_ns: number; readonly end_ns: number },
): UserStackReading<RawUserStack>[] {
  return stack === null ? [] : [{ tid, pid, ...span, stack: { ...stack, moment } }];
}
