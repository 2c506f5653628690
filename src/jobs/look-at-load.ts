/**
 * Looks at the load of the machine before a measurement, reports what it will cost, and waits for a quiet machine if
 * --wait-for-quiet is given.
 */
import { loadBefore, waitForQuiet } from '../experiment/plan/load-before.js';
import type { Interruption } from '../experiment/interruption.js';
import { cpuTopology } from '../host/cpus.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';
import { busyText, stillBusyText, waitingText } from './load-words.js';
import type { Watcher } from './progress.js';

/** Reports the cost of other programs before the measurement starts. `retries`: of the whole experiment. */
export async function lookAtLoad(
  profile: ResolvedProfile,
  {
    interruption,
    status,
    quietWithin_ms,
    retries,
  }: { interruption: Interruption; status: Watcher; quietWithin_ms: number | null; retries: number },
): Promise<void> {
  const looking = { cpus: cpuTopology().allowed, interrupted: interruption.signalled };
  const load = await loadBefore(profile.spoiled, looking);
  if (load?.spoils !== true) return;
  if (quietWithin_ms === null) {
    status.note(busyText(load, profile, retries));
    return;
  }
  status.note(waitingText(load, profile, quietWithin_ms));
  const after = await waitForQuiet(profile.spoiled, {
    ...looking,
    wait_ms: quietWithin_ms,
    onLook: (seen, left_ms) => {
      status.progress(waitingText(seen, profile, left_ms));
    },
  });
  status.note(
    after.spoils
      ? stillBusyText(after, profile, { waited_ms: quietWithin_ms, retries })
      : 'the machine is quiet; starting',
  );
}
