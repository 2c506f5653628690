/** The experiment of a bundle as a plan, for the commands that run it: what it asks for, and what it would use here. */
import { usage, type Failure } from '../base/failure.js';
import { oneLine } from '../base/text/printable.js';
import { askedFor } from '../bundle/asked-for.js';
import type { AskedFor, ManifestFile } from '../bundle/bundle-schema.js';
import { readBundleFile } from '../bundle/store.js';
import { checkPlan } from '../experiment/plan/check-plan.js';
import { checkedUntilN, type UntilN } from '../experiment/plan/until-n.js';
import { usesOf, type Use } from '../experiment/plan/uses.js';
import type { GuestOptions } from '../experiment/place/places.js';
import { differencesNow, type ChangedFact } from '../experiment/run/environment.js';
import { isHashOf, missingSecrets, withoutSecrets } from '../profile/resolved/profile-secrets.js';
import type { MeasureOptions } from './measure.js';
import type { PlannedSide } from './plan.js';
import { toolVersion } from './tool-version.js';

export interface PlanOfBundle {
  readonly path: string;
  readonly manifest: ManifestFile;
  readonly side: PlannedSide;
  /** The options of its experiment. */
  readonly asked: AskedFor;
  readonly untilN: UntilN | null;
  readonly guest: GuestOptions;
  /** The label of the built kernel that must be booted, as in the bundle; null: none. */
  readonly bootLabel: string | null;
  /** What it would use of this machine. */
  readonly uses: readonly Use[];
  /** What of the recorded environment is different here and now. */
  readonly differences: readonly ChangedFact[];
  /** Why it may not run; null: it may. */
  readonly refusal: Failure | null;
}

/** For a command that runs what a bundle names. */
export interface Using {
  /** The user allows all of it. */
  readonly trust: boolean;
  /** Such as `cannot be replayed`. */
  readonly refused: string;
  /** What to do without the secrets, and about what is not known here. */
  readonly withSecrets: string;
  readonly withTrust: string;
}

export async function planOfBundle(path: string, using: Using): Promise<PlanOfBundle> {
  const file = manifestFile(path);
  const manifest = readBundleFile('manifest', file);
  const { profile } = manifest;
  // The profile of a merged bundle is that of its first origin.
  if (!isHashOf(manifest.profileHash, profile))
    throw usage(
      `the profile in ${file} does not match its profileHash: it was changed, so this would not run what was measured`,
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
  const strange = using.trust ? [] : uses.filter(({ isTrusted }) => !isTrusted);
  return {
    path,
    manifest,
    side: { profile, arms },
    asked,
    untilN: asked.untilN === null ? null : checkedUntilN(asked.untilN, arms),
    guest: { ...guest, bootDeadline_ms: bootDeadline_ns / 1e6 },
    bootLabel: manifest.kernels.find(({ boot }) => boot !== undefined)?.boot?.label ?? null,
    uses,
    differences: differencesNow(manifest, toolVersion()),
    refusal: refusalOf(path, missingSecrets(arms), strange, using),
  };
}

/** How its runs are made. */
export async function measuringOf({
  asked: { allowDegraded, trace },
  untilN,
  guest,
  bootLabel,
}: PlanOfBundle): Promise<Pick<MeasureOptions, 'allowDegraded' | 'trace' | 'untilN' | 'guest' | 'boot'>> {
  return {
    ...(allowDegraded ? { allowDegraded } : {}),
    ...(trace ? { trace } : {}),
    untilN,
    guest,
    ...(bootLabel === null ? {} : { boot: (await import('../kernel/build/booted-kernel.js')).bootedKernel(bootLabel) }),
  };
}

function refusalOf(
  path: string,
  secrets: readonly string[],
  strange: readonly Use[],
  { refused, withSecrets, withTrust }: Using,
): Failure | null {
  if (secrets.length > 0)
    return usage(
      `${path} ${refused}: the bundle lacks the secrets that its program needs: ${secrets.join(', ')}; ${withSecrets}`,
    );
  if (strange.length === 0) return null;
  return usage(
    `${path} would use what is not known on this machine: ${strange.map(({ kind, what }) => `${kind} ${oneLine(what, 100)}`).join('; ')}; ${withTrust}`,
  );
}

export function manifestFile(bundle: string): string {
  return `${bundle.replace(/\/+$/, '')}/manifest.json`;
}
