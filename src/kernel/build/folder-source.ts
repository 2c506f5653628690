/**
 * A user's source tree. It is never changed: pauselab builds a copy in the cache. The copy is brought up to date before
 * each build, and only files that changed are copied, so that `make` compiles only what depends on them.
 */
import {
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  type BigIntStats,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { runChild } from '../../base/child.js';
import { usage } from '../../base/failure.js';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { readText } from '../../base/files/read-file.js';
import { parseJson } from '../../base/json.js';
import { cacheFailure, cacheFolder, inCache } from '../../debian/cache-folder.js';
import { sha256OfFile, sha256OfText } from '../../debian/checksum.js';
import type { KernelSources } from '../image/kernel.js';
import { forgetVariants, treeFolders } from './changed-files.js';
import type { LocatedSource } from './deb-source.js';
import { linuxVersion, refuseSmallDisk, sourcesFolder, type SourceTree } from './source-tree.js';

export function locateFolder(path: string, sources: KernelSources): LocatedSource {
  const from = resolve(path);
  linuxVersion(from, path);
  const folder = join(sourcesFolder(sources), `folder-${sha256OfText(from).slice(0, 32)}`);
  return { folder, bring: () => updatedCopy(from, folder, sources) };
}

/** What a file of the user's tree was when it was copied. */
interface Copied {
  readonly stamp: string;
  readonly sha256: string;
}

type Index = ReadonlyMap<string, Copied>;

const mostIndexBytes = 256 << 20;

async function updatedCopy(from: string, folder: string, sources: KernelSources): Promise<SourceTree> {
  const cache = cacheFolder(sources);
  const folders = treeFolders(folder);
  const indexFile = join(folder, 'files.json');
  const before = readIndex(indexFile);
  if (before.size === 0) {
    refuseSmallDisk(cache);
    sources.note?.(`copying ${from} into the cache`);
  }
  // Without the index a copy that is cut short is made again.
  inCache(cache, () => {
    makeFolders(folders.tree);
    forgetVariants(folders);
    rmSync(indexFile, { force: true });
  });
  const git = await filesOfGit(from, sources.signal);
  if (git === null && existsSync(join(from, '.git')))
    sources.note?.(`git could not list the files of ${from}; all its files are copied`);
  const paths = git?.paths ?? filesOfFolder(from);
  const after = new Map<string, Copied>();
  for (const path of paths) {
    sources.signal?.throwIfAborted();
    const stats = lstatSync(join(from, path), { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || stats.isDirectory()) continue;
    const stamp = stampOf(stats);
    const old = before.get(path);
    const isSame = old?.stamp === stamp && lstatSync(join(folders.tree, path), { throwIfNoEntry: false }) !== undefined;
    after.set(
      path,
      isSame ? old : { stamp, sha256: await inCacheLater(cache, () => copied(from, folders.tree, path, stats)) },
    );
  }
  for (const path of before.keys()) if (!after.has(path)) rmSync(join(folders.tree, path), { force: true });
  // A tree in which a kernel was built: `make O=` refuses it.
  if (git === null && isBuiltIn(folders.tree)) await cleanCopy(folders.tree, from, sources.signal);
  inCache(cache, () => {
    writeAtomically(indexFile, JSON.stringify([...after]));
  });
  const own = [...after].filter(
    ([path]) => lstatSync(join(folders.tree, path), { throwIfNoEntry: false }) !== undefined,
  );
  const sha256 = sha256OfText(
    own
      .map(([path, one]) => `${path} ${one.sha256}\n`)
      .sort()
      .join(''),
  );
  return {
    folder,
    source: { kind: 'folder', path: from, commit: git?.commit ?? null, sha256 },
    version: linuxVersion(folders.tree, from),
  };
}

async function inCacheLater<T>(cache: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw cacheFailure(cache, error);
  }
}

function readIndex(path: string): Index {
  try {
    return new Map(parseJson(readText(path, { mostBytes: mostIndexBytes })) as [string, Copied][]);
  } catch {
    return new Map();
  }
}

function stampOf({ size, mtimeNs, ctimeNs, mode }: BigIntStats): string {
  return [size, mtimeNs, ctimeNs, mode].join(' ');
}

/** The checksum of its kind, mode and content. The copy has the present time, so that it is newer than any object. */
async function copied(from: string, tree: string, path: string, stats: BigIntStats): Promise<string> {
  const [source, target] = [join(from, path), join(tree, path)];
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { recursive: true, force: true });
  if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(source), target);
    return sha256OfText(`link ${readlinkSync(source)}`);
  }
  if (!stats.isFile()) throw usage(`${source} is neither a file, a folder nor a link; name a tree of kernel sources`);
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  return sha256OfText(`${(stats.mode & 0o111n) === 0n ? 'file' : 'program'} ${await sha256OfFile(target)}`);
}

interface GitFiles {
  readonly paths: readonly string[];
  readonly commit: string;
}

/** Tracked files, and untracked files that are not ignored; null: the folder is not the top of a tree of git. */
async function filesOfGit(from: string, signal: AbortSignal | undefined): Promise<GitFiles | null> {
  if (!existsSync(join(from, '.git'))) return null;
  const git = async (args: readonly string[]): Promise<string | null> => {
    const lines: string[] = [];
    const end = await runChild('git', ['--no-optional-locks', '-c', `safe.directory=${from}`, '-C', from, ...args], {
      signal,
      onLine: (line) => lines.push(line),
    });
    return end?.code === 0 ? lines.join('\n') : null;
  };
  const commit = await git(['rev-parse', 'HEAD']);
  const listed = await git(['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const changed = await git(['status', '--porcelain', '--untracked-files=normal']);
  if (commit === null || listed === null || changed === null) return null;
  return {
    paths: [...new Set(listed.split('\0'))].filter((path) => path !== ''),
    commit: `${commit.trim()}${changed.trim() === '' ? '' : '+'}`,
  };
}

function filesOfFolder(from: string): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(from, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path === '.git') continue;
      if (entry.isDirectory()) walk(path);
      else found.push(path);
    }
  };
  walk('');
  return found;
}

/** The test of the kernel's Makefile. */
function isBuiltIn(tree: string): boolean {
  return ['.config', 'include/config', 'include/generated', 'arch/x86/include/generated'].some((path) =>
    existsSync(join(tree, path)),
  );
}

async function cleanCopy(tree: string, from: string, signal: AbortSignal | undefined): Promise<void> {
  const end = await runChild('make', ['-s', 'ARCH=x86_64', 'mrproper'], { cwd: tree, signal });
  if (end?.code !== 0 || isBuiltIn(tree))
    throw usage(
      `a kernel was built in ${from}, and the build could not be removed from its copy; run make mrproper there`,
    );
}
