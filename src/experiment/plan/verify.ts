/** Checks that an arm makes the system calls of its profile: one run under strace, without measurements. */
import { sentencesOf } from '../../facts/stated.js';
import { cleanUp } from '../../base/clean-up.js';
import { interruptedBefore } from '../../base/failure.js';
import type { CpuTopology } from '../../host/cpus.js';
import {
  issuesOf,
  type ExpectedCalls,
  type ResolvedArm,
  type ResolvedProfile,
} from '../../profile/resolved/resolved.js';
import type { CallCount, StraceCalls } from '../../record/strace-calls.js';
import { threadsOf } from './check-plan.js';
import { prepareWorkload } from '../../workload/prepare.js';
import { traceCalls } from '../../workload/watch/strace.js';
import { matchesComm } from '../../catalogue/thread-patterns.js';
import { runWindow } from '../../workload/window.js';
import type { Interruption } from '../interruption.js';

export interface VerifiedCall extends ExpectedCalls {
  readonly arm: string;
  readonly n: number;
  readonly bytes: number;
  readonly ok: boolean;
}

export interface VerifiedArm {
  readonly arm: string;
  readonly expected: readonly VerifiedCall[];
  /** All counted calls, most frequent first. */
  readonly counted: readonly CallCount[];
  /** Sentences about other problems of the run. */
  readonly problems: readonly string[];
}

/** Of a region without a given size: enough for calls of some milliseconds, and nothing is measured. */
const usualRegionBytes = 64 * 1024 * 1024;

export async function verifyArm(
  profile: ResolvedProfile,
  arm: ResolvedArm,
  topology: CpuTopology,
  interruption: Interruption,
): Promise<VerifiedArm> {
  const workload = await prepareWorkload({
    ...profile,
    arm,
    regionBytes: regionOf(arm),
    topology,
    interrupted: interruption.signalled,
  });
  try {
    const tracing = await traceCalls(workload.victimsPid, workload.folder, interruption.signalled);
    // The trace ends before the process does, because a process unmaps a great deal at its end.
    let calls: Promise<StraceCalls> | undefined;
    const result = await runWindow(workload, profile, {
      interrupted: interruption.signalled,
      onWindowEnd: () => {
        calls = tracing.finish();
      },
    });
    const { counts } = await (calls ?? tracing.finish());
    if (result.interrupted) throw interruptedBefore('its window was over');
    if (result.failure !== null) throw result.failure;
    return {
      arm: arm.name,
      expected: issuesOf(arm).map((expected) => verified(arm.name, expected, counts)),
      counted: counts.toSorted((a, b) => b.n - a.n),
      problems: sentencesOf(workload.afterwards().failures),
    };
  } finally {
    await cleanUp(() => workload.dispose());
  }
}

export function verified(arm: string, expected: ExpectedCalls, counts: readonly CallCount[]): VerifiedCall {
  const { call, by, atLeast } = expected;
  const own = counts.filter((one) => one.call === call && (by === null || matchesComm(by, one.by)));
  const n = own.reduce((sum, one) => sum + one.n, 0);
  return { ...expected, arm, n, bytes: own.reduce((sum, one) => sum + one.bytes, 0), ok: n >= atLeast };
}

export function verifiable({ arms }: ResolvedProfile): ResolvedArm[] {
  return arms.filter((arm) => arm.control === null && issuesOf(arm).length > 0);
}

/** A JVM and a churn have none. */
function regionOf(arm: ResolvedArm): number {
  if (arm.kind !== 'native') return 0;
  const { region } = arm.holder;
  return region.kind === 'bytes' ? region.bytes : Math.floor(usualRegionBytes / threadsOf(arm.holder));
}
