/** Private copies of kernel sources in the cache: unpacked once, and the same for every build of them. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { lastComplaint, runChild, saysDiskFull } from '../../base/child.js';
import { cleanUpNow } from '../../base/clean-up.js';
import { unfit, usage } from '../../base/failure.js';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { readPart, readText } from '../../base/files/read-file.js';
import { parseJson } from '../../base/json.js';
import { formatSize } from '../../base/text/units.js';
import { missing } from '../../host/missing.js';
import { cacheFailure, cacheFolder, diskFull, inCache } from '../../debian/cache-folder.js';
import { sha256OfFile } from '../../debian/checksum.js';
import type { KernelSources } from '../image/kernel.js';
import type { SourceIdentity } from '../../facts/build-record.js';
import { treeFolders } from './changed-files.js';

export interface SourceTree {
  /** Holds the tree, the originals of changed files, and object folders. */
  readonly folder: string;
  readonly source: SourceIdentity;
  /** `7.3.4` */
  readonly version: string;
}

/** An unpacked tree has 1.8 GB, its objects 0.6 GB, and the archive is there while it is unpacked. */
const leastFreeBytes = 4e9;

export function refuseSmallDisk(cache: string, neededBytes = leastFreeBytes, build = 'a kernel build'): void {
  inCache(cache, () => {
    makeFolders(cache);
  });
  const { bavail, bsize } = statfsSync(cache);
  const free = bavail * bsize;
  if (free < neededBytes)
    throw unfit(
      `the disk of the cache folder ${cache} has ${formatSize(free)} free, and ${build} needs ` +
        `${formatSize(neededBytes)}; free some space, or name another folder with PAUSELAB_CACHE`,
    );
}

export function sourcesFolder(sources: KernelSources): string {
  return join(cacheFolder(sources), 'sources');
}

const format = 1;

/** The unpacked sources in this folder; null: none, or of another version of pauselab. */
export function unpackedSource(folder: string): SourceTree | null {
  try {
    const { format: found, source } = parseJson(readText(join(folder, 'source.json'), { mostBytes: 2 ** 20 })) as {
      format: number;
      source: SourceIdentity;
    };
    return found === format ? { folder, source, version: linuxVersion(treeFolders(folder).tree, folder) } : null;
  } catch {
    return null;
  }
}

/** Unpacks sources into a new folder of the cache; `archive` brings the tarball. The caller holds the folder's lock. */
export async function unpackSource(
  folder: string,
  source: SourceIdentity,
  archive: (partial: string) => Promise<string>,
  sources: KernelSources,
): Promise<SourceTree> {
  const there = unpackedSource(folder);
  if (there !== null) return there;
  const cache = cacheFolder(sources);
  refuseSmallDisk(cache);
  removePartials(folder);
  rmSync(folder, { recursive: true, force: true });
  const partial = inCache(cache, () => {
    makeFolders(sourcesFolder(sources));
    return mkdtempSync(partialName(folder));
  });
  try {
    const tarball = await archive(partial);
    sources.note?.(`unpacking ${basename(tarball)}`);
    const unpacked = join(partial, 'unpacked');
    makeFolders(unpacked);
    await untar(tarball, unpacked, cache, sources.signal);
    const tree = treeIn(unpacked);
    linuxVersion(tree, basename(tarball));
    renameSync(tree, treeFolders(partial).tree);
    for (const name of readdirSync(partial))
      if (name !== 'tree') rmSync(join(partial, name), { recursive: true, force: true });
    inCache(cache, () => {
      writeAtomically(join(partial, 'source.json'), `${JSON.stringify({ format, source }, null, 1)}\n`);
      renameSync(partial, folder);
    });
  } catch (error) {
    throw cacheFailure(cache, error);
  } finally {
    cleanUpNow(() => {
      rmSync(partial, { recursive: true, force: true });
    });
  }
  const made = unpackedSource(folder);
  if (made === null) throw new Error(`${folder} was created but cannot be read`);
  return made;
}

function partialName(folder: string): string {
  return `${folder}.partial-`;
}

/** Left by a killed pauselab: only the holder of the lock works on this folder. */
function removePartials(folder: string): void {
  const parent = resolve(folder, '..');
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent))
    if (name.startsWith(basename(partialName(folder)))) rmSync(join(parent, name), { recursive: true, force: true });
}

async function untar(tarball: string, folder: string, cache: string, signal: AbortSignal | undefined): Promise<void> {
  const end = await runChild('tar', ['--extract', '--no-same-owner', `--file=${tarball}`, `--directory=${folder}`], {
    signal,
  });
  if (end === null) throw missing('tar, which unpacks sources, is not installed', ['tar']);
  if (end.code === 0) return;
  if (saysDiskFull(end.stderr)) throw diskFull(cache);
  if (/\bxz\b.*(?:Cannot exec|not found)/i.test(end.stderr))
    throw missing('xz, which unpacks sources, is not installed', ['xz']);
  throw usage(`${tarball} could not be unpacked (${lastComplaint(end)}); name a complete archive of kernel sources`);
}

/** Archives have everything in one folder. */
function treeIn(folder: string): string {
  const names = readdirSync(folder);
  const [only] = names;
  return only !== undefined && names.length === 1 && statSync(join(folder, only)).isDirectory()
    ? join(folder, only)
    : folder;
}

/** Of its Makefile; throws if this is not a tree of Linux. */
export function linuxVersion(tree: string, called: string): string {
  const makefile = join(tree, 'Makefile');
  const text = existsSync(makefile) ? readPart(makefile, 0, 4096).toString('utf8') : '';
  const part = (name: string): string => new RegExp(`^${name} *= *(\\S*)`, 'm').exec(text)?.[1] ?? '';
  const [version, patchLevel] = [part('VERSION'), part('PATCHLEVEL')];
  if (version === '' || patchLevel === '' || !existsSync(join(tree, 'arch/x86')))
    throw usage(
      `${called} holds no Linux sources (a Makefile with VERSION and PATCHLEVEL, and arch/x86); name a kernel tree`,
    );
  return [version, patchLevel, part('SUBLEVEL')].filter((one) => one !== '').join('.') + part('EXTRAVERSION');
}

export async function tarballIdentity(path: string): Promise<SourceIdentity> {
  return { kind: 'tarball', name: basename(path), sha256: await sha256OfFile(path) };
}
