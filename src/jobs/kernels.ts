/** Kernels that guests can boot: those of the cache and of the mirror, fetching and building them, and what they are. */
import { usage } from '../base/failure.js';
import { grouped } from '../base/group.js';
import { buildKernel } from '../kernel/build/build-kernel.js';
import { labelledKernels } from '../kernel/build/build-labels.js';
import { askedSource, buildSpecText, type BuildSpec } from '../kernel/build/build-spec.js';
import { packagesToInstall, type PackageWish } from '../kernel/build/make-packages.js';
import { cacheFolder } from '../debian/cache-folder.js';
import { cachedKernels, type CachedKernel } from '../kernel/debian/cache.js';
import { bootable } from '../kernel/debian/deb-kernel.js';
import { parseImageName } from '../kernel/debian/deb-spec.js';
import { kernelIndex } from '../kernel/debian/kernel-packages.js';
import { compareDebianVersions, upstreamVersion } from '../debian/debian-version.js';
import { kernelFacts, type KernelFacts } from '../kernel/image/kernel-facts.js';
import { resolveKernel } from '../kernel/image/kernel-image.js';
import { relationOf } from '../kernel/image/kernel-relation.js';
import type { KernelImage, KernelOrigin } from '../kernel/image/kernel.js';
import { askedKernel, labelProblem, type AskedKernel } from '../profile/check/asked-kernel.js';
import { fillCache, type Installing } from './make-ready.js';

export interface KeptKernels {
  /** Folder of the cache. */
  readonly cache: string;
  readonly kernels: readonly KeptKernel[];
}

/** A kernel of the cache, with the labels that it was built with. */
export interface KeptKernel extends CachedKernel {
  readonly labels: readonly string[];
}

export function keptKernels(): KeptKernels {
  const cache = cacheFolder({});
  const labelled = labelledKernels(cache);
  return {
    cache,
    kernels: cachedKernels(cache).map((kept) => ({
      ...kept,
      labels: labelled.filter(({ kernel }) => kernel?.folder === kept.folder).map(({ label }) => label),
    })),
  };
}

export interface WantedBuild extends Pick<BuildSpec, 'changes' | 'configs'> {
  /** `deb-source:7.3`, a folder or an archive. */
  readonly source: string;
  readonly label: string;
  readonly replace: boolean;
  /** Absent: a kernel for guests. */
  readonly packages?: PackageWish;
}

export interface BuiltKernel {
  readonly label: string;
  readonly kernel: KernelImage & { readonly origin: BuiltOrigin };
  /** Packages to install on a machine; empty of a kernel for guests. */
  readonly install: readonly string[];
}

type BuiltOrigin = Extract<KernelOrigin, { kind: 'built' }>;

/** Builds the kernel if the cache does not have it. A build that is interrupted continues when it is asked for again. */
export async function buildLabelled(
  { source, label, replace, changes, configs, packages }: WantedBuild,
  installing: Installing,
): Promise<BuiltKernel> {
  const spec = { source: askedSource(source), changes, configs };
  const request = {
    spec: { ...spec, asked: buildSpecText(spec) },
    label,
    replace,
    ...(packages === undefined ? {} : { packages }),
  };
  const left = 'what was built stays in the cache, and the same command continues it';
  const kernel = await fillCache(installing, (sources) => buildKernel(request, sources), left);
  const { origin } = kernel;
  if (origin.kind !== 'built') throw new Error(`a build made a kernel of kind ${origin.kind}`);
  return { label, kernel: { ...kernel, origin }, install: packagesToInstall(origin.packages) };
}

export interface AvailableKernel {
  /** As --kernel takes it. */
  readonly spec: string;
  readonly release: string;
  readonly flavour: string;
  /** Of the package. */
  readonly version: string;
  readonly suite: string;
}

export type AvailableKernels = Pick<Awaited<ReturnType<typeof kernelIndex>>, 'mirror' | 'fetchedAt_ms' | 'leftOut'> & {
  /** By version. */
  readonly kernels: readonly AvailableKernel[];
  /** The same by version of the package. */
  readonly versions: readonly AvailableVersion[];
};

export interface AvailableVersion {
  /** As --kernel takes it, without a flavour. */
  readonly spec: string;
  readonly version: string;
  readonly suites: readonly string[];
  readonly flavours: readonly string[];
}

export async function availableKernels(installing: Installing): Promise<AvailableKernels> {
  const index = await fillCache(installing, (sources) => kernelIndex(sources));
  const kernels = bootable(index)
    .sort((a, b) => compareDebianVersions(a.version, b.version))
    .flatMap(({ name, version, suite }): AvailableKernel[] => {
      const image = parseImageName(name);
      if (image === null || image.unsigned) return [];
      const { release, flavour } = image;
      const spec = `deb:${upstreamVersion(version)}${flavour === 'cloud-amd64' ? '' : `/${flavour}`}`;
      return [{ spec, release, flavour, version, suite }];
    });
  const versions = [...grouped(kernels, ({ version }) => version)].map(([version, same]) => ({
    spec: `deb:${upstreamVersion(version)}`,
    version,
    suites: [...new Set(same.map(({ suite }) => suite))],
    flavours: [...new Set(same.map(({ flavour }) => flavour))],
  }));
  const { mirror, fetchedAt_ms, leftOut } = index;
  return { mirror, fetchedAt_ms, leftOut, kernels, versions };
}

export interface FoundKernel {
  readonly kernel: KernelImage;
  readonly label: string | null;
}

/** Fetches the kernel if it is in no cache. What a user copies from --kernel may have a label before it. */
export async function findKernel(text: string, installing: Installing): Promise<FoundKernel> {
  const { label, kernel: wanted } = withoutLabel(text);
  const kernel = await fillCache(installing, (sources) => resolveKernel(wanted, sources));
  return { kernel, label };
}

function withoutLabel(text: string): AskedKernel {
  const problem = labelProblem(text);
  if (problem !== null) throw usage(problem);
  return askedKernel(text);
}

export interface ShownKernel extends FoundKernel {
  readonly facts: KernelFacts;
}

export interface ShownKernels {
  readonly shown: readonly ShownKernel[];
  /** Of the first two; null of a single kernel. */
  readonly relation: ReturnType<typeof relationOf> | null;
}

/** One kernel, or two that are compared. */
export async function showKernels(texts: readonly string[], installing: Installing): Promise<ShownKernels> {
  const shown: ShownKernel[] = [];
  for (const text of texts) {
    const found = await findKernel(text, installing);
    shown.push({ kernel: found.kernel, facts: kernelFacts(found.kernel), label: found.label });
  }
  const [first, second] = shown;
  return { shown, relation: first === undefined || second === undefined ? null : relationOf(first, second) };
}
