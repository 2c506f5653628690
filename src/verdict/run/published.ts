/**
 * What a workload rebuilt from a published report found, beside what was published. Another machine, another size and
 * another load: shares and ratios can be set side by side, times cannot.
 *
 * Published: Barry Song, "mm: use per_vma lock for MADV_DONTNEED" (June 2025), and the benchmark of Lance Yang in the
 * same discussion, before (6.16) and after (6.17) the change.
 */
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import type { CallsOfArm, NoteFact } from '../../facts/note-facts.js';

const heapTaskDaemon = { perVma_n: 217_735, fellBack_n: 1_231 };

const meanCalls_ns = new Map([
  ['parallel_dontneed', { before: 50.8e6, after: 27.0e6 }],
  ['parallel_free', { before: 307.8e6, after: 109.5e6 }],
]);

/** Controls left out. */
export function besidePublished(arms: readonly ArmSummary[]): NoteFact[] {
  return [...crossingShares(arms), ...[...meanCalls_ns.keys()].flatMap((operation) => meanCalls(operation, arms))];
}

function crossingShares(arms: readonly ArmSummary[]): NoteFact[] {
  const shares = holdersOf('madvise_dontneed_chunks', arms).map(({ arm, calls_n, crossed_n }): NoteFact => ({
    code: 'crossing-share',
    arm,
    crossed_n,
    calls_n,
  }));
  return shares.length === 0 ? [] : [...shares, { code: 'crossing-published', ...heapTaskDaemon }];
}

function meanCalls(operation: string, arms: readonly ArmSummary[]): NoteFact[] {
  const holders = holdersOf(operation, arms);
  const published = meanCalls_ns.get(operation);
  if (published === undefined) return [];
  const plain = ({ arm, mean_ns, calls_n }: Called): CallsOfArm => ({ arm, mean_ns, calls_n });
  const inside = holders.filter(({ crossed_n }) => crossed_n === 0);
  return holders
    .filter(({ crossed_n, calls_n }) => crossed_n === calls_n)
    .flatMap((across) =>
      inside.map((other): NoteFact => ({
        code: 'mean-calls',
        operation,
        across: plain(across),
        inside: plain(other),
        publishedBefore_ns: published.before,
        publishedAfter_ns: published.after,
      })),
    );
}

interface Called extends CallsOfArm {
  readonly crossed_n: number;
}

/** Of arms whose holder made calls, and counted those that crossed. */
function holdersOf(operation: string, arms: readonly ArmSummary[]): Called[] {
  return arms.flatMap(({ name: arm, holder }) => {
    if (holder?.name !== `holder.${operation}`) return [];
    const { crossed_calls, service } = holder;
    return crossed_calls === null || service.mean_ns === null
      ? []
      : [{ arm, mean_ns: service.mean_ns, calls_n: service.n, crossed_n: crossed_calls }];
  });
}
