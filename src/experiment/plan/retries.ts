/**
 * How many disturbed runs are repeated, and which is next: the run whose figures are needed most. Arms and controls
 * without a complete, undisturbed run come first, because no finding rests on them; then come arms with the fewest
 * undisturbed runs. A control is tried as often as the arms that it is compared with together, because they all lack a
 * finding without it. Pure.
 */
import { jdkLabelOf, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { controlFor } from '../../verdict/run/control-for.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import { isEvidence } from '../../bundle/stored.js';
import type { PlannedRun } from './order.js';

/** In the whole experiment. A profile's number is for one kernel and one JDK, because more runs meet more disturbances. */
export function retriesIn(retries: number, arms: readonly ResolvedArm[], kernels_n: number): number {
  const jdks = new Set(arms.flatMap((arm) => jdkLabelOf(arm) ?? []));
  return retries * kernels_n * Math.max(1, jdks.size);
}

/** The number of arms that are compared with an arm; 0 for one that is no control. */
export function dependantsIn(arms: readonly ResolvedArm[]): (name: string) => number {
  const all = arms.map((arm) => ({ name: arm.name, control: arm.control, jdk: jdkLabelOf(arm) }));
  return (name) => {
    const kind = all.find((one) => one.name === name)?.control ?? null;
    if (kind === null) return 0;
    return all.filter((arm) => arm.control === null && controlFor(arm, all, kind)?.name === name).length;
  };
}

/** `spoiled`: disturbed runs that were not repeated yet, in their order. `dependants_n`: of an arm, by its name. */
export function nextRetry<Run extends PlannedRun>(
  spoiled: readonly Run[],
  files: readonly Pick<RunFile, 'arm' | 'kernel' | 'status' | 'disturbances'>[],
  dependants_n: (arm: string) => number,
): Run | null {
  const needOf = (run: Run): Need => {
    const own = files.filter(({ arm, kernel }) => arm === run.arm && kernel === run.kernel);
    const evidence = own.filter(isEvidence).length;
    const arms_n = dependants_n(run.arm);
    return [evidence, own.length / Math.max(1, arms_n), arms_n];
  };
  // The sort is stable: among equal runs the first comes first.
  return (
    spoiled.map((run) => ({ run, need: needOf(run) })).sort((a, b) => compareNeeds(a.need, b.need))[0]?.run ?? null
  );
}

/** Of equal needs an arm comes before a control. */
type Need = readonly [evidence: number, triesPerArm: number, arms: number];

function compareNeeds(a: Need, b: Need): number {
  return a.map((one, i) => one - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
