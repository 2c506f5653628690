/**
 * What a workload is started with: a JDK, and an allocator that takes its settings. Both are found by starting
 * programs, so each is found once for all runs that ask for the same, and before anything of the workload starts: what
 * they do not take is the profile's fault.
 */
import { tryAllocator } from '../../host/allocators/allocator-trial.js';
import { chooseJdk, type Jdk } from '../../host/jdks.js';
import type { ResolvedJvm } from '../../profile/resolved/resolved.js';

/** Without a collector: any will do, since the program has one of its own. */
type Asked = Pick<ResolvedJvm, 'jdk' | 'java'> & { readonly collector: ResolvedJvm['collector'] | undefined };

const findJdk = oncePerInput(({ jdk, java, collector }: Asked) =>
  chooseJdk({
    requirement: jdk,
    collector,
    explicit: java === null ? undefined : { path: java, source: '--java or jvm.java' },
  }),
);

export function jdkOf({ jdk, java, collector }: Asked): Promise<Jdk> {
  return findJdk({ jdk, java, collector });
}

export const triedAllocator = oncePerInput(tryAllocator);

/** For as long as this process lives: JDKs and libraries do not change under an experiment. */
export function oncePerInput<Input, Found>(find: (input: Input) => Found): (input: Input) => Found {
  const known = new Map<string, Found>();
  return (input) => {
    const key = JSON.stringify(input);
    const found = known.get(key) ?? find(input);
    known.set(key, found);
    // What is installed meanwhile is found.
    if (found instanceof Promise) found.catch(() => known.delete(key));
    return found;
  };
}
