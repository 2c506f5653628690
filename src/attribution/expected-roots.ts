/** Whether the roots that a profile expects came back, by the stalls of a bundle. */
import { join } from 'node:path';
import { isMissing } from '../base/files/is-missing.js';
import { grouped } from '../base/group.js';
import type { ManifestFile } from '../bundle/bundle-schema.js';
import type { BundleStalls, NumberedStall } from '../bundle/read-stalls.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import { readBundleFile } from '../bundle/store.js';
import type { ExpectedRootFact, OtherLock } from '../facts/repetition-facts.js';
import type { Stated } from '../facts/stated.js';
import type { ExpectedRoot } from '../profile/resolved/resolved.js';
import { median } from '../stats/median.js';
import { statedExpected } from '../words/repetition-words.js';
import { matchesComm } from '../catalogue/thread-patterns.js';
import { otherLockOf } from './other-lock.js';

/** As `expectedRoots`, for a bundle whose stalls have been read; empty where it has no manifest. */
export function expectedOf(bundle: string, stalls: Pick<BundleStalls, 'stalls' | 'runs'>): Stated<ExpectedRootFact>[] {
  const path = join(bundle, 'manifest.json');
  return isMissing(path) ? [] : expectedRoots(readBundleFile('manifest', path), stalls);
}

/** Of arms that were not to be measured, nothing is expected. */
export function expectedRoots(
  { profile: { expects = [], arms: all }, order, kernels }: Pick<ManifestFile, 'profile' | 'order' | 'kernels'>,
  { stalls, runs }: Pick<BundleStalls, 'stalls' | 'runs'>,
): Stated<ExpectedRootFact>[] {
  const arms = new Set(order.map(({ arm }) => arm));
  const wanted = expects.filter(({ arm }) => arms.has(arm));
  const measured = new Set(runs.flatMap(({ run, file }) => (run === null || file === null ? [] : [run.arm])));
  return wanted.map((one) => {
    const arm = all.find(({ name }) => name === one.arm);
    const releases = releasesOf(runs, one.arm, kernels);
    return statedExpected(
      judged(
        one,
        measured.has(one.arm) ? stalls.filter((stall) => stall.arm === one.arm) : null,
        arm === undefined ? null : otherLockOf(one, arm, releases),
      ),
    );
  });
}

/** Where the arm was measured, as far as it is known. */
function releasesOf(runs: BundleStalls['runs'], arm: string, kernels: ManifestFile['kernels']): string[] {
  const places = new Set(
    runs.flatMap(({ run, file }) => (run === null || file === null || run.arm !== arm ? [] : [run.kernel])),
  );
  return kernels
    .filter(({ name }) => places.has(name) || (places.has(null) && kernels.length === 1))
    .map(({ release }) => release);
}

type Judged = Pick<NumberedStall, 'stall'>;

/** `stalls`: of the arm; null: no run of it was recorded. `otherLock`: why the root could not come back. Pure. */
export function judged(
  expects: ExpectedRoot,
  stalls: readonly Judged[] | null,
  otherLock: OtherLock | null = null,
): ExpectedRootFact {
  const all = stalls ?? [];
  const named = all.filter((one) => isExpected(one, expects));
  // Without a trace nobody saw who had the CPU.
  const unnamed = all.filter(({ stall }) => stall.cause?.cause === expects.cause && isUnnamed(stall));
  const alike = named.length > 0 ? named : unnamed;
  const all_ns = timeOf(all);
  const total_ns = timeOf(alike);
  const figures = {
    arm: expects.arm,
    cause: expects.cause,
    by: expects.by,
    stalls_n: alike.length,
    total_ns,
    median_ns: median(alike.map(({ stall }) => stall.duration_ns)),
    observedMedian_ns: expects.median_ns,
    allStalls_n: all.length,
    all_ns,
    other: mainOf(all.filter((one) => !alike.includes(one))),
  };
  if (stalls === null) return { ...figures, code: 'no-run' };
  if (alike.length === 0 && otherLock !== null) return { ...figures, code: 'other-lock', otherLock };
  if (all.length === 0) return { ...figures, code: 'no-stall' };
  if (alike.length === 0) return { ...figures, code: 'other-roots' };
  if (named.length === 0) return { ...figures, code: 'same-cause' };
  return { ...figures, code: total_ns * 2 >= all_ns ? 'repeated' : 'partly-repeated' };
}

function isExpected({ stall }: Judged, { cause, by }: ExpectedRoot): boolean {
  if (stall.cause?.cause !== cause) return false;
  if (by === null) return true;
  if (stall.cause.thread !== null) return matchesComm(by, stall.cause.thread.name);
  const takers = takersOf(stall);
  const timeBy = (some: typeof takers): number => some.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  const theirs_ns = timeBy(takers.filter(({ thread }) => matchesComm(by, thread.name)));
  return theirs_ns > 0 && theirs_ns * 2 >= timeBy(takers);
}

function isUnnamed(stall: ListedStall): boolean {
  return stall.cause?.thread === null && takersOf(stall).length === 0;
}

/** Who had the CPU, if no thread is to blame for more than that. */
function takersOf({ cause, chain }: ListedStall) {
  return (chain ?? []).filter((link) => link.cause === cause?.cause).flatMap(({ cpuTakenBy }) => cpuTakenBy);
}

function timeOf(stalls: readonly Judged[]): number {
  return stalls.reduce((sum, { stall }) => sum + stall.duration_ns, 0);
}

function mainOf(stalls: readonly Judged[]): ExpectedRootFact['other'] {
  const groups = [
    ...grouped(
      stalls.flatMap((one) => (one.stall.cause === null ? [] : [{ ...one, cause: one.stall.cause }])),
      ({ cause }) => JSON.stringify([cause.cause, cause.thread?.name]),
    ).values(),
  ].map((alike) => ({ alike, total_ns: timeOf(alike) }));
  const [most] = groups.sort((a, b) => b.total_ns - a.total_ns);
  const cause = most?.alike[0]?.cause;
  return most === undefined || cause === undefined
    ? null
    : { cause: cause.cause, thread: cause.thread?.name ?? null, total_ns: most.total_ns };
}
