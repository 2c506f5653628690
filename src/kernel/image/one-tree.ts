/**
 * Whether two images may be taken for builds of one tree, before and after a change. No image names its source, so this
 * is judged by what image and .config tell, and whoever says "one tree" has to say by what. Pure.
 */
import { configOptions } from '../../host/kernel-config.js';
import { configVersion } from './image-file.js';
import type { KernelImage } from './kernel.js';

/** `configIsOwn`: the .config belongs to this image alone; one that lies beside two images tells of neither. */
export interface TreeSide {
  readonly kernel: Pick<KernelImage, 'release' | 'sha256' | 'origin'>;
  readonly config: string | null;
  readonly configIsOwn: boolean;
}

export type TreeRelation =
  /** `options_n`: how many options of the .config were compared. */
  | { readonly kind: 'one tree'; readonly version: string; readonly options_n: number; readonly sameCompiler: boolean }
  /** Of one version, with options that differ: more than a patch may lie between them. */
  | { readonly kind: 'other options'; readonly options: readonly string[] };

/** They name a build and change nothing in it. */
const labels = /^(?:LOCALVERSION|LOCALVERSION_AUTO|BUILD_SALT)$/;
/** Who compiled it; what that compiler can do (CC_HAS_…) is compared. */
const compiler =
  /^(?:CC_VERSION_TEXT|RUSTC_VERSION_TEXT|BINDGEN_VERSION_TEXT|(?:GCC|CLANG|AS|LD|LLD|PAHOLE|RUSTC|RUSTC_LLVM)_VERSION)$/;

/** Null where nothing is said: packages, the same image twice, unknown or shared configurations, other versions. */
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
  // To the last digit, and of both images: a .config of a neighbouring version may lie beside an image too.
  if (version === undefined || version !== other || !sides.every(({ kernel }) => isOf(kernel.release, version)))
    return null;
  // `not set` and not offered are the same to a build.
  const [one, two] = sides.map(({ config }) => configOptions(config ?? ''));
  if (one === undefined || two === undefined) return null;
  const differing = [...new Set([...one.keys(), ...two.keys()])].filter((name) => one.get(name) !== two.get(name));
  const options = differing.filter((name) => !labels.test(name) && !compiler.test(name));
  if (options.length > 0) return { kind: 'other options', options: options.sort() };
  return {
    kind: 'one tree',
    version,
    options_n: one.size,
    sameCompiler: !differing.some((name) => compiler.test(name)),
  };
}

/** `6.17.0-rc3` of `6.17.0-rc3-00012-gabc123+`, and neither of `6.17.0-rc30` nor, without `-rc3`, of it. */
function isOf(release: string, version: string): boolean {
  return release.startsWith(version) && !/^(?:\d|-rc\d)/.test(release.slice(version.length));
}
