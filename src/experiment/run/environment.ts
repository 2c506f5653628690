/** Differences between the environment in a bundle and the environment here and now. */
import type { ManifestFile } from '../../bundle/bundle-schema.js';
import { formatSize } from '../../base/text/units.js';
import { hostFacts } from '../../host/facts.js';
import { featureName } from '../../profile/check/sched-feature.js';

export interface ChangedFact {
  readonly fact: string;
  readonly then: string;
  readonly now: string;
}

/** Each boot has another. */
const ofEachBoot = 'bootId';

/** A fact that only one of the two has is listed too: the missing value may differ. */
export function differencesNow(
  { host, tool, kernels }: Pick<ManifestFile, 'host' | 'tool' | 'kernels'>,
  toolVersion: string,
  now: Readonly<Record<string, unknown>> = { ...hostFacts() },
): ChangedFact[] {
  const names = new Set([...Object.keys(now), ...Object.keys(host)]);
  names.delete(ofEachBoot);
  const valueIn = (facts: Readonly<Record<string, unknown>>, fact: string): string =>
    shown(fact, fact === 'schedFeatures' ? withoutSwitched(own(facts, fact), kernels) : own(facts, fact));
  const facts = [...names].map((fact) => ({ fact, then: valueIn(host, fact), now: valueIn(now, fact) }));
  return [{ fact: 'pauselab', then: tool.version, now: toolVersion }, ...facts].filter(
    ({ then, now: current }) => then !== current,
  );
}

/** A place switches its feature on this machine for its runs, and the facts may have been read meanwhile. */
function withoutSwitched(features: unknown, kernels: ManifestFile['kernels']): unknown {
  if (!Array.isArray(features)) return features;
  const switched = kernels.flatMap(({ guest, feature }) =>
    guest === null && feature !== undefined ? [featureName(feature)] : [],
  );
  return features.filter((word) => typeof word !== 'string' || !switched.includes(featureName(word)));
}

/** Facts that decide nothing that is measured: they may change while an experiment is interrupted, and are said. */
const harmless: readonly string[] = ['node', 'root', 'maxMapCount'];

/** What changed since the experiment began: what makes its runs unlike each other, and what is only said. */
export function changesSince(
  manifest: Pick<ManifestFile, 'host' | 'tool' | 'kernels'>,
  toolVersion: string,
  now: Readonly<Record<string, unknown>> = { ...hostFacts() },
): { readonly refused: readonly ChangedFact[]; readonly said: readonly ChangedFact[] } {
  const { kernels, host } = manifest;
  const changed = differencesNow(manifest, toolVersion, now);
  const [then, booted] = [own(host, ofEachBoot), own(now, ofEachBoot)];
  const isSameBoot = typeof then === 'string' && then === booted;
  const boot = isSameBoot ? [] : [{ fact: 'the boot', then: shown(ofEachBoot, then), now: shown(ofEachBoot, booted) }];
  // A guest has a boot of its own.
  const isHere = kernels.length === 0 || kernels.some(({ guest }) => guest === null);
  return {
    refused: [...changed.filter(({ fact }) => !harmless.includes(fact)), ...(isHere ? boot : [])],
    said: [...changed.filter(({ fact }) => harmless.includes(fact)), ...(isHere ? [] : boot)],
  };
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

function own(facts: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(facts, name) ? facts[name] : undefined;
}

function shown(fact: string, value: unknown): string {
  if (value === undefined) return 'not recorded';
  if (value === null) return 'unknown';
  if (fact === 'memoryBytes' && typeof value === 'number') return formatSize(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
