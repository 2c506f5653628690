/**
 * The experiment: it sizes the regions, runs every arm in a seeded, interleaved order, repeats disturbed runs, and
 * writes the bundle after every run, because a later run may fail. A failed run ends the experiment, unless it measures
 * arms under several JDKs or kernels: then it goes on without that arm there. Two sides can be measured in turns: each
 * round then contains the arms of both sides in a random order, and each side has its bundle.
 */
import { randomUUID } from 'node:crypto';
import { sentencesOf } from '../facts/stated.js';
import { cleanUp } from '../base/clean-up.js';
import { ExitCode, Failure, failureCodeOf, isInterruption, unfit } from '../base/failure.js';
import { systemFailure } from '../base/system-error.js';
import { folderName } from '../bundle/place-names.js';
import { hasFailed, hasFigures, isPlaceGone, lostItsPlace } from '../bundle/stored.js';
import { unlikePlaces } from '../bundle/unlike-places.js';
import type { AskedFor, SummaryFile, Turns } from '../bundle/bundle-schema.js';
import { jdkLabelOf, type ResolvedArm } from '../profile/resolved/resolved.js';
import type { Redactor } from '../profile/resolved/profile-secrets.js';
import { regionSizes, storedSizes, type RegionSizes } from './plan/calibrate.js';
import { aimAlike } from './plan/check-plan.js';
import { usualEnd, failedEnd, type SidesResult } from './end.js';
import type { Interruption } from './interruption.js';
import type { RunInput, RunOutput } from './run/one-run.js';
import type { GuestOptions } from './place/places.js';
import { localPlace, type OpenPlace, type Place } from './place/place.js';
import type { PlannedRun } from './plan/order.js';
import { comparesSeveral } from './plan/past-runs.js';
import { hasKept, nothingMeasured, openSide, type MeasuredSide, type SidePlan } from './measured-side.js';
import type { UntilN } from './plan/until-n.js';
import { runQueue, type RunQueue, type SideRun } from './run-queue.js';
import { outputWithoutSecrets } from './run/without-secrets.js';

/** Receives the progress of an experiment. */
export interface ExperimentObserver {
  onCalibration(text: string): void;
  /** `side`: null if the experiment has a single side. */
  onRunStart(run: {
    number: number;
    of: number;
    name: string;
    side: Turns['side'] | null;
    arm: string;
    kernel: string;
    repetition: number;
  }): void;
  onPhase: RunInput['onPhase'];
  onSnapshot: RunInput['onSnapshot'];
  onRunEnd(run: RunOutput['file']): void;
}

/** Settings of all sides. */
export interface ExperimentSettings {
  readonly argv: readonly string[];
  /** Keep secrets in the bundle. */
  readonly keepSecrets: boolean;
  readonly toolVersion: string;
  readonly allowDegraded: boolean;
  readonly trace: boolean;
  /** Repetitions beyond the profile's, until a series has enough samples; null: none. */
  readonly untilN: UntilN | null;
  /** Conditions of --fail-if, for the manifest. */
  readonly failIf: readonly string[];
  /** How guests were booted, for the manifest. */
  readonly guest: GuestOptions;
  readonly interruption: Interruption;
  readonly observer: ExperimentObserver;
}

export interface ExperimentInput extends ExperimentSettings, Omit<SidePlan, 'turns'> {}

export interface ExperimentResult {
  readonly summary: SummaryFile;
  /** Why the experiment failed; null if it did not. The bundle has the measured runs in either case. */
  readonly failure: Failure | null;
}

export async function runExperiment(input: ExperimentInput): Promise<ExperimentResult> {
  const {
    summaries: [summary],
    failure,
  } = await runSides([{ ...input, turns: null }], input);
  if (summary === undefined) throw new Error('an experiment without a side');
  return { summary, failure };
}

export interface PairPlan {
  readonly baseline: Omit<SidePlan, 'turns'>;
  readonly candidate: Omit<SidePlan, 'turns'>;
}

/** Both sides have the same number of rounds and the same seed. The summaries: baseline, then candidate. */
export function runInTurns({ baseline, candidate }: PairPlan, settings: ExperimentSettings): Promise<SidesResult> {
  const id = randomUUID();
  return runSides(
    [
      { ...baseline, turns: { id, side: 'baseline' } },
      { ...candidate, turns: { id, side: 'candidate' } },
    ],
    settings,
  );
}

const openLocal: OpenPlace = () => Promise.resolve(localPlace());

/** Sides on the same kernel share its place. The function that opens a place identifies it. */
async function runSides(plans: readonly SidePlan[], settings: ExperimentSettings): Promise<SidesResult> {
  const placesOf = ({ places = [openLocal] }: SidePlan): readonly OpenPlace[] => places;
  const all = [...new Set(plans.flatMap(placesOf))];
  const opened = new Map<OpenPlace, Place>();
  try {
    for (const open of all) {
      const place = await open();
      opened.set(open, place);
      // A single place runs at a time, because places share the CPUs.
      if (all.length > 1) await place.pause();
    }
    for (const plan of plans)
      refuseOtherPlaces(
        plan,
        placesOf(plan).flatMap((open) => opened.get(open) ?? []),
      );
    return await runAt(
      plans.map((plan) =>
        openSide(
          plan,
          placesOf(plan).flatMap((open) => opened.get(open) ?? []),
          settings,
        ),
      ),
      all.length > 1 ? goingBetween() : (place) => Promise.resolve(place),
      settings,
    );
  } finally {
    // Every place is closed even if closing another fails: a guest would continue to run.
    const keepConsole = (open: OpenPlace, place: Place): void => {
      const text = place.console();
      if (text !== null)
        for (const plan of plans)
          if (placesOf(plan).includes(open)) plan.store.keepConsole(folderName(place.kernel.name), text);
    };
    await cleanUp(
      ...[...opened].flatMap(([open, place]) => [
        () => {
          keepConsole(open, place);
        },
        () => place.close(),
      ]),
    );
  }
}

/** Runs before and after an interruption repeat each other only in the same places. */
function refuseOtherPlaces({ before, store }: SidePlan, places: readonly Place[]): void {
  if (before === undefined) return;
  const now = { path: 'this machine now', manifest: { kernels: places.map(({ kernel }) => kernel) } };
  const why = unlikePlaces({ path: store.path, manifest: before.manifest }, now);
  if (why !== null)
    throw unfit(
      `not resumed, because the runs would not repeat each other: ${why}; run the experiment again with \`pauselab replay\``,
    );
}

type Activate = (place: Place) => Promise<Place>;

async function runAt(
  sides: readonly MeasuredSide[],
  goTo: Activate,
  settings: ExperimentSettings,
): Promise<SidesResult> {
  const { interruption, untilN } = settings;
  const queue = runQueue(sides, untilN);
  const sizes = await begun(sides, queue, goTo, settings);
  const past_n = sides.reduce((sum, { finished }) => sum + finished.length, 0);
  const failures: Failure[] = [];
  const failed: SideRun<MeasuredSide>[] = [];
  for (let number = past_n + 1; interruption.signal() === null; number += 1) {
    const next = queue.next();
    if (next === null) break;
    const ended = await runNext(next, { number, of: number + queue.ahead().length, sides, sizes, goTo, settings });
    if (ended === 'not begun') break;
    const endedBy = (failure: Failure): SidesResult =>
      failedEnd(sides, {
        failures: [...failures, failure],
        isWhole: false,
        missing: [...queue.leftOut(), ...queue.ahead()],
      });
    if (ended instanceof Failure) return endedBy(ended);
    if (ended === 'disturbed') queue.repeat(next);
    if (ended === 'kept' || ended === 'disturbed') continue;
    failed.push(next);
    if (!mayGoOnWithout(failed, ended.failed, sides)) return endedBy(ended.failed);
    failures.push(ended.failed);
    queue.putOff(next, isPlaceGone(ended.failed) ? 'of its kernel' : 'of its arm');
  }
  return usualEnd(sides, interruption, { failures, isWhole: true, missing: queue.leftOut() });
}

/** If so many runs failed, of several JDKs and kernels, and none was measured, the fault is not that of one of them. */
const mostFailuresAtFirst = 3;

/**
 * An experiment of hours must not end because one of its JDKs or kernels fails an arm each time. Two sides in turns stay
 * comparable only if each round is whole. `failed`: with the run that ended by `failure`.
 */
function mayGoOnWithout(
  failed: readonly SideRun<MeasuredSide>[],
  failure: Failure,
  sides: readonly MeasuredSide[],
): boolean {
  if (!leavesOut(sides) || !hasPlaceLeft(sides)) return false;
  return isPlaceGone(failure) || failed.length < mostFailuresAtFirst || isOfOne(failed) || sides.some(hasKept);
}

/** Whether a guest, or this machine, is left to make runs. Each kernel is a place. */
function hasPlaceLeft(sides: readonly MeasuredSide[]): boolean {
  return sides.some(({ ofRound, finished }) => {
    const gone = finished.flatMap(({ file }) => (lostItsPlace(file) ? [file.kernel] : []));
    return ofRound.some(({ kernel }) => !gone.includes(kernel));
  });
}

/** Whether all are of one JDK of several, or on one kernel of several. */
function isOfOne(failed: readonly SideRun<MeasuredSide>[]): boolean {
  const aspects = [({ side, arm }: Cell) => jdkLabelOf(side.armOf({ arm })), ({ kernel }: Cell) => kernel];
  return aspects.some((aspect) => {
    const all = failed.flatMap(({ side }) => side.ofRound.map((run) => aspect({ side, ...run })));
    return new Set(all).size > 1 && new Set(failed.map(aspect)).size === 1;
  });
}

type Cell = Omit<SideRun<MeasuredSide>, 'repetition'>;

/** Whether the experiment goes on without an arm that fails. */
function leavesOut(sides: readonly MeasuredSide[]): boolean {
  const [side, ...others] = sides;
  if (side === undefined || others.length > 0) return false;
  return comparesSeveral(side.plan.arms, new Set(side.ofRound.map(({ kernel }) => kernel)).size);
}

/** Writes the manifests, or goes to where an interrupted experiment ended. Returns the sizes of the regions. */
async function begun(
  sides: readonly MeasuredSide[],
  queue: RunQueue<MeasuredSide>,
  goTo: Activate,
  settings: ExperimentSettings,
): Promise<SizesBySide> {
  const startedAt = new Date().toISOString();
  const [side] = sides;
  const before = side?.plan.before;
  if (side === undefined || before === undefined) {
    const sizes = await sizesOf(sides, goTo, settings);
    writeManifests(sides, settings, { startedAt, sizes, planned: queue.planned });
    return sizes;
  }
  const sizes = storedSizes(side.plan.arms, before.manifest.calibration);
  side.resume(queue, before, startedAt);
  return new Map([[side, sizes]]);
}

function writeManifests(
  sides: readonly MeasuredSide[],
  settings: ExperimentSettings,
  {
    startedAt,
    sizes,
    planned,
  }: { readonly startedAt: string; readonly sizes: SizesBySide; readonly planned: readonly SideRun<MeasuredSide>[] },
): void {
  const { argv, toolVersion } = settings;
  // The command line may contain the secrets of each side.
  const redactedArgv = (words: readonly string[]): string[] =>
    sides.reduce((rest, { redactor }) => redactor.words(rest), [...words]);
  for (const side of sides) {
    const order = planned
      .filter((run) => run.side === side)
      .map(({ arm, kernel, repetition }): PlannedRun => ({ arm, kernel, repetition }));
    side.writeManifest(
      { argv, asked: askedFor(settings, side.redactor), toolVersion, startedAt, order, sizes: sizesFor(sizes, side) },
      redactedArgv,
    );
  }
}

interface NextRun {
  /** From 1. */
  readonly number: number;
  /** Number of runs that are known so far. */
  readonly of: number;
  readonly sides: readonly MeasuredSide[];
  readonly sizes: SizesBySide;
  readonly goTo: Activate;
  readonly settings: ExperimentSettings;
}

/**
 * `failed`: the run has a record that says so. Any other failure ends the experiment. `not begun`: an interruption came
 * before the run.
 */
async function runNext(
  next: SideRun<MeasuredSide>,
  { number, of, sides, sizes, goTo, settings }: NextRun,
): Promise<'kept' | 'disturbed' | 'not begun' | { readonly failed: Failure } | Failure> {
  const { interruption, observer } = settings;
  const { side, ...run } = next;
  const arm = side.armOf(run);
  const name = side.nameOf(run);
  const shown = side.plan.turns === null ? name : `${side.plan.turns.side}/${name}`;
  observer.onRunStart({ number, of, name, side: side.plan.turns?.side ?? null, ...run });
  try {
    const place = await goTo(side.placeOf(run.kernel));
    const output = outputWithoutSecrets(
      await place.run(runInput(settings, { name, arm, side, planned: run, sizes: sizesFor(sizes, side) })),
      arm,
      side.redactor,
    );
    refuseAtFirst(output, sides);
    side.keep(output);
    observer.onRunEnd(output.file);
    const { failures, disturbances } = output.file;
    const [failure] = failures;
    side.publish('running');
    // A guest that does not answer an interruption adds no second failure.
    if (failure !== undefined && hasFailed(output.file))
      return {
        failed: new Failure(failureCodeOf(failure.code), `run ${shown} failed: ${sentencesOf(failures).join('; ')}`),
      };
    return disturbances.length > 0 ? 'disturbed' : 'kept';
  } catch (error) {
    if (isInterruption(error) && interruption.signal() !== null) return 'not begun';
    // The system may refuse a file or a process anywhere in a run.
    const refused = error instanceof Failure ? error : systemFailure(error);
    if (refused === null) throw error;
    const sentence = side.redactor.text(refused.message);
    if (nothingMeasured(sides)) throw new Failure(refused.code, sentence, { cause: error });
    return new Failure(refused.code, `run ${shown}: ${sentence}`, { cause: error });
  }
}

/**
 * If the first workload shows before its window that the input or the machine is at fault, there is nothing to keep, and
 * the sentence says everything. Among several JDKs or kernels only this arm may be at fault.
 */
function refuseAtFirst({ file }: RunOutput, sides: readonly MeasuredSide[]): void {
  const { failures } = file;
  const [failure] = failures;
  if (failure === undefined || hasFigures(file) || leavesOut(sides) || !nothingMeasured(sides)) return;
  const refused = new Failure(failureCodeOf(failure.code), sentencesOf(failures).join('; '));
  if (refused.exitCode !== ExitCode.workload) throw refused;
}

type SizesBySide = ReadonlyMap<MeasuredSide, RegionSizes>;

function sizesFor(sizes: SizesBySide, side: MeasuredSide): RegionSizes {
  const own = sizes.get(side);
  if (own === undefined) throw new Error('a side whose regions were not sized');
  return own;
}

/**
 * Both sides have the same size, like all arms of a side: two measurements would differ. If the sides differ in the
 * stall that they aim at, each side has its size.
 */
async function sizesOf(
  sides: readonly MeasuredSide[],
  goTo: Activate,
  { observer, interruption }: ExperimentSettings,
): Promise<SizesBySide> {
  const measure = async (together: readonly MeasuredSide[]): Promise<[MeasuredSide, RegionSizes][]> => {
    const [first] = together;
    const [run] = first?.ofRound ?? [];
    if (first === undefined || run === undefined) throw new Error('a side without a run');
    const place = await goTo(first.placeOf(run.kernel));
    const sizes = regionSizes(
      await place.size(
        first.plan.profile,
        together.flatMap(({ plan }) => plan.arms),
        (text) => {
          observer.onCalibration(text);
        },
        interruption.signalled,
      ),
    );
    return together.map((side) => [side, sizes]);
  };
  if (aimAlike(sides.map(({ plan }) => plan.arms))) return new Map(await measure(sides));
  const each: [MeasuredSide, RegionSizes][] = [];
  for (const side of sides) each.push(...(await measure([side])));
  return new Map(each);
}

/** For several places: the current place is paused before the next place resumes. */
function goingBetween(): Activate {
  let current: Place | null = null;
  return async (place) => {
    if (place !== current) {
      await current?.pause();
      await place.resume();
    }
    current = place;
    return place;
  };
}

function runInput(
  settings: ExperimentSettings,
  own: { name: string; arm: ResolvedArm; side: MeasuredSide; planned: PlannedRun; sizes: RegionSizes },
): RunInput {
  const { allowDegraded, trace, interruption, observer } = settings;
  const { name, arm, side, planned, sizes } = own;
  return {
    name,
    profile: side.plan.profile,
    arm,
    kernel: planned.kernel,
    repetition: planned.repetition,
    regionBytes: sizes.bytesFor(arm),
    allowDegraded,
    trace,
    interrupted: interruption.signalled,
    onPhase: (phase, pids) => {
      observer.onPhase(phase, pids);
    },
    onSnapshot: (snapshot, window) => {
      observer.onSnapshot(snapshot, window);
    },
  };
}

/** Settings that a replay needs. They are stored, because the arguments of a replay do not contain them. */
function askedFor(
  {
    allowDegraded,
    trace,
    untilN,
    failIf,
    keepSecrets,
    guest: { cpus, memoryBytes, append, bootDeadline_ms },
  }: ExperimentSettings,
  redactor: Redactor,
): AskedFor {
  return {
    allowDegraded,
    trace,
    untilN: untilN === null ? null : { ...untilN },
    failIf: [...failIf],
    keepSecrets,
    guest: { cpus, memoryBytes, append: redactor.words(append), bootDeadline_ns: bootDeadline_ms * 1e6 },
  };
}
