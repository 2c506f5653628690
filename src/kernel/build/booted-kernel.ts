/** The kernel that this machine has booted, proven to be the one that was built with a label. */
import { release, version } from 'node:os';
import { unfit, usage } from '../../base/failure.js';
import { readIfThere } from '../../host/files.js';
import { cacheFolder } from '../../debian/cache-folder.js';
import { sha256OfText } from '../../debian/checksum.js';
import { cachedKernels } from '../debian/cache.js';
import { runningBuildId } from '../image/build-id.js';
import { readConfig } from '../image/config-file.js';
import type { KernelOrigin, KernelSources } from '../image/kernel.js';
import { kernelOfLabel } from './build-kernel.js';
import { checkLabel, labelledKernels, labelsText } from './build-labels.js';

export interface BootedKernel {
  readonly label: string;
  readonly buildId: string;
  /** As uname -v prints it. */
  readonly version: string;
  /** Another one after each boot; null: it cannot be read. */
  readonly bootId: string | null;
  readonly origin: Extract<KernelOrigin, { kind: 'built' }>;
  readonly configSha256: string | null;
}

/** What runs now. */
export interface Running {
  readonly release: string;
  readonly version: string;
  readonly buildId: string | null;
  readonly bootId: string | null;
}

export function runningKernel(): Running {
  return {
    release: release(),
    version: version(),
    buildId: runningBuildId(),
    bootId: readIfThere('/proc/sys/kernel/random/boot_id'),
  };
}

/** Throws if another kernel than that of the label has been booted. */
export function bootedKernel(label: string, sources: KernelSources = {}, running = runningKernel()): BootedKernel {
  checkLabel(label);
  const cache = cacheFolder(sources);
  const kernel = kernelOfLabel(label, sources);
  if (kernel?.origin.kind !== 'built')
    throw usage(
      `--boot-label ${label}: no kernel was built with this label (${labelsText(cache, label)}); ` +
        'build it with pauselab kernels build … --deb, where the cache of the build is',
    );
  const { origin, release: expected, config } = kernel;
  if (origin.buildId === null)
    throw usage(
      `--boot-label ${label}: the build id of this kernel was not kept when it was built, so its boot cannot be proven; ` +
        'remove its folder from the cache and build it again',
    );
  const { buildId, bootId } = running;
  if (buildId === null)
    throw unfit(
      `--boot-label ${label}: the build id of the kernel that runs cannot be read from /sys/kernel/notes, ` +
        'so it is not known which kernel is booted; mount /sys, or boot a kernel that has this file',
    );
  if (buildId !== origin.buildId)
    throw unfit(
      `--boot-label ${label}: expected Linux ${expected} with the build id ${shortId(origin.buildId)} to be booted, ` +
        `but this is Linux ${running.release} with ${shortId(buildId)}${ofLabel(cache, buildId)}; boot the kernel of ` +
        'the label, or name the label of this kernel',
    );
  const configSha256 = config === null ? null : sha256OfText(readConfig(config));
  return { label, buildId, version: running.version, bootId, origin, configSha256 };
}

function shortId(buildId: string): string {
  return buildId.slice(0, 12);
}

function ofLabel(cache: string, buildId: string): string {
  const own = labelledKernels(cache).filter(({ kernel }) => kernel?.buildId === buildId);
  if (own.length > 0) return `, which has the label ${own.map(({ label }) => label).join(', ')}`;
  return cachedKernels(cache).some((kernel) => kernel.buildId === buildId) ? ', which was built without a label' : '';
}
