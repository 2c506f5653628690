/**
 * The next run of an experiment: the seeded order comes first, then retries of disturbed runs, then more repetitions. An
 * arm that failed on a kernel waits there, so that it does not end the runs of all others.
 */
import type { RunFile } from '../bundle/bundle-schema.js';
import type { ResolvedArm, ResolvedProfile } from '../profile/resolved/resolved.js';
import { rounds, type PlannedRun } from './plan/order.js';
import { dependantsIn, nextRetry } from './plan/retries.js';
import { mostRepetitions, needsMore, type UntilN } from './plan/until-n.js';
import type { FinishedRun } from './summarise.js';

/** What decides the next run. */
export interface QueuedSide {
  readonly plan: {
    readonly profile: Pick<ResolvedProfile, 'runs' | 'seed'>;
    readonly arms: readonly ResolvedArm[];
  };
  /** Runs of the side in each round. */
  readonly ofRound: readonly Omit<PlannedRun, 'repetition'>[];
  readonly finished: readonly FinishedRun[];
  /** Takes a retry; false if none is left. */
  takeRetry(): boolean;
}

export type SideRun<Side extends QueuedSide> = PlannedRun & { readonly side: Side };

export interface RunQueue<Side extends QueuedSide> {
  /** The order at the start, as the manifest stores it. */
  readonly planned: readonly SideRun<Side>[];
  /** Takes the next run; null: the experiment is complete. */
  next(): SideRun<Side> | null;
  /** Planned runs that were not taken. */
  ahead(): readonly SideRun<Side>[];
  /** The machine disturbed the run: it is repeated if a retry is left. */
  repeat(run: SideRun<Side>): void;
  /** The run failed: it and all further runs of its arm on its kernel, or of its kernel, wait until `takeUp`. */
  putOff(run: SideRun<Side>, all?: 'of its arm' | 'of its kernel'): void;
  /** Runs that wait, but for those that failed. */
  leftOut(): readonly SideRun<Side>[];
  /** What waits comes after the runs that are planned by now, and so does `isLast`, round after round. */
  takeUp(isLast: (run: PlannedRun) => boolean): void;
}

/** `untilN`: repetitions beyond the profile's, until a series has enough samples; null: none. */
export function runQueue<Side extends QueuedSide>(sides: readonly Side[], untilN: UntilN | null): RunQueue<Side> {
  const [first] = sides;
  if (first === undefined) throw new Error('an experiment without a side');
  const ofRound = sides.flatMap((side) => side.ofRound.map((run) => ({ ...run, side })));
  const { runs, seed } = first.plan.profile;
  const planned = rounds(ofRound, runs, seed);
  const queue: SideRun<Side>[] = [...planned];
  const disturbed: SideRun<Side>[] = [];
  /** Runs that failed. Their arms on their kernels wait, or all of a kernel. */
  const waitingArms: SideRun<Side>[] = [];
  const waitingKernels: SideRun<Side>[] = [];
  const waiting: SideRun<Side>[] = [];
  const waits = (run: SideOf<Side>): boolean =>
    waitingArms.some((one) => one.side === run.side && one.arm === run.arm && one.kernel === run.kernel) ||
    waitingKernels.some((one) => one.side === run.side && one.kernel === run.kernel);
  const add = (more: readonly SideRun<Side>[]): void => {
    for (const run of more) (waits(run) ? waiting : queue).push(run);
  };
  let repetitions = runs;
  const needsRound = (): boolean =>
    untilN !== null &&
    repetitions < mostRepetitions &&
    sides.some((side) =>
      needsMore(
        untilN,
        side.finished.filter(({ file: { arm, kernel } }) => !waits({ side, arm, kernel })),
      ),
    );
  return {
    planned,
    next() {
      if (queue.length === 0) {
        const retry = takeRetry(sides, disturbed, waits);
        if (retry !== null) add([retry]);
        else if (needsRound()) {
          repetitions += 1;
          add(rounds(ofRound, 1, seed + repetitions).map((run) => ({ ...run, repetition: repetitions })));
        }
      }
      return queue.shift() ?? null;
    },
    ahead: () => [...queue],
    repeat(run) {
      disturbed.push(run);
    },
    putOff(run, all = 'of its arm') {
      (all === 'of its kernel' ? waitingKernels : waitingArms).push(run);
      waiting.push(run);
      add(queue.splice(0));
    },
    leftOut: () => waiting.filter((run) => !waitingArms.includes(run) && !waitingKernels.includes(run)),
    takeUp(isLast) {
      waitingArms.length = 0;
      waitingKernels.length = 0;
      const all = [...queue.splice(0), ...waiting.splice(0)];
      // Arms that waited since different runs take turns again.
      const last = all.filter(isLast).toSorted((a, b) => a.repetition - b.repetition);
      queue.push(...all.filter((run) => !isLast(run)), ...last);
    },
  };
}

type SideOf<Side> = Pick<RunFile, 'arm' | 'kernel'> & { readonly side: Side };

/**
 * Takes a disturbed run from the list, from the side with fewer runs first. Null: there is no disturbed run, or no
 * retry is left.
 */
function takeRetry<Side extends QueuedSide>(
  sides: readonly Side[],
  disturbed: SideRun<Side>[],
  waits: (run: SideRun<Side>) => boolean,
): SideRun<Side> | null {
  for (const side of sides.toSorted((a, b) => a.finished.length - b.finished.length)) {
    const retry = nextRetry(
      disturbed.filter((run) => run.side === side && !waits(run)),
      side.finished.map(({ file }) => file),
      dependantsIn(side.plan.arms),
    );
    if (retry === null || !side.takeRetry()) continue;
    disturbed.splice(disturbed.indexOf(retry), 1);
    return retry;
  }
  return null;
}
