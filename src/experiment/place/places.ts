/**
 * The kernels of a profile or of the command line as places: each kernel with each requested preemption model and each
 * requested scheduler feature.
 */
import { release as ownRelease } from 'node:os';
import { usage } from '../../base/failure.js';
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { conditionSuffix, placeNames } from '../../bundle/place-names.js';
import type { BootedKernel } from '../../kernel/build/booted-kernel.js';
import { guestImage, type GuestFile, type GuestImage } from '../../kernel/guest/guest-image.js';
import { kernelFacts, type KernelFacts } from '../../kernel/image/kernel-facts.js';
import { relationOf } from '../../kernel/image/kernel-relation.js';
import type { KernelImage } from '../../kernel/image/kernel.js';
import { findQemu, type GuestSettings } from '../../kernel/guest/qemu.js';
import { askedKernel, hostKernel, isHost, kernelProblem, kernelsOf } from '../../profile/check/asked-kernel.js';
import type { PreemptionModel } from '../../profile/check/preemption.js';
import { openGuest, type GuestInput, type GuestSession } from './guest-place.js';
import { localPlace, localPlaceWith, type OpenPlace, type Place } from './place.js';

export interface WantedPlaces {
  /** As the user wrote them: `host`, `deb:6.16.12` or a path, with or without a label. */
  readonly kernels: readonly string[];
  readonly preempt: readonly PreemptionModel[];
  /** Of the scheduler; undefined: as the kernels have them. */
  readonly features?: readonly string[] | undefined;
  readonly guest: GuestOptions;
  /** The built kernel that this machine has booted, if that was asked for and proven. */
  readonly boot?: BootedKernel | undefined;
  /** Files that the arms need in a guest (guest-needs.ts). */
  readonly files?: readonly GuestFile[];
}

export interface GuestOptions extends Omit<GuestSettings, 'preempt' | 'feature'> {
  readonly bootDeadline_ms: number;
}

/** A place to open, with its name in the results. */
export interface PlannedPlace {
  readonly name: string;
  /** The user's text, with its label. */
  readonly asked: string;
  /** Null: this machine. */
  readonly guest: {
    readonly kernel: KernelImage;
    readonly settings: GuestSettings;
    /** Builds it, if the cache does not have it. */
    readonly image: () => GuestImage;
  } | null;
  readonly open: OpenPlace;
}

export async function planPlaces(
  { kernels, preempt, features = [], guest, boot, files = [] }: WantedPlaces,
  resolve: (asked: string) => Promise<KernelImage>,
  session: GuestSession,
): Promise<readonly PlannedPlace[]> {
  refuseBadLabels(kernels);
  refuseForHost(kernels, preempt, guest);
  const asked = kernelsOf({ kernels });
  let shared: SharedByGuests | undefined;
  // QEMU is checked first: without it no kernel needs to be fetched.
  const qemu = asked.every(isHost) ? null : findQemu();
  const images: (KernelImage | null)[] = [];
  for (const { kernel } of asked.map(askedKernel)) images.push(kernel === hostKernel ? null : await resolve(kernel));
  const first = images.find((image) => image !== null);
  const labels = asked.map((one, i) => askedKernel(one).label ?? builtLabel(images[i] ?? null));
  refuseSharedLabels(asked, labels);
  const names = placeNames(
    images.map((image, i) => ({
      label: labels[i] ?? null,
      release: image?.release ?? ownRelease(),
      asked: image?.asked ?? hostKernel,
    })),
  );
  const conditions = eachCondition({ preempt, features });
  let firstFacts: KernelFacts | undefined;
  return images.flatMap((kernel, i): PlannedPlace[] => {
    const own = { asked: asked[i] ?? hostKernel, label: labels[i] ?? null };
    const base = names[i] ?? hostKernel;
    if (kernel === null || qemu === null) {
      return eachCondition({ preempt: [], features }).map(({ feature, suffix }) => {
        const name = `${base}${suffix}`;
        const named = { name, label: own.label, ...(boot === undefined ? {} : { boot: recordOfBoot(boot) }) };
        return { name, asked: own.asked, guest: null, open: () => openLocal(named, feature) };
      });
    }
    const facts = kernelFacts(kernel);
    refuseUnknownModels(facts, preempt);
    firstFacts ??= facts;
    const relation =
      first === undefined || kernel === first
        ? { differences: [], oneTree: null }
        : relationOf({ kernel: first, facts: firstFacts }, { kernel, facts });
    const share = (): SharedByGuests => (shared ??= { qemu, image: builtImage(session, files) });
    return conditions.map(({ model, feature, suffix }) =>
      plannedGuest({ ...own, ...relation, name: `${base}${suffix}`, kernel, model, feature, guest }, share, session),
    );
  });
}

interface Condition {
  readonly model: PreemptionModel | null;
  readonly feature: string | null;
  /** Of the place's name: a condition of which there is only one distinguishes nothing. */
  readonly suffix: string;
}

/** Each model with each feature. */
export function eachCondition({ preempt, features = [] }: Pick<WantedPlaces, 'preempt' | 'features'>): Condition[] {
  const models = preempt.length === 0 ? [null] : preempt;
  const words = features.length === 0 ? [null] : features;
  return models.flatMap((model) =>
    words.map((feature) => ({
      model,
      feature,
      suffix: conditionSuffix({
        preempt: models.length > 1 ? model : null,
        feature: words.length > 1 ? feature : null,
      }),
    })),
  );
}

/** A feature may be refused. */
function openLocal(named: Parameters<typeof localPlace>[0], feature: string | null): Promise<Place> {
  return Promise.resolve().then(() => (feature === null ? localPlace(named) : localPlaceWith(feature, named)));
}

function recordOfBoot({ origin, ...boot }: BootedKernel): NonNullable<KernelRecord['boot']> {
  return { ...boot, origin: { ...origin } };
}

/** The kernel was named by the label that it was built with. */
function builtLabel(image: KernelImage | null): string | null {
  return image?.origin.kind === 'built' ? image.origin.label : null;
}

/** `stock` and `stock=deb:6.17`: only now it is known that the first is a label too. */
function refuseSharedLabels(asked: readonly string[], labels: readonly (string | null)[]): void {
  for (const [i, label] of labels.entries()) {
    const before = label === null ? -1 : labels.indexOf(label);
    if (before >= 0 && before < i)
      throw usage(
        `${asked[before] ?? ''} and ${asked[i] ?? ''} are both called ${label ?? ''}; give one of them another label`,
      );
  }
}

type SharedByGuests = Pick<GuestInput, 'qemu' | 'image'>;

interface GuestToPlan extends Pick<GuestInput, 'name' | 'label' | 'kernel' | 'differences' | 'oneTree'> {
  readonly asked: string;
  readonly model: PreemptionModel | null;
  readonly feature: string | null;
  readonly guest: GuestOptions;
}

/** `share`: builds the image once for all guests. */
function plannedGuest(
  { name, label, asked, kernel, differences, oneTree, model, feature, guest }: GuestToPlan,
  share: () => SharedByGuests,
  session: GuestSession,
): PlannedPlace {
  const { cpus, memoryBytes, append, bootDeadline_ms } = guest;
  const settings: GuestSettings = { cpus, memoryBytes, append, preempt: model, feature };
  return {
    name,
    asked,
    guest: { kernel, settings, image: () => share().image },
    open: () =>
      openGuest({ name, label, kernel, settings, bootDeadline_ms, differences, oneTree, ...share() }, session),
  };
}

function builtImage(session: GuestSession, files: readonly GuestFile[]): GuestImage {
  const image = guestImage(files);
  session.note(
    image.built_ms === null
      ? `guest image of ${Math.round(image.bytes / 2 ** 20)} MiB, from the cache`
      : `guest image of ${Math.round(image.bytes / 2 ** 20)} MiB, built in ${(image.built_ms / 1000).toFixed(1)} s`,
  );
  return image;
}

/** A kernel ignores a model that it does not know, and only prints a line on its console. */
function refuseUnknownModels({ release, preemption }: KernelFacts, models: readonly PreemptionModel[]): void {
  if (preemption === null) return;
  const missing = models.filter((model) => !preemption.models.includes(model));
  if (missing.length > 0)
    throw usage(
      `${release} cannot be booted with preempt=${missing.join(' or ')}; it has ${preemption.models.join(', ') || 'no choice'}; choose with --preempt`,
    );
}

/** Labels of a profile were checked; labels from doctor or from the sides of a gate were not. */
function refuseBadLabels(kernels: readonly string[]): void {
  const problem = kernelProblem(kernels);
  if (problem !== null) throw usage(`--kernel ${kernels[problem.index] ?? ''}: ${problem.text}`);
}

function refuseForHost(
  kernels: readonly string[],
  preempt: readonly PreemptionModel[],
  { append }: GuestOptions,
): void {
  if (!kernels.every(isHost)) return;
  if (preempt.length > 0)
    throw usage(
      `--preempt ${preempt.join(' ')} is for guests: the kernel of this machine runs already; name a kernel with --kernel`,
    );
  if (append.length > 0)
    throw usage('--append is for guests: the kernel of this machine runs already; name a kernel with --kernel');
}
