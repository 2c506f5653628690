/** What the cache has works without a network. */
import { wallClock_ms } from '../base/clock.js';
import { ExitCode, Failure, unfit } from '../base/failure.js';
import { compareDebianVersions } from './debian-version.js';
import type { PackageIndex } from './package-index.js';
import type { Sources } from './sources.js';

/** What the cache has for a name, and how a note calls it. */
export interface Kept<T> {
  readonly entry: T;
  readonly version: string;
  readonly called: string;
}

/** The mirror. `choose` finds the newest that it has for the name, in lists that are at least of `atLeast_ms`. */
export interface OnMirror<Choice, T> {
  readonly choose: (atLeast_ms?: number) => Promise<Choice>;
  readonly fetch: (choice: Choice) => Promise<T>;
}

/**
 * The newest that mirror and cache have for `asked`. What is kept is also used where the mirror cannot be read, and where
 * it has dropped all that `asked` names.
 */
export async function fetchedOrCached<T, Choice extends { readonly chosen: { readonly version: string } }>(
  asked: string,
  kept: Kept<T> | null,
  sources: Sources,
  { choose, fetch }: OnMirror<Choice, T>,
): Promise<T> {
  try {
    return await withLists(async (atLeast_ms) => {
      const choice = await choose(atLeast_ms);
      const { version } = choice.chosen;
      if (kept === null || compareDebianVersions(kept.version, version) <= 0) return fetch(choice);
      sources.note?.(`the mirror has ${version} for ${asked}; the cached ${kept.called} is newer and is used for it`);
      return kept.entry;
    });
  } catch (error) {
    if (!(error instanceof Failure) || kept === null) throw error;
    const isGone = isNotOnMirror(error);
    if (!isGone && error.exitCode !== ExitCode.unfit) throw error;
    sources.note?.(
      isGone
        ? `the mirror has no ${asked} any more; the cached ${kept.called} is used for it`
        : `${error.message}; the cached ${kept.called} is used for ${asked}; there may be a newer one`,
    );
    return kept.entry;
  }
}

/** The lists may be a day old, and name a file that the mirror has dropped. Then `use` gets the lists of now. */
export async function withLists<T>(use: (atLeast_ms?: number) => Promise<T>): Promise<T> {
  const begun_ms = wallClock_ms();
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'download-failed') throw error;
    return use(begun_ms);
  }
}

/** How `asked` is found in the lists of the mirror. */
export interface InLists<T> {
  readonly asked: string;
  readonly lists: (atLeast_ms?: number) => Promise<PackageIndex>;
  readonly match: (index: PackageIndex) => T | undefined;
  /** Of lists that have none, what the mirror has instead. */
  readonly noSuch: (index: PackageIndex) => string;
}

/**
 * Lists that have no match are fetched again: it may have been published since, or apt may have failed to read a part.
 */
export async function chosenInLists<T>(
  { asked, lists, match, noSuch }: InLists<T>,
  atLeast_ms?: number,
): Promise<{ readonly index: PackageIndex; readonly chosen: T }> {
  const begun_ms = wallClock_ms();
  let index = await lists(atLeast_ms);
  let chosen = match(index);
  if (chosen === undefined && index.fetchedAt_ms < begun_ms) {
    index = await lists(begun_ms);
    chosen = match(index);
  }
  if (chosen !== undefined) return { index, chosen };
  const unread = index.leftOut.filter(({ problem }) => problem !== 'absent');
  // The unread suites might have it: then the machine is at fault, not the user's input.
  if (unread.length > 0)
    throw unfit(
      `${asked} is in none of the suites of ${index.mirror.uri} that could be read; ` +
        unread.map(({ sentence }) => sentence).join('; '),
    );
  throw new Failure('not-on-mirror', noSuch(index));
}

export function isNotOnMirror(error: unknown): boolean {
  return error instanceof Failure && error.code === 'not-on-mirror';
}
