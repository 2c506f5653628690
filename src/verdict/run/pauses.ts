/**
 * Pauses of the JVM with the victims. A stall is a long operation, so a pause between two operations is none: it makes
 * the next operation late, which only response times show. An arm without a stall may stand still for most of the time.
 */
import { grouped } from '../../base/group.js';
import type { ArmSummary, LogSeries } from '../../bundle/bundle-schema.js';
import type { SeenPauses } from '../../facts/finding-facts.js';
import type { NoteFact } from '../../facts/note-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { ShownPauses } from '../../facts/verdict-facts.js';
import { concernsEvents } from '../../record/jvm-log.js';
import { usualMargin } from '../evidence/metrics/metric.js';

const shareMargin = usualMargin('share')(0);

/** Of arms whose pauses reach the length of a stall and take more of the time than stalls do. */
export function pausesBesideStalls(arms: readonly ArmSummary[]): NoteFact[] {
  const paused = arms.flatMap((arm) => {
    const { name, jvm, series, window_ns } = arm;
    const longest_ns = longestPause_ns(arm);
    const paused_share = jvm === null ? null : shareOf(safepointsIn(jvm.log), window_ns);
    if (longest_ns === null || paused_share === null) return [];
    return series.every(({ stalls }) => stalls.stalled_share < paused_share)
      ? [{ arm: name, longest_ns, paused_share }]
      : [];
  });
  return paused.length === 0 ? [] : [{ code: 'pauses-beside-stalls', arms: paused }];
}

/** Null if no pause of an arm is as long as a stall. */
export function longestPause_ns({ jvm, series }: ArmSummary): number | null {
  const longest_ns = safepointsIn(jvm?.log ?? [])?.durations.max_ns ?? 0;
  return longest_ns >= (series[0]?.stalls.threshold_ns ?? Infinity) ? longest_ns : null;
}

/** Of arms, controls too, whose logs may lack pauses: why. */
export function pausesUnseen(arms: readonly ArmSummary[]): NoteFact[] {
  const problems = arms.flatMap(({ name, jvm }) =>
    (jvm?.logProblems ?? []).filter(hidesPauses).map(({ code, sentence }) => ({ arm: name, code, sentence })),
  );
  return [...grouped(problems, ({ sentence }) => sentence).values()].flatMap((alike) =>
    alike.slice(0, 1).map(({ code, sentence }): NoteFact => ({
      code: 'pauses-unseen',
      arms: alike.map(({ arm }) => arm),
      problem: code,
      why: sentence,
    })),
  );
}

/**
 * Pauses as long as a stall, in a run that is paused for a larger share of its window than the log shows of the foreign
 * control, by more than chance easily makes; null if no run is. The log measures pauses, so one run is enough to say
 * that there were some.
 *
 * The share of such a run lies above that of the control's highest run by more than the margin of shares (10 % of it,
 * at least 0.1 % of the window), and by more than the control's runs differ among themselves. Simulated, 3 runs against
 * 3, paused for 5 or 30 % of the time, and runs that vary by 2, 5, 10 and 20 % (standard deviation, lognormal):
 *
 *   arms that are alike are called paused          in  0,  3, 13 and 18 % of cases
 *     (without both conditions in 50 %; with the margin alone in 0, 3, 18 and 33 %)
 *   an arm with 1 point more is not called paused  in  0, 10, 41 and 61 % of cases at 5 %
 *                                                  in 99.9, 89, 81 and 79 % at 30 %, where 1 point is inside the margin
 *   an arm with twice as much is not called paused in  0,  0,  0 and  4 %
 *
 * Where runs have few pauses, each long, chance does more: with 0.2 pauses a run (Poisson), alike arms are called
 * paused in 25 % of cases, with 5 pauses a run in 16 %.
 */
export function pausedBeyond(arm: ArmSummary, foreign: ArmSummary): SeenPauses | null {
  const runs = pausesOf(arm);
  const longRuns = runs.filter(({ isLong }) => isLong);
  const most_share = highestShare(longRuns);
  const foreignRuns = pausesOf(foreign);
  const shownOfForeign_share = highestShare(foreignRuns);
  if (most_share - shownOfForeign_share <= leastExcess(foreignRuns)) return null;
  const isForeignUnknown = mayLackPauses(foreign);
  return {
    runs_n: runs.length,
    pausedRuns_n: longRuns.length,
    longest_ns: Math.max(...runs.map(({ longest_ns }) => longest_ns)),
    most_share,
    foreign_share: foreign.jvm === null || isForeignUnknown ? null : shownOfForeign_share,
    isForeignUnknown,
  };
}

/** Beyond the run of the control that was paused most. */
function leastExcess(control: readonly PausesOfRun[]): number {
  const [least, most] = [Math.min(...control.map(({ share }) => share)), highestShare(control)];
  return Math.max(most * shareMargin.relative, shareMargin.absolute, control.length === 0 ? 0 : most - least);
}

/** By its log, of an arm that is compared with nothing; null: no run of a JVM is evidence. */
export function seenPauses(arm: ArmSummary): ShownPauses | null {
  const runs = pausesOf(arm);
  if (runs.length === 0) return null;
  const longRuns = runs.filter(({ isLong }) => isLong);
  return {
    longest_ns: longRuns.length === 0 ? null : Math.max(...longRuns.map(({ longest_ns }) => longest_ns)),
    most_share: highestShare(longRuns),
    isWhole: !mayLackPauses(arm),
  };
}

/** Whether the log of a run that is evidence may lack pauses: what it shows is then the least that there was. */
export function mayLackPauses(arm: ArmSummary): boolean {
  return pausesOf(arm).some(({ isWhole }) => !isWhole);
}

interface PausesOfRun {
  readonly longest_ns: number;
  /** A pause is as long as a stall. */
  readonly isLong: boolean;
  /** At least. */
  readonly share: number;
  /** The share has all pauses. */
  readonly isWhole: boolean;
}

/** Of the runs that are evidence. */
function pausesOf({ jvm }: ArmSummary): PausesOfRun[] {
  return (jvm?.perRun ?? [])
    .filter(({ status }) => status === 'complete')
    .map(({ window_ns, log, logProblems }) => {
      const pauses = safepointsIn(log);
      const share = pauses === undefined ? 0 : shareOf(pauses, window_ns);
      // A bundle of an older version has the problems of all runs together.
      const problems = logProblems ?? jvm?.logProblems ?? [];
      return {
        longest_ns: pauses?.durations.max_ns ?? 0,
        isLong: (pauses?.long_count ?? 0) > 0,
        share: share ?? 0,
        isWhole: share !== null && !problems.some(hidesPauses),
      };
    });
}

function hidesPauses(problem: Stated): boolean {
  return concernsEvents(problem, 'safepoint.total');
}

function highestShare(runs: readonly PausesOfRun[]): number {
  return Math.max(0, ...runs.map(({ share }) => share));
}

function safepointsIn(log: readonly LogSeries[]): LogSeries | undefined {
  return log.find(({ name }) => name === 'safepoint.total');
}

/**
 * Null without a window. A run of an older version has only the length of the pauses that began in the window, the last
 * of which may end in the drain.
 */
function shareOf(pauses: LogSeries | undefined, window_ns: number | null): number | null {
  if (pauses === undefined || window_ns === null || window_ns === 0) return null;
  return Math.min(1, (pauses.inWindow_ns ?? pauses.total_ns) / window_ns);
}
