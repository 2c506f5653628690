/**
 * Whether bundles were measured in the same places. Otherwise runs of different places with the same name would count as
 * repetitions. The release is not enough: a stock and a patched build, or two machines, can have the same release.
 */
import { formatSize } from '../base/text/units.js';
import type { KernelRecord } from './bundle-schema.js';
import { changedFactsText } from '../words/side-words.js';
import { decisiveFacts } from './environment-changes.js';

/** `path`: of the bundle, or what stands for it in a sentence. */
export interface PlacesOf {
  readonly path: string;
  readonly manifest: { readonly kernels: readonly KernelRecord[] };
}

/** The difference, as a clause; null: the places are the same. */
export function unlikePlaces(first: PlacesOf, other: PlacesOf): string | null {
  const [own, others] = [first, other].map(({ manifest }) => manifest.kernels.map(({ name }) => name));
  const missing = own?.find((name) => !others?.includes(name)) ?? others?.find((name) => !own?.includes(name));
  if (missing !== undefined)
    return `its places are ${own?.join(', ') ?? ''} in ${first.path} and ${others?.join(', ') ?? ''} in ${other.path}`;
  for (const place of first.manifest.kernels) {
    const same = other.manifest.kernels.find(({ name }) => name === place.name);
    if (same === undefined) continue;
    for (const [what, read] of Object.entries(identity)) {
      const [a, b] = [read(place), read(same)];
      if (a !== b && a !== null && b !== null)
        return `${place.name} has ${what} ${a} in ${first.path} and ${b} in ${other.path}`;
    }
    // Facts of this machine's own kernel are those of the machine (environment-changes.ts).
    const [fact] = place.guest === null ? [] : decisiveFacts(place.facts, same.facts);
    if (fact !== undefined) return `on ${place.name}, ${changedFactsText([fact], { a: first.path, b: other.path })}`;
  }
  return null;
}

/** What identifies a place; null: not known. The machine is compared besides (environment-changes.ts). */
const identity: Readonly<Record<string, (place: KernelRecord) => string | null>> = {
  'the label': ({ label }) => label ?? 'none',
  'the release': ({ release }) => release,
  'the build': ({ facts }) => (typeof facts.kernelVersion === 'string' ? facts.kernelVersion : null),
  'the accelerator': ({ guest }) => guest?.accelerator ?? 'none',
  QEMU: ({ guest }) => guest?.qemu ?? 'none',
  'the image': ({ guest }) => guest?.sha256.slice(0, 12) ?? 'none',
  'the CPUs': ({ guest }) => String(guest?.cpus ?? 'of this machine'),
  'the memory': ({ guest }) => (guest === null ? 'of this machine' : formatSize(guest.memoryBytes)),
  'the command line': ({ guest }) =>
    guest === null ? 'of this machine' : guest.commandLine.replace(/ ?\btsc_early_khz=\d+/, '') || 'none',
};
