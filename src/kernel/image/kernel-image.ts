/** Resolves the user's input to a kernel that can be booted. */
import { existsSync } from 'node:fs';
import { unfit, usage } from '../../base/failure.js';
import { buildKernel, kernelOfLabel } from '../build/build-kernel.js';
import { isLabel, labelsText } from '../build/build-labels.js';
import { isBuildSpec, parseBuildSpec } from '../build/build-spec.js';
import { cacheFolder } from '../../debian/cache-folder.js';
import { isDebArchive } from '../../debian/deb-archive.js';
import { isUndamaged } from '../debian/cache.js';
import { kernelOfDebFile } from '../debian/deb-file.js';
import { fetchDebKernel } from '../debian/deb-kernel.js';
import { kernelOfFile, parseFileSpec } from './image-file.js';
import type { KernelImage, KernelSources } from './kernel.js';

export type { KernelImage, KernelOrigin, KernelSources } from './kernel.js';

/**
 * `deb:6.16.12`, `deb:6.12/amd64`: the matching Debian package, fetched once. Otherwise a path: a .deb, a bzImage or
 * vmlinux (with `,config=PATH` for its config), or the folder of a built kernel tree. `deb-source:7.3,patch=NAME` and
 * `source:PATH` are built if the cache does not have them. The label of a built kernel names it.
 */
export async function resolveKernel(asked: string, sources: KernelSources = {}): Promise<KernelImage> {
  // A guest runs the same Node as the host, which a kernel for another architecture could not start.
  if (process.arch !== 'x64')
    throw unfit(
      `kernels can be booted only on x86-64 machines, but this one is ${process.arch}; use an x86-64 machine`,
    );
  if (asked === 'host')
    throw usage(
      'host is the kernel of this machine, which is not booted; name deb:<version>, a .deb or a kernel image',
    );
  if (asked.startsWith('deb:')) return fetchDebKernel(asked, sources);
  if (isBuildSpec(asked)) return buildKernel({ spec: parseBuildSpec(asked), label: null }, sources);
  const labelled = kernelOfLabel(asked, sources);
  if (labelled !== null) {
    if (existsSync(asked))
      sources.note?.(
        `${asked} is a file here, and the label of a built kernel, which is used; write ./${asked} for the file`,
      );
    if (!(await isUndamaged(labelled)))
      throw unfit(
        `${labelled.image} is not the image that was built with the label ${asked}: it was damaged or changed since; ` +
          'build it again with pauselab kernels build',
      );
    return labelled;
  }
  const spec = parseFileSpec(
    asked,
    isLabel(asked) ? `neither a file nor a label (${labelsText(cacheFolder(sources), asked)})` : undefined,
  );
  return isDebArchive(spec.path) ? kernelOfDebFile(asked, spec, sources) : kernelOfFile(asked, spec, sources);
}
