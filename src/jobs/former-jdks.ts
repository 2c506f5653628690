/** The JDKs that the runs of an experiment used, for going on with it, as former-kernels.ts has the kernels. */
import { z } from 'zod';
import type { RunFile } from '../bundle/bundle-schema.js';
import type { Sources } from '../debian/sources.js';
import type { Packaged } from '../host/packaged-jdk.js';
import { cachedDebJdk, fetchDebJdk } from '../jdk/deb-jdk.js';
import { isInJvm, type ResolvedArm } from '../profile/resolved/resolved.js';
import { namedPackages, useFetchedJdk } from '../workload/native/tools.js';
import { goneFrom } from './former-kernels.js';

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
export async function useFormerJdk({ asked, packaged }: FormerJdk, sources: Sources): Promise<void> {
  const { package: name, version, suite, libc } = packaged;
  const called = `${name} ${version} with libc6 ${libc.version}`;
  const cached = await cachedDebJdk(packaged, sources);
  if (cached !== null) {
    sources.note?.(`${asked} is ${called} of the cache, which the runs so far used`);
    useFetchedJdk(asked, cached);
    return;
  }
  try {
    useFetchedJdk(asked, await fetchDebJdk(`deb:${version}/${suite},libc=${libc.suite}`, sources));
  } catch (error) {
    throw goneFrom(error, { asked, called });
  }
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
