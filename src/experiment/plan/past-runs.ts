/**
 * What an experiment that was interrupted still lacks. The next run follows from the seed and from the runs so far
 * (run-queue.ts), so going through the kept runs in their order leads to where the experiment would be.
 */
import { usage } from '../../base/failure.js';
import type { ManifestFile, Resumed, RunFile } from '../../bundle/bundle-schema.js';
import { folderName } from '../../bundle/place-names.js';
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

interface Failed extends Pick<ManifestFile, 'resumed'>, Pick<Resumed, 'setAside'> {
  readonly arms: readonly ResolvedArm[];
  readonly kernels_n: number;
}

/** Whether the experiment went on without the arm of a run on its kernel, or without its kernel, before this interruption or an earlier one. */
export function failedBefore({ resumed, setAside, arms, kernels_n }: Failed): (run: PlannedRun) => boolean {
  if (!comparesSeveral(arms, kernels_n)) return () => false;
  const failed = [...resumed.flatMap((earlier) => earlier.setAside), ...setAside].filter(
    ({ status }) => status === 'failed',
  );
  const names = new Set(failed.map(({ run }) => run.replace(/^\d+-/, '')));
  const lost = new Set(
    failed.flatMap(({ run, placeLost }) => (placeLost === true ? [run.replace(/^[^@]*@/, '')] : [])),
  );
  return (run) => names.has(nameWithoutNumber(run, kernels_n)) || lost.has(folderName(run.kernel));
}

/**
 * Takes the kept runs from the queue, then takes up what failed, after all other runs: it may fail again. `remember`:
 * adds a run to the finished runs of its side.
 */
export function goThrough<Side extends QueuedSide>(
  queue: RunQueue<Side>,
  { runs, hasFailed }: { readonly runs: readonly FinishedRun[]; readonly hasFailed: (run: PlannedRun) => boolean },
  remember: (run: FinishedRun) => void,
): void {
  for (const run of runs) {
    if (queue.isPutOff(run.file)) queue.takeUp();
    let next = queue.next();
    while (next !== null && textOf(next) !== textOf(run.file) && hasFailed(next)) {
      queue.putOff(next);
      next = queue.next();
    }
    const { name, disturbances } = run.file;
    if (next === null || textOf(next) !== textOf(run.file))
      throw usage(
        `expected the run ${name} to be ${next === null ? 'absent' : textOf(next)} by the order of its experiment, and it is ${textOf(run.file)}: ` +
          'the bundle was changed, and cannot be resumed; run its experiment again with `pauselab replay`',
      );
    remember(run);
    if (disturbances.length > 0) queue.repeat(next);
  }
  queue.takeUp(hasFailed);
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
  readonly resumed: ManifestFile['resumed'];
  readonly setAside: Resumed['setAside'];
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
  const hasFailed = failedBefore({ resumed, setAside, arms: plan.arms, kernels_n: kernels.length });
  goThrough(queue, { runs, hasFailed }, (run) => finished.push(run));
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
