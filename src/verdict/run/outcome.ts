/**
 * What the undisturbed runs show of a series of an arm, beside the same series of both controls: *foreign*, the same
 * holder in another process, which shares everything with the victims but the address space, and *idle*, whose holder
 * does nothing.
 *
 *   stalls        in the run with the least of it, the victim was held up in stalls for a larger share of the window
 *                 than it was stalled at all in any run of a control. Held up: blocked in the kernel (state D), or
 *                 asleep on the allocator's mutex if that is at least likely (docs/attribution.md)
 *   like-foreign  in no run was it held up in a stall, in no run is the stalled share above that of every run of the
 *                 foreign control, and the JVM's log is whole and shows no run with long pauses whose share in pauses is
 *                 above that of every run of that control (finding.ts)
 *   unclear       anything between, with the reason; also if the experiment has no control (a user's program)
 *   no-data       nothing to compare, with the reason
 *
 * The unit is the run; samples inside a run are correlated. Only complete, undisturbed runs are evidence: the window of
 * a run that was cut short has another length, so its share means something else. Nothing is concluded from a holder
 * that made no call. Absence needs more than presence: the victim worked all the time, and every stall was seen. Runs
 * beside other programs may still show that there are stalls, and why: under-load.ts.
 */
import type { OpenReason, SeenPauses } from '../../facts/finding-facts.js';
import type { GivingJvm } from '../../facts/note-facts.js';
import type { ArmSummary, Outcome, SeriesRunFigures } from '../../bundle/bundle-schema.js';
import type { UnderLoad } from './under-load.js';

export type Series = ArmSummary['series'][number];

const reasons = {
  'no-run': 'no-data',
  'no-operation': 'no-data',
  'no-control-run': 'no-data',
  'no-control-series': 'no-data',
  'no-idle-run': 'no-data',
  'control-gave-nothing': 'unclear',
  uncontrolled: 'unclear',
  unseen: 'unclear',
  'holder-idle': 'unclear',
  'heap-kept': 'unclear',
  exhausted: 'unclear',
  'not-blocked': 'unclear',
  paused: 'unclear',
  'pauses-undecided': 'unclear',
  'pauses-unseen': 'unclear',
  'control-unseen': 'unclear',
  'control-stalls': 'unclear',
  'idle-unseen': 'unclear',
  'idle-stalls': 'unclear',
  'some-runs': 'unclear',
} as const satisfies Record<OpenReason, Outcome>;

export type Judged =
  | { readonly outcome: 'stalls' | 'like-foreign'; readonly reason: null; readonly underLoad?: never }
  /** From runs beside other programs, which show only that it stalls, and why. */
  | { readonly outcome: 'stalls'; readonly reason: null; readonly underLoad: UnderLoad }
  | { readonly outcome: 'unclear' | 'no-data'; readonly reason: OpenReason; readonly underLoad?: never };

/** The same series in both controls. */
export interface Controls {
  /** Undefined where the foreign control has no such series. */
  readonly foreign: Series | undefined;
  /** Undefined where the experiment has no idle control. */
  readonly idle?: Series | undefined;
}

/** A series of an arm, and its outcome. */
export interface Compared {
  readonly arm: ArmSummary;
  readonly series: Series;
  readonly controls: Controls;
  /** What gives memory back in the foreign control, if that is something else than in the arm, both JVMs. */
  readonly otherJvm: GivingJvm | null;
  readonly judged: Judged;
  /** Null unless that is the reason of `judged`. */
  readonly paused: SeenPauses | null;
}

/** `hasControls`: whether the experiment has a foreign control at all; with a user's program it has none. */
export function outcomeOf(series: Series, { foreign, idle }: Controls, hasControls = true): Judged {
  const runs = evidenceOf(series);
  if (runs.length === 0) return because(hasCompleteRun(series) ? 'no-operation' : 'no-run');
  if (!hasControls) return because('uncontrolled');
  if (foreign === undefined) return because('no-control-series');
  const controlRuns = evidenceOf(foreign);
  if (controlRuns.length === 0) return because('no-control-run');
  const idleRuns = idle === undefined ? null : evidenceOf(idle);
  if (idleRuns?.length === 0) return because('no-idle-run');
  // A control whose holder released nothing controls nothing.
  const foreignRuns = controlRuns.filter(({ holder_calls }) => holder_calls !== 0);
  if (foreignRuns.length === 0) return because('control-gave-nothing');
  // Something else than the holder held the victims up.
  if (runs.some(({ holder_calls }) => holder_calls === 0)) return because('holder-idle');

  const highestForeign = highestShare(foreignRuns);
  const heldUp = runs.filter((run) => run.blocked_count + run.mutex_count > 0 || heldUpShare(run) > 0);
  if (heldUp.length === 0) return withoutBlocked(runs, highestForeign);
  const least = Math.min(...runs.map(heldUpShare));
  if (least <= highestForeign) return because(heldUp.length < runs.length ? 'some-runs' : 'control-stalls');
  if (idleRuns !== null && least <= highestShare(idleRuns)) return because('idle-stalls');
  // Lost records may have been stalls.
  if (hasLost(foreignRuns)) return because('control-unseen');
  return idleRuns !== null && hasLost(idleRuns) ? because('idle-unseen') : { outcome: 'stalls', reason: null };
}

/**
 * A stall is blocked for most of it or on a mutex for most of it, never both; that two of them overlap is not possible
 * in one series.
 */
export function heldUpShare({ blocked_share, mutex_share }: SeriesRunFigures): number {
  return blocked_share + mutex_share;
}

/** Whole runs in which the victim worked, or could not because it was stalled. */
export function evidenceOf({ perRun }: Pick<Series, 'perRun'>): SeriesRunFigures[] {
  // A stall that lasts through the window leaves no operation, and in a bundle of an older version no stall either, but
  // its share.
  return perRun.filter(
    ({ status, n, count, stalled_share }) => status === 'complete' && (n > 0 || count > 0 || stalled_share > 0),
  );
}

/** In none of those runs was the victim stalled, for whatever reason. */
export function hasNoStall(series: Pick<Series, 'perRun'>): boolean {
  return evidenceOf(series).every(({ count, stalled_share }) => count === 0 && stalled_share === 0);
}

function hasCompleteRun({ perRun }: Pick<Series, 'perRun'>): boolean {
  return perRun.some(({ status }) => status === 'complete');
}

export function controlsOf({ foreign, idle }: Controls): readonly Series[] {
  return [foreign, idle].filter((one) => one !== undefined);
}

function highestShare(runs: readonly SeriesRunFigures[]): number {
  return Math.max(...runs.map(({ stalled_share }) => stalled_share));
}

function hasLost(runs: readonly SeriesRunFigures[]): boolean {
  return runs.some(({ lost_records }) => lost_records > 0);
}

function withoutBlocked(runs: readonly SeriesRunFigures[], highestForeign: number): Judged {
  if (runs.some(({ unseen_count, lost_records }) => unseen_count > 0 || lost_records > 0)) return because('unseen');
  if (runs.some(({ exhausted }) => exhausted > 0)) return because('exhausted');
  // A single run with more is enough: the others do not make it like the control.
  if (highestShare(runs) > highestForeign) return because('not-blocked');
  return { outcome: 'like-foreign', reason: null };
}

function because(reason: keyof typeof reasons): Judged {
  return { outcome: reasons[reason], reason };
}
