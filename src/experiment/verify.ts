/** Whether an arm causes the system calls that its profile says it does: one run under strace, in which nothing is measured. */
import { unfit } from '../base/failure.js';
import type { CpuTopology } from '../host/cpus.js';
import type { ExpectedCalls, JvmArm, ResolvedProfile } from '../profile/resolved.js';
import type { CallCount, StraceCalls } from '../record/strace-calls.js';
import { prepareWorkload } from '../workload/prepare.js';
import { traceCalls } from '../workload/strace.js';
import { matchesComm } from '../workload/thread-patterns.js';
import { runWindow } from '../workload/window.js';
import type { Interruption } from './interruption.js';

export interface VerifiedCall extends ExpectedCalls {
  readonly arm: string;
  readonly n: number;
  readonly bytes: number;
  readonly ok: boolean;
}

export interface VerifiedArm {
  readonly arm: string;
  readonly expected: readonly VerifiedCall[];
  /** Everything that was counted, the most frequent first. */
  readonly counted: readonly CallCount[];
  /** Sentences about what else went wrong in the run. */
  readonly problems: readonly string[];
}

export async function verifyArm(profile: ResolvedProfile, arm: JvmArm, topology: CpuTopology, interruption: Interruption): Promise<VerifiedArm> {
  const workload = await prepareWorkload({ ...profile, arm, regionBytes: 0, topology });
  try {
    if (workload.jvmPid === null) throw unfit(`the arm ${arm.name} has no JVM to trace`);
    const tracing = await traceCalls(workload.jvmPid, workload.folder);
    // Traced before its end: a JVM that ends unmaps a great deal.
    let calls: Promise<StraceCalls> | undefined;
    const result = await runWindow(workload, profile, { interrupted: interruption.signalled, onWindowEnd: () => { calls = tracing.finish(); } });
    const { counts } = await (calls ?? tracing.finish());
    if (result.failure !== null) throw result.failure;
    return {
      arm: arm.name,
      expected: arm.jvm.issues.map((expected) => verified(arm.name, expected, counts)),
      counted: counts.toSorted((a, b) => b.n - a.n),
      problems: workload.afterwards().failures,
    };
  } finally {
    await workload.dispose();
  }
}

export function verified(arm: string, expected: ExpectedCalls, counts: readonly CallCount[]): VerifiedCall {
  const { call, by, atLeast } = expected;
  const own = counts.filter((one) => one.call === call && (by === null || matchesComm(by, one.by)));
  const n = own.reduce((sum, one) => sum + one.n, 0);
  return { ...expected, arm, n, bytes: own.reduce((sum, one) => sum + one.bytes, 0), ok: n >= atLeast };
}

export function verifiable({ arms }: ResolvedProfile): JvmArm[] {
  return arms.flatMap((arm) => (arm.jvm !== null && arm.control === null && arm.jvm.issues.length > 0 ? [arm] : []));
}
