/**
 * The kernels that a profile or the command line asks for, as places: each kernel under each preemption model that is
 * asked for.
 */
import { basename } from 'node:path';
import { usage } from '../base/failure.js';
import { guestImage, type GuestFile, type GuestImage } from '../kernel/guest-image.js';
import { kernelFacts, type KernelFacts } from '../kernel/kernel-facts.js';
import { relationOf } from '../kernel/kernel-relation.js';
import type { KernelImage } from '../kernel/kernel.js';
import { findQemu, type GuestSettings, type Qemu } from '../kernel/qemu.js';
import type { PreemptionModel } from '../profile/preemption.js';
import { openGuest, type GuestSession } from './guest-place.js';
import { hostKernel } from './check-plan.js';
import { localPlace, type OpenPlace } from './place.js';

export interface Wanted {
  /** As the user wrote them: `host`, `deb:6.16.12`, a path. */
  readonly kernels: readonly string[];
  readonly preempt: readonly PreemptionModel[];
  readonly guest: GuestOptions;
  /** Files that the arms need in a guest (guest-needs.ts). */
  readonly files?: readonly GuestFile[];
}

export interface GuestOptions extends Omit<GuestSettings, 'preempt'> {
  readonly bootDeadline_ms: number;
}

/** A place that will be opened, under the name that it has in the results. */
export interface PlannedPlace {
  readonly name: string;
  /** As it was asked for. */
  readonly asked: string;
  /** Null: this machine. */
  readonly guest: { readonly kernel: KernelImage; readonly settings: GuestSettings } | null;
  readonly open: OpenPlace;
}

export async function planPlaces(
  { kernels, preempt, guest, files = [] }: Wanted,
  resolve: (asked: string) => Promise<KernelImage>,
  session: GuestSession,
): Promise<readonly PlannedPlace[]> {
  refuseTwice(kernels);
  refuseForHost(kernels, preempt, guest);
  const asked = kernels.length === 0 ? [hostKernel] : kernels;
  let shared: { qemu: Qemu; image: GuestImage } | undefined;
  // QEMU first: without it nothing needs to be fetched.
  const qemu = asked.some((kernel) => kernel !== hostKernel) ? findQemu() : null;
  const images: (KernelImage | null)[] = [];
  for (const kernel of asked) images.push(kernel === hostKernel ? null : await resolve(kernel));
  const first = images.find((image) => image !== null);
  const models = preempt.length === 0 ? [null] : preempt;
  let firstFacts: KernelFacts | undefined;
  return images.flatMap((kernel, i): PlannedPlace[] => {
    if (kernel === null || qemu === null)
      return [{ name: hostKernel, asked: hostKernel, guest: null, open: () => Promise.resolve(localPlace()) }];
    const facts = kernelFacts(kernel);
    refuseUnknownModels(facts, preempt);
    firstFacts ??= facts;
    const own =
      first === undefined || kernel === first
        ? { differences: [], oneTree: null }
        : relationOf({ kernel: first, facts: firstFacts }, { kernel, facts });
    return models.map((model) => {
      const name = nameOf(kernel, images, preempt.length > 1 ? model : null);
      const settings: GuestSettings = {
        cpus: guest.cpus,
        memoryBytes: guest.memoryBytes,
        append: guest.append,
        preempt: model,
      };
      return {
        name,
        asked: asked[i] ?? hostKernel,
        guest: { kernel, settings },
        open: () => {
          shared ??= { qemu, image: builtImage(session, files) };
          return openGuest(
            { name, kernel, settings, bootDeadline_ms: guest.bootDeadline_ms, ...own, ...shared },
            session,
          );
        },
      };
    });
  });
}

function builtImage(session: GuestSession, files: readonly GuestFile[]): GuestImage {
  const image = guestImage(files);
  session.progress(
    image.built_ms === null
      ? `guest image of ${Math.round(image.bytes / 2 ** 20)} MiB, from the cache`
      : `guest image of ${Math.round(image.bytes / 2 ** 20)} MiB, built in ${(image.built_ms / 1000).toFixed(1)} s`,
  );
  return image;
}

/** Its release; with the file's name where another image has the same, and the model where several are compared. */
function nameOf(kernel: KernelImage, all: readonly (KernelImage | null)[], model: PreemptionModel | null): string {
  const alike = all.filter((one) => one?.release === kernel.release);
  const own =
    alike.length > 1
      ? ` (${distinct(
          kernel.asked,
          alike.map((one) => one?.asked ?? ''),
        )})`
      : '';
  return `${kernel.release}${own}${model === null ? '' : ` preempt=${model}`}`;
}

function distinct(asked: string, all: readonly string[]): string {
  return new Set(all.map((one) => basename(one))).size === all.length ? basename(asked) : asked;
}

/** A model that a kernel does not know it ignores, with a line on its console. */
function refuseUnknownModels({ release, preemption }: KernelFacts, models: readonly PreemptionModel[]): void {
  if (preemption === null) return;
  const missing = models.filter((model) => !preemption.models.includes(model));
  if (missing.length > 0)
    throw usage(
      `${release} cannot be booted with preempt=${missing.join(' or ')}; it has ${preemption.models.join(', ') || 'no choice'}, say so with --preempt`,
    );
}

function refuseTwice(kernels: readonly string[]): void {
  const twice = kernels.find((kernel, i) => kernels.indexOf(kernel) < i);
  if (twice !== undefined)
    throw usage(`--kernel ${twice} is given twice; each kernel is compared once, and --runs repeats all`);
}

function refuseForHost(
  kernels: readonly string[],
  preempt: readonly PreemptionModel[],
  { append }: GuestOptions,
): void {
  if (kernels.some((kernel) => kernel !== hostKernel)) return;
  if (preempt.length > 0)
    throw usage(
      `--preempt ${preempt.join(' ')} is for guests: the kernel of this machine runs already; name a kernel with --kernel`,
    );
  if (append.length > 0)
    throw usage('--append is for guests: the kernel of this machine runs already; name a kernel with --kernel');
}
