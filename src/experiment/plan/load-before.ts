/** The load of the machine before an experiment, its consequences, and the wait for a quiet machine. */
import { monotonic_ms, waitFor } from '../../base/clock.js';
import { interruptedBefore } from '../../base/failure.js';
import { loadBetween, readLoad, type LoadReading, type MachineLoad } from '../../host/machine-load.js';
import type { ResolvedProfile } from '../../profile/resolved/resolved.js';

export type LoadLimits = Pick<ResolvedProfile['spoiled'], 'steal_share' | 'foreignLoad_share'>;
type Load = Pick<MachineLoad, 'steal_share' | 'foreignLoad_share'>;

/** The kernel counts CPU time in ticks of 10 ms: with two CPUs this is a hundred ticks. */
const look_ms = 500;
/** A machine between two bursts of load is not quiet. */
const quietLooks = 6;

export interface LoadBefore extends Load {
  /** According to the profile's limits. */
  readonly spoils: boolean;
}

export interface Looking {
  /** That the experiment may use. */
  readonly cpus: readonly number[];
  readonly interrupted: Promise<unknown>;
  readonly read?: (cpus: readonly number[]) => LoadReading;
  readonly look_ms?: number;
}

/** Null if no load disturbs a run. */
export async function loadBefore(limits: LoadLimits, looking: Looking): Promise<LoadBefore | null> {
  if (limits.steal_share >= 1 && limits.foreignLoad_share >= 1) return null;
  const next = looks(looking);
  let seen: Load | null = null;
  while (seen === null) seen = await next();
  return { ...seen, spoils: isAbove(seen, limits) };
}

/**
 * Waits until several consecutive looks are within the limits, or the time is over. Returns the last look; `onLook`
 * receives each look.
 */
export async function waitForQuiet(
  limits: LoadLimits,
  {
    wait_ms,
    onLook,
    ...looking
  }: Looking & { readonly wait_ms: number; readonly onLook: (load: Load, left_ms: number) => void },
): Promise<LoadBefore> {
  const next = looks(looking);
  const end_ms = monotonic_ms() + wait_ms;
  let quiet = 0;
  for (;;) {
    const load = await next();
    if (load === null) continue;
    quiet = isAbove(load, limits) ? 0 : quiet + 1;
    const left_ms = end_ms - monotonic_ms();
    if (quiet >= quietLooks || left_ms <= 0) return { ...load, spoils: isAbove(load, limits) };
    onLook(load, left_ms);
  }
}

function isAbove(load: Load, limits: LoadLimits): boolean {
  return load.steal_share > limits.steal_share || load.foreignLoad_share > limits.foreignLoad_share;
}

/** Each call lasts for one look. Its load is the load since the previous look; null for the first look. */
function looks({
  cpus,
  interrupted,
  read = readLoad,
  look_ms: period_ms = look_ms,
}: Looking): () => Promise<Load | null> {
  let before: LoadReading | null = null;
  return async () => {
    if (
      before !== null &&
      (await waitFor(() => null, { deadline_ms: period_ms, poll_ms: period_ms, interrupted })) === 'interrupted'
    )
      throw interruptedBefore('the first run');
    const now = read(cpus);
    const load = before === null ? null : loadBetween(before, now);
    before = now;
    return load;
  };
}
