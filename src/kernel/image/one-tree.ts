/**
 * Whether two images may count as builds of one tree, before and after a change. No image names its source, so image
 * and .config decide, and every claim of "one tree" must state this basis. Pure.
 */
import { configOptions } from '../../host/kernel-config.js';
import { configVersion } from './image-file.js';
import type { KernelImage } from './kernel.js';

/** `configIsOwn`: the .config belongs to this image alone. A .config beside two images says nothing about either. */
export interface TreeSide {
  readonly kernel: Pick<KernelImage, 'release' | 'sha256' | 'origin'>;
  readonly config: string | null;
  readonly configIsOwn: boolean;
}

export type TreeRelation =
  /** `options_n`: the number of options of the .config that were compared. */
  | { readonly kind: 'one tree'; readonly version: string; readonly options_n: number; readonly sameCompiler: boolean }
  /** The same version with different options: they may differ in more than a patch. */
  | { readonly kind: 'other options'; readonly options: readonly string[] };

/** They name a build, and do not change it. */
const labels = /^(?:LOCALVERSION|LOCALVERSION_AUTO|BUILD_SALT)$/;
/** The compiler's name and version; its capabilities (CC_HAS_…) are compared. */
const compiler =
  /^(?:CC_VERSION_TEXT|RUSTC_VERSION_TEXT|BINDGEN_VERSION_TEXT|(?:GCC|CLANG|AS|LD|LLD|PAHOLE|RUSTC|RUSTC_LLVM)_VERSION)$/;

/** Null if nothing can be said: packages, the same image twice, unknown or shared configurations, other versions. */
export function treeRelation(a: TreeSide, b: TreeSide): TreeRelation | null {
  const sides = [a, b];
  if (
    !sides.every(
      ({ kernel, config, configIsOwn }) => kernel.origin.kind === 'file' && config !== null && configIsOwn,
    ) ||
    a.kernel.sha256 === b.kernel.sha256
  )
    return null;
  const [version, other] = sides.map(({ config }) => configVersion(config ?? ''));
  // The exact version, for both images: a .config of a neighbouring version may lie beside an image too.
  if (version === undefined || version !== other || !sides.every(({ kernel }) => isOf(kernel.release, version)))
    return null;
  // For a build, `not set` and not offered are the same.
  const [ofA, ofB] = sides.map(({ config }) => configOptions(config ?? ''));
  if (ofA === undefined || ofB === undefined) return null;
  const options = differing(ofA, ofB).filter(isOfKernel);
  if (options.length > 0) return { kind: 'other options', options: options.sort() };
  return {
    kind: 'one tree',
    version,
    options_n: ofA.size,
    sameCompiler: !differing(ofA, ofB).some((name) => compiler.test(name)),
  };
}

/** Options that two configurations have with other values, or only one of them has, in order. */
export function differingOptions(a: string, b: string): string[] {
  return differing(configOptions(a), configOptions(b)).filter(isOfKernel).sort();
}

function differing(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
}

/** Not of a build's name, nor of its compiler. */
function isOfKernel(option: string): boolean {
  return !labels.test(option) && !compiler.test(option);
}

/**
 * Version `6.17.0-rc3` matches release `6.17.0-rc3-00012-gabc123+`, but not `6.17.0-rc30`. Version `6.17.0` matches no
 * release candidate.
 */
function isOf(release: string, version: string): boolean {
  return release.startsWith(version) && !/^(?:\d|-rc\d)/.test(release.slice(version.length));
}
