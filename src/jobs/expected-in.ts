/** Whether the roots that a profile expects came back in a bundle that was just measured. */
import type { ExpectedRootFact } from '../facts/repetition-facts.js';
import type { Stated } from '../facts/stated.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';

/** Empty where it expects none; the stalls are not read then. */
export async function expectedIn(
  { expects }: Pick<ResolvedProfile, 'expects'>,
  bundle: string,
): Promise<Stated<ExpectedRootFact>[]> {
  if (expects === undefined) return [];
  const [{ expectedOf }, { readStalls }] = await Promise.all([
    import('../attribution/expected-roots.js'),
    import('../bundle/read-stalls.js'),
  ]);
  return expectedOf(bundle, readStalls(bundle));
}
