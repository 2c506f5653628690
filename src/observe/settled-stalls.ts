/** Stalls that have been over for a while, with the records of their time, for a live view. Pure. */
import { recordedEvidence, safepointsOf } from './observed-evidence.js';
import { stallOfWait, type ObservedWait } from './observed-stalls.js';
import type { KernelSymbols } from './observed-waits.js';
import type { KeptRecords, Observed } from './observed.js';
import type { SettledStalls } from './tier.js';

/** A holder may have had the lock for so long before anybody waited; two CPUs may report in another order. */
const margin_ns = 1_000_000_000;

export interface SettledOptions {
  readonly pids: readonly number[];
  readonly cpuCount: number;
  /** Up to which the records reach. */
  readonly now_ns: number;
  readonly symbolsOf: (addresses: readonly string[]) => KernelSymbols;
}

export function settledAmong(
  observed: Omit<Observed, 'end'>,
  waits: readonly ObservedWait[],
  { pids, cpuCount, now_ns, symbolsOf }: SettledOptions,
): SettledStalls {
  const start_ns = waits.reduce((least_ns, { parts }) => Math.min(least_ns, parts[0]?.start_ns ?? 0), Infinity);
  const recent = recordsSince(observed, start_ns - margin_ns);
  const symbols = symbolsOf(recent.offs.flatMap(({ stack }) => stack));
  return {
    stalls: waits.map((wait) => stallOfWait(wait, observed.exits, now_ns)),
    evidence: recordedEvidence({ ...recent, end: { end_ns: now_ns, ringFull_n: 0 } }, { pids, cpuCount, symbols }),
    eventsOf: new Map(pids.map((pid) => [pid, safepointsOf(recent.offs, pid)])),
  };
}

/** Those that end after `from_ns`: it takes a look at these alone. */
export function recordsSince({ offs, holds, rans }: KeptRecords, from_ns: number): KeptRecords {
  return {
    offs: lastOnes(offs, ({ on_ns }) => on_ns >= from_ns),
    holds: lastOnes(holds, ({ released_ns }) => released_ns >= from_ns),
    rans: lastOnes(rans, ({ end_ns }) => end_ns >= from_ns),
  };
}

function lastOnes<One>(all: readonly One[], isWanted: (one: One) => boolean): One[] {
  return all.slice(all.findLastIndex((one) => !isWanted(one)) + 1);
}
