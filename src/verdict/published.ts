/**
 * What a workload rebuilt from a published report found, beside what was published. Another machine, another size and
 * another load: shares and ratios can be set side by side, times cannot.
 *
 * Published: Barry Song, "mm: use per_vma lock for MADV_DONTNEED" (June 2025), and the benchmark of Lance Yang in the
 * same discussion, before (6.16) and after (6.17) the change.
 */
import { formatDuration, formatShare } from '../base/units.js';
import type { ArmSummary, HolderFigures } from '../bundle/schema.js';
import { counted } from './words.js';

const heapTaskDaemon = { perVma: 217_735, fellBack: 1_231 };

const meanCalls_ns = new Map([
  ['parallel_dontneed', { before: 50.8e6, after: 27.0e6 }],
  ['parallel_free', { before: 307.8e6, after: 109.5e6 }],
]);

/** Controls left out. */
export function besidePublished(arms: readonly ArmSummary[]): string[] {
  return [...crossingShares(arms), ...[...meanCalls_ns.keys()].flatMap((operation) => meanCalls(operation, arms))];
}

function crossingShares(arms: readonly ArmSummary[]): string[] {
  const shares = holdersOf('madvise_dontneed_chunks', arms).map(
    ({ arm, holder: { service, crossed_calls } }) =>
      `${arm}: ${crossed_calls} of ${counted(service.n, 'call')} (${formatShare(crossed_calls / service.n)}) crossed VMAs`,
  );
  if (shares.length === 0) return [];
  const { perVma, fellBack } = heapTaskDaemon;
  const total = perVma + fellBack;
  return [
    ...shares.map((share) => `${share}.`),
    `Published, of Android's HeapTaskDaemon: ${grouped(fellBack)} calls fell back to mmap_lock beside ${grouped(perVma)} that did not (${formatShare(fellBack / total)} of ${grouped(total)}). ` +
      'Not the same machine and not the same heap: how many calls cross is up to how many blocks lie in it, what a crossing call does to others is up to the kernel.',
  ];
}

function meanCalls(operation: string, arms: readonly ArmSummary[]): string[] {
  const holders = holdersOf(operation, arms);
  const across = holders.filter(({ holder }) => holder.crossed_calls === holder.service.n);
  const inside = holders.filter(({ holder }) => holder.crossed_calls === 0);
  const published = meanCalls_ns.get(operation);
  if (published === undefined) return [];
  const { before, after } = published;
  return across.flatMap((one) =>
    inside.map(
      (other) =>
        `${operation}: a call took ${described(one)} across VMAs (${one.arm}) and ${described(other)} inside one (${other.arm}): ${times(one.mean_ns, other.mean_ns)} as long. ` +
        `Published: ${formatDuration(before)} before the per-VMA lock and ${formatDuration(after)} with it, ${times(before, after)} as long. Not the same machine: only the ratios compare.`,
    ),
  );
}

interface Called {
  readonly arm: string;
  readonly mean_ns: number;
  readonly holder: HolderFigures & { readonly crossed_calls: number };
}

/** Of arms whose holder made calls, and counted those that crossed. */
function holdersOf(operation: string, arms: readonly ArmSummary[]): Called[] {
  return arms.flatMap(({ name: arm, holder }) => {
    if (holder?.name !== `holder.${operation}`) return [];
    const { crossed_calls, service } = holder;
    return crossed_calls === null || service.mean_ns === null
      ? []
      : [{ arm, mean_ns: service.mean_ns, holder: { ...holder, crossed_calls } }];
  });
}

function described({ mean_ns, holder }: Called): string {
  return `${formatDuration(mean_ns)} on average of ${holder.service.n}`;
}

function times(one_ns: number, other_ns: number): string {
  return `${(one_ns / other_ns).toFixed(2)} times`;
}

function grouped(n: number): string {
  return n.toLocaleString('en-US');
}
