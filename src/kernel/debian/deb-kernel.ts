/** Finds `deb:6.16.12`: in the cache, or on the mirror, with its signature checked. */
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../../base/files/atomic-file.js';
import { formatSize } from '../../base/text/units.js';
import { download, downloadUnlisted, type Package } from '../../debian/apt.js';
import { cacheFolder } from '../../debian/cache-folder.js';
import {
  cachedKernels,
  cachedKernelOrFilled,
  cacheKey,
  isUndamaged,
  type CachedFacts,
  type CachedKernel,
} from './cache.js';
import { sha256OfFile, sha256OfText } from '../../debian/checksum.js';
import { chosenInLists, fetchedOrCached } from '../../debian/fetched-or-cached.js';
import { unpackDeb } from '../../debian/deb-archive.js';
import { keepKernel, lookThrough } from './unpacked-kernel.js';
import { bestMatch, isExact, nearVersions, parseDebSpec, parseImageName, type DebSpec } from './deb-spec.js';
import { readConfig } from '../image/config-file.js';
import { configVersion, examineImage } from '../image/image-file.js';
import { upstreamVersion } from '../../debian/debian-version.js';
import type { KernelImage, KernelSources } from '../image/kernel.js';
import type { PackageIndex } from '../../debian/package-index.js';
import { kernelIndex } from './kernel-packages.js';
import { dependedParts } from '../guest/parts.js';

export async function fetchDebKernel(asked: string, sources: KernelSources): Promise<KernelImage> {
  const spec = parseDebSpec(asked);
  const kept = await cachedFor(spec, sources);
  if (kept !== null && isExact(spec) && !mayHaveConfig(kept)) return imageOf(asked, kept);
  const entry =
    kept === null ? null : { entry: kept, version: kept.version, called: `${kept.version} (${kept.release})` };
  const found = await fetchedOrCached(asked, entry, sources, {
    choose: (atLeast_ms) => choose(spec, sources, atLeast_ms),
    fetch: (choice) => fetchPackages(spec, choice, sources),
  });
  return imageOf(asked, found);
}

/** The kernel of packages with this image, from the cache; null: the cache does not have it. */
export async function cachedDebKernel(
  asked: string,
  sha256: string,
  sources: KernelSources,
): Promise<KernelImage | null> {
  for (const kernel of cachedKernels(cacheFolder(sources)))
    if (kernel.suite !== null && kernel.sha256 === sha256 && (await isUndamaged(kernel))) return imageOf(asked, kernel);
  return null;
}

/** An entry of a pauselab that did not look for a .config that the lists had dropped. */
const mayHaveConfig = ({ config, unlisted }: CachedKernel): boolean => config === null && unlisted === undefined;

async function cachedFor(spec: DebSpec, sources: KernelSources): Promise<CachedKernel | null> {
  const checked = cachedKernels(cacheFolder(sources))
    .filter(({ suite }) => suite !== null)
    .sort((a, b) => Number(mayHaveConfig(a)) - Number(mayHaveConfig(b)));
  const best =
    bestMatch(
      spec,
      checked.map((kernel) => ({ name: kernel.package, version: kernel.version, kernel })),
    )?.kernel ?? null;
  return best !== null && (await isUndamaged(best)) ? best : null;
}

interface Choice {
  readonly index: PackageIndex;
  readonly chosen: Package;
}

function choose(spec: DebSpec, sources: KernelSources, atLeast_ms?: number): Promise<Choice> {
  const inLists = {
    asked: spec.asked,
    lists: (newer_ms?: number) => kernelIndex(sources, newer_ms),
    match: (index: PackageIndex) => bestMatch(spec, bootable(index)),
    noSuch: (index: PackageIndex) => noSuchText(spec, index),
  };
  return chosenInLists(inLists, atLeast_ms);
}

interface OtherPackages {
  readonly others: readonly Package[];
  /** The name of the package with its .config, if the lists have dropped it. */
  readonly unlisted: string | null;
}

function othersOf(spec: DebSpec, { index, chosen }: Choice, sources: KernelSources): OtherPackages {
  const { version, depends } = chosen;
  const others: Package[] = [];
  let unlisted: string | null = null;
  for (const part of dependedParts({ depends })) {
    const found = index.packages.find((wanted) => wanted.name === part.name && wanted.version === version);
    if (found !== undefined) others.push(found);
    else if (part.name.startsWith('linux-base-')) unlisted = part.name;
    else
      sources.note?.(
        `${part.name} ${version} is no longer in the lists of ${index.mirror.uri}: ` +
          `the modules of ${spec.asked} cannot be fetched`,
      );
  }
  return { others, unlisted };
}

/**
 * Debian's archive drops packages by their source. An image and its linux-binary are of linux-signed-amd64, which keeps
 * old versions; the .config, the modules and the headers are of linux, of which the lists have the newest. Their files
 * stay on the mirror for some time. The .config is only read, so it is taken without a checksum, if it names the version
 * of the kernel. Modules are code, and are not taken.
 */
async function addUnlistedConfig(
  { index: { mirror }, chosen }: Choice,
  name: string,
  { folder, release }: { readonly folder: string; readonly release: string },
  sources: KernelSources,
): Promise<NonNullable<CachedFacts['unlisted']>> {
  const { suite, version } = chosen;
  const pool = dirname(chosen.file).replace(/\/linux-signed-amd64$/, '/linux');
  const deb = join(folder, 'unlisted.deb');
  const unpacked = join(folder, 'unlisted');
  const gone = (why: string): { name: string; sha256: null } => {
    sources.note?.(
      `${name} ${version} is no longer in the lists of ${mirror.uri}, ${why}: the config of ${release} is not known`,
    );
    return { name, sha256: null };
  };
  try {
    const file = `${pool}/${name}_${version.replace(/^\d+:/, '')}_amd64.deb`;
    if (!(await downloadUnlisted(mirror, { suite, file }, deb, sources))) return gone('and its file is gone');
    makeFolders(unpacked);
    await unpackDeb(deb, unpacked, sources.signal);
    const config = lookThrough(unpacked).config(release);
    if (config === null || configVersion(readConfig(config)) !== upstreamVersion(version))
      return gone('and its file has no .config of this version');
    await rename(config, join(folder, 'config'));
    sources.note?.(
      `${name} ${version} is no longer in the lists of ${mirror.uri}: its .config was fetched without a checksum`,
    );
    return { name, sha256: await sha256OfFile(deb) };
  } finally {
    await rm(deb, { force: true });
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** Images whose kernel is also on the mirror, which drops old parts and old images at different times. */
export function bootable({ packages }: Pick<PackageIndex, 'packages'>): Package[] {
  const there = new Set(packages.map(({ name, version }) => `${name} ${version}`));
  return packages.filter(
    (image) =>
      parseImageName(image.name) !== null &&
      dependedParts(image).every(({ name, holdsImage }) => !holdsImage || there.has(`${name} ${image.version}`)),
  );
}

function noSuchText(spec: DebSpec, { mirror, packages }: PackageIndex): string {
  const near = nearVersions(spec, bootable({ packages }));
  return (
    `${spec.asked}: ${mirror.uri} has no such kernel of the flavour ${spec.flavour}` +
    `${near.length === 0 ? '' : `; near versions: ${near.map((version) => `deb:${version}`).join(', ')}`} ` +
    '(all: pauselab kernels list --available)'
  );
}

async function fetchPackages(spec: DebSpec, choice: Choice, sources: KernelSources): Promise<CachedKernel> {
  const {
    index: { mirror },
    chosen,
  } = choice;
  const { others, unlisted } = othersOf(spec, choice, sources);
  const packages = [chosen, ...others];
  const key = cacheKey(
    'deb',
    [...packages.map(({ sha256 }) => sha256), ...(unlisted === null ? [] : [`unlisted ${unlisted}`])],
    sha256OfText,
  );
  return cachedKernelOrFilled(cacheFolder(sources), key, sources, async (folder) => {
    sources.note?.(
      `fetching ${chosen.name} ${chosen.version} of ${chosen.suite} ` +
        `(${formatSize(packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))})`,
    );
    const unpacked = join(folder, 'unpacked');
    makeFolders(unpacked);
    for (const found of packages) {
      const deb = join(folder, basename(found.file));
      await download(mirror, found, deb, sources);
      await unpackDeb(deb, unpacked, sources.signal);
      await rm(deb, { force: true });
    }
    await keepKernel(unpacked, folder, `${chosen.name} ${chosen.version}`);
    const image = join(folder, 'vmlinuz');
    const { release } = await examineImage(image, `the kernel in ${chosen.name}`);
    return {
      release,
      sha256: await sha256OfFile(image),
      package: chosen.name,
      version: chosen.version,
      flavour: parseImageName(chosen.name)?.flavour ?? null,
      suite: chosen.suite,
      debs: packages.map(({ file, sha256 }) => ({ name: basename(file), sha256 })),
      unlisted: unlisted === null ? null : await addUnlistedConfig(choice, unlisted, { folder, release }, sources),
    };
  });
}

function imageOf(asked: string, kernel: CachedKernel): KernelImage {
  const { release, image, config, modules, sha256, version, suite, unlisted } = kernel;
  return {
    asked,
    release,
    image,
    config,
    modules,
    sha256,
    origin: {
      kind: 'deb',
      package: kernel.package,
      version,
      suite,
      ...(config === null || unlisted === null || unlisted === undefined ? {} : { unlistedConfig: unlisted.name }),
    },
  };
}
