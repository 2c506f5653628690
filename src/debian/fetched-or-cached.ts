/** What the cache has works without a network. */
import { wallClock_ms } from '../base/clock.js';
import { ExitCode, Failure } from '../base/failure.js';
import { compareDebianVersions } from './debian-version.js';
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

export function isNotOnMirror(error: unknown): boolean {
  return error instanceof Failure && error.code === 'not-on-mirror';
}
