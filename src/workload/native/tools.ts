/**
 * What a workload needs before its start: a JDK, and an allocator that accepts its settings. Finding them starts
 * programs, so each is found once for all runs with the same input, and before anything of the workload starts:
 * settings that they do not accept are the profile's fault.
 */
import { tryAllocator } from '../../host/allocators/allocator-trial.js';
import type { Sources } from '../../debian/sources.js';
import { chooseJdk, type Jdk } from '../../host/jdks.js';
import type { CachedJdk } from '../../jdk/cached-jdks.js';
import { namedJdks } from '../jvm/other-jdks.js';
import type { ResolvedAllocator, ResolvedJvm } from '../../profile/resolved/resolved.js';

/** Without a collector, any JDK will do, because the program chooses its collector itself. */
type Asked = Pick<ResolvedJvm, 'jdk' | 'java'> & { readonly collector: ResolvedJvm['collector'] | undefined };

const findJdk = oncePerInput(async ({ jdk, java, collector }: Asked) => {
  const named = namedJava(java);
  return chooseJdk({
    requirement: jdk,
    collector,
    others: namedJdks,
    explicit: named === null ? undefined : { ...named, path: await pathOf(named.path) },
  });
});

/** What names the JDK: the profile, or PAUSELAB_JAVA if it names a package. chooseJdk reads PAUSELAB_JAVA with a path. */
function namedJava(java: string | null): { readonly path: string; readonly source: string } | null {
  if (java !== null) return { path: java, source: '--java or jvm.java' };
  const inEnvironment = process.env.PAUSELAB_JAVA;
  return inEnvironment?.startsWith(ofPackages) === true ? { path: inEnvironment, source: 'PAUSELAB_JAVA' } : null;
}

const ofPackages = 'deb:';

async function pathOf(java: string): Promise<string> {
  return java.startsWith(ofPackages) ? (await fetchedJdk(java, {})).home : java;
}

const fetched = new Map<string, Promise<CachedJdk>>();

/**
 * `deb:26` from the cache or the mirror, the same for all that ask in this process: a JDK that is published meanwhile
 * must not come between two runs. Failures are not kept.
 */
export function fetchedJdk(asked: string, sources: Sources): Promise<CachedJdk> {
  const known = fetched.get(asked);
  if (known !== undefined) return known;
  // Imported late: a guest, whose CPU may be emulated, fetches nothing.
  const found = import('../../jdk/deb-jdk.js').then(({ fetchDebJdk }) => fetchDebJdk(asked, sources));
  fetched.set(asked, found);
  found.catch(() => fetched.delete(asked));
  return found;
}

/** In this process `asked` means this JDK: an experiment that goes on uses the JDK of its runs so far. */
export function useFetchedJdk(asked: string, jdk: CachedJdk): void {
  fetched.set(asked, Promise.resolve(jdk));
}

/** The packages that these arms name as their JDKs, each once. */
export function namedPackages(arms: readonly { readonly jvm: Pick<ResolvedJvm, 'java'> }[]): string[] {
  const named = arms.flatMap(({ jvm }) => namedJava(jvm.java)?.path ?? []);
  return [...new Set(named.filter((path) => path.startsWith(ofPackages)))];
}

export function jdkOf({ jdk, java, collector }: Asked): Promise<Jdk> {
  return findJdk({ jdk, java, collector });
}

export const triedAllocator = oncePerInput((allocator: ResolvedAllocator) => tryAllocator(allocator));

/** In the JDK's own program: a JDK that pauselab fetched has a C library of its own. */
export const triedAllocatorUnder = oncePerInput(
  ({ allocator, java }: { readonly allocator: ResolvedAllocator; readonly java: string }) =>
    tryAllocator(allocator, [java, '-version']),
);

/** Valid while this process lives: JDKs and libraries do not change during an experiment. */
export function oncePerInput<Input, Found>(find: (input: Input) => Found): (input: Input) => Found {
  const known = new Map<string, Found>();
  return (input) => {
    const key = JSON.stringify(input);
    const found = known.get(key) ?? find(input);
    known.set(key, found);
    // Failures are not kept, so that something installed meanwhile is found.
    if (found instanceof Promise) found.catch(() => known.delete(key));
    return found;
  };
}
