/**
 * The lock table: for every call, inside one VMA and across VMAs, the lock that it takes on this kernel. The lock is
 * found by behaviour (lock-verdict.ts) in the stages of stages.ts, and compared with the catalogue's declaration.
 */
import { monotonic_ms } from '../base/clock.js';
import { unfit } from '../base/failure.js';
import type { LockClass } from '../catalogue/locks.js';
import { agrees, type LockRow } from '../catalogue/lock-row.js';
import { calibrate, nextSize } from '../experiment/plan/calibrate.js';
import type { Interruption } from '../experiment/interruption.js';
import type { CpuTopology } from '../host/cpus.js';
import type { HostFacts } from '../host/facts.js';
import { stopIfInterrupted } from './interrupted.js';
import { fairMeans, realTimeMeans, type Means, type MeansKind } from './means.js';
import {
  comparedWith,
  declaredLock,
  knownCalls,
  needsIdleTime,
  probesOfTable,
  withKnown,
  type KnownCalls,
} from './probes.js';
import { findRefusals } from './refusals.js';
import { askAll, lockOf, type HolderKind, type Question } from './stages.js';
import { runTrial, seriesOf, trialArm, type Probe, type TrialHolder, type TrialResult } from './trial.js';

export interface ExaminedPlace {
  readonly host: Pick<HostFacts, 'kernel' | 'preemption' | 'transparentHugePages'>;
  readonly topology: CpuTopology;
  readonly means: MeansKind;
}

/**
 * After the first time no call is retried, and after the second none is tested, so that the whole stays under a minute.
 */
const retriesFor_ms = 42_000;
const asksFor_ms = 48_000;

/** What to examine, and for how long. */
export interface Extent {
  /** How many times longer than on real CPUs it may take. */
  readonly times: number;
  /** Rows to find, named as `seriesOf` names them; null: all. */
  readonly only: readonly string[] | null;
}

export const wholeTable: Extent = { times: 1, only: null };

export async function findLocks(
  place: ExaminedPlace,
  progress: (text: string) => void,
  interruption: Interruption,
  { times, only }: Extent = wholeTable,
): Promise<LockRow[]> {
  const started_ms = monotonic_ms();
  const all = probesOfTable().filter((probe) => only === null || only.includes(seriesOf(probe)));
  progress('finding calls that this kernel refuses');
  const refusals = await findRefusals(withKnown(all, comparedWith()), interruption);
  const known = knownCalls((probe) => refusals.has(seriesOf(probe)));
  if ('missing' in known)
    throw unfit(
      `this kernel refuses every one of ${known.missing}; the lock table needs one of them for comparison, ` +
        'so look for a seccomp filter',
    );
  const notAsked = new Map(
    all.flatMap((probe) => {
      return isNotAsked(probe, place.host) ? [[seriesOf(probe), `not tested: ${collapseNotAsked}`]] : [];
    }),
  );

  const declaredHere = (probe: Probe): LockClass => declaredLock(probe, place.host.kernel);
  const holders = await sizeHolders(known, place, interruption);
  const trial = async (
    { holder, ...question }: Question,
    group: readonly Probe[],
    patience: number,
  ): Promise<TrialResult> => {
    stopIfInterrupted(interruption);
    const { means, ...sized } = holders(holder, group);
    const result = await runTrial({
      ...question,
      holder: sized,
      means,
      topology: place.topology,
      patience,
      interrupted: interruption.signalled,
    });
    stopIfInterrupted(interruption);
    return result;
  };
  const mayAsk = (attempt: number): boolean =>
    monotonic_ms() < started_ms + times * (attempt === 1 ? asksFor_ms : retriesFor_ms);
  const asked = all.filter((probe) => !refusals.has(seriesOf(probe)) && !notAsked.has(seriesOf(probe)));
  const { facts, figures } = await askAll(asked, known, { declared: declaredHere, trial, mayAsk, progress });
  return all.map((probe): LockRow => {
    const key = seriesOf(probe);
    const errno = refusals.get(key) ?? null;
    const lock = errno === null ? lockOf(facts.get(key) ?? {}) : 'refused';
    const declared = declaredHere(probe);
    return {
      operation: probe.operation,
      layout: probe.layout === 'crossing' ? 'crossing' : 'isolated',
      lock,
      declared,
      asDeclared: agrees(lock, declared),
      errno,
      figures:
        lock === 'undecided' ? (notAsked.get(key) ?? figures.get(key) ?? 'not tested: the minute was over') : null,
    };
  });
}

/** Why calls are not tested on this machine, for all of them. */
export const collapseNotAsked =
  'transparent huge pages are set to "always"; write madvise to /sys/kernel/mm/transparent_hugepage/enabled';

export function isNotAsked(
  { operation }: Pick<LockRow, 'operation'>,
  { transparentHugePages }: Pick<HostFacts, 'transparentHugePages'>,
): boolean {
  return (
    transparentHugePages === 'always' &&
    probesOfTable().some((probe) => probe.operation === operation && needsIdleTime(probe))
  );
}

/** A holder of the right size, and the scheduling of its trial's threads. */
type Holders = (kind: HolderKind, group: readonly Probe[]) => TrialHolder & { readonly means: Means };

const firstBytes = 64 * 1024 ** 2;

/** A single measurement per operation: a call's time is roughly proportional to its bytes, and the bounds are wide. */
async function sizeHolders(
  { holder: reader }: KnownCalls,
  { host, topology, means: kind }: ExaminedPlace,
  interruption: Interruption,
): Promise<Holders> {
  const fair = fairMeans(host);
  const callTime_ns = async (operation: TrialHolder['operation'], means: Means): Promise<number> => {
    stopIfInterrupted(interruption);
    return (
      await calibrate(
        trialArm({ holder: { operation, crossing: false }, probes: [], means }),
        null,
        { topology, interrupted: interruption.signalled },
        firstBytes,
      )
    ).hold_ns;
  };
  const read_ns = await callTime_ns(reader, kind === 'fair' ? fair : realTimeMeans(0));
  const fairReader = {
    operation: reader,
    regionBytes: nextSize(firstBytes, read_ns, fair.hold_ns ?? read_ns),
    crossing: true,
    means: fair,
  };
  if (kind === 'fair') {
    const write_ns = await callTime_ns('mprotect_region', fair);
    const fairWriter = {
      operation: 'mprotect_region',
      regionBytes: nextSize(firstBytes, write_ns, fair.hold_ns ?? write_ns),
      crossing: false,
      means: fair,
    } as const;
    return (holder) => (holder === 'reader' ? fairReader : fairWriter);
  }
  const means = realTimeMeans(read_ns);
  return (holder, group) => {
    if (holder === 'writer') return { operation: 'mprotect_region', regionBytes: firstBytes, crossing: false, means };
    return group.some(needsIdleTime)
      ? fairReader
      : { operation: reader, regionBytes: firstBytes, crossing: true, means };
  };
}
