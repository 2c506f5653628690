/**
 * Whether runs that were made at two times can repeat each other, by the facts of the machine in two manifests, or in a
 * manifest and on this machine now. `pauselab merge` and `pauselab resume` refuse the same differences, but another boot
 * forbids only to resume: merging is for other days.
 */
import { formatSize } from '../base/text/units.js';
import { featureName } from '../profile/check/sched-feature.js';
import type { ManifestFile } from './bundle-schema.js';

export interface ChangedFact {
  readonly fact: string;
  readonly then: string;
  readonly now: string;
}

export type RecordedFacts = Readonly<Record<string, unknown>>;

/** What of a manifest says where and by what it was measured. */
export type Environment = {
  readonly host: RecordedFacts;
  readonly tool: Pick<ManifestFile['tool'], 'version'>;
  readonly kernels: ManifestFile['kernels'];
};

export interface EnvironmentChanges {
  /** The runs do not repeat each other. */
  readonly decisive: readonly ChangedFact[];
  /** RecordedFacts that decide nothing that is measured. */
  readonly harmless: readonly ChangedFact[];
  /** Another boot of this machine, or one that is not known; empty: the same boot. */
  readonly boot: readonly ChangedFact[];
  /** Some runs are made on this machine's own kernel. A guest has a boot of its own. */
  readonly isHere: boolean;
}

const ofEachBoot = 'bootId';

const harmless: readonly string[] = ['node', 'root', 'maxMapCount'];

export function environmentChanges(then: Environment, now: Environment): EnvironmentChanges {
  const kernels = [...then.kernels, ...now.kernels];
  const withoutFeatures = ({ host }: Environment): RecordedFacts =>
    Object.hasOwn(host, 'schedFeatures')
      ? { ...host, schedFeatures: withoutSwitched(host.schedFeatures, kernels) }
      : host;
  const facts = changedFacts(withoutFeatures(then), withoutFeatures(now));
  const versions = { fact: 'pauselab', then: then.tool.version, now: now.tool.version };
  const all = versions.then === versions.now ? facts : [versions, ...facts];
  const [before, booted] = [own(then.host, ofEachBoot), own(now.host, ofEachBoot)];
  const isSameBoot = typeof before === 'string' && before === booted;
  return {
    decisive: all.filter(({ fact }) => !harmless.includes(fact)),
    harmless: all.filter(({ fact }) => harmless.includes(fact)),
    boot: isSameBoot ? [] : [{ fact: 'the boot', then: shown(ofEachBoot, before), now: shown(ofEachBoot, booted) }],
    isHere: then.kernels.length === 0 || then.kernels.some(({ guest }) => guest === null),
  };
}

/** RecordedFacts of a guest that decide what is measured there. */
export function decisiveFacts(then: RecordedFacts, now: RecordedFacts): ChangedFact[] {
  return changedFacts(then, now).filter(({ fact }) => !harmless.includes(fact));
}

/** A fact that only one of the two has is listed too: the missing value may differ. */
function changedFacts(then: RecordedFacts, now: RecordedFacts): ChangedFact[] {
  const names = new Set([...Object.keys(now), ...Object.keys(then)]);
  names.delete(ofEachBoot);
  return [...names]
    .map((fact) => ({ fact, then: shown(fact, own(then, fact)), now: shown(fact, own(now, fact)) }))
    .filter((one) => one.then !== one.now);
}

/** A place switches its feature on this machine for its runs, and the facts may have been read meanwhile. */
function withoutSwitched(features: unknown, kernels: ManifestFile['kernels']): unknown {
  if (!Array.isArray(features)) return features;
  const switched = kernels.flatMap(({ guest, feature }) =>
    guest === null && feature !== undefined ? [featureName(feature)] : [],
  );
  return features.filter((word) => typeof word !== 'string' || !switched.includes(featureName(word)));
}

/** The memory of a machine: its kernel keeps more or less for itself from boot to boot. */
export function nominalMemory(bytes: number): number {
  return Math.round(bytes / 2 ** 28) * 2 ** 28;
}

function own(facts: RecordedFacts, name: string): unknown {
  return Object.hasOwn(facts, name) ? facts[name] : undefined;
}

/** As text, by which facts are compared too. */
export function shown(fact: string, value: unknown): string {
  if (value === undefined) return 'not recorded';
  if (value === null) return 'unknown';
  if (fact === 'memoryBytes' && typeof value === 'number') return formatSize(nominalMemory(value));
  return typeof value === 'string' ? value : JSON.stringify(value);
}
