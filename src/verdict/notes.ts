/** What a reader should know beside the figures: what is missing, what was odd, how far the runs carry. */
import { formatShare, formatSize } from '../base/units.js';
import type { ArmSummary } from '../bundle/schema.js';
import { takesNoLock } from '../catalogue/locks.js';
import { allocates, operations, type Operation } from '../catalogue/operations.js';
import { evidenceOf, type Series } from './outcome.js';
import { besidePublished } from './published.js';
import { counted, listed } from './words.js';

export function notesOf(arms: readonly ArmSummary[], degraded: readonly string[]): string[] {
  const foreign = arms.find(({ control }) => control === 'foreign');
  const real = arms.filter(({ control }) => control === null);
  return [
    ...degraded.map((text) => `Degraded: ${text}.`),
    ...(foreign === undefined && real.some(({ jvm }) => jvm !== null) ? withoutControl(real) : fewRuns(real, foreign)),
    ...leftOut(arms),
    ...noise(arms),
    ...besidePublished(real),
    ...unproven(arms),
    ...real.flatMap((arm) => [...heldUp(arm), ...otherProcess(arm, foreign)]),
    ...real.flatMap((arm) => [...otherHolder(arm, foreign), ...lockFree(arm)]),
    ...arms.flatMap((arm) => arm.series.flatMap((series) => flaws(arm, series))),
  ];
}

/** A program of the user's own cannot run apart from its load. */
function withoutControl(real: readonly ArmSummary[]): string[] {
  const removed = [...new Set(real.flatMap(({ jvm }) => jvm?.removedFromEnvironment ?? []))];
  return [
    'A program of your own has no control: what else the machine did may have a part in every stall. Arms are compared with the first of them.',
    ...(removed.length > 0
      ? [
          `The program did not get ${listed(removed)} of your environment; where it is to have ${removed.length === 1 ? 'it' : 'them'}, say so in jvm.app.environment.`,
        ]
      : []),
  ];
}

function fewRuns(real: readonly ArmSummary[], foreign: ArmSummary | undefined): string[] {
  const fewest = Math.min(
    ...[...real, ...(foreign === undefined ? [] : [foreign])]
      .map(({ runs, cutShortRuns }) => runs - cutShortRuns)
      .filter((runs) => runs > 0),
  );
  if (fewest >= 4 || real.length === 0) return [];
  return [
    `With ${counted(fewest, 'run')} an arm, chance alone would put all of an arm's runs above the control's in 1 of ${orderings(fewest)} cases; with --runs 5 in 1 of ${orderings(5)}.`,
  ];
}

/** Ways to divide 2n runs into two groups of n: one of them puts all of one group above the other. */
function orderings(n: number): number {
  let ways = 1;
  for (let i = 1; i <= n; i += 1) ways = (ways * (n + i)) / i;
  return Math.round(ways);
}

function leftOut(arms: readonly ArmSummary[]): string[] {
  const spoiled = arms.reduce((sum, arm) => sum + arm.spoiledRuns, 0);
  const cut = arms.reduce((sum, arm) => sum + arm.cutShortRuns, 0);
  return [
    ...(spoiled > 0
      ? [
          `${counted(spoiled, 'run')} ${spoiled === 1 ? 'was' : 'were'} spoiled by what else this machine did: kept in the bundle, and left out of these figures.`,
        ]
      : []),
    ...(cut > 0
      ? [
          `${counted(cut, 'run')} ${cut === 1 ? 'was' : 'were'} cut short: in the figures, but no conclusion is drawn from ${cut === 1 ? 'it' : 'them'}.`,
        ]
      : []),
  ];
}

function noise(arms: readonly ArmSummary[]): string[] {
  const stalled = (control: 'idle' | 'foreign'): boolean =>
    arms.some((arm) => arm.control === control && arm.series.some(({ stalls }) => stalls.count > 0));
  return [
    ...(stalled('idle')
      ? [
          'Victims were stalled in the idle control too, where nothing is given back: something else on this machine stalls them.',
        ]
      : []),
    ...(stalled('foreign')
      ? ["Victims were stalled in the foreign control too: only what an arm has beyond it can be the lock's doing."]
      : []),
  ];
}

/** There is one foreign control, a copy of one arm; arms with another holder are compared with it all the same. */
function otherHolder(arm: ArmSummary, foreign: ArmSummary | undefined): string[] {
  if (foreign === undefined || foreign.holder === null || arm.holder === null || arm.runs === 0) return [];
  const holderOf = ({ holder, regionBytes }: ArmSummary): string =>
    `${(holder?.name ?? '').replace(/^holder\./, '')}${regionBytes === null ? '' : ` of ${formatSize(regionBytes)}`}`;
  const [own, other] = [holderOf(arm), holderOf(foreign)];
  return own === other
    ? []
    : [`${arm.name} gives memory back by ${own}, the foreign control by ${other}: alike, but not the same.`];
}

/** Nothing is claimed of a setting that only its variable tells of. */
function unproven(arms: readonly ArmSummary[]): string[] {
  const all = new Map(
    arms.flatMap((arm) => arm.unproven).map((one) => [`${one.allocator} ${one.key} ${one.asked}`, one]),
  );
  return [...all.values()].map(
    ({ allocator, key, asked }) =>
      `${allocator} does not say what it made of ${key}: ${asked}: that the variable was there and that the library knows its name is all that is proven.`,
  );
}

/** From this share of dropped ticks on the churn was another one than asked for. */
const heldUpShare = 0.1;

function heldUp({ name, churn }: ArmSummary): string[] {
  if (churn === null || churn.droppedTicks <= heldUpShare * (churn.ticks + churn.droppedTicks)) return [];
  return [
    `${name}: the churn was held up at ${formatShare(churn.droppedTicks / (churn.ticks + churn.droppedTicks))} of its ticks and allocated as much less than it was asked to; lower its rate, or let it use more CPUs.`,
  ];
}

/** The control copies one arm: of a JVM it is a JVM, of a native churn an engine. */
function otherProcess(arm: ArmSummary, foreign: ArmSummary | undefined): string[] {
  if (foreign === undefined || arm.runs === 0 || (arm.jvm === null) === (foreign.jvm === null)) return [];
  const kind = ({ jvm }: ArmSummary): string => (jvm === null ? 'a native process' : 'a JVM');
  return [
    `${arm.name} is ${kind(arm)} and the foreign control ${kind(foreign)}: --set controls.of=${arm.name} gives it a control of its own kind.`,
  ];
}

/**
 * A victim that takes no lock and is stalled all the same says that not all stalls beside it are the lock's. One that
 * allocates says less: it may wait for the allocator's own lock.
 */
function lockFree(arm: ArmSummary): string[] {
  const free = arm.series.flatMap((series) => {
    const operation = operationOf(series);
    const isMeant =
      operation !== undefined && takesNoLock(operation) && evidenceOf(series).some(({ count }) => count > 0);
    return isMeant ? [{ name: series.name, operation }] : [];
  });
  return free.map(({ name, operation }) =>
    allocates(operation)
      ? `${arm.name}: ${name} takes no lock of the kernel's and was stalled: it waited for the allocator's own lock, or for a CPU.`
      : `${arm.name}: ${name} takes no lock and was stalled too, so a part of the stalls in this arm has another cause, such as a busy CPU.`,
  );
}

function operationOf({ name }: Series): Operation | undefined {
  return operations.find((operation) => operation.name === name.slice(name.indexOf('.') + 1));
}

function flaws({ name: arm }: ArmSummary, { name, refused, exhausted, lost_records }: Series): string[] {
  const refusals = Object.entries(refused).map(([errno, count]) => `${counted(count, 'operation')} with ${errno}`);
  return [
    ...(refusals.length > 0 ? [`${arm}, ${name}: the kernel refused ${listed(refusals)}; they are in no figure.`] : []),
    ...(exhausted > 0
      ? [
          `${arm}, ${name}: ${counted(exhausted, 'operation')} ${exhausted === 1 ? 'was' : 'were'} not made because the victim's fresh pages were used up; lower its rate.`,
        ]
      : []),
    ...(lost_records > 0
      ? [
          `${arm}, ${name}: ${counted(lost_records, 'record')} of slow operations ${lost_records === 1 ? 'was' : 'were'} overwritten before being read: the histograms and the number of stalls are exact, the list of stalls and the stalled share are not whole.`,
        ]
      : []),
  ];
}
