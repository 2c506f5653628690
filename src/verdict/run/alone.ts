/**
 * What is said of an arm without a control: a user's program, which is compared with nothing. So every kind of wait
 * counts, and also what was not seen: a stall of which nothing is known must not read as none.
 */
import type { KernelConclusion } from '../../facts/verdict-facts.js';
import { longestOf } from './longest.js';
import { evidenceOf, hasNoStall, type Compared } from './outcome.js';
import { seenPauses } from './pauses.js';

type Uncontrolled = KernelConclusion & { readonly code: 'uncontrolled' };

/** `compared`: all series of the arm. */
export function aloneFact(arm: string, compared: readonly Compared[]): Uncontrolled {
  const runs = compared.flatMap(({ series }) => evidenceOf(series));
  const sum = (of: (run: (typeof runs)[number]) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const having = (of: (run: (typeof runs)[number]) => number): readonly Compared[] =>
    compared.filter(({ series }) => evidenceOf(series).some((run) => of(run) > 0));
  // A stall that began after the window has no share of it, and a stall from the warm-up is not counted.
  const blocked = having(({ blocked_count, blocked_share }) => blocked_count + blocked_share);
  const onMutex = having(({ mutex_count, mutex_share }) => mutex_count + mutex_share);
  return {
    code: 'uncontrolled',
    arm,
    threshold_ns: compared[0]?.series.stalls.threshold_ns ?? 0,
    runs_n: Math.max(0, ...compared.map(({ series }) => evidenceOf(series).length)),
    stalls_n: sum(({ count }) => count),
    longest_ns: Math.max(0, ...runs.map(({ longest_ns }) => longest_ns)),
    noneStalled: compared.every(({ series }) => hasNoStall(series)),
    blocked: longestOf(blocked, ({ longest_blocked_ns }) => longest_blocked_ns),
    onMutex: longestOf(onMutex, ({ longest_mutex_ns }) => longest_mutex_ns),
    blocked_n: sum(({ blocked_count }) => blocked_count),
    mutex_n: sum(({ mutex_count }) => mutex_count),
    unseen_n: sum(({ unseen_count }) => unseen_count),
    lostRecords_n: sum(({ lost_records }) => lost_records),
    exhausted_n: sum(({ exhausted }) => exhausted),
    pauses: compared[0] === undefined ? null : seenPauses(compared[0].arm),
  };
}
