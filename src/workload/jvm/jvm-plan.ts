/** The JVM's plan: the file that jvm-workloads/src/pauselab/plan/Plan.java reads. */
import { poolOfVictim } from '../../profile/resolved/pools.js';
import type { ResolvedLoad, ResolvedVictim } from '../../profile/resolved/resolved.js';
import { planLine } from '../native/engine-plan.js';

export interface JvmPlanInput {
  readonly boardPath: string;
  /** Where the JVM writes what it is: versions, allocator. */
  readonly reportPath: string;
  /** The JNI library. */
  readonly libraryPath: string;
  readonly victims: readonly ResolvedVictim[];
  readonly loads: readonly ResolvedLoad[];
  /** The line for a holder inside this JVM (ridingHolderLine); null if there is none. */
  readonly holder: string | null;
  /** Warm-up and window. */
  readonly recorded_ns: number;
}

export function jvmPlan({
  boardPath,
  reportPath,
  libraryPath,
  victims,
  loads,
  holder,
  recorded_ns,
}: JvmPlanInput): string {
  return [
    planLine('board', { path: boardPath }),
    planLine('report', { path: reportPath }),
    planLine('native', { path: libraryPath }),
    ...(holder === null ? [] : [holder]),
    ...victims.map((victim) => {
      const pool = poolOfVictim(victim, recorded_ns);
      return planLine('probe', { name: victim.series, operation: victim.operation, ...(pool === 0 ? {} : { pool }) });
    }),
    ...loads.map(({ name, load, values }) => planLine('load', { name, load, ...values })),
    '',
  ].join('\n');
}
