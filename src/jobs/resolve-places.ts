/** From the kernels that the user named to places, with progress of fetching and booting. */
import { workloadFailed } from '../base/failure.js';
import { eachCondition, planPlaces, type PlannedPlace, type WantedPlaces } from '../experiment/place/places.js';
import { guestImage } from '../kernel/guest/guest-image.js';
import { tscFrequency_kHz } from '../host/tsc.js';
import { findQemu, kernelCommandLine, qemuArguments, withoutKvm, type Accelerator } from '../kernel/guest/qemu.js';
import { resolveKernel, type KernelImage } from '../kernel/image/kernel-image.js';
import { isBuilt } from '../kernel/build/build-kernel.js';
import { isBuildSpec, parseBuildSpec } from '../kernel/build/build-spec.js';
import { askedKernel } from '../profile/check/asked-kernel.js';
import { resolveFormer, type FormerKernels } from './former-kernels.js';
import { makeReady } from './make-ready.js';

/** Where runs would execute. `command` would boot the guest; null for this machine. */
export interface PlannedGuest {
  readonly name: string;
  /** The kernel as the user wrote it. */
  readonly asked: string;
  readonly command: readonly string[] | null;
  /** Of `command`. A guest that does not boot with KVM is emulated (TCG). */
  readonly accelerator: Accelerator | null;
  /** Of a kernel that the run would build first. */
  readonly build?: PlannedBuild;
}

/** `isCertain`: the cache does not have it. Of a folder of sources only a copy would show that. */
export interface PlannedBuild {
  readonly of: string;
  readonly isCertain: boolean;
}

interface Waiting {
  readonly interrupted: Promise<unknown>;
  /** The current step, and what happened in it. */
  readonly progress: (text: string) => void;
  readonly note: (text: string) => void;
  /** Of an experiment that goes on. */
  readonly former?: FormerKernels | undefined;
}

export function placesOf(
  wanted: WantedPlaces,
  { interrupted, progress, note, former }: Waiting,
): Promise<readonly PlannedPlace[]> {
  const ended = new AbortController();
  void interrupted.then(() => {
    ended.abort(workloadFailed('interrupted while kernels were fetched'));
  });
  const resolve = former === undefined ? resolveKernel : resolveFormer(former);
  const find = (asked: string): Promise<KernelImage> => resolve(asked, { note: progress, signal: ended.signal });
  return planPlaces(wanted, find, { interrupted, progress, note, withoutKvm: undefined });
}

/** The commands that would boot the guests. Each boot makes a folder for its sockets and its console. */
export async function describeGuests(
  wanted: WantedPlaces,
  note: (text: string) => void,
  former?: FormerKernels,
): Promise<PlannedGuest[]> {
  // The command names the parts of a guest, so they are built first.
  await makeReady({ arms: [], kernels: wanted.kernels }, { install: false, note });
  const isCached = (asked: string): boolean => (former?.get(askedKernel(asked).kernel)?.image ?? null) !== null;
  const builds = await plannedBuilds(
    wanted.kernels.filter((asked) => !isCached(asked)),
    note,
  );
  if (builds.size === 0) return guestsOf(wanted, note, former);
  const there = wanted.kernels.filter((asked) => !builds.has(asked));
  const guests = there.length === 0 ? [] : await guestsOf({ ...wanted, kernels: there }, note, former);
  return wanted.kernels.flatMap((asked) => {
    const build = builds.get(asked);
    if (build === undefined) return guests.filter((guest) => guest.asked === asked);
    const name = askedKernel(asked).label ?? asked;
    return eachCondition(wanted).map(({ suffix }) => ({
      name: `${name}${suffix}`,
      asked,
      command: null,
      accelerator: null,
      build,
    }));
  });
}

/** A plan builds nothing. */
async function plannedBuilds(
  kernels: readonly string[],
  note: (text: string) => void,
): Promise<ReadonlyMap<string, PlannedBuild>> {
  const builds = new Map<string, PlannedBuild>();
  for (const asked of kernels) {
    const { kernel } = askedKernel(asked);
    if (!isBuildSpec(kernel)) continue;
    const there = await isBuilt(parseBuildSpec(kernel), { note });
    if (there !== true) builds.set(asked, { of: kernel, isCertain: there === false });
  }
  return builds;
}

async function guestsOf(
  wanted: WantedPlaces,
  note: (text: string) => void,
  former: FormerKernels | undefined,
): Promise<PlannedGuest[]> {
  const places = await placesOf(wanted, { interrupted: new Promise(() => undefined), progress: note, note, former });
  if (places.every(({ guest }) => guest === null))
    return places.map(({ name, asked }) => ({ name, asked, command: null, accelerator: null }));
  // These are the same for all guests, and the image is a digest of 150 MB.
  const [tsc_kHz, qemu, image] = [await tscFrequency_kHz(), findQemu(), guestImage()];
  const accelerator = withoutKvm(qemu) === null ? 'kvm' : 'tcg';
  return places.map(({ name, asked, guest }) => {
    if (guest === null) return { name, asked, command: null, accelerator: null };
    const commandLine = kernelCommandLine(guest.settings, accelerator, tsc_kHz);
    const at = (file: string): string => `/dev/shm/pauselab-run-<pid>/${file}`;
    const files = {
      kernel: guest.kernel.image,
      initramfs: image.path,
      commandLine,
      console: at('console'),
      channel: at('channel'),
      serial: at('serial'),
      control: at('control'),
    };
    return { name, asked, command: [qemu.path, ...qemuArguments(guest.settings, accelerator, files)], accelerator };
  });
}
