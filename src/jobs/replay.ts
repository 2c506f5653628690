/** Runs the experiment of a bundle again, with its profile, seed and arguments. */
import { usage, type Failure } from '../base/failure.js';
import { oneLine } from '../base/text/printable.js';
import { askedFor } from '../bundle/asked-for.js';
import type { ManifestFile } from '../bundle/bundle-schema.js';
import { readBundleFile } from '../bundle/store.js';
import { checkPlan } from '../experiment/plan/check-plan.js';
import { checkedUntilN, type UntilN } from '../experiment/plan/until-n.js';
import { usesOf, type Use } from '../experiment/plan/uses.js';
import type { GuestOptions } from '../experiment/place/places.js';
import { differencesNow, guestDifferences, type ChangedFact } from '../experiment/run/environment.js';
import type { ExpectedRootFact } from '../facts/repetition-facts.js';
import type { Stated } from '../facts/stated.js';
import { askedKernel } from '../profile/check/asked-kernel.js';
import { isHashOf, missingSecrets, withoutSecrets } from '../profile/resolved/profile-secrets.js';
import { expectedIn } from './expected-in.js';
import { planOf, planOfSide, type PlanWithGuests } from './dry-run-plan.js';
import { measure, type Measured, type MeasureOptions } from './measure.js';
import type { PlannedSide } from './plan.js';
import { toolVersion } from './tool-version.js';

export interface ReplayPlan {
  readonly path: string;
  readonly manifest: ManifestFile;
  readonly side: PlannedSide;
  readonly untilN: UntilN | null;
  readonly guest: GuestOptions;
  readonly allowDegraded: boolean;
  readonly trace: boolean;
  /** The label of the built kernel that must be booted, as in the bundle; null: none. */
  readonly bootLabel: string | null;
  /** What it would use of this machine. */
  readonly uses: readonly Use[];
  /** What of the recorded environment is different here and now. */
  readonly differences: readonly ChangedFact[];
  /** Why it may not run; null: it may. */
  readonly refusal: Failure | null;
}

/** `trust`: the user allows all that the bundle names. */
export async function planReplay(path: string, { trust }: { readonly trust: boolean }): Promise<ReplayPlan> {
  const file = manifestFile(path);
  const manifest = readBundleFile('manifest', file);
  const { profile } = manifest;
  // The profile of a merged bundle is that of its first origin.
  if (!isHashOf(manifest.profileHash, profile))
    throw usage(
      `the profile in ${file} does not match its profileHash: it was changed, so a replay would not run what was measured`,
    );
  const order = new Set(manifest.order.map(({ arm }) => arm));
  // The JDKs of this machine may run what those of the bundle could not.
  const refused = new Set(manifest.refusedArms.map(({ arm }) => arm));
  const arms = profile.arms.filter(({ name }) => order.has(name) || refused.has(name));
  if (arms.length === 0) throw usage(`the order in ${file} names no arm of its profile: it was changed`);
  const asked = askedFor(manifest);
  const { bootDeadline_ns, ...guest } = asked.guest;
  checkPlan(profile, arms, guest.cpus);
  const uses = await usesOf({
    arms: withoutSecrets(arms),
    kernels: profile.kernels,
    features: profile.features,
    append: withoutSecrets(guest).append,
    trace: asked.trace,
  });
  const strange = trust ? [] : uses.filter(({ isTrusted }) => !isTrusted);
  return {
    path,
    manifest,
    side: { profile, arms },
    untilN: asked.untilN === null ? null : checkedUntilN(asked.untilN, arms),
    guest: { ...guest, bootDeadline_ms: bootDeadline_ns / 1e6 },
    allowDegraded: asked.allowDegraded,
    trace: asked.trace,
    bootLabel: manifest.kernels.find(({ boot }) => boot !== undefined)?.boot?.label ?? null,
    uses,
    differences: differencesNow(manifest, toolVersion()),
    refusal: refusalOf(path, missingSecrets(arms), strange),
  };
}

function refusalOf(path: string, secrets: readonly string[], strange: readonly Use[]): Failure | null {
  if (secrets.length > 0)
    return usage(
      `${path} cannot be replayed: the bundle lacks the secrets that its program needs: ${secrets.join(', ')}; run the profile with them instead, and with --keep-secrets to replay that run`,
    );
  if (strange.length === 0) return null;
  return usage(
    `${path} would use what is not known on this machine: ${strange.map(({ kind, what }) => `${kind} ${oneLine(what, 100)}`).join('; ')}; look at them (--dry-run), and replay with --trust if all of it may run here`,
  );
}

/** The runs that a replay would make. */
export async function plannedRuns(
  { side, guest, refusal }: ReplayPlan,
  note: (text: string) => void,
): Promise<PlanWithGuests> {
  if (refusal === null) return planOfSide(side, { guest, keepSecrets: false, note });
  // Planning a guest reads or fetches its kernel, so a bundle that is not trusted has no planned guests.
  const kernels = side.profile.kernels.map(askedKernel).map(({ label, kernel }) => label ?? kernel);
  const named = kernels.length === 0 ? undefined : kernels;
  return { ...planOf(side.profile, withoutSecrets(side.arms), named), guests: [] };
}

export interface Replayed extends Measured {
  /** Roots that the profile expects, each with whether it came back. */
  readonly expected: readonly Stated<ExpectedRootFact>[];
  /** How the guests differ, which is known once they have run. */
  readonly guestDifferences: readonly ChangedFact[];
}

export async function measureReplay(
  { manifest, side, untilN, guest, allowDegraded, trace, bootLabel }: ReplayPlan,
  argv: readonly string[],
  options: Omit<MeasureOptions, 'allowDegraded' | 'trace' | 'untilN' | 'guest' | 'boot'>,
): Promise<Replayed> {
  const measured = await measure(side.profile, side.arms, argv, {
    ...options,
    ...(bootLabel === null ? {} : { boot: (await import('../kernel/build/booted-kernel.js')).bootedKernel(bootLabel) }),
    ...(allowDegraded ? { allowDegraded } : {}),
    ...(trace ? { trace } : {}),
    untilN,
    guest,
  });
  const now = readBundleFile('manifest', manifestFile(measured.bundle));
  return {
    ...measured,
    expected: await expectedIn(side.profile, measured.bundle),
    guestDifferences: guestDifferences(manifest, now),
  };
}

function manifestFile(bundle: string): string {
  return `${bundle.replace(/\/+$/, '')}/manifest.json`;
}
