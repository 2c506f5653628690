/** From the kernels that the user named to places, with progress of fetching and booting. */
import { workloadFailed } from '../base/failure.js';
import { planPlaces, type PlannedPlace, type WantedPlaces } from '../experiment/place/places.js';
import { guestImage } from '../kernel/guest/guest-image.js';
import { tscFrequency_kHz } from '../host/tsc.js';
import { findQemu, kernelCommandLine, qemuArguments, withoutKvm } from '../kernel/guest/qemu.js';
import { resolveKernel } from '../kernel/image/kernel-image.js';
import { makeReady } from './make-ready.js';

/** Where runs would execute. `command` would boot the guest; null for this machine. */
export interface PlannedGuest {
  readonly name: string;
  /** The kernel as the user wrote it. */
  readonly asked: string;
  readonly command: readonly string[] | null;
}

interface Waiting {
  readonly interrupted: Promise<unknown>;
  readonly progress: (text: string) => void;
}

export function placesOf(wanted: WantedPlaces, { interrupted, progress }: Waiting): Promise<readonly PlannedPlace[]> {
  const ended = new AbortController();
  void interrupted.then(() => {
    ended.abort(workloadFailed('interrupted while kernels were fetched'));
  });
  const resolve = (asked: string): ReturnType<typeof resolveKernel> =>
    resolveKernel(asked, { note: progress, signal: ended.signal });
  return planPlaces(wanted, resolve, { interrupted, progress, withoutKvm: undefined });
}

/** The commands that would boot the guests. Each boot makes a folder for its sockets and its console. */
export async function describeGuests(wanted: WantedPlaces, note: (text: string) => void): Promise<PlannedGuest[]> {
  // The command names the parts of a guest, so they are built first.
  await makeReady({ arms: [], kernels: wanted.kernels }, { install: false, note });
  const places = await placesOf(wanted, { interrupted: new Promise(() => undefined), progress: () => undefined });
  if (places.every(({ guest }) => guest === null))
    return places.map(({ name, asked }) => ({ name, asked, command: null }));
  // These are the same for all guests, and the image is a digest of 150 MB.
  const [tsc_kHz, qemu, image] = [await tscFrequency_kHz(), findQemu(), guestImage()];
  const accelerator = withoutKvm(qemu) === null ? 'kvm' : 'tcg';
  return places.map(({ name, asked, guest }) => {
    if (guest === null) return { name, asked, command: null };
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
    return { name, asked, command: [qemu.path, ...qemuArguments(guest.settings, accelerator, files)] };
  });
}
