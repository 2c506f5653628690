/** That an experiment was interrupted and resumed, and what was different then. */
import type { Resumed } from '../../bundle/bundle-schema.js';
import type { NoteFact } from '../../facts/note-facts.js';

/** A bundle, or an origin of a merged bundle. */
export interface ResumedBundle {
  readonly resumed: readonly Resumed[];
  /** The folder with its runs that were made again, in the bundle of the summary; null: it is not there. */
  readonly cutShort: string | null;
}

export function resumedNotes(bundles: readonly ResumedBundle[]): NoteFact[] {
  const all = bundles.flatMap(({ resumed }) => resumed);
  if (all.length === 0) return [];
  const withRuns = bundles.filter(({ resumed }) => namesOf(resumed).size > 0);
  const folders = withRuns.flatMap(({ cutShort }) => cutShort ?? []);
  const changed = all.flatMap((one) => one.changed).map((one) => [JSON.stringify(one), one] as const);
  return [
    {
      code: 'resumed',
      at: all.map(({ at }) => at.replace(/\.\d+Z$/, 'Z')).sort(),
      setAside_n: withRuns.reduce((sum, { resumed }) => sum + namesOf(resumed).size, 0),
      // Where some are missing, no folder has them all.
      folders: folders.length === withRuns.length ? folders : [],
      bootedAgain: [...new Set(all.flatMap(({ bootedAgain }) => bootedAgain))],
      changed: [...new Map(changed).values()],
    },
  ];
}

/** A pauselab that was killed while it set a run aside did so again later. */
function namesOf(resumed: readonly Resumed[]): Set<string> {
  return new Set(resumed.flatMap(({ setAside }) => setAside.map(({ run }) => run)));
}
