/**
 * What an observation knows of each root beyond its stalls: how often, for how long and over which range the thread made
 * its call, who competed for its CPU, and in which calls the others waited. A profile that repeats the root is made of it
 * (src/observe/repeat/repetition.ts). Pure.
 */
import type { Span } from '../attribution/link-draft.js';
import { uncovered } from '../attribution/links.js';
import { overlapping } from '../attribution/trace-model.js';
import { grouped } from '../base/group.js';
import { partitionPoint } from '../base/sorted.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import type { RootFigures } from '../bundle/observation-schema.js';
import { locksOfCall } from '../catalogue/calls.js';
import { lockOn } from '../catalogue/locks.js';
import { callNamed, rangeOf, workOnFile } from '../catalogue/named-calls.js';
import { median } from '../stats/median.js';
import type { HoldRecord, KeptRecords, OffRecord, RanRecord } from './observed.js';
import type { Root } from './observation.js';
import type { PolicyOf } from './thread-policy.js';

export interface HeldOptions {
  readonly kernel: string;
  readonly policyOf: PolicyOf;
}

/** One for each root, in the same order. */
export function holdersOf(observed: KeptRecords, roots: readonly Root[], options: HeldOptions): RootFigures[] {
  const records = byThread(observed);
  const seen = { records, namedBy: rootsByTid(roots), niceOf: niceByTid(observed) };
  return roots.map((root) => figuresOf(root, seen, options));
}

interface Seen {
  readonly records: RecordsByThread;
  /** By tid. */
  readonly namedBy: ReadonlyMap<number, ReadonlySet<Root>>;
  readonly niceOf: ReadonlyMap<number, number>;
}

/** By tid. An observation may have millions of records, and many roots. */
interface RecordsByThread {
  /** Each list in order: a thread is off its CPU once at a time. */
  readonly offs: ReadonlyMap<number, readonly OffRecord[]>;
  readonly holds: ReadonlyMap<number, readonly HoldRecord[]>;
  readonly rans: ReadonlyMap<number, readonly RanRecord[]>;
}

function byThread({ offs, holds, rans }: KeptRecords): RecordsByThread {
  const tidOf = ({ thread }: OffRecord | HoldRecord | RanRecord): number => thread.tid;
  const offsOf = grouped(offs, tidOf);
  for (const list of offsOf.values()) list.sort((a, b) => a.off_ns - b.off_ns);
  return { offs: offsOf, holds: grouped(holds, tidOf), rans: grouped(rans, tidOf) };
}

function recordsOf<One>(lists: ReadonlyMap<number, readonly One[]>, tids: ReadonlySet<number>): One[] {
  return [...tids].flatMap((tid) => lists.get(tid) ?? []);
}

/** Those that overlap the span. */
function offsWithin(offs: readonly OffRecord[], { start_ns, end_ns }: Span): readonly OffRecord[] {
  return offs.slice(
    partitionPoint(offs, ({ on_ns }) => on_ns <= start_ns),
    partitionPoint(offs, ({ off_ns }) => off_ns < end_ns),
  );
}

/** Attribution has no nice value of a thread of another program. */
function niceByTid({ offs, rans }: KeptRecords): Map<number, number> {
  const niceOf = new Map<number, number>();
  for (const { taker, before } of offs) {
    for (const thread of [taker, before]) if (thread !== null) niceOf.set(thread.tid, thread.nice);
  }
  for (const { thread } of rans) niceOf.set(thread.tid, thread.nice);
  return niceOf;
}

function figuresOf(root: Root, seen: Seen, { kernel, policyOf }: HeldOptions): RootFigures {
  const { records } = seen;
  const { cause, call } = root;
  const tids = new Set(root.links.flatMap(({ thread }) => (thread === null ? [] : [thread.tid])));
  const episodes = merged(root.links);
  // Most calls of the thread may be short; those that stalled a thread matter.
  const stalled = (start_ns: number, end_ns: number): boolean => overlapping(episodes, { start_ns, end_ns }).length > 0;
  const holds = recordsOf(records.holds, tids).filter(
    (one) => one.hasIt && nameOfHold(one) === call && stalled(one.acquired_ns, one.released_ns),
  );
  const ofThreads = recordsOf(records.offs, tids);
  const offs = ofThreads.filter((one) => nameOf(one.call) === call && stalled(one.off_ns, one.on_ns));
  return {
    cause: cause.cause,
    call,
    thread: cause.thread,
    threads_n: tids.size,
    nice: commonest([...offs, ...holds].map(({ thread }) => thread.nice)) ?? cause.thread?.nice ?? null,
    policy: cause.thread === null ? null : (cause.thread.policy ?? policyOf(cause.thread)),
    episodes_n: episodes.length,
    episodeMedian_ns: median(episodes.map(({ start_ns, end_ns }) => end_ns - start_ns)),
    stallMedian_ns: median(root.stalls.map(({ duration_ns }) => duration_ns)),
    held: heldFor(holds, records),
    meanwhile: tids.size === 0 ? null : meanwhileOf(episodes, ofThreads),
    range: rangeFigures([...holds, ...offs]),
    crossed: crossedVmas(root, kernel),
    competitors: competitorsOf(root, seen, policyOf),
    stalledThemselves: cause.cause === 'not-scheduled' && mostAreHolders(root, seen.namedBy),
    waiters: waitersOf(records, root.stalls),
  };
}

const nameOf = (call: OffRecord['call']): string | null =>
  call === null ? null : callNamed(call.number, call.arguments);

/** As observed-model.ts names the calls of a trace. */
const nameOfHold = ({ call, file }: HoldRecord): string | null =>
  file === null ? nameOf(call) : (workOnFile(file) ?? file);

/** Several threads wait for one hold: spans that overlap, or follow each other at once, are one. */
function merged(spans: readonly Span[], gap_ns = sameEpisode_ns): Span[] {
  const episodes: { start_ns: number; end_ns: number }[] = [];
  for (const { start_ns, end_ns } of spans.toSorted((a, b) => a.start_ns - b.start_ns)) {
    const last = episodes.at(-1);
    if (last !== undefined && start_ns - last.end_ns <= gap_ns) last.end_ns = Math.max(last.end_ns, end_ns);
    else episodes.push({ start_ns, end_ns });
  }
  return episodes;
}

const sameEpisode_ns = 1_000_000;

/** Null: no hold of mmap_lock with a known length was reported. A VMA's lock has no event. */
function heldFor(records: readonly HoldRecord[], { offs }: RecordsByThread): RootFigures['held'] {
  const parts = holdsIn(records).map(({ tid, start_ns, end_ns }) => {
    const within = offsWithin(offs.get(tid) ?? [], { start_ns, end_ns });
    const off_ns = within.reduce(
      (sum, { off_ns: from, on_ns }) => sum + Math.max(0, Math.min(on_ns, end_ns) - Math.max(from, start_ns)),
      0,
    );
    return { whole_ns: end_ns - start_ns, on_ns: end_ns - start_ns - off_ns, off_ns };
  });
  const median_ns = median(parts.map(({ whole_ns }) => whole_ns));
  const onCpuMedian_ns = median(parts.map(({ on_ns }) => on_ns));
  if (median_ns === null || onCpuMedian_ns === null) return null;
  return {
    n: parts.length,
    median_ns,
    longest_ns: parts.reduce((most_ns, { whole_ns }) => Math.max(most_ns, whole_ns), 0),
    onCpuMedian_ns,
    offCpu_ns: parts.reduce((sum, { off_ns }) => sum + off_ns, 0),
  };
}

/**
 * A hold may have several records: of its beginning, where the thread had slept for the lock, and of its end, for each
 * thread that it then woke (struct hold_record). Records that overlap are of the same hold, because a thread has a lock
 * once at a time. A record without a length is a beginning alone: how long that hold lasted is not known.
 */
function holdsIn(records: readonly HoldRecord[]): (Span & { readonly tid: number })[] {
  return [...grouped(records, ({ thread, lockPid }) => `${thread.tid} ${lockPid}`).values()].flatMap((alike) => {
    const tid = alike[0]?.thread.tid ?? 0;
    return merged(
      alike.map(({ acquired_ns, released_ns }) => ({ start_ns: acquired_ns, end_ns: released_ns })),
      0,
    )
      .filter(({ start_ns, end_ns }) => end_ns > start_ns)
      .map((span) => ({ tid, ...span }));
  });
}

/** Of several threads at once the first to be off its CPU counts. */
function meanwhileOf(episodes: readonly Span[], offs: readonly OffRecord[]): RootFigures['meanwhile'] {
  const spans = merged(
    offs.map(({ off_ns, on_ns }) => ({ start_ns: off_ns, end_ns: on_ns })),
    0,
  );
  const lengthOf = (all: readonly Span[]): number => all.reduce((sum, one) => sum + one.end_ns - one.start_ns, 0);
  const onCpu_ns = episodes.reduce(
    (sum, episode) => sum + lengthOf(uncovered(episode, overlapping(spans, episode))),
    0,
  );
  return { onCpu_ns, offCpu_ns: lengthOf(episodes) - onCpu_ns };
}

/** Of the calls that were seen; null where the call has no range, or its range lies in memory (process_madvise). */
function rangeFigures(seen: readonly (HoldRecord | OffRecord)[]): RootFigures['range'] {
  const ranges = [
    ...new Map(
      seen.flatMap(({ call }) => {
        const range = call === null ? null : rangeOf(call.number, call.arguments);
        return range === null ? [] : [[`${range.address}:${range.bytes}`, range] as const];
      }),
    ).values(),
  ];
  const sizes = ranges.map(({ bytes }) => Number(bytes));
  const medianBytes = median(sizes);
  if (medianBytes === null) return null;
  return {
    distinct_n: ranges.length,
    medianBytes,
    largestBytes: sizes.reduce((most, one) => Math.max(most, one), 0),
    alignmentBytes: ranges.reduce(
      (least, { address, bytes }) => Math.min(least, alignmentOf(address), alignmentOf(bytes)),
      Infinity,
    ),
  };
}

/** The largest power of two that divides it, up to the size of a huge page. */
function alignmentOf(value: bigint): number {
  const largest = 2n ** 21n;
  const lowest = value & -value;
  return Number(value === 0n || lowest > largest ? largest : lowest);
}

/**
 * A call that takes a VMA's lock inside one VMA took mmap_lock, so it crossed. It would also take mmap_lock on memory of
 * another process, so nothing is known of a thread outside. Null: its lock does not depend on that.
 */
function crossedVmas({ cause, call }: Root, kernel: string): RootFigures['crossed'] {
  const locks = call === null ? null : locksOfCall(call);
  if (locks === null) return null;
  const [inside, across] = [false, true].map((crossing) => lockOn({ locks }, kernel, { crossing }));
  if (cause.cause === 'vma-lock') return 'no';
  if (inside === across) return locks.length > 1 ? 'unknown' : null;
  return cause.thread?.role === 'outside' ? 'unknown' : 'yes';
}

/** The threads that had its CPU, alike by name and nice value, longest first. */
function competitorsOf(
  { links }: Root,
  { records, niceOf }: Seen,
  policyOf: HeldOptions['policyOf'],
): RootFigures['competitors'] {
  const taken = links.flatMap(({ cpuTakenBy }) => cpuTakenBy);
  const all_ns = timeOf(taken);
  const nice = ({ thread }: Taken): number | null => thread.nice ?? niceOf.get(thread.tid) ?? null;
  return [...grouped(taken, (one) => JSON.stringify([one.thread.name, nice(one)])).values()]
    .flatMap((alike) => {
      const [first] = alike;
      if (first === undefined) return [];
      const tids = new Set(alike.map(({ thread }) => thread.tid));
      const spans = merged(recordsOf(records.rans, tids));
      const ofEach = [...grouped(alike, ({ thread }) => thread.tid).values()].map(timeOf);
      return [
        {
          name: first.thread.name,
          nice: nice(first),
          policy: first.thread.policy ?? policyOf(first.thread),
          threads_n: Math.max(1, ofEach.filter((time_ns) => time_ns >= all_ns / 10).length),
          total_ns: timeOf(alike),
          spans_n: spans.length,
          spanMedian_ns: median(spans.map(({ start_ns, end_ns }) => end_ns - start_ns)),
        },
      ];
    })
    .sort((a, b) => b.total_ns - a.total_ns);
}

type Taken = Root['links'][number]['cpuTakenBy'][number];

function timeOf(taken: readonly Taken[]): number {
  return taken.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
}

/** The roots whose links name a thread. */
function rootsByTid(roots: readonly Root[]): Map<number, Set<Root>> {
  const pairs = roots.flatMap((root) =>
    root.links.flatMap(({ thread }) => (thread === null ? [] : [{ tid: thread.tid, root }])),
  );
  return new Map(
    [...grouped(pairs, ({ tid }) => tid)].map(([tid, list]) => [tid, new Set(list.map(({ root }) => root))]),
  );
}

/** Whether most of its stalled time is that of threads which stall others meanwhile: it is then a part of their stalls. */
function mostAreHolders(root: Root, namedBy: Seen['namedBy']): boolean {
  const isHolder = (tid: number): boolean => [...(namedBy.get(tid) ?? [])].some((one) => one !== root);
  const theirs_ns = root.stalls
    .filter(({ thread }) => thread !== null && isHolder(thread.tid))
    .reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  return theirs_ns > root.total_ns / 2;
}

/** In which calls the stalled threads waited, most frequent first. */
function waitersOf({ offs }: RecordsByThread, stalls: readonly ListedStall[]): RootFigures['waiters'] {
  const waits = stalls.flatMap(({ thread, start_ns, duration_ns }) =>
    offsWithin(offs.get(thread?.tid ?? 0) ?? [], { start_ns, end_ns: start_ns + duration_ns })
      .filter(({ state }) => state !== 'asleep')
      .map((off) => ({ thread: off.thread, call: nameOf(off.call), mode: modeOf(off) })),
  );
  return [...grouped(waits, ({ call, mode }) => JSON.stringify([call, mode])).values()]
    .flatMap((alike) => {
      const [first] = alike;
      return first === undefined
        ? []
        : [
            {
              call: first.call,
              mode: first.mode,
              waits_n: alike.length,
              threads_n: new Set(alike.map(({ thread }) => thread.tid)).size,
              nice: commonest(alike.map(({ thread }) => thread.nice)) ?? 0,
            },
          ];
    })
    .sort((a, b) => b.waits_n - a.waits_n);
}

function modeOf({ lock, isWrite, state }: OffRecord): RootFigures['waiters'][number]['mode'] {
  if (lock === 'waits') return isWrite ? 'mmap_lock write' : 'mmap_lock read';
  return state === 'runnable' ? 'cpu' : 'other';
}

function commonest(values: readonly number[]): number | null {
  const [most] = [...grouped(values, (one) => one)].sort(([, a], [, b]) => b.length - a.length);
  return most?.[0] ?? null;
}
