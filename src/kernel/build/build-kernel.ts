/**
 * Builds a kernel from sources, with changes, and keeps it in the cache by what it was built from: the sources, the
 * changes, the options and the compiler. The same request finds it there.
 */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unfit, usage } from '../../base/failure.js';
import { copyNew, makeFolders, writeNew } from '../../base/files/atomic-file.js';
import { cacheFolder, inCache } from '../../debian/cache-folder.js';
import {
  cachedKernel,
  cachedKernelOrFilled,
  cachedKernels,
  isUndamaged,
  type CachedFacts,
  type CachedKernel,
} from '../debian/cache.js';
import { sha256OfFile, sha256OfText } from '../../debian/checksum.js';
import { withLists } from '../../debian/fetched-or-cached.js';
import { withLock } from '../../debian/file-lock.js';
import { buildIdOfVmlinux } from '../image/build-id.js';
import { examineImage } from '../image/image-file.js';
import type { KernelImage, KernelSources } from '../image/kernel.js';
import { checkLabel, labelledKernel, labelLock, refuseTakenLabel, writeLabel } from './build-labels.js';
import type { BuildRecord } from '../../facts/build-record.js';
import { buildText } from '../../words/build-words.js';
import type { AskedSource, BuildSpec } from './build-spec.js';
import { checkBuildTools, checkPackageScripts, checkPackageTools, compilerVersion } from './build-tools.js';
import { makeVariant, treeFolders } from './changed-files.js';
import { locateDebSource, type LocatedSource } from './deb-source.js';
import { locateFolder } from './folder-source.js';
import { checkGuestConfig, guestConfig, readOptions } from './guest-config.js';
import { configureKernel, makeImage, type ObjectFolder } from './make-kernel.js';
import {
  makePackages,
  packageBuildBytes,
  refuseLabelOfPackages,
  type MadePackages,
  type PackageWish,
} from './make-packages.js';
import { keptMethod, revealsOptions } from './revealed-options.js';
import { changedSources, findChange, type ChangedSources, type FoundChange } from './source-changes.js';
import {
  refuseSmallDisk,
  sourcesFolder,
  tarballIdentity,
  unpackedSource,
  unpackSource,
  type SourceTree,
} from './source-tree.js';
import { refuseFragment, setOptions, wholeConfig } from './whole-config.js';

export interface BuildRequest {
  readonly spec: BuildSpec;
  /** Null: the kernel is found by its spec alone. */
  readonly label: string | null;
  /** Takes the label from another build. */
  readonly replace?: boolean;
  /** Builds packages for a machine, with a whole configuration; absent: a kernel for guests. */
  readonly packages?: PackageWish;
}

export async function buildKernel(
  { spec, label, replace = false, packages }: BuildRequest,
  sources: KernelSources,
): Promise<KernelImage> {
  const cache = cacheFolder(sources);
  if (label !== null) checkLabel(label);
  const found = spec.changes.map(findChange);
  const options = readOptions(spec.configs);
  const whole = packages === undefined ? null : { ...packages, localVersion: `-${label ?? ''}` };
  if (whole === null) checkBuildTools(sources);
  else checkPackageRequest(spec, label, options, sources);
  const buildFrom = async (atLeast_ms?: number): Promise<KernelImage> => {
    const located = await locateSource(spec.source, sources, atLeast_ms);
    const kernel = await whileHeld(lockOf(located.folder), 'working on these sources', sources, async () => {
      const inputs = await buildInputs(located, { found, added: options, whole }, sources);
      if (label !== null && !replace) refuseTakenLabel(cache, label, inputs.key);
      return cachedKernelOrFilled(cache, inputs.key, sources, (folder) => fill(folder, inputs, sources));
    });
    if (label !== null) writeLabel(cache, label, keyOf(kernel));
    return builtImage(spec.asked, label, kernel);
  };
  const build = (): Promise<KernelImage> => withLists(buildFrom);
  return label === null
    ? build()
    : whileHeld(labelLock(cache, label), `building a kernel with the label ${label}`, sources, build);
}

/** Whether the cache has it; null: only a copy of the folder would show. Nothing is unpacked or built. */
export async function isBuilt(spec: BuildSpec, sources: KernelSources): Promise<boolean | null> {
  if (spec.source.kind === 'path' && existsSync(spec.source.path) && statSync(spec.source.path).isDirectory())
    return null;
  const found = spec.changes.map(findChange);
  const added = readOptions(spec.configs);
  const located = await locateSource(spec.source, sources);
  const tree = unpackedSource(located.folder);
  if (tree === null) return false;
  const there = { folder: located.folder, bring: () => Promise.resolve(tree) };
  const { key } = await buildInputs(there, { found, added, whole: null }, sources);
  return cachedKernel(cacheFolder(sources), key) !== null;
}

/** The built kernel with this image, from the cache; null: the cache does not have it. */
export async function cachedBuild(asked: string, sha256: string, sources: KernelSources): Promise<KernelImage | null> {
  for (const kernel of cachedKernels(cacheFolder(sources)))
    if (kernel.build !== null && kernel.sha256 === sha256 && (await isUndamaged(kernel)))
      return builtImage(asked, null, kernel);
  return null;
}

/** The kernel that was built with this label; null: there is no such label. */
export function kernelOfLabel(label: string, sources: KernelSources): KernelImage | null {
  const found = labelledKernel(cacheFolder(sources), label);
  if (found === null) return null;
  if (found.kernel === null)
    throw usage(
      `the kernel with the label ${label} is no longer in the cache; build it again with pauselab kernels build`,
    );
  return builtImage(label, label, found.kernel);
}

/** Before anything is fetched. */
function checkPackageRequest(spec: BuildSpec, label: string | null, options: string, sources: KernelSources): void {
  if (label === null) throw new Error('packages have the label in their names');
  refuseLabelOfPackages(label);
  const [first] = spec.configs;
  if (first === undefined)
    throw usage(
      'expected a whole configuration with --deb, got none; name the one of the kernel that runs on the machine: ' +
        '--config /boot/config-$(uname -r)',
    );
  refuseFragment(readOptions([first]), first);
  checkPackageTools(options, sources);
}

function builtImage(asked: string, label: string | null, kernel: CachedKernel): KernelImage {
  const { release, image, config, modules, sha256, build, buildId = null, folder, packages = [] } = kernel;
  if (build === null) throw unfit(`${kernel.folder} was not built by pauselab; remove the label that leads to it`);
  const paths = packages.map((name) => join(folder, 'packages', name));
  return {
    asked,
    release,
    image,
    config,
    modules,
    sha256,
    origin: { kind: 'built', label, buildId, packages: paths, ...build },
  };
}

function keyOf({ folder }: CachedKernel): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}

function lockOf(folder: string): string {
  return `${folder}.lock`;
}

function whileHeld<T>(lock: string, doing: string, sources: KernelSources, work: () => Promise<T>): Promise<T> {
  inCache(cacheFolder(sources), () => {
    makeFolders(join(lock, '..'));
  });
  return withLock(lock, sources.signal, () => sources.note?.(`another pauselab is ${doing}; waiting for it`), work);
}

/** `atLeast_ms`: see `locateDebSource`. */
async function locateSource(asked: AskedSource, sources: KernelSources, atLeast_ms?: number): Promise<LocatedSource> {
  if (asked.kind === 'deb') return locateDebSource(asked.version, sources, atLeast_ms);
  const { path } = asked;
  if (!existsSync(path))
    throw usage(`${path} does not exist; name a folder or an archive of kernel sources, or deb-source:7.3`);
  if (statSync(path).isDirectory()) return locateFolder(path, sources);
  const source = await tarballIdentity(path);
  const folder = join(sourcesFolder(sources), `tarball-${source.sha256.slice(0, 32)}`);
  return { folder, bring: () => unpackSource(folder, source, () => Promise.resolve(path), sources) };
}

type Whole = PackageWish & { readonly localVersion: string };

interface AskedBuild {
  readonly found: readonly FoundChange[];
  /** The options of the user's files: beside those for guests, or a whole configuration. */
  readonly added: string;
  /** Null: a kernel for guests. */
  readonly whole: Whole | null;
}

interface BuildInputs extends Pick<AskedBuild, 'added' | 'whole'> {
  readonly key: string;
  readonly tree: SourceTree;
  readonly changed: ChangedSources;
  /** By what decides how every file is compiled: variants of the sources share it. */
  readonly objects: string;
  readonly record: BuildRecord;
}

async function buildInputs(
  located: LocatedSource,
  { found, added, whole }: AskedBuild,
  sources: KernelSources,
): Promise<BuildInputs> {
  const compiler = await compilerVersion(sources);
  const objects = objectsIn(located.folder, added, whole, compiler);
  if (whole !== null && !existsSync(objects))
    refuseSmallDisk(
      cacheFolder(sources),
      packageBuildBytes(added, whole),
      `a first build with ${setOptions(added)} options that are set`,
    );
  const tree = await located.bring();
  const linux = `Linux ${tree.version}`;
  const folders = treeFolders(tree.folder);
  const changed = await changedSources(found, folders, linux, sources.signal);
  const record: BuildRecord = {
    source: tree.source,
    version: tree.version,
    changes: changed.changes,
    options: whole === null ? guestConfig + added : optionsForMachine(added, whole, folders.tree, linux, sources),
    compiler,
    ...(whole === null ? {} : { localVersion: whole.localVersion }),
  };
  const key = `build-${sha256OfText(JSON.stringify(inputsOf(record))).slice(0, 32)}`;
  return { key, tree, changed, added, whole, objects, record };
}

function objectsIn(folder: string, added: string, whole: Whole | null, compiler: string): string {
  const id = (options: string): string => sha256OfText(`${options}\n${compiler}`).slice(0, 16);
  return whole === null
    ? join(folder, `objects-${id(guestConfig + added)}`)
    : // make bindeb-pkg leaves packages in the folder around it.
      join(folder, `packages-${id(`${added}\n${String(whole.keepsDebugInfo)}`)}`, 'objects');
}

/** The user's configuration, without what keeps it from being built here. */
function optionsForMachine(
  added: string,
  { keepsDebugInfo }: PackageWish,
  tree: string,
  linux: string,
  sources: KernelSources,
): string {
  checkPackageScripts(tree, linux, sources);
  const hasFile = (path: string): boolean => existsSync(resolve(tree, path));
  const { text, edits } = wholeConfig({ asked: added, keepsDebugInfo, hasFile });
  for (const { name, because } of edits) sources.note?.(`CONFIG_${name} is not as in the configuration: ${because}`);
  return text;
}

/** What decides which options there are, beside the options that are asked for. */
function configBasis({ source }: BuildRecord, { contents }: ChangedSources): string {
  const kconfig = [...contents].filter(([path]) => /(?:^|\/)Kconfig/.test(path));
  return [
    source.sha256,
    ...kconfig.map(([path, file]) => `${path} ${sha256OfText(file?.bytes.toString() ?? '')}`),
  ].join('\n');
}

/** What the image depends on: neither the path of the sources nor the names of changes. */
export function inputsOf({ source, changes, options, compiler, localVersion }: BuildRecord) {
  return {
    source: source.sha256,
    changes: changes.map(({ isReverted, sha256 }) => ({ isReverted, sha256 })),
    options,
    compiler,
    // Absent without EXPERT, as in caches of a pauselab that kept no defaults.
    ...(localVersion === undefined && revealsOptions(options) ? { method: keptMethod } : {}),
    // Absent of kernels for guests, as in caches of a pauselab that built no others.
    ...(localVersion === undefined ? {} : { localVersion }),
  };
}

async function fill(folder: string, inputs: BuildInputs, sources: KernelSources): Promise<CachedFacts> {
  const { tree, changed, objects, whole, record } = inputs;
  const cache = cacheFolder(sources);
  const folders = treeFolders(tree.folder);
  const at: ObjectFolder = { tree: folders.tree, objects, linux: `Linux ${record.version}`, cache };
  sources.note?.(`building ${buildText(record)}`);
  inCache(cache, () => makeVariant(folders, changed.contents));
  const basis = configBasis(record, changed);
  const made =
    whole === null
      ? await fillForGuests(folder, at, inputs, basis, sources)
      : await makePackages(folder, at, { ...record, basis, localVersion: whole.localVersion }, sources);
  for (const [i, { name, text }] of record.changes.entries())
    writeNew(
      join(folder, `${i + 1}-${name.replaceAll(/[^\w.-]/g, '-')}${name.endsWith('.patch') ? '' : '.patch'}`),
      text,
    );
  const image = join(folder, 'vmlinuz');
  return {
    release: (await examineImage(image, 'the kernel that was built')).release,
    sha256: await sha256OfFile(image),
    package: '',
    version: record.version,
    flavour: null,
    suite: null,
    debs: [],
    build: record,
    ...made,
  };
}

async function fillForGuests(
  folder: string,
  at: ObjectFolder,
  { added, record }: BuildInputs,
  basis: string,
  sources: KernelSources,
): Promise<MadePackages> {
  const config = await configureKernel(at, record.options, basis, sources);
  checkGuestConfig(config, added, at.linux);
  copyNew(await makeImage(at, sources), join(folder, 'vmlinuz'));
  copyNew(join(at.objects, '.config'), join(folder, 'config'));
  const vmlinux = join(at.objects, 'vmlinux');
  return { packages: [], buildId: existsSync(vmlinux) ? buildIdOfVmlinux(vmlinux) : null };
}
