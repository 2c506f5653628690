/** JDKs of Debian's packages: those of the cache and of the mirror, and fetching them. */
import { cacheFolder } from '../debian/cache-folder.js';
import { compareDebianVersions } from '../debian/debian-version.js';
import type { PackageIndex } from '../debian/package-index.js';
import { cachedJdks, type CachedJdk } from '../jdk/cached-jdks.js';
import { fetchDebJdk, jdkIndex, jdksOf } from '../jdk/deb-jdk.js';
import { jdkSpecOf } from '../jdk/jdk-spec.js';
import { fillCache, type Installing } from './make-ready.js';

export interface KeptJdks {
  /** Folder of the cache. */
  readonly cache: string;
  readonly jdks: readonly KeptJdk[];
}

export interface KeptJdk extends CachedJdk {
  /** As --java takes it. */
  readonly spec: string;
}

export function keptJdks(): KeptJdks {
  const cache = cacheFolder({});
  return {
    cache,
    jdks: cachedJdks(cache)
      .sort(byVersion)
      .map((jdk) => ({ ...jdk, spec: jdkSpecOf(jdk) })),
  };
}

export interface AvailableJdk {
  /** As --java takes it. */
  readonly spec: string;
  /** Of the packages. */
  readonly version: string;
  readonly suite: string;
  /** What is downloaded: the JDK, without its libraries of some MB. */
  readonly downloadBytes: number;
  /** Whether the cache has it. */
  readonly isCached: boolean;
}

export type AvailableJdks = Pick<PackageIndex, 'mirror' | 'fetchedAt_ms' | 'leftOut'> & {
  /** By version. */
  readonly jdks: readonly AvailableJdk[];
};

export async function availableJdks(installing: Installing): Promise<AvailableJdks> {
  const index = await fillCache(installing, (sources) => jdkIndex(sources));
  const kept = cachedJdks(cacheFolder({}));
  const { mirror, fetchedAt_ms, leftOut } = index;
  const jdks = jdksOf(index)
    .sort(byVersion)
    .map(({ version, suite, jre, jdk }) => ({
      spec: jdkSpecOf({ version, suite }),
      version,
      suite,
      downloadBytes: jre.sizeBytes + jdk.sizeBytes,
      isCached: kept.some((one) => one.version === version && one.suite === suite),
    }));
  return { mirror, fetchedAt_ms, leftOut, jdks };
}

/** Fetches the JDK if it is not in the cache. */
export async function fetchJdk(asked: string, installing: Installing): Promise<KeptJdk> {
  const jdk = await fillCache(installing, (sources) => fetchDebJdk(asked, sources));
  return { ...jdk, spec: jdkSpecOf(jdk) };
}

function byVersion(a: { readonly version: string }, b: { readonly version: string }): number {
  return compareDebianVersions(a.version, b.version);
}
