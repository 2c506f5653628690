/** The cache folder: where it is, writing in it, and what its failures mean. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { makeFolders, writeAtomically } from '../base/files/atomic-file.js';
import { Failure, unfit, usage } from '../base/failure.js';
import { homeFolder } from '../base/files/home.js';
import { errnoName } from '../base/system-error.js';
import { saysDiskFull } from '../base/child.js';
import type { Sources } from './sources.js';

export function cacheFolder({ cache, env = process.env }: Pick<Sources, 'cache' | 'env'>): string {
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
