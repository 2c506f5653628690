/**
 * Sets priorities by thread name, for processes that create their threads themselves: a JVM's collector threads, an
 * allocator's background thread. Existing threads are set at once, before `go`. Later threads (a JVM starts GC workers
 * on demand) and renamed threads (a thread has its parent's name until it sets its own) are set at the next look, every
 * 100 ms. A look reads only /proc/<pid>/task/<tid>/stat, which takes no lock of the watched process.
 */
import { readdirSync } from 'node:fs';
import { Failure } from '../../base/failure.js';
import { readKernelFile } from '../../host/files.js';
import { applyPriority, type AppliedPriority, type PrioritySettings, type SchedulingCalls } from './priorities.js';
import { matchesComm } from '../../catalogue/thread-patterns.js';

export interface WatchRule extends PrioritySettings {
  /** Pattern for the full name (thread-patterns.ts). */
  readonly pattern: string;
}

export interface WatchedThread extends AppliedPriority, PrioritySettings {
  readonly pattern: string;
  readonly pid: number;
  readonly tid: number;
  /** Its comm when it was set. */
  readonly name: string;
  /** Time at which it was seen, counted from the start of the watch. */
  readonly seenAfter_ns: number;
  /** Upper bound of the time in which it had the name but not yet the priority; 0 for threads of the first look. */
  readonly delay_ns: number;
}

export interface ThreadWatch {
  /**
   * In the order in which they were set. `actual` is null for threads that had ended before they could be set. Of threads
   * beyond `mostRecords` only one is recorded: the first with a problem, unless a thread after the first look had one.
   */
  readonly threads: () => readonly WatchedThread[];
  /** Patterns that no thread has matched so far. */
  readonly unmatched: () => readonly string[];
  readonly stop: () => void;
}

export interface WatchInput {
  readonly pids: readonly number[];
  /** Threads of these processes that no rule applies to, by tid. */
  readonly except?: readonly number[];
  /** Only the first rule that matches a thread's name is applied to it. */
  readonly rules: readonly WatchRule[];
  readonly period_ms?: number;
  readonly scheduling?: SchedulingCalls;
  readonly now_ns?: () => bigint;
  readonly mostRecords?: number;
}

const usualPeriod_ms = 100;
/** Thread churn may create thousands a second; the first ones show all that matters. */
const usualMostRecords = 10_000;

/** The first look is complete when it returns. */
export function watchThreads({
  pids,
  except = [],
  rules,
  period_ms = usualPeriod_ms,
  scheduling,
  now_ns = () => process.hrtime.bigint(),
  mostRecords = usualMostRecords,
}: WatchInput): ThreadWatch {
  const begin_ns = now_ns();
  const records: WatchedThread[] = [];
  let hasProblem = false;
  const matched = new Set<string>();
  /** By pid and tid, as last seen. */
  let known = new Map<string, SeenThread>();

  const look = (isFirst: boolean): void => {
    const seen = new Map<string, SeenThread>();
    for (const pid of pids) {
      const listed_ns = now_ns();
      for (const tid of threadsOf(pid, except)) {
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
        // At the previous look it did not exist or had another name.
        const since_ns = isSame ? last.at_ns : previousLook_ns;
        const applied = withoutThoseOfTheDead(applyPriority({ ...rule, name: stat.name, tid }, scheduling));
        const done_ns = now_ns();
        const record: WatchedThread = {
          ...applied,
          pid,
          seenAfter_ns: Number(listed_ns - begin_ns),
          delay_ns: isFirst ? 0 : Number(done_ns - since_ns),
        };
        const isFirstProblem = !isFirst && !hasProblem && record.problems.length > 0;
        hasProblem ||= isFirstProblem;
        if (records.length < mostRecords || isFirstProblem) records.push(record);
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
  // The timer keeps no process alive.
  timer.unref();
  return {
    threads: () => records,
    unmatched: () => rules.map(({ pattern }) => pattern).filter((pattern) => !matched.has(pattern)),
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** For a run that cannot mean what its profile says: the patterns without a thread, and the threads that exist. */
export function unmatchedFailure(unmatched: readonly string[], names: readonly string[]): Failure {
  const which = unmatched.map((pattern) => `"${pattern}"`).join(', ');
  return new Failure(
    'threads-unmatched',
    `no thread matches the profile's ${unmatched.length === 1 ? 'pattern' : 'patterns'} ${which}; ` +
      `the process has ${names.join(', ')}; correct the pattern (names are cut at 15 characters), ` +
      'or choose the collector or allocator that has such a thread ' +
      '(victims, holder and hogs have settings of their own, and no pattern applies to them)',
  );
}

/** A thread that ends while it is being set had no wrong priority. */
function withoutThoseOfTheDead<Applied extends AppliedPriority>(applied: Applied): Applied {
  return applied.actual === null &&
    applied.problems.every((problem) => problem.code === 'scheduling-refused' && problem.errno === 'ESRCH')
    ? { ...applied, problems: [] }
    : applied;
}

interface SeenThread {
  readonly name: string;
  /** Distinguishes a thread from a later thread with the same tid. */
  readonly startTime: string;
  /** Time of the look that saw it. */
  readonly at_ns: bigint;
}

/** Names of the threads that these processes have now, each once. */
export function threadNames(pids: readonly number[], except: readonly number[] = []): string[] {
  return [
    ...new Set(pids.flatMap((pid) => threadsOf(pid, except).flatMap((tid) => readStat(pid, tid)?.name ?? []))),
  ].sort();
}

function threadsOf(pid: number, except: readonly number[]): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map(Number)
      .filter((tid) => !except.includes(tid));
  } catch {
    return [];
  }
}

/**
 * proc_pid_stat(5): the name in parentheses may itself contain parentheses; the start time is field 22, counted from
 * behind the last.
 */
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
