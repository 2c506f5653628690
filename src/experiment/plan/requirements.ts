/** What a job needs from the machine beyond pauselab itself, checked before anything starts. */
import { Failure } from '../../base/failure.js';
import { onPath } from '../../base/on-path.mjs';
import { allocatorLaunch } from '../../host/allocators/allocator-launch.js';
import type { SetupPart } from '../../host/setup.js';
import { isBuildSpec } from '../../kernel/build/build-spec.js';
import { checkBuildTools } from '../../kernel/build/build-tools.js';
import { findQemu } from '../../kernel/guest/qemu.js';
import { askedKernel, isHost } from '../../profile/check/asked-kernel.js';
import { isInJvm, workOf, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { triedFlags } from '../../workload/jvm/arm-flags.js';
import { jdkOfArm } from '../../workload/jvm/jvm-workload.js';
import { straceMissing } from '../../workload/watch/strace.js';

export interface Job {
  readonly arms: readonly ResolvedArm[];
  /** As the user wrote them. */
  readonly kernels: readonly string[];
  readonly trace?: boolean;
  /** The job runs under strace. */
  readonly strace?: boolean;
}

/**
 * Throws the first failure. Its `needs` contain the needs of all failures, so that a single call of apt installs
 * everything.
 */
export async function checkMachine(job: Job): Promise<void> {
  const failures: Failure[] = [];
  for (const check of checksOf(job)) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  throw new Failure(first.code, first.message, {
    cause: first,
    needs: [...new Set(failures.flatMap(({ needs }) => needs))],
  });
}

function checksOf(job: Job): (() => unknown)[] {
  return [
    ...(hasGuests(job) ? [findQemu] : []),
    ...(job.kernels.some((kernel) => isBuildSpec(askedKernel(kernel).kernel))
      ? [
          () => {
            checkBuildTools({});
          },
        ]
      : []),
    ...(job.strace === true
      ? [
          () => {
            if (onPath('strace') === null) throw straceMissing();
          },
        ]
      : []),
    ...job.arms.flatMap((arm) => {
      const work = workOf(arm);
      return [
        ...(isInJvm(arm) ? [async () => triedFlags(arm, await jdkOfArm(arm))] : []),
        ...(work === null ? [] : [() => allocatorLaunch(work.allocator)]),
      ];
    }),
  ];
}

/** Parts of pauselab that have to be built. */
export function partsOf(job: Job): SetupPart[] {
  return [
    ...(job.arms.some(isInJvm) ? (['jvm'] as const) : []),
    ...(job.trace === true ? (['trace'] as const) : []),
    ...(hasGuests(job) ? (['guests'] as const) : []),
  ];
}

function hasGuests({ kernels }: Job): boolean {
  return kernels.some((kernel) => !isHost(kernel));
}
