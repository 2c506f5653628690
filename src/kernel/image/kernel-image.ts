/** Resolves the user's input to a kernel that can be booted. */
import { unfit, usage } from '../../base/failure.js';
import { isDebArchive } from '../debian/deb-archive.js';
import { kernelOfDebFile } from '../debian/deb-file.js';
import { fetchDebKernel } from '../debian/deb-kernel.js';
import { kernelOfFile, parseFileSpec } from './image-file.js';
import type { KernelImage, KernelSources } from './kernel.js';

export type { KernelImage, KernelOrigin, KernelSources } from './kernel.js';

/**
 * `deb:6.16.12`, `deb:6.12/amd64`: the matching Debian package, fetched once. Otherwise a path: a .deb, a bzImage or
 * vmlinux (with `,config=PATH` for its config), or the folder of a built kernel tree.
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
  const spec = parseFileSpec(asked);
  return isDebArchive(spec.path) ? kernelOfDebFile(asked, spec, sources) : kernelOfFile(asked, spec, sources);
}
