/** What the verdict says of arms whose JVM was paused for longer than that of their foreign control. */
import { grouped } from '../../base/group.js';
import type { SeenPauses } from '../../facts/finding-facts.js';
import type { KernelConclusion } from '../../facts/verdict-facts.js';
import type { Compared } from './outcome.js';

interface PausedArm extends SeenPauses {
  readonly arm: string;
}

/**
 * Controls are never paused for exactly the same share, so arms with as many runs share a conclusion while each of them
 * lies above the highest control among them: "at most" that share is then true of every control, and no arm seems to be
 * inside it.
 */
export function pausedFacts(compared: readonly Compared[]): KernelConclusion[] {
  const seen = compared.flatMap(({ arm, paused }) => (paused === null ? [] : [{ ...paused, arm: arm.name }]));
  const comparable = grouped(seen, ({ foreign_share, isForeignUnknown, isWhole, runs_n, foreignRuns_n }) =>
    JSON.stringify([isForeignUnknown, foreign_share === null, isWhole, runs_n, foreignRuns_n]),
  );
  return [...comparable.values()].flatMap(joined).flatMap(pausedFact);
}

function joined(arms: readonly PausedArm[]): PausedArm[][] {
  const groups: PausedArm[][] = [];
  for (const arm of arms.toSorted((a, b) => (a.foreign_share ?? 0) - (b.foreign_share ?? 0))) {
    const group = groups.at(-1);
    // In this order the control of the next arm is the highest.
    if (group !== undefined && [...group, arm].every(({ most_share }) => most_share > (arm.foreign_share ?? 0)))
      group.push(arm);
    else groups.push([arm]);
  }
  return groups;
}

function pausedFact(alike: readonly PausedArm[]): KernelConclusion[] {
  const last = alike.at(-1);
  if (last === undefined) return [];
  const { runs_n, foreignRuns_n, foreign_share, isForeignUnknown, isWhole } = last;
  const fact = {
    code: 'paused' as const,
    arms: [...new Set(alike.map(({ arm }) => arm))],
    runs_n,
    foreignRuns_n,
    longest_ns: Math.max(...alike.map(({ longest_ns }) => longest_ns)),
    least_share: Math.min(...alike.map(({ most_share }) => most_share)),
    most_share: Math.max(...alike.map(({ most_share }) => most_share)),
    isWhole: isWhole !== false,
    foreign_share,
    isForeignUnknown,
  };
  return [fact];
}
