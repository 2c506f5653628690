/**
 * The experiment: size the regions, run every arm in a seeded, interleaved order, repeat what the machine spoiled, and
 * write the bundle after every run, because a later one may fail. Two sides can be measured in turns: each round then
 * holds the arms of both, in one random order, and each side has a bundle.
 */
import { randomUUID } from 'node:crypto';
import { sentencesOf } from '../facts/stated.js';
import { cleanUp } from '../base/clean-up.js';
import { exitCodeOfFailure, Failure, isInterruption } from '../base/failure.js';
import { folderName } from '../bundle/place-names.js';
import type { AskedFor, SummaryFile, Turns } from '../bundle/bundle-schema.js';
import { isInJvm, type ResolvedArm } from '../profile/resolved/resolved.js';
import type { Redactor } from '../profile/resolved/profile-secrets.js';
import { regionSizes, type RegionSizes } from './plan/calibrate.js';
import { aimAlike } from './plan/check-plan.js';
import { exitCodeOf, type Interruption } from './interruption.js';
import type { RunInput, RunOutput } from './run/one-run.js';
import type { GuestOptions } from './place/places.js';
import { localPlace, type OpenPlace, type Place } from './place/place.js';
import { rounds, type PlannedRun } from './plan/order.js';
import { nextRetry } from './plan/retries.js';
import { openSide, type Side, type SidePlan } from './measured-side.js';
import { mostRepetitions, needsMore, type UntilN } from './plan/until-n.js';

/** What happens, for whoever shows it. */
export interface ExperimentObserver {
  onCalibration(text: string): void;
  /** `side`: null of an experiment that has one. */
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

/** What holds for all sides. */
export interface ExperimentSettings {
  readonly argv: readonly string[];
  /** In what is kept. */
  readonly keepSecrets: boolean;
  readonly toolVersion: string;
  readonly allowDegraded: boolean;
  readonly trace: boolean;
  /** Repetitions beyond the profile's, until a series has enough samples; null: none. */
  readonly untilN: UntilN | null;
  /** How guests were booted, to be told. */
  readonly guest: GuestOptions;
  readonly interruption: Interruption;
  readonly observer: ExperimentObserver;
}

export interface ExperimentInput extends ExperimentSettings, Omit<SidePlan, 'turns'> {}

export interface ExperimentResult {
  readonly summary: SummaryFile;
  /** Why it did not end well; null if it did. What was measured is in the bundle in either case. */
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

/** Both have the same number of rounds and one seed. Summaries: the baseline's, the candidate's. */
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

export interface SidesResult extends Pick<ExperimentResult, 'failure'> {
  readonly summaries: readonly SummaryFile[];
}

const openLocal: OpenPlace = () => Promise.resolve(localPlace());

/** Sides on the same kernel share its place, by the function that opens it. */
async function runSides(plans: readonly SidePlan[], settings: ExperimentSettings): Promise<SidesResult> {
  const placesOf = ({ places = [openLocal] }: SidePlan): readonly OpenPlace[] => places;
  const all = [...new Set(plans.flatMap(placesOf))];
  const opened = new Map<OpenPlace, Place>();
  try {
    for (const open of all) {
      const place = await open();
      opened.set(open, place);
      // One at a time: they share the CPUs.
      if (all.length > 1) await place.pause();
    }
    return await runAt(
      plans.map((plan) =>
        openSide(
          plan,
          placesOf(plan).flatMap((open) => opened.get(open) ?? []),
          settings.keepSecrets,
        ),
      ),
      activation(all.length > 1),
      settings,
    );
  } finally {
    // Each is closed, whatever comes of the others: a guest would go on running.
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

type Activate = (place: Place) => Promise<Place>;

type SideRun = PlannedRun & { readonly side: Side };

/**
 * A spoiled run that is to be repeated, taken from the list; of two sides the one with fewer runs. Null: there is none,
 * or no retry is left.
 */
function takeRetry(sides: readonly Side[], spoiled: SideRun[]): SideRun | null {
  for (const side of sides.toSorted((a, b) => a.finished.length - b.finished.length)) {
    const own = spoiled.filter((run) => run.side === side);
    const retry = nextRetry(
      own,
      side.finished.map(({ file }) => file),
      (name) => side.plan.arms.some((arm) => arm.name === name && arm.control !== null),
    );
    if (retry === null || !side.takeRetry()) continue;
    spoiled.splice(spoiled.indexOf(retry), 1);
    return retry;
  }
  return null;
}

async function runAt(sides: readonly Side[], goTo: Activate, settings: ExperimentSettings): Promise<SidesResult> {
  const { interruption, observer, untilN } = settings;
  const ofRound = sides.flatMap((side) => side.ofRound.map((run) => ({ ...run, side })));
  const [first] = sides;
  if (first === undefined) throw new Error('an experiment without a side');
  const { runs, seed } = first.plan.profile;
  const queue = rounds(ofRound, runs, seed);
  const startedAt = new Date().toISOString();
  const sizes = await sizesOf(sides, goTo, settings);
  // Each side's secrets may stand in the words of the command line.
  const redactedArgv = (words: readonly string[]): string[] =>
    sides.reduce((rest, { redactor }) => redactor.words(rest), [...words]);
  for (const side of sides) {
    const order = queue
      .filter((run) => run.side === side)
      .map(({ arm, kernel, repetition }): PlannedRun => ({ arm, kernel, repetition }));
    const { argv, toolVersion } = settings;
    side.writeManifest(
      { argv, asked: askedFor(settings, side.redactor), toolVersion, startedAt, order, sizes: sizesFor(sizes, side) },
      redactedArgv,
    );
  }

  const publish = (status: SummaryFile['status']): SummaryFile[] => sides.map((side) => side.publish(status));
  const giveUp = (failure: Failure): SidesResult => ({ summaries: sides.map((side) => side.publishFailed()), failure });
  const nothingMeasured = (): boolean => sides.every(({ finished }) => finished.length === 0);

  const spoiled: SideRun[] = [];
  let repetitions = runs;
  for (let number = 0; interruption.signal() === null; number += 1) {
    const retry = queue.length === 0 ? takeRetry(sides, spoiled) : null;
    if (retry !== null) queue.push(retry);
    if (
      queue.length === 0 &&
      untilN !== null &&
      repetitions < mostRepetitions &&
      sides.some(({ finished }) => needsMore(untilN, finished))
    ) {
      repetitions += 1;
      queue.push(...rounds(ofRound, 1, seed + repetitions).map((run) => ({ ...run, repetition: repetitions })));
    }
    const planned = queue.shift();
    if (planned === undefined) break;
    const { side, ...run } = planned;
    const arm = side.armOf(run);
    const name = side.nameOf(run);
    const shown = side.plan.turns === null ? name : `${side.plan.turns.side}/${name}`;
    observer.onRunStart({
      number: number + 1,
      of: number + 1 + queue.length,
      name,
      side: side.plan.turns?.side ?? null,
      ...run,
    });

    try {
      const place = await goTo(side.placeOf(run.kernel));
      const output = withoutSecretsOf(
        await place.run(runInput(settings, { name, arm, side, planned: run, sizes: sizesFor(sizes, side) })),
        arm,
        side.redactor,
      );
      side.keep(output);
      observer.onRunEnd(output.file);
      // A guest that did not answer an interruption is no second failure.
      const [failure] = output.file.failures;
      if (failure !== undefined && !(output.file.status === 'partial' && interruption.signal() !== null))
        return giveUp(
          new Failure(
            exitCodeOfFailure(failure.code),
            `run ${shown} failed: ${sentencesOf(output.file.failures).join('; ')}`,
          ),
        );
      if (output.file.disturbances.length > 0) spoiled.push(planned);
      side.publish('running');
    } catch (error) {
      // The run was not begun: what is measured is told below.
      if (isInterruption(error) && interruption.signal() !== null) break;
      if (!(error instanceof Failure)) throw error;
      const sentence = side.redactor.text(error.message);
      if (nothingMeasured()) throw new Failure(error.code, sentence, { cause: error });
      return giveUp(new Failure(error.code, `run ${shown}: ${sentence}`, { cause: error }));
    }
  }

  const signal = interruption.signal();
  if (signal !== null && nothingMeasured())
    throw new Failure(exitCodeOf(signal), `interrupted by ${signal} before the first run; nothing was measured`);
  try {
    if (signal === null) return { summaries: publish('complete'), failure: null };
    return {
      summaries: publish('partial'),
      failure: new Failure(exitCodeOf(signal), `interrupted by ${signal}; what was measured is kept, marked partial`),
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return giveUp(error);
  }
}

type SizesBySide = ReadonlyMap<Side, RegionSizes>;

function sizesFor(sizes: SizesBySide, side: Side): RegionSizes {
  const own = sizes.get(side);
  if (own === undefined) throw new Error('a side whose regions were not sized');
  return own;
}

/**
 * One size for both sides, as for all arms of one: two measurements of it would be a difference. Where the aim is the
 * change, each has its own.
 */
async function sizesOf(
  sides: readonly Side[],
  goTo: Activate,
  { observer, interruption }: ExperimentSettings,
): Promise<SizesBySide> {
  const measure = async (together: readonly Side[]): Promise<[Side, RegionSizes][]> => {
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
  const each: [Side, RegionSizes][] = [];
  for (const side of sides) each.push(...(await measure([side])));
  return new Map(each);
}

/**
 * A program may print what it was given, a JVM that crashes writes its command line down, and a sentence quotes either.
 */
function withoutSecretsOf<Run extends RunOutput>(run: Run, arm: ResolvedArm, { text }: Redactor): Run {
  // Not by what the run has: one that failed before its window has no figures of its JVM, and all of its files.
  if (!isInJvm(arm)) return run;
  const { file, files } = run;
  const { jvm, failures } = file;
  return {
    ...run,
    file: {
      ...file,
      failures: mapTexts(failures, text) as typeof failures,
      jvm:
        jvm === null
          ? null
          : {
              ...jvm,
              processes: mapTexts(jvm.processes, text) as typeof jvm.processes,
              logProblems: mapTexts(jvm.logProblems, text) as typeof jvm.logProblems,
            },
    },
    // Of these two pauselab is the only author.
    files: Object.fromEntries(
      Object.entries(files).map(([name, content]) => [
        name,
        ['histograms.hlog', 'stalls.json'].includes(name) ? content : text(content),
      ]),
    ),
  };
}

function mapTexts(value: unknown, text: (text: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapTexts(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, text)]));
}

/** Goes to a place: the one before it is paused first. */
function activation(several: boolean): Activate {
  let current: Place | null = null;
  return async (place) => {
    if (place !== current && several) {
      await current?.pause();
      await place.resume();
    }
    current = place;
    return place;
  };
}

function runInput(
  settings: ExperimentSettings,
  own: { name: string; arm: ResolvedArm; side: Side; planned: PlannedRun; sizes: RegionSizes },
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

/** A replay needs it, and cannot tell it from the arguments: those of a replay itself name none of it. */
function askedFor(
  { allowDegraded, trace, untilN, guest: { cpus, memoryBytes, append, bootDeadline_ms } }: ExperimentSettings,
  redactor: Redactor,
): AskedFor {
  return {
    allowDegraded,
    trace,
    untilN: untilN === null ? null : { ...untilN },
    guest: { cpus, memoryBytes, append: redactor.words(append), bootDeadline_ns: bootDeadline_ms * 1e6 },
  };
}
