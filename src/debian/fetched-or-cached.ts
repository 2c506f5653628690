/** What the cache has works without a network. */
import { ExitCode, Failure } from '../base/failure.js';
import type { Sources } from './sources.js';

/**
 * `kept`: what the cache has for `asked`, and how a note calls it; a newer one may be on the mirror. It is used where the
 * mirror cannot be read, and where the mirror has dropped all that `asked` names.
 */
export async function fetchedOrCached<T>(
  asked: string,
  kept: { readonly entry: T; readonly called: string } | null,
  sources: Sources,
  fetch: () => Promise<T>,
): Promise<T> {
  try {
    return await fetch();
  } catch (error) {
    if (!(error instanceof Failure) || kept === null) throw error;
    const isGone = error.exitCode === ExitCode.usage;
    if (!isGone && error.exitCode !== ExitCode.unfit) throw error;
    sources.note?.(
      isGone
        ? `the mirror has no ${asked} any more; the cached ${kept.called} is used for it`
        : `${error.message}; the cached ${kept.called} is used for ${asked}; there may be a newer one`,
    );
    return kept.entry;
  }
}
