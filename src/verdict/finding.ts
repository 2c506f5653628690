/**
 * What the runs say, arm by arm and series by series, in words drawn from the data.
 *
 * An arm is compared with the *foreign* control: the same holder, region, nice and CPU in another process, which shares
 * everything with the victims but the address space. What the arm has beyond it is the lock's doing. The unit is the
 * run; samples inside one are correlated.
 *
 *   stalls        every run has a stall with the victim blocked in the kernel (state D), and the run with the smallest
 *                 stalled share is above the foreign control's largest
 *   like-foreign  no run has a stall in state D, and the stalled shares do not lie above the foreign control's in all runs
 *   unclear       anything between: some runs, or stalls in another state
 *   no-data       no unspoiled run of the arm or of the foreign control
 */
import { formatDuration, formatShare } from '../base/units.js';
import type { ArmSummary, Finding, Outcome, SummaryFile } from '../bundle/schema.js';

export interface JudgeInput {
  readonly arms: readonly ArmSummary[];
  readonly kernel: string;
  readonly status: SummaryFile['status'];
  readonly degraded: readonly string[];
}

export type Judgement = Pick<SummaryFile, 'verdict' | 'findings' | 'notes'>;

type Series = ArmSummary['series'][number];

export function judge({ arms, kernel, status, degraded }: JudgeInput): Judgement {
  const foreign = arms.find(({ control }) => control === 'foreign');
  const real = arms.filter(({ control }) => control === null);
  const findings = real.flatMap((arm) => arm.series.map((series) => findingOf(arm, series, foreign)));
  return { verdict: verdictOf(real, findings, foreign, kernel, status), findings, notes: notesOf(arms, real, foreign, degraded) };
}

function findingOf(arm: ArmSummary, series: Series, foreign: ArmSummary | undefined): Finding {
  const control = foreign?.series.find(({ name }) => name === series.name);
  const outcome = outcomeOf(series, control);
  return { arm: arm.name, series: series.name, outcome, sentence: `${arm.name}, ${series.name}: ${describe(outcome, arm, series, control)}.` };
}

export function outcomeOf(series: Series, control: Series | undefined): Outcome {
  const runs = series.perRun;
  const controlRuns = control?.perRun ?? [];
  if (runs.length === 0 || controlRuns.length === 0) return 'no-data';
  const lowest = Math.min(...runs.map(({ stalled_share }) => stalled_share));
  const highestControl = Math.max(...controlRuns.map(({ stalled_share }) => stalled_share));
  const isAbove = lowest > highestControl;
  if (isAbove && runs.every(({ blocked_count }) => blocked_count > 0)) return 'stalls';
  return !isAbove && runs.every(({ blocked_count }) => blocked_count === 0) ? 'like-foreign' : 'unclear';
}

function describe(outcome: Outcome, { runs }: ArmSummary, { stalls, perRun }: Series, control: Series | undefined): string {
  const total = `${stalls.count} stall${stalls.count === 1 ? '' : 's'} of ${formatDuration(stalls.threshold_ns)} or more`;
  const foreign = control === undefined ? '' : `the foreign control had ${control.stalls.count}`;
  switch (outcome) {
    case 'stalls':
      return `${total} in ${runs} of ${runs} runs, the longest ${formatDuration(stalls.longest_ns)}, ${formatShare(stalls.stalled_share)} of the time stalled, the victim blocked in the kernel in ${stalls.blocked_count} of them; ${foreign}`;
    case 'like-foreign':
      return `${stalls.count === 0 ? 'no stall' : `${total}, none with the victim blocked in the kernel`}; it cannot be told from the foreign control, which had ${String(control?.stalls.count ?? 0)}`;
    case 'unclear':
      return `${total} in ${perRun.filter(({ count }) => count > 0).length} of ${runs} runs, ${stalls.blocked_count} of them with the victim blocked in the kernel; ${foreign}: too mixed to say, use more runs (--runs)`;
    case 'no-data':
      return 'no unspoiled run of it or of the foreign control, so nothing can be said';
  }
}

function verdictOf(real: readonly ArmSummary[], findings: readonly Finding[], foreign: ArmSummary | undefined, kernel: string, status: SummaryFile['status']): string {
  const armsWith = (outcome: Outcome): string[] => real.filter(({ name }) => findings.some((finding) => finding.arm === name && finding.outcome === outcome)).map(({ name }) => name);
  const stalling = armsWith('stalls');
  const unclear = armsWith('unclear').filter((name) => !stalling.includes(name));
  const withoutData = armsWith('no-data');
  const quiet = real.map(({ name }) => name).filter((name) => ![...stalling, ...unclear, ...withoutData].includes(name));

  const parts: string[] = [];
  if (stalling.length > 0) {
    const longest_ns = Math.max(...real.filter(({ name }) => stalling.includes(name)).flatMap(({ series }) => series.map(({ stalls }) => stalls.longest_ns)));
    const control = foreign?.series.reduce((sum, { stalls }) => sum + stalls.count, 0) ?? 0;
    parts.push(
      `in ${list(stalling)} victims were stalled for up to ${formatDuration(longest_ns)}, while the same holder in another process ${control === 0 ? 'stalled nobody' : `came with ${control} stalls`}: they waited for a lock of their own address space`,
    );
  }
  if (quiet.length > 0) parts.push(`${list(quiet)} cannot be told from the foreign control: there the release stalled nobody`);
  if (unclear.length > 0) parts.push(`${list(unclear)}: too mixed to say with these runs`);
  if (withoutData.length > 0) parts.push(`of ${list(withoutData)} nothing can be said, for lack of unspoiled runs`);
  const unfinished = status === 'complete' ? '' : status === 'failed' ? ' A run failed, so this is not the whole experiment.' : ' The experiment is not complete.';
  return `On Linux ${kernel}: ${parts.join('; ')}.${unfinished}`;
}

function notesOf(arms: readonly ArmSummary[], real: readonly ArmSummary[], foreign: ArmSummary | undefined, degraded: readonly string[]): string[] {
  const notes: string[] = degraded.map((text) => `Degraded: ${text}.`);
  const fewest = Math.min(...real.map(({ runs }) => runs), foreign?.runs ?? 0);
  if (fewest > 0 && fewest < 4) {
    notes.push(`${fewest} run${fewest === 1 ? '' : 's'} an arm show existence and direction; chance alone would put all of an arm's runs above the control's in 1 of ${orderings(fewest)} cases (--runs 5: 1 of ${orderings(5)}).`);
  }
  const spoiled = arms.reduce((sum, arm) => sum + arm.spoiledRuns, 0);
  if (spoiled > 0) notes.push(`${spoiled} run${spoiled === 1 ? ' was' : 's were'} spoiled by what the machine did, kept in the bundle and left out of these figures.`);
  const noisy = arms.filter(({ control, series }) => control !== null && series.some(({ stalls }) => stalls.count > 0));
  if (noisy.length > 0) notes.push(`The ${list(noisy.map(({ name }) => name))} had stalls too: this machine is noisy, and only what lies beyond them counts.`);
  for (const arm of arms) {
    for (const series of arm.series) {
      const refusals = Object.entries(series.refused);
      if (refusals.length > 0) notes.push(`${arm.name}, ${series.name}: the kernel refused ${refusals.map(([name, count]) => `${count} operations with ${name}`).join(', ')}; they are in no figure.`);
      if (series.exhausted > 0) notes.push(`${arm.name}, ${series.name}: ${series.exhausted} operations were not made because their fresh pages were used up; lower its rate.`);
      if (series.lost_records > 0) notes.push(`${arm.name}, ${series.name}: ${series.lost_records} records of slow operations were overwritten before they were read; counts and figures are exact, the list of stalls is not whole.`);
    }
  }
  return notes;
}

/** Ways to divide 2n runs into two groups of n: one of them puts all of one group above the other. */
function orderings(n: number): number {
  let ways = 1;
  for (let i = 1; i <= n; i += 1) ways = (ways * (n + i)) / i;
  return Math.round(ways);
}

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}
