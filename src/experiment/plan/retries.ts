/**
 * Which disturbed run is repeated next: the run whose figures are needed most. Arms and controls without a complete,
 * undisturbed run come first, because no finding rests on them; among these the arm with the fewest tries, and an arm
 * before a control. Then come arms with the fewest undisturbed runs. Pure.
 */
import type { RunFile } from '../../bundle/bundle-schema.js';
import { isEvidence } from '../../bundle/stored.js';
import type { PlannedRun } from './order.js';

/** `spoiled`: disturbed runs that were not repeated yet, in their order. */
export function nextRetry<Run extends PlannedRun>(
  spoiled: readonly Run[],
  files: readonly Pick<RunFile, 'arm' | 'kernel' | 'status' | 'disturbances'>[],
  isControl: (arm: string) => boolean,
): Run | null {
  const needOf = (run: Run): Need => {
    const own = files.filter(({ arm, kernel }) => arm === run.arm && kernel === run.kernel);
    const evidence = own.filter(isEvidence).length;
    return [evidence, own.length, isControl(run.arm) ? 1 : 0];
  };
  // The sort is stable: among equal runs the first comes first.
  return (
    spoiled.map((run) => ({ run, need: needOf(run) })).sort((a, b) => compareNeeds(a.need, b.need))[0]?.run ?? null
  );
}

type Need = readonly [evidence: number, tries: number, isControl: number];

function compareNeeds(a: Need, b: Need): number {
  return a.map((one, i) => one - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
