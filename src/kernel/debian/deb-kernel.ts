/** Finds `deb:6.16.12`: in the cache, or on the mirror, with its signature checked. */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { wallClock_ms } from '../../base/clock.js';
import { Failure, ExitCode, unfit, usage } from '../../base/failure.js';
import { makeFolders } from '../../base/files/atomic-file.js';
import { formatSize } from '../../base/text/units.js';
import { download, type Mirror, type Package } from './apt.js';
import { cachedKernels, cachedOrFilled, cacheFolder, cacheKey, isUndamaged, type CachedKernel } from './cache.js';
import { sha256OfFile, sha256OfText } from './checksum.js';
import { keepKernel, unpackDeb } from './deb-archive.js';
import { bestMatch, isExact, nearVersions, parseDebSpec, parseImageName, type DebSpec } from './deb-spec.js';
import { examineImage } from '../image/image-file.js';
import type { KernelImage, KernelSources } from '../image/kernel.js';
import { packageIndex, type PackageIndex } from './package-index.js';
import { dependedParts } from '../guest/parts.js';

export async function fetchDebKernel(asked: string, sources: KernelSources): Promise<KernelImage> {
  const spec = parseDebSpec(asked);
  const kept = await cachedFor(spec, sources);
  if (kept !== null && isExact(spec)) return imageOf(asked, kept);
  try {
    const { mirror, chosen, others } = await choose(spec, sources);
    return imageOf(asked, await fetchPackages(mirror, chosen, others, sources));
  } catch (error) {
    // A cached kernel works without a network; a note says that there may be a newer one.
    if (!(error instanceof Failure) || error.exitCode !== ExitCode.unfit || kept === null) throw error;
    sources.note?.(
      `${error.message}; the cached ${kept.version} (${kept.release}) is used for ${asked}; there may be a newer one`,
    );
    return imageOf(asked, kept);
  }
}

async function cachedFor(spec: DebSpec, sources: KernelSources): Promise<CachedKernel | null> {
  const checked = cachedKernels(cacheFolder(sources)).filter(({ suite }) => suite !== null);
  const best =
    bestMatch(
      spec,
      checked.map((kernel) => ({ name: kernel.package, version: kernel.version, kernel })),
    )?.kernel ?? null;
  return best !== null && (await isUndamaged(best)) ? best : null;
}

interface Choice {
  readonly mirror: Mirror;
  readonly chosen: Package;
  readonly others: readonly Package[];
}

async function choose(spec: DebSpec, sources: KernelSources): Promise<Choice> {
  const begun_ms = wallClock_ms();
  let index = await packageIndex(sources);
  let chosen = bestMatch(spec, bootable(index));
  if (chosen === undefined && index.fetchedAt_ms < begun_ms) {
    // It may have been published since, or apt may have failed to read a part.
    index = await packageIndex(sources, begun_ms);
    chosen = bestMatch(spec, bootable(index));
  }
  if (chosen === undefined) throw noSuch(spec, index);
  const { version, depends } = chosen;
  const others: Package[] = [];
  for (const part of dependedParts({ depends })) {
    const found = index.packages.find((wanted) => wanted.name === part.name && wanted.version === version);
    if (found !== undefined) others.push(found);
    else
      sources.note?.(
        `${part.name} ${version} is no longer in ${index.mirror.uri}: ` +
          `the ${part.name.startsWith('linux-base') ? 'config' : 'modules'} of ${spec.asked} cannot be fetched`,
      );
  }
  return { mirror: index.mirror, chosen, others };
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

function noSuch(spec: DebSpec, { mirror, packages, leftOut }: PackageIndex): Failure {
  const near = nearVersions(spec, bootable({ packages }));
  const unread = leftOut.filter(({ problem }) => problem !== 'absent');
  // The unread suites might have it: then the machine is at fault, not the user's input.
  if (unread.length > 0)
    return unfit(
      `${spec.asked} is in none of the suites of ${mirror.uri} that could be read; ` +
        unread.map(({ sentence }) => sentence).join('; '),
    );
  return usage(
    `${spec.asked}: ${mirror.uri} has no such kernel of the flavour ${spec.flavour}` +
      `${near.length === 0 ? '' : `; near versions: ${near.map((version) => `deb:${version}`).join(', ')}`} ` +
      '(all: pauselab kernels list --available)',
  );
}

async function fetchPackages(
  mirror: Mirror,
  chosen: Package,
  others: readonly Package[],
  sources: KernelSources,
): Promise<CachedKernel> {
  const packages = [chosen, ...others];
  const key = cacheKey(
    'deb',
    packages.map(({ sha256 }) => sha256),
    sha256OfText,
  );
  return cachedOrFilled(cacheFolder(sources), key, sources, async (folder) => {
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
    return {
      release: (await examineImage(image, `the kernel in ${chosen.name}`)).release,
      sha256: await sha256OfFile(image),
      package: chosen.name,
      version: chosen.version,
      flavour: parseImageName(chosen.name)?.flavour ?? null,
      suite: chosen.suite,
      debs: packages.map(({ file, sha256 }) => ({ name: basename(file), sha256 })),
    };
  });
}

function imageOf(asked: string, kernel: CachedKernel): KernelImage {
  const { release, image, config, modules, sha256, version, suite } = kernel;
  return {
    asked,
    release,
    image,
    config,
    modules,
    sha256,
    origin: { kind: 'deb', package: kernel.package, version, suite },
  };
}
