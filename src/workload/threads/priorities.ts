/**
 * Sets nice, policy, slice and CPUs of a workload's threads from outside, by tid: in the same way for the native engine and
 * for a JVM, whose flags cannot reach `G1 Service` or `ZUncommitter`. Every setting is read back, and a difference is
 * reported, never ignored.
 */
import { nativeAddon, type NativeAddon } from '../../base/native.js';
import type { SchedulingProblem } from '../../facts/run-facts.js';
import type { Stated } from '../../facts/stated.js';
import { readKernelFile } from '../../host/files.js';
import type { SchedulingPolicy } from '../../profile/resolved/resolved.js';
import { stated } from '../../words/run-words.js';

/** Absent settings stay as they are. */
export interface PrioritySettings {
  readonly nice?: number | undefined;
  readonly policy?: SchedulingPolicy | undefined;
  /** CPU time that the scheduler grants at a time. */
  readonly slice_ns?: number | undefined;
  readonly cpus?: readonly number[] | undefined;
}

export interface ThreadToSet extends PrioritySettings {
  readonly name: string;
  readonly tid: number;
}

/** A thread of the engine, for which everything is set. */
export type ThreadRequest = ThreadToSet & {
  readonly nice: number;
  readonly policy: SchedulingPolicy;
  readonly cpus: readonly number[];
};

export interface AppliedPriority {
  /** The kernel's values afterwards; null if the thread was gone. */
  readonly actual: {
    readonly nice: number;
    readonly policy: string;
    /** Read only if one was asked for. */
    readonly slice_ns?: number;
    readonly cpus: readonly number[];
  } | null;
  /** Settings that could not be applied. */
  readonly problems: readonly Stated<SchedulingProblem>[];
}

export type ThreadPriority = ThreadRequest & AppliedPriority;

/** SCHED_* numbers of sched.h. */
const policyNumbers: Record<string, number> = { other: 0, fifo: 1, rr: 2, batch: 3, idle: 5 };
const policyNames: Record<number, string> = { 0: 'other', 1: 'fifo', 2: 'rr', 3: 'batch', 5: 'idle', 6: 'deadline' };

export interface SchedulingCalls extends Pick<
  NativeAddon,
  'setNice' | 'setPolicy' | 'setSlice' | 'setAffinity' | 'threadScheduling' | 'threadSlice'
> {
  /** Reads the static priority of a real-time thread. */
  readonly rtPriority?: (tid: number) => number;
}

export function applyPriority<Request extends ThreadToSet>(
  request: Request,
  scheduling: SchedulingCalls = nativeAddon(),
): Request & AppliedPriority {
  const { name, tid, nice, policy, slice_ns, cpus } = request;
  const problems: Stated<SchedulingProblem>[] = [];
  const attempt = (
    setting: (SchedulingProblem & { readonly code: 'scheduling-refused' })['setting'],
    asked: string | null,
    action: () => void,
  ): void => {
    try {
      action();
    } catch (error) {
      problems.push(stated({ code: 'scheduling-refused', setting, asked, thread: name, errno: errnoOf(error) }));
    }
  };
  if (policy !== undefined) {
    const [policyName = '', rtPriority = '0'] = policy.split(' ');
    attempt('policy', policy, () => {
      scheduling.setPolicy(tid, policyNumbers[policyName] ?? -1, Number(rtPriority));
    });
  }
  // Under SCHED_IDLE, nice does not change the weight. It is set nevertheless, so that the record matches the request.
  if (nice !== undefined)
    attempt('nice', String(nice), () => {
      scheduling.setNice(tid, nice);
    });
  // After the policy, because sched_setscheduler gives the thread the kernel's own slice again.
  if (slice_ns !== undefined)
    attempt('slice', `${slice_ns / 1e6} ms`, () => {
      scheduling.setSlice(tid, slice_ns);
    });
  if (cpus !== undefined)
    attempt('cpus', cpus.join(','), () => {
      scheduling.setAffinity(tid, cpus);
    });

  let actual: AppliedPriority['actual'] = null;
  attempt('read-back', null, () => {
    const now = scheduling.threadScheduling(tid);
    const actualName = policyNames[now.policy] ?? String(now.policy);
    const isRealTime = actualName === 'fifo' || actualName === 'rr';
    actual = {
      nice: now.nice,
      policy: isRealTime ? `${actualName} ${(scheduling.rtPriority ?? readRtPriority)(tid)}` : actualName,
      ...(slice_ns === undefined ? {} : { slice_ns: scheduling.threadSlice(tid) }),
      cpus: now.cpus,
    };
    const same =
      now.nice === (nice ?? now.nice) &&
      actual.policy === (policy ?? actual.policy) &&
      actual.slice_ns === slice_ns &&
      now.cpus.join() === (cpus ?? now.cpus).join();
    if (!same && problems.length === 0)
      problems.push(
        stated({ code: 'scheduling-not-in-force', thread: name, asked: { nice, policy, slice_ns, cpus }, actual }),
      );
  });
  return { ...request, actual, problems };
}

/** Field 40 of /proc/<tid>/stat (proc_pid_stat(5)), counted after the command's name, which may contain anything. */
function readRtPriority(tid: number): number {
  const stat = readKernelFile(`/proc/${tid}/stat`);
  const fromState = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fromState[40 - 3]);
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
