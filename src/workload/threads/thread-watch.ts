/**
 * Priorities by thread name, for processes whose threads we do not make: a JVM's collector threads, an allocator's
 * background thread. Threads that exist are set at once, before `go`; later ones (a JVM starts GC workers when it wants
 * them) and renamed ones (a thread has its parent's name until it sets its own) at the next look, every 100 ms.
 * It reads only /proc/<pid>/task/<tid>/stat, which takes no lock of the watched process.
 */
import { readdirSync } from 'node:fs';
import { Failure } from '../../base/failure.js';
import { readKernelFile } from '../../host/files.js';
import { applyPriority, type AppliedPriority, type PrioritySettings, type SchedulingCalls } from './priorities.js';
import { matchesComm } from './thread-patterns.js';

export interface WatchRule extends PrioritySettings {
  /** Of the full name (thread-patterns.ts). */
  readonly pattern: string;
}

export interface WatchedThread extends AppliedPriority, PrioritySettings {
  readonly pattern: string;
  readonly pid: number;
  readonly tid: number;
  /** Its comm when it was set. */
  readonly name: string;
  /** When it was seen, counted from the start of the watch. */
  readonly seenAfter_ns: number;
  /** Upper bound of the time for which it had the name and not yet the priority; 0 for those of the first look. */
  readonly delay_ns: number;
}

export interface ThreadWatch {
  /** In the order in which they were set; of threads that were gone before they could be set, `actual` is null. */
  readonly threads: () => readonly WatchedThread[];
  /** Set, but not recorded: more than `mostRecords` threads. */
  readonly unrecorded: () => number;
  /** Patterns that no thread had so far. */
  readonly unmatched: () => readonly string[];
  readonly stop: () => void;
}

export interface WatchInput {
  readonly pids: readonly number[];
  /** The first one that matches a thread's name is the only one that is applied to it. */
  readonly rules: readonly WatchRule[];
  readonly period_ms?: number;
  readonly scheduling?: SchedulingCalls;
  readonly now_ns?: () => bigint;
}

const usualPeriod_ms = 100;
/** Thread churn may make thousands a second; the first ones tell what there is to know. */
const mostRecords = 10_000;

/** The first look is over when it returns. */
export function watchThreads({
  pids,
  rules,
  period_ms = usualPeriod_ms,
  scheduling,
  now_ns = () => process.hrtime.bigint(),
}: WatchInput): ThreadWatch {
  const begin_ns = now_ns();
  const records: WatchedThread[] = [];
  let unrecorded = 0;
  const matched = new Set<string>();
  /** By pid and tid: what was seen there last. */
  let known = new Map<string, SeenThread>();

  const look = (isFirst: boolean): void => {
    const seen = new Map<string, SeenThread>();
    for (const pid of pids) {
      const listed_ns = now_ns();
      for (const tid of threadsOf(pid)) {
        const stat = readStat(pid, tid);
        if (stat === null) continue;
        const key = `${pid} ${tid}`;
        const last = known.get(key);
        const isSame = last?.startTime === stat.startTime;
        seen.set(key, { ...stat, at_ns: listed_ns });
        if (isSame && last.name === stat.name) continue;
        const rule = rules.find(({ pattern }) => matchesComm(pattern, stat.name));
        if (rule === undefined) continue;
        matched.add(rule.pattern);
        // At the look before this one it was not there, or had another name.
        const since_ns = isSame ? last.at_ns : previousLook_ns;
        const applied = withoutThoseOfTheDead(applyPriority({ ...rule, name: stat.name, tid }, scheduling));
        const done_ns = now_ns();
        const record: WatchedThread = {
          ...applied,
          pid,
          seenAfter_ns: Number(listed_ns - begin_ns),
          delay_ns: isFirst ? 0 : Number(done_ns - since_ns),
        };
        if (records.length < mostRecords) records.push(record);
        else unrecorded += 1;
      }
    }
    known = seen;
  };

  let previousLook_ns = begin_ns;
  const timedLook = (isFirst: boolean): void => {
    const look_ns = now_ns();
    look(isFirst);
    previousLook_ns = look_ns;
  };
  timedLook(true);
  const timer = setInterval(() => {
    timedLook(false);
  }, period_ms);
  // Nothing waits for it: it ends with whoever asked for it.
  timer.unref();
  return {
    threads: () => records,
    unrecorded: () => unrecorded,
    unmatched: () => rules.map(({ pattern }) => pattern).filter((pattern) => !matched.has(pattern)),
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** For a run that cannot mean what its profile says: the patterns without a thread, and what there was instead. */
export function unmatchedFailure(unmatched: readonly string[], names: readonly string[]): Failure {
  const which = unmatched.map((pattern) => `"${pattern}"`).join(', ');
  return new Failure(
    'threads-unmatched',
    `no thread is named as the profile's ${unmatched.length === 1 ? 'pattern' : 'patterns'} ${which} ${unmatched.length === 1 ? 'says' : 'say'}; the process has ${names.join(', ')}; correct the pattern (names are cut at 15 characters), or choose the collector or allocator that has such a thread`,
  );
}

/** A thread that ends while it is being set has had no priority that could be wrong. */
function withoutThoseOfTheDead<Applied extends AppliedPriority>(applied: Applied): Applied {
  return applied.actual === null &&
    applied.problems.every((problem) => problem.code === 'scheduling-refused' && problem.errno === 'ESRCH')
    ? { ...applied, problems: [] }
    : applied;
}

interface SeenThread {
  readonly name: string;
  /** Tells a thread from a later one of the same tid. */
  readonly startTime: string;
  /** Of the look that saw it. */
  readonly at_ns: bigint;
}

/** Names of the threads that some processes have now, each once. */
export function threadNames(pids: readonly number[]): string[] {
  return [...new Set(pids.flatMap((pid) => threadsOf(pid).flatMap((tid) => readStat(pid, tid)?.name ?? [])))].sort();
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** proc_pid_stat(5): the name in parentheses may hold some itself; the start is field 22, counted from behind them. */
function readStat(pid: number, tid: number): Omit<SeenThread, 'at_ns'> | null {
  let stat: string;
  try {
    stat = readKernelFile(`/proc/${pid}/task/${tid}/stat`);
  } catch {
    return null;
  }
  const end = stat.lastIndexOf(')');
  return { name: stat.slice(stat.indexOf('(') + 1, end), startTime: stat.slice(end + 2).split(' ')[22 - 3] ?? '' };
}
