/**
 * What an experiment that was interrupted still lacks. The next run follows from the seed and from the runs so far
 * (run-queue.ts), so going through the kept runs in their order leads to where the experiment would be.
 */
import { usage } from '../../base/failure.js';
import type { ManifestFile, RunFile } from '../../bundle/bundle-schema.js';
import { runQueue, type QueuedSide, type RunQueue } from '../run-queue.js';
import type { FinishedRun } from '../summarise.js';
import { runsOfRound, type PlannedRun } from './order.js';
import type { UntilN } from './until-n.js';

import { retriesIn } from './retries.js';
/** Whether the run counts when its experiment is resumed. Any other is made again. */
export function isKept({ status, failures }: Pick<RunFile, 'status' | 'failures'>): boolean {
  return status === 'complete' && failures.length === 0;
}

/** Takes the kept runs from the queue. `remember`: adds a run to the finished runs of its side. */
export function goThrough<Side extends QueuedSide>(
  queue: RunQueue<Side>,
  runs: readonly FinishedRun[],
  remember: (run: FinishedRun) => void,
): void {
  for (const run of runs) {
    const next = queue.next();
    const { name, disturbances } = run.file;
    if (next === null || textOf(next) !== textOf(run.file))
      throw usage(
        `expected the run ${name} to be ${next === null ? 'absent' : textOf(next)} by the order of its experiment, and it is ${textOf(run.file)}: ` +
          'the bundle was changed, and cannot be resumed; run its experiment again with `pauselab replay`',
      );
    remember(run);
    if (disturbances.length > 0) queue.repeat(next);
  }
}

function textOf({ arm, kernel, repetition }: Pick<RunFile, 'arm' | 'kernel' | 'repetition'>): string {
  return `${arm} on ${kernel ?? 'unknown'} (${repetition})`;
}

export interface Past {
  readonly plan: QueuedSide['plan'] & { readonly profile: { readonly spoiled: { readonly retries: number } } };
  /** Names of the places. */
  readonly kernels: readonly string[];
  readonly order: ManifestFile['order'];
  readonly untilN: UntilN | null;
  readonly runs: readonly FinishedRun[];
}

/**
 * The runs that are missing, if the machine disturbs none of them. More repetitions (`untilN`) depend on what is measured
 * in them, so no more of these are listed than are certain.
 */
export function missingRuns({ plan, kernels, order, untilN, runs }: Past): PlannedRun[] {
  const finished: FinishedRun[] = [];
  const side: QueuedSide = {
    plan,
    ofRound: runsOfRound(
      plan.arms.map(({ name }) => name),
      kernels,
    ),
    finished,
    takeRetry: retriesOf(retriesIn(plan.profile.spoiled.retries, plan.arms, kernels.length)),
  };
  const queue = runQueue([side], untilN);
  refuseOtherOrder(order, queue.planned);
  goThrough(queue, runs, (run) => finished.push(run));
  const missing: PlannedRun[] = [];
  let certain = Math.max(plan.profile.runs, ...runs.map(({ file }) => file.repetition));
  for (let next = queue.next(); next !== null; next = queue.next()) {
    if (missing.length === 0) certain = Math.max(certain, next.repetition);
    if (next.repetition > certain) break;
    const { arm, kernel, repetition } = next;
    missing.push({ arm, kernel, repetition });
  }
  return missing;
}

/** Takes a retry with each call; false if none is left. */
export function retriesOf(retries: number): () => boolean {
  let left = retries;
  return () => {
    left -= 1;
    return left >= 0;
  };
}

function refuseOtherOrder(stored: ManifestFile['order'], drawn: readonly PlannedRun[]): void {
  const [own, now] = [stored, drawn].map((order) => order.map(textOf));
  if (own?.join('\n') !== now?.join('\n'))
    throw usage(
      'expected the order in its manifest to be the order that its seed gives, and it is another: the bundle was changed, ' +
        'and cannot be resumed; run its experiment again with `pauselab replay`',
    );
}
