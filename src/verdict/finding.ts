/** What was found, arm by arm and series by series, in words that claim no more than outcome.ts does. */
import { formatDuration, formatShare } from '../base/units.js';
import type { ArmSummary, Finding } from '../bundle/schema.js';
import { evidenceOf, outcomeOf, type Compared, type Series } from './outcome.js';
import { underLoad, type UnderLoad } from './under-load.js';
import { counted, holderText } from './words.js';

/** Every series of the arms of one kernel beside that kernel's own controls. */
export function compareArms(arms: readonly ArmSummary[]): Compared[] {
  const foreign = arms.find(({ control }) => control === 'foreign');
  const idle = arms.find(({ control }) => control === 'idle');
  return arms
    .filter(({ control }) => control === null)
    .flatMap((arm) => {
      // Undisturbed runs alone have their own rule.
      const found = arm.underLoad === null ? null : underLoad(arm, foreign, idle);
      return arm.series.map((series): Compared => {
        const same = (control: ArmSummary | undefined): Series | undefined =>
          control?.series.find(({ name }) => name === series.name);
        const controls = { foreign: same(foreign), idle: same(idle) };
        const judged = outcomeOf(series, controls, foreign !== undefined || arm.jvm === null);
        const isNew = found !== null && found.series.includes(series.name) && judged.outcome !== 'stalls';
        return {
          arm,
          series,
          controls,
          judged: isNew ? { outcome: 'stalls', reason: null, underLoad: found } : judged,
        };
      });
    });
}

/** `name`: of the arm as a sentence has it. */
export function findingOf(one: Compared, name = one.arm.name): Finding {
  const { arm, series, judged } = one;
  const level = judged.reason !== null ? null : judged.underLoad === undefined ? 'undisturbed' : 'under-load';
  return {
    arm: arm.name,
    kernel: arm.kernel,
    series: series.name,
    outcome: judged.outcome,
    level,
    sentence: `${name}, ${series.name}: ${describe(one)}.`,
  };
}

function describe({ series, controls: { foreign, idle }, judged }: Compared): string {
  if (judged.underLoad !== undefined) return describeUnderLoad(judged.underLoad);
  const seen = stallsIn(series);
  const had = `had ${countIn(foreign)}`;
  const inControl = `the foreign control ${had}`;
  const inBoth = idle === undefined ? inControl : `${inControl}, and the idle control ${countIn(idle)}`;
  switch (judged.reason) {
    case null:
      return judged.outcome === 'stalls'
        ? `${seen}; ${inBoth}`
        : `${seen}; it cannot be told from the foreign control, which ${had}`;
    case 'no-run':
      return 'no whole, unspoiled run, so nothing can be said';
    case 'no-control-run':
      return `${seen}; there is no whole, unspoiled run of the foreign control to compare it with, so nothing can be said`;
    case 'no-control-series':
      return `${seen}; the foreign control has no such series to compare it with (controls.of in the profile names the arm that it copies)`;
    case 'no-idle-run':
      return `${seen}; there is no whole, unspoiled run of the idle control to compare it with, so nothing can be said`;
    case 'uncontrolled':
      return `${seen}; without a control`;
    case 'unseen':
      return `${seen}; but not all of it was seen, so the victim may have been blocked in the kernel; use more runs (--runs) on a less busy machine`;
    case 'holder-idle':
      return `${seen}; but there was a run in which the holder made no call, and so nothing to wait for; use a longer window (--duration)`;
    case 'exhausted':
      return `${seen}; but the victim used up its fresh pages before the end of the window and stopped; lower its rate`;
    case 'not-blocked':
      return `${seen}; ${inControl}; it waited for a CPU or for another thread, which is no sign of mmap_lock`;
    case 'control-unseen':
      return `${seen}; but records of the foreign control were lost, so it may have been stalled as much; use more runs (--runs)`;
    case 'control-stalls':
      return `${seen}; ${inControl}, in some run for as large a share of the time, so the machine may have done it; use more runs (--runs)`;
    case 'idle-unseen':
      return `${seen}; but records of the idle control were lost, so it may have been stalled as much; use more runs (--runs)`;
    case 'idle-stalls':
      return `${seen}; the idle control, in which nothing is given back, had ${countIn(idle)}, in some run for as large a share of the time, so something else on this machine stalls victims; \`pauselab explain\` shows what`;
    case 'some-runs':
      return `${seen}; ${inControl}; not every run shows it, so chance may have done it; use more runs (--runs)`;
  }
}

/**
 * `6 stalls of 100 ms or more in both runs, up to 663 ms long, 48.0 % of the time; the victim was blocked in the kernel
 * in all of them`.
 */
function stallsIn(series: Series): string {
  const runs = evidenceOf(series);
  const count = stallsOf(series);
  const threshold = formatDuration(series.stalls.threshold_ns);
  const share = runs.reduce((sum, { stalled_share }) => sum + stalled_share, 0) / runs.length;
  if (count === 0) {
    const earlier =
      share > 0 ? `, but for one that began in the warm-up and took ${formatShare(share)} of the time` : '';
    return `no stall of ${threshold} or more in ${runs.length === 1 ? 'its only run' : runs.length === 2 ? 'either run' : `any of ${runs.length} runs`}${earlier}`;
  }
  const longest = formatDuration(Math.max(...runs.map(({ longest_ns }) => longest_ns)));
  const affected = runs.filter((run) => run.count > 0).length;
  const blocked = runs.reduce((sum, { blocked_count }) => sum + blocked_count, 0);
  const onMutex = runs.reduce((sum, { mutex_count }) => sum + mutex_count, 0);
  return (
    `${counted(count, 'stall')} of ${threshold} or more in ${inRuns(affected, runs.length)}, ${count === 1 ? '' : 'up to '}${longest} long, ${formatShare(share)} of the time; ` +
    (onMutex > 0 && blocked === 0
      ? onMutexIn(onMutex, count)
      : blockedIn(blocked, count) + (onMutex > 0 ? `, and in ${onMutex} it slept on the allocator’s mutex` : ''))
  );
}

function inRuns(affected: number, runs: number): string {
  if (affected < runs) return `${affected} of ${runs} runs`;
  return runs === 1 ? 'its only run' : runs === 2 ? 'both runs' : `all ${runs} runs`;
}

function blockedIn(some: number, all: number): string {
  if (some === 0)
    return all === 1
      ? 'the victim was not blocked in the kernel'
      : 'in none of them was the victim blocked in the kernel';
  if (all === 1) return 'the victim was blocked in the kernel';
  return `the victim was blocked in the kernel in ${some < all ? `${some} of them` : all === 2 ? 'both' : 'all of them'}`;
}

function onMutexIn(some: number, all: number): string {
  return all === 1
    ? 'the victim slept on the allocator’s mutex'
    : `the victim slept on the allocator’s mutex in ${some < all ? `${some} of them` : all === 2 ? 'both' : 'all of them'}`;
}

function countIn(control: Series | undefined): string {
  const count = control === undefined ? 0 : stallsOf(control);
  return count === 0 ? 'none' : String(count);
}

function describeUnderLoad({
  blamed,
  runs,
  stalls_n,
  endedWithHold_n,
  chance,
  longest_ns,
  load_share,
  controlLoad_share,
}: UnderLoad): string {
  return (
    `in ${counted(runs, 'run')} under load (others took ${formatShare(load_share)} of the CPU time that was left), ${endedWithHold_n} of ${counted(stalls_n, 'wait')} in the kernel (state D) of this arm's victims, up to ${formatDuration(longest_ns)} long, ` +
    `ended within 10 ms of the end of a hold of ${holderText(blamed)}, which chance would do in ${chance < 0.0001 ? 'less than 0.01 %' : formatShare(chance)} of cases; both controls ran as long beside ${formatShare(controlLoad_share)} or more, and no victim of theirs was blocked in the kernel`
  );
}

function stallsOf(series: Series): number {
  return evidenceOf(series).reduce((sum, { count }) => sum + count, 0);
}
