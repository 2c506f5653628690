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
  /** Facts that decide nothing that is measured. */
  readonly harmless: readonly ChangedFact[];
  /** Another boot of this machine, or one that is not known; empty: the same boot. */
  readonly boot: readonly ChangedFact[];
  /** Both boots are known, and are two. */
  readonly hasTwoBoots: boolean;
  /** Some runs are made on this machine's own kernel. A guest has a boot of its own. */
  readonly isHere: boolean;
}

const ofEachBoot = 'bootId';

/** A scheduler of jobs gives each job other CPUs of as many, so their numbers decide nothing. */
const cpuNumbers = 'cpuNumbers';

const harmless: readonly string[] = ['node', 'root', 'maxMapCount', cpuNumbers];

/** Absent is then no difference: an older version did not record it. */
const onlyIfBoth: readonly string[] = ['cores'];

/** Read through debugfs, so unknown to others. */
const readByRoot: readonly string[] = ['schedFeatures'];

export function environmentChanges(then: Environment, now: Environment): EnvironmentChanges {
  const kernels = [...then.kernels, ...now.kernels];
  const withoutFeatures = ({ host }: Environment): RecordedFacts =>
    Object.hasOwn(host, 'schedFeatures')
      ? { ...host, schedFeatures: withoutSwitched(host.schedFeatures, kernels) }
      : host;
  const { decisive, noted } = changedFacts(withoutFeatures(then), withoutFeatures(now));
  const versions = { fact: 'pauselab', then: then.tool.version, now: now.tool.version };
  const [before, booted] = [own(then.host, ofEachBoot), own(now.host, ofEachBoot)];
  const areKnown = typeof before === 'string' && typeof booted === 'string';
  return {
    decisive: versions.then === versions.now ? decisive : [versions, ...decisive],
    harmless: noted,
    boot:
      areKnown && before === booted
        ? []
        : [{ fact: 'the boot', then: shown(ofEachBoot, before), now: shown(ofEachBoot, booted) }],
    hasTwoBoots: areKnown && before !== booted,
    isHere: then.kernels.length === 0 || then.kernels.some(({ guest }) => guest === null),
  };
}

/** Facts of a guest that decide what is measured there. */
export function decisiveFacts(then: RecordedFacts, now: RecordedFacts): ChangedFact[] {
  return changedFacts(then, now).decisive;
}

interface Changed {
  readonly decisive: ChangedFact[];
  readonly noted: ChangedFact[];
}

/** A fact that only one of the two has is decisive too, because the missing value may differ. */
function changedFacts(before: RecordedFacts, after: RecordedFacts): Changed {
  const [then, now] = [withCpuCount(before), withCpuCount(after)];
  const changed: Changed = { decisive: [], noted: [] };
  const names = new Set([...Object.keys(now), ...Object.keys(then)]);
  names.delete(ofEachBoot);
  // Rights decide nothing.
  const onlyOneIsRoot = typeof then.root === 'boolean' && typeof now.root === 'boolean' && then.root !== now.root;
  for (const fact of names) {
    const [a, b] = [own(then, fact), own(now, fact)];
    const one = { fact, then: shown(fact, a, b), now: shown(fact, b, a) };
    if (one.then === one.now || (onlyIfBoth.includes(fact) && (a === undefined || b === undefined))) continue;
    // Other numbers of another count say nothing more.
    if (fact === cpuNumbers && then.cpus !== now.cpus) continue;
    const isNoted =
      harmless.includes(fact) || (onlyOneIsRoot && readByRoot.includes(fact) && (a === null || b === null));
    (isNoted ? changed.noted : changed.decisive).push(one);
  }
  return changed;
}

function withCpuCount(facts: RecordedFacts): RecordedFacts {
  const cpus = own(facts, 'cpus');
  return Array.isArray(cpus) ? { ...facts, cpus: cpus.length, [cpuNumbers]: cpus } : facts;
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

/** As text, by which facts are compared too. Of words and records, only what `other` does not have. */
export function shown(fact: string, value: unknown, other?: unknown): string {
  if (value === undefined) return 'not recorded';
  if (value === null) return fact === 'memoryLimitBytes' ? 'none seen' : 'unknown';
  if (value === '') return 'none';
  if (typeof value === 'boolean') return switches.includes(fact) ? (value ? 'on' : 'off') : value ? 'yes' : 'no';
  if (typeof value === 'number' && fact.endsWith('Bytes'))
    return formatSize(fact === 'memoryBytes' ? nominalMemory(value) : value);
  if (Array.isArray(value)) return shownList(value, other);
  if (typeof value === 'object') return shownRecord(value, other);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const switches: readonly string[] = ['autogroup', 'perVmaLocks'];

function shownList(values: readonly unknown[], other: unknown): string {
  if (values.some((value) => typeof value !== 'string')) return values.map(String).join(', ');
  if (!Array.isArray(other)) return 'known';
  return values.filter((value) => !other.includes(value)).join(' ') || 'none';
}

function shownRecord(value: object, other: unknown): string {
  if (typeof other !== 'object' || other === null) return 'known';
  const others = new Map<string, unknown>(Object.entries(other));
  const differing = Object.entries(value).filter(
    ([key, one]) => JSON.stringify(one) !== JSON.stringify(others.get(key)),
  );
  return (
    differing.map(([key, one]) => `${key} ${typeof one === 'string' ? one : JSON.stringify(one)}`).join(', ') || 'none'
  );
}
