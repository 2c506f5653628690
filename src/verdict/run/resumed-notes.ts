/** That an experiment was interrupted and resumed, and what was different then. */
import type { Resumed } from '../../bundle/bundle-schema.js';
import type { NoteFact } from '../../facts/note-facts.js';

/** A list per bundle: a merged bundle has those of its origins. */
export function resumedNotes(bundles: readonly (readonly Resumed[])[]): NoteFact[] {
  const all = bundles.flat();
  if (all.length === 0) return [];
  const changed = all.flatMap((one) => one.changed).map((one) => [JSON.stringify(one), one] as const);
  return [
    {
      code: 'resumed',
      at: all.map(({ at }) => at.replace(/\.\d+Z$/, 'Z')).sort(),
      setAside_n: bundles.reduce((sum, own) => sum + namesOf(own).size, 0),
      bootedAgain: [...new Set(all.flatMap(({ bootedAgain }) => bootedAgain))],
      changed: [...new Map(changed).values()],
    },
  ];
}

/** A pauselab that was killed while it set a run aside did so again later. */
function namesOf(resumed: readonly Resumed[]): Set<string> {
  return new Set(resumed.flatMap(({ setAside }) => setAside.map(({ run }) => run)));
}
