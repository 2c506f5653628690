/**
 * What may be concluded from runs beside other programs: that an arm stalls, and why. Not how often or how long, and no
 * comparison: those depend on what the other programs did. All of this has to hold, for an arm and a thread that is
 * blamed:
 *
 *   - At least 3 stalls in at least 2 runs, in which the victim waited in state D and its wait ended within 10 ms of
 *     the end of a hold of that thread. An overlap proves nothing, because a thread that is in a call nearly all the
 *     time overlaps every wait.
 *   - More waits ended this way than chance explains: a share `p` of all instants is near the end of a hold, and the
 *     probability that as many of the instants at which waits ended, or more, are near an end is at most 1 % (binomial;
 *     the mean of a `p` that differs by run bounds it, Hoeffding 1956). Victims that continue together count once.
 *   - Both controls ran as long and under as much load, and no victim of theirs was blocked in the kernel in a stall,
 *     from any cause: the foreign control has no holder in its address space, so the lack of stalls from this cause
 *     would prove nothing.
 *
 * Load is the CPU time that others took of what the workload left. Of the arm's runs those with the least load are
 * used, as many as the controls match: that choice does not look at stalls.
 */
import type { SeenUnderLoad } from '../../facts/finding-facts.js';
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import { incompleteBeta } from '../../stats/beta.js';

type BlockedRun = ArmSummary['blockedRuns'][number];
type Blamed = BlockedRun['blamed'][number];

export interface UnderLoad extends SeenUnderLoad {
  readonly blamed: Pick<Blamed, 'thread' | 'call' | 'cause'>;
  /** Series in which it was seen. */
  readonly series: readonly string[];
}

const leastStalls = 3;
const leastRuns = 2;
const mostChance = 0.01;
/** CPU time is read in ticks of 10 ms, so that shares of a short window differ by as much. */
const sameLoad = { relative: 0.1, absolute: 0.02 };
/** Windows of the same length differ by microseconds. */
const sameLength = 0.99;

/** Null: no conclusion. */
export function underLoad(
  arm: ArmSummary,
  foreign: ArmSummary | undefined,
  idle: ArmSummary | undefined,
): UnderLoad | null {
  if (foreign === undefined || idle === undefined) return null;
  // A control whose holder gave nothing back controls nothing, and without a call no hold has ended.
  const working = ({ blockedRuns }: ArmSummary): BlockedRun[] =>
    blockedRuns.filter(({ holder_calls }) => holder_calls !== 0);
  const controls = [working(foreign), idle.blockedRuns];
  if (controls.some((runs) => runs.length === 0 || !runs.every(isStill))) return null;
  const exposure = { window_ns: Math.min(...controls.map(total)), load_share: Math.min(...controls.map(meanLoad)) };
  const runs = matchedRuns(working(arm), exposure);
  const stalls_n = runs.reduce((sum, run) => sum + run.stalls_n, 0);
  const ends_n = runs.reduce((sum, run) => sum + run.ends_n, 0);
  const keys = [...new Set(runs.flatMap(({ blamed }) => blamed.map(keyOf)))];
  return (
    keys
      .flatMap((key): UnderLoad[] => {
        const own = runs.flatMap((run) =>
          run.blamed.filter((one) => keyOf(one) === key).map((one) => ({ ...one, ends_n: run.ends_n })),
        );
        const ended = own.filter(({ endedWithHold_n }) => endedWithHold_n > 0);
        const [first] = ended;
        const sum = (of: (one: (typeof own)[number]) => number): number => own.reduce((all, one) => all + of(one), 0);
        const endedWithHold_n = sum((one) => one.endedWithHold_n);
        const chance = atLeastByChance(
          sum(({ endsWithHold_n }) => endsWithHold_n),
          ends_n,
          sum((one) => one.ends_n * one.nearEnds_share) /
            Math.max(
              1,
              sum((one) => one.ends_n),
            ),
        );
        if (first === undefined || endedWithHold_n < leastStalls || ended.length < leastRuns || chance > mostChance)
          return [];
        return [
          {
            blamed: { thread: first.thread, call: first.call, cause: first.cause },
            series: [...new Set(ended.flatMap(({ series }) => series))],
            runs: runs.length,
            stalls_n,
            endedWithHold_n,
            chance,
            longest_ns: Math.max(...ended.map(({ longest_ns }) => longest_ns)),
            load_share: meanLoad(runs),
            controlLoad_share: exposure.load_share,
          },
        ];
      })
      .sort((a, b) => b.endedWithHold_n - a.endedWithHold_n)[0] ?? null
  );
}

/** No victim was blocked in the kernel, as far as every stall was seen. */
function isStill({ stalls_n, unseen_n, lost_records }: BlockedRun): boolean {
  return stalls_n + unseen_n + lost_records === 0;
}

function matchedRuns(runs: readonly BlockedRun[], control: Pick<BlockedRun, 'window_ns' | 'load_share'>): BlockedRun[] {
  const chosen = runs.toSorted((a, b) => a.load_share - b.load_share || (a.run < b.run ? -1 : 1));
  const isTooMuch = (): boolean =>
    total(chosen) * sameLength > control.window_ns ||
    meanLoad(chosen) > Math.max(control.load_share * (1 + sameLoad.relative), control.load_share + sameLoad.absolute);
  while (chosen.length > 0 && isTooMuch()) chosen.pop();
  return chosen;
}

function total(runs: readonly BlockedRun[]): number {
  return runs.reduce((sum, { window_ns }) => sum + window_ns, 0);
}

function meanLoad(runs: readonly BlockedRun[]): number {
  return runs.reduce((sum, { window_ns, load_share }) => sum + window_ns * load_share, 0) / Math.max(1, total(runs));
}

/** P(X ≥ hits) of a binomial X. */
export function atLeastByChance(hits: number, n: number, p: number): number {
  return hits <= 0 ? 1 : hits > n ? 0 : incompleteBeta(p, hits, n - hits + 1);
}

function keyOf({ thread, call, cause }: Blamed): string {
  return JSON.stringify([thread, call, cause]);
}
