/**
 * Pauses of the JVM with the victims. A stall is a long operation, so a pause between two operations is none: it makes
 * the next operation late, which only response times show. An arm without a stall may stand still for most of the time.
 */
import { grouped } from '../../base/group.js';
import type { ArmSummary, LogSeries } from '../../bundle/bundle-schema.js';
import type { PauseReason, SeenPauses } from '../../facts/finding-facts.js';
import type { NoteFact } from '../../facts/note-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { ShownPauses } from '../../facts/verdict-facts.js';
import { concernsEvents } from '../../record/jvm-log.js';
import { usualMargin } from '../evidence/metrics/metric.js';

const shareMargin = usualMargin('share')(0);
/** Fewer runs of a side show too little of how much its runs differ. */
const enoughRuns = 3;

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

/** What the log shows of an arm beside its foreign control. */
export interface PausesBeside {
  readonly reason: PauseReason;
  readonly seen: SeenPauses;
}

/**
 * Null if no run with pauses as long as a stall is paused for a larger share of its window than the log shows of each run
 * of the foreign control. Else the arm is `paused` if its highest run lies above the control's highest by more than
 *
 *   - the margin of shares: 10 % of it, at least 0.1 % of the window;
 *   - the difference between the runs of the control;
 *   - the difference between the runs of the arm, so that each of them lies above each run of the control;
 *   - the control's highest run itself, so that it is twice as much, if a side has fewer than 3 runs.
 *
 * If not, it stays open: `pauses-undecided`. Simulated, paused for 5 % of the time (30 % makes no difference for arms that
 * are alike), runs that vary by 5, 10 and 20 % (standard deviation, lognormal), and runs with 1 or 5 long pauses
 * (Poisson). Arms that are alike are called paused in so many per cent of cases:
 *
 *   runs of arm, control   5, 10, 20 %     Poisson 1, 5   without the last two conditions
 *   1, 1                   0,   0,   0.7   27, 13          9, 25, 37   35, 44
 *   2, 2                   0,   0,   0.1    7,  4          5, 18, 26   23, 26
 *   3, 1                   0,   0,   1.6   10, 14         20, 46, 62   61, 69
 *   3, 3                   1.3, 3.3, 3.8    2,  3          4, 13, 18   16, 16
 *   5, 5                   0.1, 0.3, 0.3    0,  0          2,  7,  9   10,  8
 *
 * The price: at 20 % an arm with twice as much stays open in 8 % of cases with 3 runs, in 50 % with 1 or 2; with three
 * times as much in 0, 8 (1 run) and 4 % (2 runs). Of a single run the verdict says that it is no finding yet.
 */
export function pausesBeside(arm: ArmSummary, foreign: ArmSummary): PausesBeside | null {
  const runs = pausesOf(arm);
  const longRuns = runs.filter(({ isLong }) => isLong);
  const most_share = highestShare(longRuns);
  const foreignRuns = pausesOf(foreign);
  const shownOfForeign_share = highestShare(foreignRuns);
  if (most_share <= shownOfForeign_share) return null;
  const isForeignUnknown = mayLackPauses(foreign);
  return {
    reason: most_share - shownOfForeign_share > leastExcess(runs, foreignRuns) ? 'paused' : 'pauses-undecided',
    seen: {
      runs_n: runs.length,
      pausedRuns_n: longRuns.length,
      longest_ns: Math.max(...runs.map(({ longest_ns }) => longest_ns)),
      most_share,
      isWhole: !mayLackPauses(arm),
      foreignRuns_n: foreign.jvm === null ? null : foreignRuns.length,
      foreign_share: foreign.jvm === null || isForeignUnknown ? null : shownOfForeign_share,
      isForeignUnknown,
    },
  };
}

/** Beyond the run of the control that was paused most. */
function leastExcess(arm: readonly PausesOfRun[], control: readonly PausesOfRun[]): number {
  const most = highestShare(control);
  const margin = Math.max(most * shareMargin.relative, shareMargin.absolute);
  // A control that is no JVM is never paused, by chance or otherwise.
  if (control.length === 0) return margin;
  const few = Math.min(arm.length, control.length) < enoughRuns ? most : 0;
  return Math.max(margin, spread(control), spread(arm), few);
}

function spread(runs: readonly PausesOfRun[]): number {
  return highestShare(runs) - Math.min(...runs.map(({ share }) => share));
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
