/** JVMs in emulated guests that crashed before the window, and were started again. */
import { grouped } from '../../base/group.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { NoteFact } from '../../facts/note-facts.js';

/** Crashes for the same reason are one note. */
export function startNotes(runs: readonly Pick<RunFile, 'name' | 'machine' | 'failures'>[]): NoteFact[] {
  const starts = runs.flatMap(({ name, machine }) =>
    (machine.guest?.failedStarts ?? []).map(({ code, sentence }) => ({ run: name, failure: code, why: sentence })),
  );
  return [...grouped(starts, ({ why }) => why).values()].flatMap((alike): NoteFact[] =>
    alike.slice(0, 1).map(({ failure, why }) => ({
      code: 'jvm-started-again',
      runs: [...new Set(alike.map(({ run }) => run))],
      starts_n: alike.length,
      failure,
      why,
    })),
  );
}
