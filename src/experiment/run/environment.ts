/** Differences between the environment in a bundle and the environment here and now. */
import type { ManifestFile } from '../../bundle/bundle-schema.js';
import {
  environmentChanges,
  shown,
  type ChangedFact,
  type Environment,
  type RecordedFacts,
} from '../../bundle/environment-changes.js';
import { hostFacts } from '../../host/facts.js';

export type { ChangedFact } from '../../bundle/environment-changes.js';

export function differencesNow(
  then: Environment,
  toolVersion: string,
  now: RecordedFacts = { ...hostFacts() },
): readonly ChangedFact[] {
  const { decisive, harmless } = environmentChanges(then, here(then, toolVersion, now));
  return [...decisive, ...harmless];
}

/** What changed since the experiment began: what makes its runs unlike each other, and what is only said. */
export function changesSince(
  then: Environment,
  toolVersion: string,
  now: RecordedFacts = { ...hostFacts() },
): { readonly refused: readonly ChangedFact[]; readonly said: readonly ChangedFact[] } {
  const { decisive, harmless, boot, isHere } = environmentChanges(then, here(then, toolVersion, now));
  return {
    refused: [...decisive, ...(isHere ? boot : [])],
    said: [...harmless, ...(isHere ? [] : boot)],
  };
}

function here({ kernels }: Environment, version: string, host: RecordedFacts): Environment {
  return { host, tool: { version }, kernels };
}

/** Differences of the guests that both booted: kernel, QEMU and settings. */
export function guestDifferences(
  then: Pick<ManifestFile, 'kernels'>,
  now: Pick<ManifestFile, 'kernels'>,
): ChangedFact[] {
  const keys = ['sha256', 'commandLine', 'accelerator', 'qemu', 'cpus', 'memoryBytes', 'pinnedTo'] as const;
  return guestsOfBoth(then, now).flatMap(({ name, before, guest }) =>
    keys
      .map((key) => ({ fact: `${name}, ${key}`, then: shown(key, before[key]), now: shown(key, guest[key]) }))
      .filter((one) => one.then !== one.now),
  );
}

/**
 * Guests whose files are others: pauselab, Node, a JDK or a library. As on this machine, another Node or another build of
 * this version forbids nothing, and is said.
 */
export function changedGuestFiles(
  then: Pick<ManifestFile, 'kernels'>,
  now: Pick<ManifestFile, 'kernels'>,
): ChangedFact[] {
  return guestsOfBoth(then, now)
    .map(({ name, before, guest }) => ({
      fact: `the files in the guest ${name}`,
      then: before.image.sha256.slice(0, 12),
      now: guest.image.sha256.slice(0, 12),
    }))
    .filter((one) => one.then !== one.now);
}

type Guest = NonNullable<ManifestFile['kernels'][number]['guest']>;

function guestsOfBoth(
  then: Pick<ManifestFile, 'kernels'>,
  now: Pick<ManifestFile, 'kernels'>,
): { readonly name: string; readonly before: Guest; readonly guest: Guest }[] {
  return then.kernels.flatMap(({ name, guest: before }) => {
    const guest = now.kernels.find((kernel) => kernel.name === name)?.guest ?? null;
    return before === null || guest === null ? [] : [{ name, before, guest }];
  });
}
