/** Packages on the mirror: its lists, reduced to those of a collection, such as kernels, and kept for a day. */
import { join } from 'node:path';
import { wallClock_ms } from '../base/clock.js';
import { makeFolders } from '../base/files/atomic-file.js';
import { unfit } from '../base/failure.js';
import { parseJson } from '../base/json.js';
import { readText } from '../base/files/read-file.js';
import { findMirror, readSuite, type Mirror, type MirrorUse, type Package, type SuiteLists } from './apt.js';
import { cacheFolder, inCache, writeInCache } from './cache-folder.js';
import { sha256OfText } from './checksum.js';
import { withLock } from './file-lock.js';
import type { Sources } from './sources.js';

const format = 2;
/** The lists of all suites have a few MB. */
const mostBytes = 64 * 2 ** 20;
const fresh_ms = 24 * 3_600_000;
/** For incomplete lists: the next attempt may get the rest. */
const freshInPart_ms = 600_000;

export interface PackageIndex {
  readonly mirror: Mirror;
  /** Wall clock, ms since 1970. */
  readonly fetchedAt_ms: number;
  readonly packages: readonly Package[];
  /** Suites that are missing, with a sentence each. */
  readonly leftOut: readonly { readonly suite: string; readonly problem: string; readonly sentence: string }[];
}

/** The packages of one purpose. */
export interface Collection extends MirrorUse {
  /** Also the name of its file. */
  readonly name: 'kernels' | 'JDKs';
  readonly has: (name: string) => boolean;
}

/**
 * The index if it was fetched within the last day, or after `atLeast_ms` if that is given; otherwise it is fetched
 * again.
 */
export async function packageIndex(
  collection: Collection,
  sources: Sources,
  atLeast_ms = wallClock_ms() - fresh_ms,
): Promise<PackageIndex> {
  const cache = cacheFolder(sources);
  const mirror = await findMirror(collection, sources);
  const path = join(cache, 'apt', `${collection.name}-${sha256OfText(JSON.stringify(mirror)).slice(0, 16)}.json`);
  const usable = (): PackageIndex | null => {
    const index = readIndex(path);
    if (index === null) return null;
    const inPart = index.leftOut.some(({ problem }) => problem !== 'absent');
    const oldest_ms = inPart ? Math.max(atLeast_ms, wallClock_ms() - freshInPart_ms) : atLeast_ms;
    // A time in the future comes from a clock that was set back.
    return index.fetchedAt_ms >= oldest_ms && index.fetchedAt_ms <= wallClock_ms() ? index : null;
  };
  const kept = usable();
  if (kept !== null) return kept;
  inCache(cache, () => {
    makeFolders(join(cache, 'apt'));
  });
  const note = sources.note ?? (() => undefined);
  return withLock(
    join(cache, 'apt/.lock'),
    sources.signal,
    () => {
      note('another pauselab is fetching the package lists; waiting for it');
    },
    async () => {
      const meanwhile = usable();
      if (meanwhile !== null) return meanwhile;
      note(`fetching the package lists of ${mirror.suites.join(', ')} from ${mirror.uri}`);
      const index = indexOf(
        mirror,
        await Promise.all(mirror.suites.map((suite) => readSuite(mirror, suite, collection.has, sources))),
      );
      for (const { problem, sentence } of index.leftOut)
        if (problem !== 'absent') note(`${sentence}; its ${collection.name} are left out`);
      writeInCache(path, JSON.stringify({ format, ...index }));
      return index;
    },
  );
}

function indexOf(mirror: Mirror, suites: readonly SuiteLists[]): PackageIndex {
  const leftOut = suites.flatMap((suite) => ('problem' in suite ? [suite] : []));
  const packages = suites.flatMap((suite) => ('problem' in suite ? [] : suite.packages));
  if (leftOut.length === suites.length) {
    const refused = leftOut.find(({ problem }) => problem === 'refused');
    if (refused !== undefined)
      throw unfit(
        `${refused.sentence}; update debian-archive-keyring, ` +
          'or name the keyring that signs your mirror with PAUSELAB_KEYRING',
      );
    throw unfit(
      `${leftOut.find(({ problem }) => problem === 'unreachable')?.sentence ?? `${mirror.uri} has none of ${mirror.suites.join(', ')}`}; check the network and the apt configuration of this machine`,
    );
  }
  return { mirror, fetchedAt_ms: wallClock_ms(), packages, leftOut };
}

function readIndex(path: string): PackageIndex | null {
  try {
    const { format: found, ...index } = parseJson(readText(path, { mostBytes })) as PackageIndex & { format: number };
    return found === format ? index : null;
  } catch {
    return null;
  }
}
