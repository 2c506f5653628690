/**
 * Reads what the tracer wrote (native/tracer/tracer.cc): events of all CPUs in order of time, and how many were lost.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MissingEvidence } from '../../facts/stall-facts.js';
import { workloadFailed } from '../../base/failure.js';
import { readBytes, readText } from '../../base/files/read-file.js';
import {
  fieldText,
  fieldValue,
  parseFormat,
  parsePageLayout,
  type EventFormat,
  type Field,
  type PageLayout,
  instead,
} from './format.js';
import { lowerBound } from '../../base/sorted.js';
import { readPages } from './pages.js';

/** A buffer has at most 64 MiB (workload/watch/tracer.ts), and events keep arriving while it is read. */
const mostRawBytes = 256 * 2 ** 20;

interface EventBasics {
  /** Relative to go. */
  readonly time_ns: number;
  readonly cpu: number;
  /** The thread that was running. */
  readonly tid: number;
}

export type TraceEvent = EventBasics &
  (
    | { readonly kind: 'lock-start'; readonly mm: bigint; readonly isWrite: boolean }
    | { readonly kind: 'lock-acquired'; readonly mm: bigint; readonly isWrite: boolean; readonly succeeded: boolean }
    | { readonly kind: 'lock-released'; readonly mm: bigint; readonly isWrite: boolean }
    /**
     * Any sleeping lock of the kernel, mmap_lock included, by its address. If neither flag is set, it is a mutex or a
     * semaphore.
     */
    | { readonly kind: 'contended'; readonly lock: bigint; readonly isRead: boolean; readonly isWrite: boolean }
    | { readonly kind: 'contention-end'; readonly lock: bigint }
    | {
        readonly kind: 'switch';
        readonly previous: number;
        readonly previousName: string;
        readonly previousState: number;
        readonly next: number;
        readonly nextName: string;
      }
    | { readonly kind: 'waking'; readonly woken: number }
    /** `arguments`: as registers had them; absent where they are of no interest. */
    | { readonly kind: 'enter'; readonly call: number; readonly arguments?: readonly bigint[] }
    | { readonly kind: 'exit'; readonly call: number }
    /** `isThread`: it belongs to the process of the thread that made it. */
    | { readonly kind: 'new-thread'; readonly made: number; readonly isThread: boolean }
    | { readonly kind: 'thread-end' }
    /** Of the thread that is just being switched out: addresses in hexadecimal, innermost first. */
    | { readonly kind: 'stack'; readonly addresses: readonly string[] }
  );

export interface Trace {
  readonly events: readonly TraceEvent[];
  readonly lost_n: number;
  /** Nothing is missing between these times; relative to go. */
  readonly coveredFrom_ns: number;
  readonly coveredTo_ns: number;
  readonly missingEvents: readonly string[];
  /** Threads of other programs that take the workload's mmap_lock. */
  readonly outside: {
    /** Nothing is missing after this time; Infinity without an outside trace. */
    readonly from_ns: number;
    /** Why there is no outside trace, or only of a part of the run; otherwise null. */
    readonly problem: MissingEvidence | null;
  };
  /** The time of an mprotect call without and with the trace, measured before anything else was traced. */
  readonly call_ns: { readonly without: number; readonly with: number };
}

export const traceEvents = {
  start: 'mmap_lock/mmap_lock_start_locking',
  acquired: 'mmap_lock/mmap_lock_acquire_returned',
  released: 'mmap_lock/mmap_lock_released',
  contended: 'lock/contention_begin',
  contentionEnd: 'lock/contention_end',
  switched: 'sched/sched_switch',
  waking: 'sched/sched_waking',
  enter: 'raw_syscalls/sys_enter',
  exit: 'raw_syscalls/sys_exit',
  newThread: 'task/task_newtask',
  threadEnd: 'sched/sched_process_exit',
} as const;

/** CLONE_THREAD, include/uapi/linux/sched.h. */
const cloneThread = 0x0001_0000;

/** Of lock:contention_begin (include/trace/events/lock.h). */
export const contentionFlags = { spin: 1, read: 2, write: 4 } as const;

/** `traced`: the span in which the tracer ran, relative to go. */
export function readTrace(
  folder: string,
  go_ns: bigint,
  traced: { readonly start_ns: number; readonly end_ns: number },
): Trace {
  const text = (name: string): string => readText(join(folder, name), { mostBytes: 2 ** 20 });
  try {
    const { layout, formats } = readFormats(folder);
    const buffers = (path: string): CpuBuffer[] => buffersOf(path, go_ns, { layout, formats }, { withArguments: true });
    const parts = buffers(folder);
    const events = ordered(parts);
    const noOutside = text('outside-missing');
    const outsideParts = noOutside === '' ? buffers(join(folder, 'outside')) : [];
    const outsideLost_n = lostIn(outsideParts);
    const from_ns = Math.max(traced.start_ns, ...outsideParts.map((part) => part.from_ns));
    return {
      events:
        noOutside === ''
          ? merged(
              events,
              ordered(outsideParts).filter(({ time_ns }) => time_ns >= from_ns),
            )
          : events,
      lost_n: lostIn(parts),
      coveredFrom_ns: Math.max(traced.start_ns, ...parts.map((part) => part.from_ns)),
      coveredTo_ns: traced.end_ns,
      call_ns: costOf(text('cost')),
      missingEvents: text('missing')
        .split('\n')
        .filter((line) => line !== ''),
      outside: {
        from_ns: noOutside === '' ? from_ns : Infinity,
        problem:
          noOutside !== ''
            ? { code: 'outside-untraced', reason: noOutside }
            : outsideLost_n > 0
              ? { code: 'outside-lost', events_n: outsideLost_n, from_ns }
              : null,
      },
    };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw workloadFailed(
      `the trace in ${folder} could not be read (${(cause as Error).message}); try again, or ${instead}`,
      { cause },
    );
  }
}

export interface TraceFormats {
  readonly layout: PageLayout;
  readonly formats: ReadonlyMap<number, EventFormat>;
}

export function readFormats(folder: string): TraceFormats {
  const text = (name: string): string => readText(join(folder, name), { mostBytes: 2 ** 20 });
  return {
    layout: parsePageLayout(text('header_page')),
    formats: new Map(
      readdirSync(folder)
        .filter((name) => name.startsWith('format-'))
        .map((name) => parseFormat(text(name)))
        .map((format) => [format.id, format]),
    ),
  };
}

export interface CpuBuffer {
  readonly events: readonly TraceEvent[];
  /** The oldest events are overwritten, so the rest is complete from the first event on. */
  readonly from_ns: number;
  readonly lost_n: number;
}

/** The buffers of all CPUs. */
export function buffersOf(
  folder: string,
  go_ns: bigint,
  { layout, formats }: TraceFormats,
  { withArguments = false }: { readonly withArguments?: boolean } = {},
): CpuBuffer[] {
  return readdirSync(folder)
    .flatMap((name) => /^cpu(\d+)\.raw$/.exec(name)?.[1] ?? [])
    .map(Number)
    .map((cpu) => {
      const bytes = readBytes(join(folder, `cpu${cpu}.raw`), { mostBytes: mostRawBytes });
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const { events, broken_n } = readPages(view, layout);
      const first = events[0];
      const lost_n = lostOf(readText(join(folder, `cpu${cpu}.stats`), { mostBytes: 2 ** 20 })) + broken_n;
      return {
        events: events.flatMap(
          ({ time_ns, at }) =>
            eventOf(view, at, formats, { time_ns: Number(time_ns - go_ns), cpu, withArguments }) ?? [],
        ),
        from_ns: lost_n > 0 ? (first === undefined ? Infinity : Number(first.time_ns - go_ns)) : -Infinity,
        lost_n,
      };
    });
}

function ordered(parts: readonly CpuBuffer[]): TraceEvent[] {
  return parts.flatMap(({ events }) => events).sort((a, b) => a.time_ns - b.time_ns);
}

const lostIn = (parts: readonly CpuBuffer[]): number => parts.reduce((sum, { lost_n }) => sum + lost_n, 0);

/** A switch or a waking between a thread of the workload and another thread is in both traces, within microseconds. */
export const twin_ns = 1_000_000;

export function merged(workload: readonly TraceEvent[], outside: readonly TraceEvent[]): TraceEvent[] {
  return [...workload, ...withoutTwins(outside, workload)].sort((a, b) => a.time_ns - b.time_ns);
}

/** Events of the outside trace that are not in the workload's. */
export function withoutTwins(outside: readonly TraceEvent[], workload: readonly TraceEvent[]): TraceEvent[] {
  const keyOf = (event: TraceEvent): string | null =>
    event.kind === 'switch'
      ? `${event.cpu} ${event.previous} ${event.next}`
      : event.kind === 'waking'
        ? `${event.tid} > ${event.woken}`
        : null;
  const times = new Map<string, number[]>();
  for (const event of workload) {
    const key = keyOf(event);
    if (key === null) continue;
    const known = times.get(key);
    if (known === undefined) times.set(key, [event.time_ns]);
    else known.push(event.time_ns);
  }
  const isTwin = (event: TraceEvent): boolean => {
    const key = keyOf(event);
    const known = key === null ? undefined : times.get(key);
    if (known === undefined) return false;
    const at = lowerBound(known, event.time_ns - twin_ns);
    return (known[at] ?? Infinity) <= event.time_ns + twin_ns;
  };
  return outside.filter((event) => !isTwin(event));
}

function costOf(line: string): Trace['call_ns'] {
  const [without = NaN, traced = NaN] = line.trim().split(' ').map(Number);
  return { without, with: traced };
}

/** per_cpu/cpuN/stats: `overrun` events were overwritten, `commit overrun` and `dropped events` were never written. */
export function lostOf(stats: string): number {
  return ['overrun', 'commit overrun', 'dropped events'].reduce(
    (sum, name) => sum + Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(stats)?.[1] ?? 0),
    0,
  );
}

/** Null for an event of no interest. */
export function eventOf(
  view: DataView,
  at: number,
  formats: ReadonlyMap<number, EventFormat>,
  { time_ns, cpu, withArguments }: { time_ns: number; cpu: number; withArguments: boolean },
): TraceEvent | null {
  const format = formats.get(view.getUint16(at, true));
  if (format === undefined) return null;
  const number = (name: string): number => Number(fieldValue(view, at, format.fields.get(name)) ?? 0);
  const big = (name: string): bigint => BigInt(fieldValue(view, at, format.fields.get(name)) ?? 0);
  const basics = { time_ns, cpu, tid: number('common_pid') };
  switch (format.name) {
    case 'mmap_lock_start_locking':
      return { ...basics, kind: 'lock-start', mm: big('mm'), isWrite: number('write') !== 0 };
    case 'mmap_lock_acquire_returned':
      return {
        ...basics,
        kind: 'lock-acquired',
        mm: big('mm'),
        isWrite: number('write') !== 0,
        succeeded: number('success') !== 0,
      };
    case 'mmap_lock_released':
      return { ...basics, kind: 'lock-released', mm: big('mm'), isWrite: number('write') !== 0 };
    case 'contention_begin': {
      const flags = number('flags');
      return {
        ...basics,
        kind: 'contended',
        lock: big('lock_addr'),
        isRead: (flags & contentionFlags.read) !== 0,
        isWrite: (flags & contentionFlags.write) !== 0,
      };
    }
    case 'contention_end':
      return { ...basics, kind: 'contention-end', lock: big('lock_addr') };
    case 'sched_switch':
      return {
        ...basics,
        kind: 'switch',
        previous: number('prev_pid'),
        previousState: number('prev_state'),
        next: number('next_pid'),
        previousName: fieldText(view, at, format.fields.get('prev_comm')),
        nextName: fieldText(view, at, format.fields.get('next_comm')),
      };
    case 'sched_waking':
      return { ...basics, kind: 'waking', woken: number('pid') };
    case 'sys_enter':
      return {
        ...basics,
        kind: 'enter',
        call: number('id'),
        ...(withArguments ? { arguments: words(view, at, format.fields.get('args'), 6) } : {}),
      };
    case 'sys_exit':
      return { ...basics, kind: 'exit', call: number('id') };
    case 'task_newtask':
      return {
        ...basics,
        kind: 'new-thread',
        made: number('pid'),
        isThread: (number('clone_flags') & cloneThread) !== 0,
      };
    case 'sched_process_exit':
      return { ...basics, kind: 'thread-end' };
    case 'kernel_stack':
      return {
        ...basics,
        kind: 'stack',
        addresses: words(view, at, format.fields.get('caller'), number('size')).map((word) => word.toString(16)),
      };
    default:
      return null;
  }
}

/** Of an array of words of 64 bits; fewer where the record has fewer. */
function words(view: DataView, at: number, field: Field | undefined, most_n: number): bigint[] {
  if (field === undefined) return [];
  const begin = at + field.offset;
  const words_n = Math.max(0, Math.min(most_n, Math.floor((view.byteLength - begin) / 8)));
  return Array.from({ length: words_n }, (_, index) => view.getBigUint64(begin + 8 * index, true));
}
