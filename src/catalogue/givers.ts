/** Which thread of a process gives memory back, by its name: one of its JVM, or one of its allocator. */
import { allocatorGivers } from './allocators.js';
import { collectors, collectorTable, jvmGivers, type Collector, type Giver } from './collectors.js';
import { matchesComm } from './thread-patterns.js';

const givers: readonly Giver[] = [...jvmGivers, ...allocatorGivers];

/**
 * `comm`: its name, which the kernel may have cut. `collector`: of its JVM, by the threads that only this collector has;
 * null: there are none of them. Null: the thread is not known to give memory back.
 */
export function giverNamed(comm: string, collector: Collector | null): Giver | null {
  const possible = collector === null ? withoutTellingThreads : [collector];
  return (
    givers.find(
      ({ pattern, collectors: only }) =>
        matchesComm(pattern, comm) && (only === undefined || only.some((one) => possible.includes(one))),
    ) ?? null
  );
}

/** Such as Serial and Parallel. */
const withoutTellingThreads = collectors.filter((name) => collectorTable[name].tellingThreads === undefined);
