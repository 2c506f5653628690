/** Which of Debian's packages are kernels, or sources of kernels. */
import { packageIndex, type Collection, type PackageIndex } from '../../debian/package-index.js';
import type { KernelSources } from '../image/kernel.js';

/** Images, the parts that newer kernels are split into, and sources. */
export function isKernelPackage(name: string): boolean {
  return isSourcePackage(name) || /^linux-(?:image|binary|base|modules)-\d\S*-?amd64(?:-unsigned)?$/.test(name);
}

export function isSourcePackage(name: string): boolean {
  return /^linux-source-\d+\.\d+$/.test(name);
}

const kernelPackages: Collection = {
  name: 'kernels',
  called: 'deb: kernels',
  otherwise: 'name a .deb or a kernel image instead',
  // Old and new kernels: 6.1, 6.12, and later versions in backports and sid.
  suites: ['bookworm', 'bookworm-backports', 'trixie', 'trixie-backports', 'sid'],
  has: isKernelPackage,
};

export function kernelIndex(sources: KernelSources, atLeast_ms?: number): Promise<PackageIndex> {
  return packageIndex(kernelPackages, sources, atLeast_ms);
}
