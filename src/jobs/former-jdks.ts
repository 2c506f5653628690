/** The JDKs that the runs of an experiment used, for going on with it, as former-kernels.ts has the kernels. */
import { z } from 'zod';
import type { RunFile } from '../bundle/bundle-schema.js';
import type { Sources } from '../debian/sources.js';
import type { Packaged } from '../host/packaged-jdk.js';
import type { CachedJdk } from '../jdk/cached-jdks.js';
import { withLists } from '../debian/fetched-or-cached.js';
import { cachedDebJdk, onMirror, type FoundOnMirror } from '../jdk/deb-jdk.js';
import { parseJdkSpec } from '../jdk/jdk-spec.js';
import { isInJvm, type ResolvedArm } from '../profile/resolved/resolved.js';
import { usedBefore, type FormerName } from '../words/former-words.js';
import { namedPackages, useFetchedJdk } from '../workload/native/tools.js';
import { gone, goneFrom } from './former-gone.js';

export interface FormerJdk {
  /** Such as `deb:26`. */
  readonly asked: string;
  readonly packaged: Packaged;
}

/** Each that arms name by its packages, as the runs recorded it. */
export function formerJdks(
  arms: readonly ResolvedArm[],
  runs: readonly Pick<RunFile, 'arm' | 'jvm'>[],
): readonly FormerJdk[] {
  const former = new Map<string, FormerJdk>();
  for (const arm of arms.filter(isInJvm)) {
    const [asked] = namedPackages([arm]);
    const packaged = runs
      .filter((run) => run.arm === arm.name)
      .map(({ jvm }) => packagedIn(jvm?.processes[0]))
      .find((one) => one !== null);
    if (asked !== undefined && packaged !== undefined) former.set(asked, { asked, packaged });
  }
  return [...former.values()];
}

/** From here on `asked` means that JDK. */
export async function useFormerJdk(former: FormerJdk, sources: Sources): Promise<void> {
  const get = await findFormerJdk(former, sources);
  useFetchedJdk(former.asked, await get());
}

/** What gets that JDK from the cache, or fetches it. Refused if neither the cache nor the mirror's lists have it. */
export async function findFormerJdk(former: FormerJdk, sources: Sources): Promise<() => Promise<CachedJdk>> {
  const { packaged } = former;
  const cached = await cachedDebJdk(packaged, sources);
  if (cached !== null) {
    sources.note?.(usedBefore(nameOf(former)));
    return () => Promise.resolve(cached);
  }
  const exact = exactName(packaged);
  // Refuses a name that is none, which the mirror cannot have dropped.
  parseJdkSpec(exact);
  const find = async (atLeast_ms?: number): Promise<FoundOnMirror> => {
    const found = await onMirror(exact, sources, atLeast_ms).catch((error: unknown) => {
      throw goneFrom(error, nameOf(former));
    });
    // The mirror may have the same JDK beside a newer C library.
    if (found.packaged.libc.version !== packaged.libc.version) throw gone(nameOf(former));
    return found;
  };
  await find();
  return () => withLists(async (atLeast_ms) => (await find(atLeast_ms)).fetch());
}

function nameOf({ asked, packaged: { package: name, version, libc } }: FormerJdk): FormerName {
  return { asked, called: `${name} ${version} with libc6 ${libc.version}` };
}

/** What names this version and no other on the mirror, and the suite of its C library, whose version no name has. */
function exactName({ version, suite, libc }: Packaged): string {
  return `deb:${version}/${suite},libc=${libc.suite}`;
}

/** The bundle may be a stranger's. */
const recorded = z.object({
  package: z.string(),
  version: z.string(),
  suite: z.string(),
  libc: z.object({ version: z.string(), suite: z.string() }),
});

function packagedIn(process: Readonly<Record<string, unknown>> | undefined): Packaged | null {
  return recorded.safeParse(process?.packaged).data ?? null;
}
