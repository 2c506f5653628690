/** Full names of a JVM's threads, by Thread.print: the kernel keeps 15 bytes of a name (comm). Pure. */
import { observedSeries } from '../observed-stalls.js';
import type { WatchResult } from '../tier.js';

/** `nativeId`: in the PID namespace of the JVM. */
export interface PrintedThread {
  readonly nativeId: number;
  readonly name: string;
}

/** nid is hexadecimal up to JDK 18 and decimal later. A name may contain quotes: what follows the last one is ours. */
const threadLine = /^"(.*)" (?:#\d+ )?(?:\[\d+\] )?[^"]*\bnid=(0x[0-9a-f]+|\d+) /;

export function printedThreads(text: string): PrintedThread[] {
  return text.split('\n').flatMap((line) => {
    const [, name, nativeId] = threadLine.exec(line) ?? [];
    return name === undefined || nativeId === undefined ? [] : [{ name, nativeId: Number(nativeId) }];
  });
}

export interface FullName {
  /** When the name was read. A thread that has another one now may be another thread. */
  readonly comm: string;
  readonly name: string;
}

/** By tid. */
export type FullNames = ReadonlyMap<number, FullName>;

/** A thread keeps the name that was seen where its full name is not known. */
export function withFullNames(seen: WatchResult, names: FullNames): WatchResult {
  const full = (tid: number, comm: string): string => {
    const found = names.get(tid);
    return found?.comm === comm ? found.name : comm;
  };
  const named = <Thread extends { readonly tid: number; readonly name: string }>(thread: Thread): Thread => ({
    ...thread,
    name: full(thread.tid, thread.name),
  });
  const { stalls, evidence } = seen;
  const { trace } = evidence;
  return {
    ...seen,
    stalls: stalls.map(({ thread, stall }) => ({
      thread: named(thread),
      stall: { ...stall, series: observedSeries(named(thread)) },
    })),
    evidence: {
      ...evidence,
      named: evidence.named.map((one) => ({ ...one, thread: named(one.thread) })),
      threads: new Map([...evidence.threads].map(([tid, thread]) => [tid, named(thread)])),
      trace:
        trace === null
          ? null
          : {
              ...trace,
              model: {
                ...trace.model,
                names: new Map([...trace.model.names].map(([tid, comm]) => [tid, full(tid, comm)])),
              },
            },
    },
  };
}
