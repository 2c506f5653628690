/** What the cache has works without a network. */
import { ExitCode, Failure } from '../base/failure.js';
import type { Sources } from './sources.js';

/** `kept`: what the cache has for `asked`, and how a note calls it; a newer one may be on the mirror. */
export async function fetchedOrCached<T>(
  asked: string,
  kept: { readonly entry: T; readonly called: string } | null,
  sources: Sources,
  fetch: () => Promise<T>,
): Promise<T> {
  try {
    return await fetch();
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== ExitCode.unfit || kept === null) throw error;
    sources.note?.(`${error.message}; the cached ${kept.called} is used for ${asked}; there may be a newer one`);
    return kept.entry;
  }
}
