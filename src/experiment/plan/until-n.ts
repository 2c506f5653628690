/**
 * `--until-n gc.pause=400`: repetitions are added until the series has that many samples in every arm with the series,
 * on each kernel.
 */
import { usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { isJvmKind, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { jvmEventNames } from '../../record/jvm-log.js';
import type { FinishedRun } from '../summarise.js';

export interface UntilN {
  readonly series: string;
  readonly n: number;
}

/** An experiment ends even if the events are rare. */
export const mostRepetitions = 100;

/** `arms`: it may name their series, and the series of a JVM's log. */
export function parseUntilN(text: string, arms: readonly Pick<ResolvedArm, 'series' | 'kind'>[]): UntilN {
  const [, series, n] = /^([a-z][\w.]*)=(\d{1,9})$/.exec(text) ?? [];
  if (series === undefined || n === undefined || Number(n) === 0)
    throw usage(`--until-n ${text}: expected a series and a number such as gc.pause=400`);
  return checkedUntilN({ series, n: Number(n) }, arms);
}

/** Throws a usage failure if no arm has the series. */
export function checkedUntilN(untilN: UntilN, arms: readonly Pick<ResolvedArm, 'series' | 'kind'>[]): UntilN {
  const { series, n } = untilN;
  const known = [...new Set(arms.flatMap((arm) => [...arm.series, ...(isJvmKind(arm.kind) ? jvmEventNames : [])]))];
  if (!known.includes(series))
    throw usage(
      `--until-n ${series}=${n}: no arm has a series ${series}${didYouMean(series, known) || `; there are ${known.join(', ')}`}`,
    );
  return untilN;
}

/** Whether an arm with the series has too few samples of it on a kernel. Disturbed runs do not count. */
export function needsMore({ series, n }: UntilN, runs: readonly FinishedRun[]): boolean {
  const perArm = new Map<string, number>();
  for (const { file, log, analysis } of runs) {
    if (file.disturbances.length > 0) continue;
    const counts = [
      ...log.filter(({ name }) => name === series).map((one) => one.counts.n),
      ...analysis.series.filter(({ name }) => name === series).map((one) => one.service.n),
    ];
    // The summary has an arm for each kernel.
    const arm = JSON.stringify([file.arm, file.kernel]);
    if (counts.length > 0) perArm.set(arm, (perArm.get(arm) ?? 0) + counts.reduce((sum, one) => sum + one, 0));
  }
  return [...perArm.values()].some((seen) => seen > 0 && seen < n);
}
