/**
 * Nice, policy and CPUs of a workload's threads, set from outside by tid: the same way for the native engine and for
 * a JVM, whose own flags cannot reach `G1 Service` or `ZUncommitter`. What was set is read back, and what is not as
 * asked is reported, never assumed.
 */
import { nativeAddon, type NativeAddon } from '../base/native.js';
import { readKernelFile } from '../host/files.js';
import type { Policy } from '../profile/resolved.js';

/** What is not there stays as it is. */
export interface PrioritySettings {
  readonly nice?: number | undefined;
  readonly policy?: Policy | undefined;
  readonly cpus?: readonly number[] | undefined;
}

export interface ThreadToSet extends PrioritySettings {
  readonly name: string;
  readonly tid: number;
}

/** A thread of the engine's, of which everything is set. */
export type ThreadRequest = ThreadToSet & {
  readonly nice: number;
  readonly policy: Policy;
  readonly cpus: readonly number[];
};

export interface AppliedPriority {
  /** What the kernel says afterwards; null if the thread was gone. */
  readonly actual: { readonly nice: number; readonly policy: string; readonly cpus: readonly number[] } | null;
  /** What could not be applied, a sentence each. */
  readonly problems: readonly string[];
}

export type ThreadPriority = ThreadRequest & AppliedPriority;

/** SCHED_* numbers of sched.h. */
const policyNumbers: Record<string, number> = { other: 0, fifo: 1, rr: 2, batch: 3, idle: 5 };
const policyNames: Record<number, string> = { 0: 'other', 1: 'fifo', 2: 'rr', 3: 'batch', 5: 'idle', 6: 'deadline' };

export interface Scheduling extends Pick<NativeAddon, 'setNice' | 'setPolicy' | 'setAffinity' | 'threadScheduling'> {
  /** Static priority of a real-time thread, read back. */
  readonly rtPriority?: (tid: number) => number;
}

export function applyPriority<Request extends ThreadToSet>(
  request: Request,
  scheduling: Scheduling = nativeAddon(),
): Request & AppliedPriority {
  const { name, tid, nice, policy, cpus } = request;
  const problems: string[] = [];
  const attempt = (what: string, remedy: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      problems.push(`${what} of thread ${name} was refused (${errnoOf(error)}); ${remedy}`);
    }
  };
  if (policy !== undefined) {
    const [policyName = '', rtPriority = '0'] = policy.split(' ');
    const remedy =
      rtPriority === '0'
        ? 'run as root or leave the policy out'
        : 'a real-time policy needs root, CAP_SYS_NICE or a raised RLIMIT_RTPRIO (ulimit -r), and a cgroup that has real-time time';
    attempt(`policy ${policy}`, remedy, () => {
      scheduling.setPolicy(tid, policyNumbers[policyName] ?? -1, Number(rtPriority));
    });
  }
  // Under SCHED_IDLE nice does not change the weight; it is set all the same, so that what is recorded is what was
  // asked.
  if (nice !== undefined)
    attempt(
      `nice ${nice}`,
      'a negative nice value needs root, CAP_SYS_NICE or a raised RLIMIT_NICE (ulimit -e)',
      () => {
        scheduling.setNice(tid, nice);
      },
    );
  if (cpus !== undefined)
    attempt(`CPUs ${cpus.join(',')}`, 'choose CPUs that taskset and the cpuset allow', () => {
      scheduling.setAffinity(tid, cpus);
    });

  let actual: AppliedPriority['actual'] = null;
  attempt('reading the priority', 'the workload ended too early', () => {
    const now = scheduling.threadScheduling(tid);
    const actualName = policyNames[now.policy] ?? String(now.policy);
    const isRealTime = actualName === 'fifo' || actualName === 'rr';
    actual = {
      nice: now.nice,
      policy: isRealTime ? `${actualName} ${(scheduling.rtPriority ?? readRtPriority)(tid)}` : actualName,
      cpus: now.cpus,
    };
    const same =
      now.nice === (nice ?? now.nice) &&
      actual.policy === (policy ?? actual.policy) &&
      now.cpus.join() === (cpus ?? now.cpus).join();
    if (!same && problems.length === 0)
      problems.push(
        `thread ${name} was to have ${inWords({ nice, policy, cpus })} and has ${inWords(actual)}; something else sets it too`,
      );
  });
  return { ...request, actual, problems };
}

function inWords({
  nice,
  policy,
  cpus,
}: {
  readonly nice?: number | undefined;
  readonly policy?: string | undefined;
  readonly cpus?: readonly number[] | undefined;
}): string {
  return [
    nice === undefined ? [] : `nice ${nice}`,
    policy === undefined ? [] : `policy ${policy}`,
    cpus === undefined ? [] : `CPUs ${cpus.join(',')}`,
  ]
    .flat()
    .join(', ');
}

/** Field 40 of /proc/<tid>/stat (proc_pid_stat(5)), counted after the command's name, which may hold anything. */
function readRtPriority(tid: number): number {
  const stat = readKernelFile(`/proc/${tid}/stat`);
  const fromState = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fromState[40 - 3]);
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
