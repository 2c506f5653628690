/**
 * The kernels that the runs of an experiment used, for going on with it: `deb:6.12` names the newest 6.12 of the mirror,
 * which may be another by now, while the cache still has the former.
 */
import type { ManifestFile } from '../bundle/bundle-schema.js';
import { cachedBuild } from '../kernel/build/build-kernel.js';
import { cachedDebKernel } from '../kernel/debian/deb-kernel.js';
import { parseDebSpec, parseImageName } from '../kernel/debian/deb-spec.js';
import { resolveKernel, type KernelImage, type KernelSources } from '../kernel/image/kernel-image.js';
import { usedBefore } from '../words/former-words.js';
import { goneFrom } from './former-gone.js';

/** By what named them, without labels. */
export type FormerKernels = ReadonlyMap<string, FormerKernel>;

export interface FormerKernel {
  /** Of the cache; null: it does not have it any more. */
  readonly image: KernelImage | null;
  /** Its package and version, or its release. */
  readonly called: string;
  /** What names this version and no other on the mirror; null: nothing does. */
  readonly exact: string | null;
}

/** Those that came from the mirror: only there a name gets another meaning by itself. */
export async function formerKernels(
  { kernels }: Pick<ManifestFile, 'kernels'>,
  sources: KernelSources,
): Promise<FormerKernels> {
  const former = new Map<string, FormerKernel>();
  for (const { asked, release, guest } of kernels) {
    if (guest === null || former.has(asked)) continue;
    const { sha256, origin } = guest;
    if (asked.startsWith('deb:'))
      former.set(asked, {
        image: await cachedDebKernel(asked, sha256, sources),
        ...packageNamed(origin, release),
      });
    if (asked.startsWith('deb-source:'))
      former.set(asked, { image: await cachedBuild(asked, sha256, sources), called: release, exact: null });
  }
  return former;
}

function packageNamed(
  { package: name, version }: Readonly<Record<string, unknown>>,
  release: string,
): Pick<FormerKernel, 'called' | 'exact'> {
  const image = typeof name === 'string' ? parseImageName(name) : null;
  if (typeof name !== 'string' || typeof version !== 'string' || image === null)
    return { called: release, exact: null };
  return { called: `${name} ${version}`, exact: `deb:${version}/${image.flavour}` };
}

/** Finds kernels as `resolveKernel` does, the former ones in the version that they had. */
export function resolveFormer(former: FormerKernels): typeof resolveKernel {
  const resolve = async (asked: string, sources: KernelSources = {}): Promise<KernelImage> => {
    const known = former.get(asked);
    if (known === undefined) return resolveKernel(asked, sources);
    const { image, called, exact } = known;
    if (image !== null) {
      sources.note?.(usedBefore({ asked, called }));
      return image;
    }
    if (exact === null) return resolveKernel(asked, sources);
    // Refuses a name that is none, which the mirror cannot have dropped.
    parseDebSpec(exact);
    try {
      return { ...(await resolveKernel(exact, sources)), asked };
    } catch (error) {
      throw goneFrom(error, { asked, called });
    }
  };
  return resolve;
}
