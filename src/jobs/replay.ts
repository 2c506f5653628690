/** Runs the experiment of a bundle again, with its profile, seed and arguments. */
import { readBundleFile } from '../bundle/store.js';
import { guestDifferences, type ChangedFact } from '../experiment/run/environment.js';
import type { ExpectedRootFact } from '../facts/repetition-facts.js';
import type { Stated } from '../facts/stated.js';
import { expectedIn } from './expected-in.js';
import { planOfSide, planWithoutGuests, type PlanWithGuests } from './dry-run-plan.js';
import type { FormerKernels } from './former-kernels.js';
import { measure, type Measured, type MeasureOptions } from './measure.js';
import { manifestFile, measuringOf, planOfBundle, type PlanOfBundle } from './plan-of-bundle.js';

export type ReplayPlan = PlanOfBundle;

/** `trust`: the user allows all that the bundle names. */
export function planReplay(path: string, { trust }: { readonly trust: boolean }): Promise<ReplayPlan> {
  return planOfBundle(path, {
    trust,
    refused: 'cannot be replayed',
    withSecrets: 'run the profile with them instead, and with --keep-secrets to replay that run',
    withTrust: 'look at them (--dry-run), and replay with --trust if all of it may run here',
  });
}

/** The runs that a replay would make. `former`: of an experiment that goes on. */
export async function plannedRuns(
  { side, guest, refusal }: Pick<PlanOfBundle, 'side' | 'guest' | 'refusal'>,
  note: (text: string) => void,
  former?: FormerKernels,
): Promise<PlanWithGuests> {
  if (refusal !== null) return planWithoutGuests(side);
  return planOfSide(side, { guest, keepSecrets: false, note, ...(former === undefined ? {} : { former }) });
}

export interface Replayed extends Measured {
  /** Roots that the profile expects, each with whether it came back. */
  readonly expected: readonly Stated<ExpectedRootFact>[];
  /** How the guests differ, which is known once they have run. */
  readonly guestDifferences: readonly ChangedFact[];
}

export async function measureReplay(
  plan: ReplayPlan,
  argv: readonly string[],
  options: Omit<MeasureOptions, 'allowDegraded' | 'trace' | 'untilN' | 'guest' | 'boot'>,
): Promise<Replayed> {
  const { side, manifest } = plan;
  const measured = await measure(side.profile, side.arms, argv, { ...options, ...(await measuringOf(plan)) });
  const now = readBundleFile('manifest', manifestFile(measured.bundle));
  return {
    ...measured,
    expected: await expectedIn(side.profile, measured.bundle),
    guestDifferences: guestDifferences(manifest, now),
  };
}
