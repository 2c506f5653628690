/**
 * The cache folder: unpacked kernels by the checksum of their source, package lists, configs. A kernel is put together
 * in a folder beside its place and renamed into it, so it is there completely or not at all.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { cleanUpNow } from '../../base/clean-up.js';
import { Failure, unfit, usage } from '../../base/failure.js';
import { homeFolder } from '../../base/files/home.js';
import { parseJson } from '../../base/json.js';
import { readText } from '../../base/files/read-file.js';
import { errnoName, machineFailure } from '../../base/system-error.js';
import { sha256OfFile } from './checksum.js';
import { saysDiskFull } from '../../base/child.js';
import { withLock } from './file-lock.js';
import type { BuildRecord } from '../../facts/build-record.js';
import type { KernelSources } from '../image/kernel.js';

const format = 1;
/** With the text of patches. */
const mostFactsBytes = 64 * 2 ** 20;

/** kernel.json of a cached kernel. */
export interface CachedFacts {
  /** What it was built from; null for a kernel of packages, whose kernel.json does not have this. */
  readonly build?: BuildRecord | null;
  /** Of the vmlinux of a built kernel; absent if a pauselab built it that did not keep it. */
  readonly buildId?: string | null;
  /** Files in `packages`, of a kernel that was built as packages. */
  readonly packages?: readonly string[];
  readonly release: string;
  readonly sha256: string;
  readonly package: string;
  readonly version: string;
  readonly flavour: string | null;
  /** The package's suite, after its signature was checked; null for a user's file. */
  readonly suite: string | null;
  readonly debs: readonly { readonly name: string; readonly sha256: string }[];
  /**
   * The package with the .config, if no signed list named it any more; `sha256` as it was fetched, null if the mirror
   * had dropped it. Absent in an entry of a pauselab that did not look for it.
   */
  readonly unlisted?: { readonly name: string; readonly sha256: string | null } | null;
}

export interface CachedKernel extends CachedFacts {
  readonly build: BuildRecord | null;
  readonly folder: string;
  readonly image: string;
  readonly config: string | null;
  readonly modules: string | null;
}

export function cacheFolder({ cache, env = process.env }: Pick<KernelSources, 'cache' | 'env'>): string {
  const named = cache ?? env.PAUSELAB_CACHE;
  if (named !== undefined && named !== '') return resolve(named);
  // The XDG base directory specification says to ignore relative paths.
  const xdg = env.XDG_CACHE_HOME;
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'pauselab');
  const home = homeFolder(env);
  if (home === null)
    throw unfit(
      'the cache has no folder, because this user has no home folder and HOME is not set; ' +
        'name a folder with PAUSELAB_CACHE',
    );
  return join(home, '.cache/pauselab');
}

/** `deb-` for packages whose signature was checked, `file-` for a user's packages. */
export function cacheKey(kind: 'deb' | 'file', checksums: readonly string[], hash: (text: string) => string): string {
  return `${kind}-${hash([...checksums].sort().join('\n')).slice(0, 32)}`;
}

export function cachedKernels(cache: string): CachedKernel[] {
  const folder = join(cache, 'kernels');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .flatMap((name) => readEntry(join(folder, name)) ?? []);
}

export function cachedKernel(cache: string, key: string): CachedKernel | null {
  return readEntry(join(cache, 'kernels', key));
}

/** Also null for an entry of another pauselab version, or a damaged one: it is then made again. */
function readEntry(folder: string): CachedKernel | null {
  try {
    const { format: found, ...facts } = parseJson(
      readText(join(folder, 'kernel.json'), { mostBytes: mostFactsBytes }),
    ) as CachedFacts & { format: number };
    const image = join(folder, 'vmlinuz');
    if (found !== format || !statSync(image).isFile()) return null;
    const there = (path: string): string | null => (existsSync(path) ? path : null);
    return {
      ...facts,
      build: facts.build ?? null,
      folder,
      image,
      config: there(join(folder, 'config')),
      modules: there(join(folder, 'lib/modules', facts.release)),
    };
  } catch (error) {
    const refused = machineFailure(error);
    if (refused !== null) throw refused;
    return null;
  }
}

export async function isUndamaged({ image, sha256 }: CachedKernel): Promise<boolean> {
  return (await sha256OfFile(image)) === sha256;
}

/**
 * The kernel of this key: the cached one, or the files that `fill` puts into its folder (vmlinuz, and config and
 * lib/modules/<release> if they exist). If two processes ask at once, one fills and the other waits and finds it.
 */
export async function cachedOrFilled(
  cache: string,
  key: string,
  sources: KernelSources,
  fill: (folder: string) => Promise<CachedFacts>,
): Promise<CachedKernel> {
  const kernels = join(cache, 'kernels');
  inCache(cache, () => {
    makeFolders(kernels);
  });
  const note = sources.note ?? (() => undefined);
  return withLock(
    join(kernels, `.${key}.lock`),
    sources.signal,
    () => {
      note('another pauselab is filling the cache; waiting for it');
    },
    async () => {
      const place = join(kernels, key);
      const there = readEntry(place);
      if (there !== null && (await isUndamaged(there))) return there;
      if (existsSync(place)) {
        note(`the cached kernel in ${place} is damaged and is made again`);
        inCache(cache, () => {
          rmSync(place, { recursive: true, force: true });
        });
      }
      // Only this process works on this key, so these files were left by a killed one.
      for (const name of readdirSync(kernels))
        if (name.startsWith(`.${key}.partial-`)) rmSync(join(kernels, name), { recursive: true, force: true });
      const partial = inCache(cache, () => mkdtempSync(join(kernels, `.${key}.partial-`)));
      try {
        const facts = await fill(partial);
        inCache(cache, () => {
          writeAtomically(join(partial, 'kernel.json'), `${JSON.stringify({ format, ...facts }, null, 1)}\n`);
          renameSync(partial, place);
        });
      } catch (error) {
        throw cacheFailure(cache, error);
      } finally {
        cleanUpNow(() => {
          rmSync(partial, { recursive: true, force: true });
        });
      }
      const made = readEntry(place);
      if (made === null) throw new Error(`${place} was created but cannot be read`);
      return made;
    },
  );
}

export function writeInCache(path: string, text: string): void {
  inCache(dirname(path), () => {
    makeFolders(dirname(path));
    writeAtomically(path, text);
  });
}

/** Runs `work` in the cache folder, and explains failures of the folder. */
export function inCache<T>(cache: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw cacheFailure(cache, error);
  }
}

const remedies: Record<string, string> = {
  EACCES: 'you have no permission to write there',
  EPERM: 'you have no permission to write there',
  EROFS: 'its file system is read-only',
  ENOTDIR: 'a part of the path is not a folder',
};

/** The failure that explains an error of the cache folder; any other error as it is. */
export function cacheFailure(cache: string, error: unknown): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const code = errnoName(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || saysDiskFull(error.message)) return diskFull(cache, error);
  const remedy = remedies[code ?? ''];
  return remedy === undefined
    ? error
    : unfit(
        `the cache folder ${cache} cannot be written (${code ?? ''}): ${remedy}; ` +
          'name another folder with PAUSELAB_CACHE',
        { cause: error },
      );
}

export function diskFull(cache: string, cause?: unknown): Failure {
  return unfit(
    `the disk of the cache folder ${cache} is full, and nothing was added to it; ` +
      'free some space (a kernel takes 35 to 400 MB, and twice that while it is unpacked), ' +
      'or name another folder with PAUSELAB_CACHE',
    { cause },
  );
}

/** The path becomes part of apt's settings files, in which these characters cannot be quoted. */
export function refuseUnquotable(cache: string): void {
  if (/["\n;]/.test(cache))
    throw usage(
      `the cache folder ${cache} has a quote, a semicolon or a line break in its path, which apt does not accept; ` +
        'name another folder with PAUSELAB_CACHE',
    );
}
