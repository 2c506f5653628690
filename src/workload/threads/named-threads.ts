/**
 * Scheduling by thread name, for workloads with an allocator or a JVM, and the failures that make such a run failed.
 */
import { resolveCpus, type CpuTopology } from '../../host/cpus.js';
import { workOf, type ResolvedArm, type Scheduling } from '../../profile/resolved/resolved.js';
import { sayFailure, type StatedFailure } from '../../words/failure-words.js';
import { threadNames, unmatchedFailure, watchThreads, type WatchRule, type WatchedThread } from './thread-watch.js';

export interface NamedThreads {
  readonly threads: () => readonly WatchedThread[];
  /** Stops without judging: for a workload that does not start. */
  readonly stop: () => void;
  /** At the end of the window: a pattern that matched nothing is a failure then. */
  readonly end: () => void;
  /** Valid after `end`. */
  readonly failures: () => StatedFailure[];
}

/**
 * The first look is complete when it returns. `seated`: threads whose scheduling their seats decide (seats.ts). A
 * pattern such as `*` would change them after they were read back, and stalls would be blamed on the earlier settings.
 */
export function watchNamedThreads(
  arm: ResolvedArm,
  pids: readonly number[],
  topology: CpuTopology,
  seated: readonly { readonly tid: number }[],
): NamedThreads {
  const except = seated.map(({ tid }) => tid);
  const watch = watchThreads({
    pids,
    except,
    rules: (workOf(arm)?.threads ?? []).map((rule) => ({ pattern: rule.pattern, ...schedulingOf(rule, topology) })),
  });
  const names = threadNames(pids, except);
  let unmatched: StatedFailure[] = [];
  return {
    threads: watch.threads,
    stop: watch.stop,
    end() {
      watch.stop();
      const missing = watch.unmatched();
      // In a control, the loads that would create the thread run elsewhere or not at all.
      if (missing.length > 0 && arm.control === null) unmatched = [sayFailure(unmatchedFailure(missing, names))];
    },
    // Only threads that appeared after `go`: earlier threads make the workload degraded.
    failures: () => [
      ...unmatched,
      ...watch
        .threads()
        .filter(({ delay_ns }) => delay_ns > 0)
        .flatMap(({ problems }) => problems),
    ],
  };
}

export function schedulingOf(
  { nice, policy, slice_ns, cpus }: Scheduling,
  topology: CpuTopology,
): Omit<WatchRule, 'pattern'> {
  return {
    nice: nice ?? undefined,
    policy: policy ?? undefined,
    slice_ns,
    cpus: cpus === null ? undefined : resolveCpus(cpus, topology),
  };
}
