/** From what the user wrote to a kernel that can be booted. */
import { unfit, usage } from '../../base/failure.js';
import { isDebArchive } from '../debian/deb-archive.js';
import { kernelOfDebFile } from '../debian/deb-file.js';
import { fetchDebKernel } from '../debian/deb-kernel.js';
import { kernelOfFile, parseFileSpec } from './image-file.js';
import type { KernelImage, KernelSources } from './kernel.js';

export type { KernelImage, KernelOrigin, KernelSources } from './kernel.js';

/**
 * `deb:6.16.12`, `deb:6.12/amd64`: Debian's package that fits, fetched once. Else a path: a .deb, a bzImage or vmlinux
 * (`,config=PATH` behind it names its config), or the folder of a built kernel tree.
 */
export async function resolveKernel(asked: string, sources: KernelSources = {}): Promise<KernelImage> {
  // A guest runs this very Node: another architecture's kernel could not start it.
  if (process.arch !== 'x64')
    throw unfit(`kernels are booted on x86-64 machines only and this one is ${process.arch}; use such a machine`);
  if (asked === 'host')
    throw usage("host is this machine's own kernel, which is not booted; name deb:<version>, a .deb or a kernel image");
  if (asked.startsWith('deb:')) return fetchDebKernel(asked, sources);
  const spec = parseFileSpec(asked);
  return isDebArchive(spec.path) ? kernelOfDebFile(asked, spec, sources) : kernelOfFile(asked, spec, sources);
}
