/** Cached kernels: by the checksum of their source, with their facts. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cachedOrFilled, entriesOf, readEntry, type Shelf } from '../../debian/cache-entry.js';
import { sha256OfFile } from '../../debian/checksum.js';
import type { BuildRecord } from '../../facts/build-record.js';
import type { KernelSources } from '../image/kernel.js';

/** With the text of patches. */
const mostFactsBytes = 64 * 2 ** 20;

/** kernel.json of a cached kernel. */
export interface CachedFacts {
  /** What it was built from; null for a kernel of packages, whose kernel.json does not have this. */
  readonly build?: BuildRecord | null;
  /** Of the vmlinux of a built kernel; absent if a pauselab built it that did not keep it. */
  readonly buildId?: string | null;
  /** Files in `packages`, of a kernel that was built as packages. */
  readonly packages?: readonly string[];
  readonly release: string;
  readonly sha256: string;
  readonly package: string;
  readonly version: string;
  readonly flavour: string | null;
  /** The package's suite, after its signature was checked; null for a user's file. */
  readonly suite: string | null;
  readonly debs: readonly { readonly name: string; readonly sha256: string }[];
  /**
   * The package with the .config, if no signed list named it any more; `sha256` as it was fetched, null if the mirror
   * had dropped it. Absent in an entry of a pauselab that did not look for it.
   */
  readonly unlisted?: { readonly name: string; readonly sha256: string | null } | null;
}

export interface CachedKernel extends CachedFacts {
  readonly build: BuildRecord | null;
  readonly folder: string;
  readonly image: string;
  readonly config: string | null;
  readonly modules: string | null;
}

/** `deb-` for packages whose signature was checked, `file-` for a user's packages. */
export function cacheKey(kind: 'deb' | 'file', checksums: readonly string[], hash: (text: string) => string): string {
  return `${kind}-${hash([...checksums].sort().join('\n')).slice(0, 32)}`;
}

const kernels: Shelf<CachedFacts, CachedKernel> = {
  folder: 'kernels',
  factsFile: 'kernel.json',
  format: 1,
  mostFactsBytes,
  called: 'kernel',
  entryOf(facts, folder) {
    const image = join(folder, 'vmlinuz');
    if (!statSync(image).isFile()) return null;
    const there = (path: string): string | null => (existsSync(path) ? path : null);
    return {
      ...facts,
      build: facts.build ?? null,
      folder,
      image,
      config: there(join(folder, 'config')),
      modules: there(join(folder, 'lib/modules', facts.release)),
    };
  },
  isUndamaged,
};

export function cachedKernels(cache: string): CachedKernel[] {
  return entriesOf(kernels, cache);
}

export function cachedKernel(cache: string, key: string): CachedKernel | null {
  return readEntry(kernels, join(cache, kernels.folder, key));
}

export async function isUndamaged({ image, sha256 }: Pick<CachedKernel, 'image' | 'sha256'>): Promise<boolean> {
  return (await sha256OfFile(image)) === sha256;
}

/**
 * The kernel of this key: the cached one, or the files that `fill` puts into its folder (vmlinuz, and config and
 * lib/modules/<release> if they exist).
 */
export function cachedKernelOrFilled(
  cache: string,
  key: string,
  sources: KernelSources,
  fill: (folder: string) => Promise<CachedFacts>,
): Promise<CachedKernel> {
  return cachedOrFilled(kernels, { cache, key }, sources, fill);
}
