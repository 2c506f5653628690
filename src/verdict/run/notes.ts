/** What a reader should know beside the figures: what is missing, what was unusual, how much the runs can show. */
import { grouped } from '../../base/group.js';
import type { ArmSummary } from '../../bundle/bundle-schema.js';
import { takesNoLock } from '../../catalogue/locks.js';
import { allocates, operations, type Operation } from '../../catalogue/operations.js';
import { isPurge } from '../../catalogue/purges.js';
import type { HolderSize, MissedTicks, NoteFact } from '../../facts/note-facts.js';
import type { Stated } from '../../facts/stated.js';
import { nameWithoutJdk } from '../../profile/resolved/resolved.js';
import { controlFor } from './control-for.js';
import { heapKept, isHeapGiven, isHeapUnknown } from '../evidence/heap-kept.js';
import { otherJvm } from './other-jvm.js';
import { evidenceOf, type Series } from './outcome.js';
import { longestPause_ns, pausesBesideStalls, pausesUnseen } from './pauses.js';
import { besidePublished } from './published.js';

/** `inProfile`: arms of a kernel, as the profile names them. `nameOf`: with the kernel, where there are several. */
export function notesOf(
  inProfile: readonly ArmSummary[],
  degraded: readonly Stated[],
  nameOf: (arm: ArmSummary) => string = ({ name }) => name,
): NoteFact[] {
  const arms = inProfile.map((arm) => ({ ...arm, name: nameOf(arm) }));
  const foreign = arms.filter(({ control }) => control === 'foreign');
  const real = arms.filter(({ control }) => control === null);
  return [
    ...degraded.map(({ code, sentence }): NoteFact => ({ code: 'degraded', degradation: code, why: sentence })),
    ...(foreign.length === 0 && real.some(({ jvm }) => jvm !== null) ? withoutControl(real) : fewRuns(real, foreign)),
    ...leftOut(arms),
    ...noise(arms),
    ...besidePublished(real),
    ...unproven(arms),
    ...flagNotes(arms),
    // A control whose load is held up shows less too.
    ...arms.flatMap(heldUp),
    ...real.flatMap((arm) => [
      ...fruitless(arm),
      ...keptHeap(arm),
      ...countedCalls(arm),
      ...otherProcess(arm, controlFor(arm, arms, 'foreign')),
    ]),
    ...foreign.flatMap((control) =>
      otherHolders(
        real.filter((arm) => controlFor(arm, arms, 'foreign') === control),
        control,
      ),
    ),
    ...otherJvms(inProfile),
    ...foreign.flatMap(keptControl),
    ...(foreign.length === 0 ? [] : unseenReturns(real)),
    ...pausesBesideStalls(real),
    ...pausesUnseen(arms),
    ...real.flatMap(lockFree),
    ...arms.flatMap((arm) => [...arm.series.flatMap((series) => flaws(arm, series)), ...holderFlaws(arm)]),
  ];
}

/** A user's program cannot run apart from its load. */
function withoutControl(real: readonly ArmSummary[]): NoteFact[] {
  const variables = [...new Set(real.flatMap(({ jvm }) => jvm?.removedFromEnvironment ?? []))];
  return [
    { code: 'program-without-control' },
    ...(variables.length > 0 ? [{ code: 'environment-removed', variables } as const] : []),
  ];
}

/** From so many runs on the probability of chance is at most 1 in 70. */
const enoughRuns = 4;

function fewRuns(real: readonly ArmSummary[], foreign: readonly ArmSummary[]): NoteFact[] {
  const runs_n = Math.min(
    ...[...real, ...foreign]
      .map(({ runs, cutShortRuns, failedRuns }) => runs - cutShortRuns - failedRuns)
      .filter((runs) => runs > 0),
  );
  if (runs_n >= enoughRuns || real.length === 0) return [];
  return [{ code: 'few-runs', runs_n, oneIn_n: orderings(runs_n), oneInOfFive_n: orderings(5) }];
}

/** Ways to divide 2n runs into two groups of n: a single way puts all of one group above the other. */
function orderings(n: number): number {
  let ways = 1;
  for (let i = 1; i <= n; i += 1) ways = (ways * (n + i)) / i;
  return Math.round(ways);
}

function leftOut(arms: readonly ArmSummary[]): NoteFact[] {
  const numbers = [
    ['runs-disturbed', 'spoiledRuns'],
    ['runs-cut-short', 'cutShortRuns'],
    ['runs-failed-in-window', 'failedRuns'],
    ['runs-without-figures', 'runsWithoutFigures'],
  ] as const;
  return numbers.flatMap(([code, key]): NoteFact[] => {
    const runs_n = arms.reduce((sum, arm) => sum + arm[key], 0);
    return runs_n > 0 ? [{ code, runs_n }] : [];
  });
}

function noise(arms: readonly ArmSummary[]): NoteFact[] {
  const stalled = (control: 'idle' | 'foreign'): boolean =>
    arms.some((arm) => arm.control === control && arm.series.some(({ stalls }) => stalls.count > 0));
  return [
    ...(stalled('idle') ? [{ code: 'stalls-in-idle-control' } as const] : []),
    ...(stalled('foreign') ? [{ code: 'stalls-in-foreign-control' } as const] : []),
  ];
}

/** The foreign control is a copy of one arm; arms with another holder are compared with it too. */
function otherHolders(real: readonly ArmSummary[], foreign: ArmSummary): NoteFact[] {
  if (foreign.holder === null) return [];
  const sizeOf = ({ holder, regionBytes }: ArmSummary): HolderSize => ({
    operation: holder === null ? '' : callOf(holder),
    regionBytes,
  });
  const controlHolder = sizeOf(foreign);
  const arms = real
    .filter(({ holder, runs }) => holder !== null && runs > 0)
    .map((arm) => ({ arm: arm.name, holder: sizeOf(arm) }))
    .filter(({ holder }) => JSON.stringify(holder) !== JSON.stringify(controlHolder));
  return arms.length === 0 ? [] : [{ code: 'control-of-other-holder', arms, controlHolder }];
}

/** The same for JVMs. Each once, under whichever JDK of a list and on whichever kernel it is run. */
function otherJvms(arms: readonly ArmSummary[]): NoteFact[] {
  const others = arms.flatMap((arm) => {
    const control = otherJvm(arm, arms);
    const gives = arm.jvm?.gives ?? null;
    return arm.control !== null || control === null || gives === null
      ? []
      : [{ arm: nameWithoutJdk(arm), gives, control }];
  });
  return [...grouped(others, ({ control }) => JSON.stringify(control)).values()].flatMap((alike) => {
    const distinctArms = [...grouped(alike, ({ arm, gives }) => JSON.stringify([arm, gives])).values()];
    return alike.slice(0, 1).map(({ control }): NoteFact => ({
      code: 'control-of-other-jvm',
      arms: distinctArms.flatMap((same) => same.slice(0, 1).map(({ arm, gives }) => ({ arm, gives }))),
      control,
    }));
  });
}

function keptControl(control: ArmSummary): NoteFact[] {
  const kept = heapKept(control);
  return kept === null || kept.kept_n === 0 ? [] : [{ code: 'control-kept-heap', arm: control.name, ...kept }];
}

/** Arms that show no stall: with a stall, its cause shows what was given back. */
function unseenReturns(real: readonly ArmSummary[]): NoteFact[] {
  const arms = real.filter((arm) => isUncounted(arm) && arm.series.every(isQuiet)).map(({ name }) => name);
  return arms.length === 0 ? [] : [{ code: 'returns-unseen', arms }];
}

/** Neither counted by a trace or a holder, nor in the log of a JVM. */
function isUncounted(arm: ArmSummary): boolean {
  const { holder, jvm, churn, series } = arm;
  if (holder !== null || series.every(({ perRun }) => perRun.every(({ holder_calls }) => holder_calls !== null)))
    return false;
  const isMeantToShrink = jvm?.isMeantToShrink === true;
  // What its log shows is enough where the heap is under test too.
  if (jvm?.givesOffHeap === true) return !(isMeantToShrink && isHeapGiven(arm));
  return churn !== null || (isMeantToShrink && isHeapUnknown(arm));
}

function isQuiet(series: Series): boolean {
  return evidenceOf(series).every(({ blocked_count, mutex_count }) => blocked_count + mutex_count === 0);
}

/** A setting that only shows in its variable is not proven to be in force. */
function unproven(arms: readonly ArmSummary[]): NoteFact[] {
  const all = new Map(
    arms.flatMap((arm) => arm.unproven).map((one) => [`${one.allocator} ${one.key} ${one.asked}`, one]),
  );
  return [...all.values()].map(({ allocator, key, asked }) => ({ code: 'unproven', allocator, key, asked }));
}

/** Arms share flags, so each is named once, with its values. */
function flagNotes(arms: readonly ArmSummary[]): NoteFact[] {
  const read = arms.flatMap(({ jvm }) => (jvm === null ? [] : [jvm.changedFlags]));
  const changed = arms.flatMap(({ jdk, jvm }) => (jvm?.changedFlags ?? []).map((one) => ({ ...one, jdk })));
  return [
    ...[...grouped(changed, ({ flag, asked, actual }) => JSON.stringify([flag, asked, actual])).values()].flatMap(
      (alike) =>
        alike.slice(0, 1).map(({ flag, asked, actual }): NoteFact => {
          const jdks = [...new Set(alike.flatMap(({ jdk }) => jdk ?? []))];
          return { code: 'flag-changed', flag, asked, actual, jdks };
        }),
    ),
    ...(read.includes(null) ? [{ code: 'flags-unread' } as const] : []),
  ];
}

/** From this share of dropped ticks on a load differs from what was asked for. */
const heldUpShare = 0.1;

function heldUp({ name: arm, churn, jvm }: ArmSummary): NoteFact[] {
  const ofChurn = churn === null ? null : missedTicks(churn);
  return [
    ...(ofChurn === null ? [] : [{ code: 'churn-held-up', arm, ...ofChurn } as const]),
    ...(jvm?.paces ?? []).flatMap((pace): NoteFact[] => {
      const missed = missedTicks(pace);
      return missed === null ? [] : [{ code: 'load-held-up', arm, load: pace.thread, ...missed }];
    }),
  ];
}

/** Null: the load did what was asked for, or nearly. */
function missedTicks(pace: { readonly ticks: number; readonly droppedTicks: number }): MissedTicks | null {
  const ticks_n = pace.ticks + pace.droppedTicks;
  const dropped_share = pace.droppedTicks / ticks_n;
  return dropped_share > heldUpShare ? { ticks_n, dropped_n: pace.droppedTicks, dropped_share } : null;
}

/** Below a page a call, the difference of two readings is that of other threads. */
const leastGivenBytes = 4096;

function fruitless({ name: arm, holder }: ArmSummary): NoteFact[] {
  if (holder === null || holder.window_calls === 0 || holder.releasedBytes === null) return [];
  const operation = callOf(holder);
  return isPurge(operation) && holder.releasedBytes < leastGivenBytes * holder.window_calls
    ? [{ code: 'purge-gave-nothing', arm, operation, calls_n: holder.window_calls }]
    : [];
}

function countedCalls({ name: arm, runs: runs_n, issued }: ArmSummary): NoteFact[] {
  return issued === null ? [] : [{ code: 'calls-counted', arm, runs_n, calls: issued }];
}

function keptHeap(arm: ArmSummary): NoteFact[] {
  const kept = heapKept(arm);
  return kept === null || kept.kept_n === 0 ? [] : [{ code: 'heap-kept', arm: arm.name, ...kept }];
}

/** The control copies an arm: that of a JVM is a JVM, that of a native churn an engine. */
function otherProcess(arm: ArmSummary, foreign: ArmSummary | undefined): NoteFact[] {
  if (foreign === undefined || arm.runs === 0) return [];
  const [armIsJvm, controlIsJvm] = [arm.jvm !== null, foreign.jvm !== null];
  return armIsJvm === controlIsJvm ? [] : [{ code: 'control-of-other-process', arm: arm.name, armIsJvm, controlIsJvm }];
}

/**
 * If a victim that takes no lock is stalled too, the lock does not cause all stalls beside it. A victim that allocates
 * shows less: it may wait for the lock of the allocator.
 */
function lockFree(arm: ArmSummary): NoteFact[] {
  return arm.series.flatMap((series): NoteFact[] => {
    const operation = operationOf(series);
    const isMeant =
      operation !== undefined && takesNoLock(operation) && evidenceOf(series).some(({ count }) => count > 0);
    return isMeant
      ? [
          {
            code: 'lock-free-stalled',
            arm: arm.name,
            series: series.name,
            allocates: allocates(operation),
            longestPause_ns: longestPause_ns(arm),
          },
        ]
      : [];
  });
}

function operationOf({ name }: Series): Operation | undefined {
  return operations.find((operation) => operation.name === name.slice(name.indexOf('.') + 1));
}

function flaws(
  { name: arm }: ArmSummary,
  { name: series, service, refused, exhausted, gaveUp = 0, lost_records }: Series,
): NoteFact[] {
  return [
    ...(gaveUp > 0
      ? [{ code: 'operations-given-up', arm, series, operations_n: gaveUp, of_n: service.n } as const]
      : []),
    ...(Object.keys(refused).length > 0 ? [{ code: 'operations-refused', arm, series, refused } as const] : []),
    ...(exhausted > 0 ? [{ code: 'fresh-pages-used-up', arm, series, operations_n: exhausted } as const] : []),
    ...(lost_records > 0 ? [{ code: 'records-overwritten', arm, series, records_n: lost_records } as const] : []),
  ];
}

function holderFlaws({ name: arm, holder }: ArmSummary): NoteFact[] {
  return holder === null || holder.lost_records === 0
    ? []
    : [{ code: 'holder-records-overwritten', arm, series: holder.name, records_n: holder.lost_records }];
}

/** Of `holder.madvise_free`. */
function callOf({ name }: NonNullable<ArmSummary['holder']>): string {
  return name.replace(/^holder\./, '');
}
