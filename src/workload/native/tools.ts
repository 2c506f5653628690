/**
 * What a workload needs before its start: a JDK, and an allocator that accepts its settings. Finding them starts
 * programs, so each is found once for all runs with the same input, and before anything of the workload starts:
 * settings that they do not accept are the profile's fault.
 */
import { tryAllocator } from '../../host/allocators/allocator-trial.js';
import { chooseJdk, type Jdk } from '../../host/jdks.js';
import type { ResolvedJvm } from '../../profile/resolved/resolved.js';

/** Without a collector, any JDK will do, because the program chooses its collector itself. */
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
