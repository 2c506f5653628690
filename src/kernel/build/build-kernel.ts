/**
 * Builds a kernel from sources, with changes, and keeps it in the cache by what it was built from: the sources, the
 * changes, the options and the compiler. The same request finds it there.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unfit, usage } from '../../base/failure.js';
import { copyNew, makeFolders, writeNew } from '../../base/files/atomic-file.js';
import { cacheFolder, inCache } from '../../debian/cache-folder.js';
import { cachedKernelOrFilled, type CachedFacts, type CachedKernel } from '../debian/cache.js';
import { sha256OfFile, sha256OfText } from '../../debian/checksum.js';
import { withLock } from '../../debian/file-lock.js';
import { examineImage } from '../image/image-file.js';
import type { KernelImage, KernelSources } from '../image/kernel.js';
import { checkLabel, labelledKernel, labelLock, refuseTakenLabel, writeLabel } from './build-labels.js';
import type { BuildRecord } from '../../facts/build-record.js';
import { buildText } from '../../words/build-words.js';
import type { AskedSource, BuildSpec } from './build-spec.js';
import { checkBuildTools, compilerVersion } from './build-tools.js';
import { makeVariant, treeFolders } from './changed-files.js';
import { locateDebSource, type LocatedSource } from './deb-source.js';
import { locateFolder } from './folder-source.js';
import { checkGuestConfig, guestConfig, readOptions } from './guest-config.js';
import { configureKernel, makeImage, type ObjectFolder } from './make-kernel.js';
import { changedSources, findChange, type ChangedSources, type FoundChange } from './source-changes.js';
import { sourcesFolder, tarballIdentity, unpackSource, type SourceTree } from './source-tree.js';

export interface BuildRequest {
  readonly spec: BuildSpec;
  /** Null: the kernel is found by its spec alone. */
  readonly label: string | null;
  /** Takes the label from another build. */
  readonly replace?: boolean;
}

export async function buildKernel(
  { spec, label, replace = false }: BuildRequest,
  sources: KernelSources,
): Promise<KernelImage> {
  const cache = cacheFolder(sources);
  if (label !== null) checkLabel(label);
  const found = spec.changes.map(findChange);
  const options = readOptions(spec.configs);
  checkBuildTools(sources);
  const build = async (): Promise<KernelImage> => {
    const located = await locateSource(spec.source, sources);
    const kernel = await whileHeld(lockOf(located.folder), 'working on these sources', sources, async () => {
      const inputs = await buildInputs(located, found, options, sources);
      if (label !== null && !replace) refuseTakenLabel(cache, label, inputs.key);
      return cachedKernelOrFilled(cache, inputs.key, sources, (folder) => fill(folder, inputs, sources));
    });
    if (label !== null) writeLabel(cache, label, keyOf(kernel));
    return builtImage(spec.asked, label, kernel);
  };
  return label === null
    ? build()
    : whileHeld(labelLock(cache, label), `building a kernel with the label ${label}`, sources, build);
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

function builtImage(asked: string, label: string | null, kernel: CachedKernel): KernelImage {
  const { release, image, config, modules, sha256, build } = kernel;
  if (build === null) throw unfit(`${kernel.folder} was not built by pauselab; remove the label that leads to it`);
  return { asked, release, image, config, modules, sha256, origin: { kind: 'built', label, ...build } };
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

async function locateSource(asked: AskedSource, sources: KernelSources): Promise<LocatedSource> {
  if (asked.kind === 'deb') return locateDebSource(asked.version, sources);
  const { path } = asked;
  if (!existsSync(path))
    throw usage(`${path} does not exist; name a folder or an archive of kernel sources, or deb-source:7.3`);
  if (statSync(path).isDirectory()) return locateFolder(path, sources);
  const source = await tarballIdentity(path);
  const folder = join(sourcesFolder(sources), `tarball-${source.sha256.slice(0, 32)}`);
  return { folder, bring: () => unpackSource(folder, source, () => Promise.resolve(path), sources) };
}

interface BuildInputs {
  readonly key: string;
  readonly tree: SourceTree;
  readonly changed: ChangedSources;
  /** Of the user, beside those for guests. */
  readonly added: string;
  readonly record: BuildRecord;
}

async function buildInputs(
  located: LocatedSource,
  found: readonly FoundChange[],
  added: string,
  sources: KernelSources,
): Promise<BuildInputs> {
  const tree = await located.bring();
  const linux = `Linux ${tree.version}`;
  const changed = await changedSources(found, treeFolders(tree.folder), linux, sources.signal);
  const record: BuildRecord = {
    source: tree.source,
    version: tree.version,
    changes: changed.changes,
    options: guestConfig + added,
    compiler: await compilerVersion(sources),
  };
  return { key: `build-${sha256OfText(JSON.stringify(inputsOf(record))).slice(0, 32)}`, tree, changed, added, record };
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
export function inputsOf({ source, changes, options, compiler }: BuildRecord) {
  return {
    source: source.sha256,
    changes: changes.map(({ isReverted, sha256 }) => ({ isReverted, sha256 })),
    options,
    compiler,
  };
}

async function fill(folder: string, inputs: BuildInputs, sources: KernelSources): Promise<CachedFacts> {
  const { tree, changed, added, record } = inputs;
  const cache = cacheFolder(sources);
  const folders = treeFolders(tree.folder);
  const at: ObjectFolder = {
    tree: folders.tree,
    // By what decides how every file is compiled: variants of the sources share it.
    objects: join(tree.folder, `objects-${sha256OfText(`${record.options}\n${record.compiler}`).slice(0, 16)}`),
    linux: `Linux ${record.version}`,
    cache,
  };
  sources.note?.(`building ${buildText(record)}`);
  inCache(cache, () => makeVariant(folders, changed.contents));
  const config = await configureKernel(at, record.options, configBasis(record, changed), sources);
  checkGuestConfig(config, added, at.linux);
  const built = await makeImage(at, sources);
  const image = join(folder, 'vmlinuz');
  copyNew(built, image);
  copyNew(join(at.objects, '.config'), join(folder, 'config'));
  for (const [i, { name, text }] of record.changes.entries())
    writeNew(
      join(folder, `${i + 1}-${name.replaceAll(/[^\w.-]/g, '-')}${name.endsWith('.patch') ? '' : '.patch'}`),
      text,
    );
  return {
    release: (await examineImage(image, 'the kernel that was built')).release,
    sha256: await sha256OfFile(image),
    package: '',
    version: record.version,
    flavour: null,
    suite: null,
    debs: [],
    build: record,
  };
}
