/** Debian's kernel sources (linux-source-X.Y), by version: from the cache, or from the mirror with a checked signature. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unfit } from '../../base/failure.js';
import { makeFolders } from '../../base/files/atomic-file.js';
import { formatSize } from '../../base/text/units.js';
import { download, type Mirror, type Package } from '../../debian/apt.js';
import { unpackDeb } from '../../debian/deb-archive.js';
import { chosenInLists, fetchedOrCached } from '../../debian/fetched-or-cached.js';
import { compareDebianVersions, upstreamVersion } from '../../debian/debian-version.js';
import type { PackageIndex } from '../../debian/package-index.js';
import { isSourcePackage, kernelIndex } from '../debian/kernel-packages.js';
import type { KernelSources } from '../image/kernel.js';
import type { SourceIdentity } from '../../facts/build-record.js';
import { sourcesFolder, unpackedSource, unpackSource, type SourceTree } from './source-tree.js';

type DebIdentity = Extract<SourceIdentity, { kind: 'deb' }>;

/** Where sources are or will be, and how they get there. */
export interface LocatedSource {
  readonly folder: string;
  readonly bring: () => Promise<SourceTree>;
}

/** Fetches the lists of the mirror, if they are older than a day or `atLeast_ms`. */
export async function locateDebSource(
  version: string,
  sources: KernelSources,
  atLeast_ms?: number,
): Promise<LocatedSource> {
  const kept = newest(cachedDebSources(sources), version);
  // With all three numbers no newer one can match.
  if (kept !== undefined && /^\d+\.\d+\.\d+/.test(version)) return keptSource(kept);
  const entry =
    kept === undefined ? null : { entry: keptSource(kept), version: kept.source.version, called: kept.source.version };
  return fetchedOrCached(`deb-source:${version}`, entry, sources, {
    choose: () => choose(version, sources, atLeast_ms),
    fetch: ({ index: { mirror }, chosen }) => {
      const folder = join(sourcesFolder(sources), `deb-${chosen.sha256.slice(0, 32)}`);
      return Promise.resolve({ folder, bring: () => fetchSource(mirror, chosen, folder, sources) });
    },
  });
}

interface CachedSource {
  readonly tree: SourceTree;
  readonly source: DebIdentity;
}

function keptSource({ tree }: CachedSource): LocatedSource {
  return { folder: tree.folder, bring: () => Promise.resolve(tree) };
}

function cachedDebSources(sources: KernelSources): CachedSource[] {
  const folder = sourcesFolder(sources);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const tree = unpackedSource(join(folder, name));
    return tree?.source.kind === 'deb' ? [{ tree, source: tree.source }] : [];
  });
}

function newest(all: readonly CachedSource[], version: string): CachedSource | undefined {
  return all
    .filter(({ source }) => fits(source.version, version))
    .sort((a, b) => compareDebianVersions(b.source.version, a.source.version))[0];
}

/** Whether the upstream version begins with these numbers. */
function fits(packageVersion: string, wanted: string): boolean {
  const numbers = upstreamVersion(packageVersion).split('.');
  return wanted.split('.').every((number, i) => number === numbers[i]);
}

interface Choice {
  readonly index: PackageIndex;
  readonly chosen: Package;
}

function choose(version: string, sources: KernelSources, atLeast_ms?: number): Promise<Choice> {
  const inLists = {
    asked: `deb-source:${version}`,
    lists: (newer_ms?: number) => kernelIndex(sources, newer_ms),
    match: ({ packages }: PackageIndex) =>
      packages
        .filter((one) => isSourcePackage(one.name) && fits(one.version, version))
        .sort((a, b) => compareDebianVersions(b.version, a.version))[0],
    noSuch: (index: PackageIndex) => noSuchText(version, index),
  };
  return chosenInLists(inLists, atLeast_ms);
}

function noSuchText(version: string, { mirror, packages }: PackageIndex): string {
  const there = packages.filter(({ name }) => isSourcePackage(name)).map((one) => upstreamVersion(one.version));
  const sorted = [...new Set(there)].sort(compareDebianVersions);
  return (
    `deb-source:${version}: ${mirror.uri} has no such sources; ` +
    `it has ${sorted.length === 0 ? 'none' : sorted.map((one) => `deb-source:${one}`).join(', ')}`
  );
}

function fetchSource(mirror: Mirror, chosen: Package, folder: string, sources: KernelSources): Promise<SourceTree> {
  const { name, version, suite, sha256, file, sizeBytes } = chosen;
  return unpackSource(
    folder,
    { kind: 'deb', package: name, version, suite, sha256 },
    async (partial) => {
      sources.note?.(`fetching ${name} ${version} of ${suite} (${formatSize(sizeBytes)})`);
      const deb = join(partial, basename(file));
      await download(mirror, chosen, deb, sources);
      const unpacked = join(partial, 'package');
      makeFolders(unpacked);
      await unpackDeb(deb, unpacked, sources.signal);
      const found = join(unpacked, 'usr/src');
      const tarball = existsSync(found)
        ? readdirSync(found).find((one) => /^linux-source-.*\.tar\.\w+$/.test(one))
        : undefined;
      if (tarball === undefined)
        throw unfit(`${name} ${version} contains no usr/src/linux-source-*.tar.*; try another version`);
      return join(found, tarball);
    },
    sources,
  );
}
