/** What is known of the call of a thread that others waited for, by its name in a chain of blame. */
import { matchesComm } from '../../../catalogue/thread-patterns.js';
import { jvmGivers, vmThread, type Collector, type Giver } from '../../../catalogue/collectors.js';
import { locksOfCall } from '../../../catalogue/calls.js';
import { givesMemoryBack } from '../../../catalogue/gives-back.js';
import type { Locks } from '../../../catalogue/locks.js';
import { operations, type HolderWork } from '../../../catalogue/operations.js';
import { isPurge, purgeRows } from '../../../catalogue/purges.js';
import { holderThatMakes } from '../../../catalogue/repeating.js';
import type { BlamedThread } from '../../../facts/chain-facts.js';

export interface AdvisedCall {
  readonly name: string;
  /** Null: it is none of a holder's. */
  readonly work: HolderWork | null;
  readonly locks: Locks | null;
  readonly isPurge: boolean;
}

/** `call`: such as `madvise_free across VMAs`, `munmap`. */
export function advisedCall(call: string): AdvisedCall {
  const [name = ''] = call.split(' ');
  const rowOf = (operation: string | null): (typeof all)[number] | undefined =>
    all.find((row) => row.name === operation);
  const own = rowOf(name);
  const alike = own ?? rowOf(holderThatMakes(name, false)) ?? rowOf(holderThatMakes(name, true));
  return {
    name,
    work: alike?.does ?? (givesMemoryBack(call) ? 'releases' : null),
    locks: own?.locks ?? locksOfCall(name),
    isPurge: isPurge(name),
  };
}

const all = [...operations, ...purgeRows];

/** Of a thread of a JVM that gives memory back. */
export interface AdvisedGiver extends Pick<Giver, 'call'> {
  readonly givesHeap: boolean;
  /** Whether it does little else, so that it may be taken to have done it where its call was not seen. */
  readonly doesLittleElse: boolean;
  /** Null: several, or any. */
  readonly collector: Collector | null;
}

/** Null: no thread of a JVM that gives memory back. A thread of the profile may have any name. */
export function advisedGiver({ name, role }: BlamedThread): AdvisedGiver | null {
  if (role !== 'other' && role !== 'load') return null;
  const giver = jvmGivers.find(({ pattern }) => matchesComm(pattern, name));
  if (giver === undefined) return null;
  const [collector = null, ...others] = giver.collectors ?? [];
  return {
    call: giver.call,
    givesHeap: giver.collectors !== undefined,
    doesLittleElse: giver.pattern !== vmThread,
    collector: others.length === 0 ? collector : null,
  };
}
