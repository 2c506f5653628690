/**
 * What an experiment that was interrupted still lacks. The next run follows from the seed and from the runs so far
 * (run-queue.ts), so going through all runs in their order leads to where the experiment would be.
 */
import { usage } from '../../base/failure.js';
import type { ManifestFile, Resumed, RunFile } from '../../bundle/bundle-schema.js';
import { folderName } from '../../bundle/place-names.js';
import { runNumber } from '../../bundle/run-number.js';
import { jdkLabelOf, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { runQueue, type QueuedSide, type RunQueue } from '../run-queue.js';
import type { FinishedRun } from '../summarise.js';
import { runsOfRound, type PlannedRun } from './order.js';
import { retriesIn } from './retries.js';
import type { UntilN } from './until-n.js';

/** Whether the run counts when its experiment is resumed. Any other is made again. */
export function isKept({ status, failures }: Pick<RunFile, 'status' | 'failures'>): boolean {
  return status === 'complete' && failures.length === 0;
}

/** The name of a run after its number. */
export function nameWithoutNumber({ arm, kernel }: Pick<PlannedRun, 'arm' | 'kernel'>, kernels_n: number): string {
  return `${arm}${kernels_n > 1 ? `@${folderName(kernel)}` : ''}`;
}

/** Several JDKs or kernels: where one fails an arm, the others are measured all the same. */
export function comparesSeveral(arms: readonly ResolvedArm[], kernels_n: number): boolean {
  return kernels_n > 1 || arms.some((arm) => jdkLabelOf(arm) !== null);
}

/** What a manifest and its runs say of an experiment that was interrupted. */
export interface PastSessions {
  readonly arms: readonly ResolvedArm[];
  readonly kernels_n: number;
  /** That count, in the order in which they were made. */
  readonly runs: readonly FinishedRun[];
  /** Earlier interruptions. */
  readonly resumed: ManifestFile['resumed'];
  /** The other runs since the last of them. */
  readonly setAside: Resumed['setAside'];
}

/**
 * Takes from the queue what was made, as it was made: the runs of each session by their numbers. After each session it
 * takes up what failed, after all other runs, because it may fail again. `remember`: adds a run to the finished runs of
 * its side.
 */
export function goThrough<Side extends QueuedSide>(
  queue: RunQueue<Side>,
  past: PastSessions,
  remember: (run: FinishedRun) => void,
): void {
  const { arms, kernels_n } = past;
  // Otherwise a failure ended the experiment, and the run is made again in its place.
  const goesOn = comparesSeveral(arms, kernels_n);
  const failed: { readonly of: PlannedRun; readonly placeLost: boolean }[] = [];
  for (const session of sessionsOf(past)) {
    for (const { kept, failure } of session) {
      if (kept !== null) {
        const next = queue.next();
        refuseOther(kept.file.name, textOf(kept.file), next === null ? null : textOf(next));
        remember(kept);
        if (next !== null && kept.file.disturbances.length > 0) queue.repeat(next);
      } else if (goesOn) {
        const next = queue.next();
        const name = failure.run.replace(/^\d+-/, '');
        refuseOther(failure.run, name, next === null ? null : nameWithoutNumber(next, kernels_n));
        if (next === null) continue;
        const placeLost = failure.placeLost === true;
        failed.push({ of: next, placeLost });
        queue.putOff(next, placeLost ? 'of its kernel' : 'of its arm');
      }
    }
    queue.takeUp((run) =>
      failed.some(({ of, placeLost }) => of.kernel === run.kernel && (placeLost || of.arm === run.arm)),
    );
  }
}

type Made =
  | { readonly kept: FinishedRun; readonly failure: null }
  | { readonly kept: null; readonly failure: Resumed['setAside'][number] };

/** The runs between two interruptions, without those that an interruption cut short: these are made again. */
function sessionsOf({ runs, resumed, setAside }: PastSessions): Made[][] {
  // pauselab may have been killed before it moved them.
  const known = new Set(resumed.flatMap((earlier) => earlier.setAside.map(({ run }) => run)));
  const ends = [...resumed, { kept_n: runs.length, setAside: setAside.filter(({ run }) => !known.has(run)) }];
  return ends.map((end, i) =>
    [
      ...runs.slice(ends[i - 1]?.kept_n ?? 0, end.kept_n).map((kept): Made => ({ kept, failure: null })),
      ...end.setAside.filter(({ status }) => status === 'failed').map((failure): Made => ({ kept: null, failure })),
    ].toSorted((a, b) => numberOf(a) - numberOf(b)),
  );
}

function numberOf({ kept, failure }: Made): number {
  return runNumber(kept === null ? failure.run : kept.file.name) ?? 0;
}

function refuseOther(run: string, is: string, expected: string | null): void {
  if (is === expected) return;
  throw usage(
    `expected the run ${run} to be ${expected ?? 'absent'} by the order of its experiment, and it is ${is}: ` +
      'the bundle was changed, and cannot be resumed; run its experiment again with `pauselab replay`',
  );
}

function textOf({ arm, kernel, repetition }: Pick<RunFile, 'arm' | 'kernel' | 'repetition'>): string {
  return `${arm} on ${kernel ?? 'unknown'} (${repetition})`;
}

export interface Past extends Pick<PastSessions, 'runs' | 'resumed' | 'setAside'> {
  readonly plan: QueuedSide['plan'] & { readonly profile: { readonly spoiled: { readonly retries: number } } };
  /** Names of the places. */
  readonly kernels: readonly string[];
  readonly order: ManifestFile['order'];
  readonly untilN: UntilN | null;
}

/**
 * The runs that are missing, if the machine disturbs none of them. More repetitions (`untilN`) depend on what is measured
 * in them, so no more of these are listed than are certain.
 */
export function missingRuns({ plan, kernels, order, untilN, runs, resumed, setAside }: Past): PlannedRun[] {
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
  goThrough(queue, { arms: plan.arms, kernels_n: kernels.length, runs, resumed, setAside }, (run) =>
    finished.push(run),
  );
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
