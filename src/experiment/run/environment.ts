/** Differences between the environment in a bundle and the environment here and now. */
import type { ManifestFile } from '../../bundle/bundle-schema.js';
import { formatSize } from '../../base/text/units.js';
import { hostFacts } from '../../host/facts.js';

export interface ChangedFact {
  readonly fact: string;
  readonly then: string;
  readonly now: string;
}

/** A fact that only one of the two has is listed too: the missing value may differ. */
export function differencesNow(
  { host, tool }: Pick<ManifestFile, 'host' | 'tool'>,
  toolVersion: string,
  now: Readonly<Record<string, unknown>> = { ...hostFacts() },
): ChangedFact[] {
  const facts = [...new Set([...Object.keys(now), ...Object.keys(host)])].map((fact) => ({
    fact,
    then: shown(fact, own(host, fact)),
    now: shown(fact, own(now, fact)),
  }));
  return [{ fact: 'pauselab', then: tool.version, now: toolVersion }, ...facts].filter(
    ({ then, now: current }) => then !== current,
  );
}

/** Differences of the guests that both booted: kernel, QEMU and settings. */
export function guestDifferences(
  then: Pick<ManifestFile, 'kernels'>,
  now: Pick<ManifestFile, 'kernels'>,
): ChangedFact[] {
  return then.kernels.flatMap(({ name, guest: before }) => {
    const guest = now.kernels.find((kernel) => kernel.name === name)?.guest ?? null;
    if (before === null || guest === null) return [];
    const keys = ['sha256', 'commandLine', 'accelerator', 'qemu', 'cpus', 'memoryBytes', 'pinnedTo'] as const;
    return keys
      .map((key) => ({ fact: `${name}, ${key}`, then: shown(key, before[key]), now: shown(key, guest[key]) }))
      .filter((one) => one.then !== one.now);
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
