/**
 * The experiment: size the regions, run every arm in a seeded, interleaved order, repeat what the machine spoiled,
 * and write the bundle after every run, because a later one may fail.
 */
import { cleanUp } from '../base/clean-up.js';
import { Failure, isInterruption } from '../base/failure.js';
import { schemaVersion, type AskedFor, type KernelRecord, type MeasuredManifest, type SummaryFile } from '../bundle/schema.js';
import type { BundleStore } from '../bundle/store.js';
import { hostFacts } from '../host/facts.js';
import { programFiles, type ProgramFile } from '../host/program-files.js';
import type { ResolvedArm, ResolvedProfile } from '../profile/resolved.js';
import { profileHashOf, redactorOf, type Redactor } from '../profile/secrets.js';
import { regionSizes, type RegionSizes } from './calibrate.js';
import { exitCodeOf, type Interruption } from './interruption.js';
import type { RunInput, RunOutput } from './one-run.js';
import type { GuestOptions } from './places.js';
import { localPlace, type OpenPlace, type Place } from './place.js';
import { runOrder, type PlannedRun } from './order.js';
import { summarise, type FinishedRun } from './summarise.js';
import { mostRepetitions, needsMore, type UntilN } from './until-n.js';

/** What happens, for whoever shows it. */
export interface ExperimentObserver {
  onCalibration(text: string): void;
  onRunStart(run: { number: number; of: number; name: string; arm: string; kernel: string; repetition: number }): void;
  onPhase: RunInput['onPhase'];
  onSnapshot: RunInput['onSnapshot'];
  onRunEnd(run: RunOutput['file']): void;
}

export interface ExperimentInput {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
  /** One for each kernel; the first sizes the regions for all. */
  readonly places?: readonly OpenPlace[];
  readonly store: BundleStore;
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

export interface ExperimentResult {
  readonly summary: SummaryFile;
  /** Why it did not end well; null if it did. What was measured is in the bundle in either case. */
  readonly failure: Failure | null;
}

export async function runExperiment(input: ExperimentInput): Promise<ExperimentResult> {
  const places: Place[] = [];
  try {
    for (const open of input.places ?? [() => Promise.resolve(localPlace())]) {
      places.push(await open());
      // One at a time: they share the CPUs.
      if ((input.places?.length ?? 1) > 1) await places.at(-1)?.pause();
    }
    return await runAt(places, input);
  } finally {
    // Each is closed, whatever comes of the others: a guest would go on running.
    await cleanUp(...places.flatMap((place) => [() => { keepConsole(place, input.store); }, () => place.close()]));
  }
}

async function runAt(places: readonly Place[], input: ExperimentInput): Promise<ExperimentResult> {
  const { profile, arms, store, interruption, observer } = input;
  const redactor = redactorOf(profile, input.keepSecrets);
  const kernels = places.map(({ kernel }) => kernel);
  const kernelNames = kernels.map(({ name }) => name);
  const order = runOrder(arms.map(({ name }) => name), kernelNames, profile.runs, profile.seed);
  const startedAt = new Date().toISOString();
  // As the profile names them: in a guest they lie elsewhere.
  const programs = programFiles(profile.arms.filter(({ name }) => arms.some((arm) => arm.name === name)));
  const goTo = activation(places);
  const first = await goTo(kernelNames[0] ?? '');
  const sizes = regionSizes(await first.size(profile, arms, (text) => { observer.onCalibration(text); }, interruption.signalled));
  store.writeManifest(manifestOf(input, { startedAt, host: hostFacts(), kernels, sizes, order, redactor, programs }));

  const finished: FinishedRun[] = [];
  const summaryNow = (status: SummaryFile['status']): SummaryFile => summarise({ profile, arms, kernels, status, runs: finished });
  const publish = (status: SummaryFile['status']): SummaryFile => {
    const summary = summaryNow(status);
    store.writeSummary(summary);
    return summary;
  };
  // A disk that is full may refuse this summary too; the runs before are there without it.
  const giveUp = (failure: Failure): ExperimentResult => {
    const summary = summaryNow('failed');
    try {
      store.writeSummary(summary);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    return { summary, failure };
  };

  const queue = [...order];
  let retries = profile.spoiled.retries;
  let repetitions = profile.runs;
  for (let number = 0; interruption.signal() === null; number += 1) {
    if (queue.length === 0 && input.untilN !== null && repetitions < mostRepetitions && needsMore(input.untilN, finished)) {
      repetitions += 1;
      queue.push(...runOrder(arms.map((arm) => arm.name), kernelNames, 1, profile.seed + repetitions).map((run) => ({ ...run, repetition: repetitions })));
    }
    const planned = queue.shift();
    if (planned === undefined) break;
    const arm = arms.find(({ name }) => name === planned.arm);
    if (arm === undefined) throw new Error(`the order names the arm ${planned.arm}, which is not in the plan`);
    const name = `${String(number).padStart(3, '0')}-${arm.name}${kernels.length > 1 ? `@${folderName(planned.kernel)}` : ''}`;
    observer.onRunStart({ number: number + 1, of: number + 1 + queue.length, name, ...planned });

    try {
      const place = await goTo(planned.kernel);
      const output = withoutSecretsOf(await place.run(runInput(input, { name, arm, planned, sizes })), arm, redactor);
      store.writeRun(output.file, output.files);
      finished.push(output);
      observer.onRunEnd(output.file);
      // A guest that did not answer an interruption is no second failure.
      if (output.file.failure !== null && !(output.file.status === 'partial' && interruption.signal() !== null)) return giveUp(new Failure(output.exitCode, `run ${name} failed: ${output.file.failure}`));
      if (output.file.spoiled.length > 0 && retries > 0) {
        retries -= 1;
        queue.push(planned);
      }
      publish('running');
    } catch (error) {
      // The run was not begun: what is measured is told below.
      if (isInterruption(error) && interruption.signal() !== null) break;
      if (!(error instanceof Failure)) throw error;
      const sentence = redactor.text(error.message);
      if (finished.length === 0) throw new Failure(error.exitCode, sentence, { cause: error });
      return giveUp(new Failure(error.exitCode, `run ${name}: ${sentence}`, { cause: error }));
    }
  }

  const signal = interruption.signal();
  if (signal !== null && finished.length === 0) throw new Failure(exitCodeOf(signal), `interrupted by ${signal} before the first run; nothing was measured`);
  try {
    if (signal === null) return { summary: publish('complete'), failure: null };
    return { summary: publish('partial'), failure: new Failure(exitCodeOf(signal), `interrupted by ${signal}; what was measured is kept, marked partial`) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return giveUp(error);
  }
}

/** A program may print what it was given, a JVM that crashes writes its command line down, and a sentence quotes either. */
function withoutSecretsOf<Run extends RunOutput>(run: Run, arm: ResolvedArm, { text }: Redactor): Run {
  // Not by what the run has: one that failed before its window has no figures of its JVM, and all of its files.
  if (arm.jvm === null) return run;
  const { file, files } = run;
  const { jvm, failure } = file;
  return {
    ...run,
    file: { ...file, failure: failure === null ? null : text(failure), jvm: jvm === null ? null : { ...jvm, processes: mapTexts(jvm.processes, text) as typeof jvm.processes, logProblems: jvm.logProblems.map(text) } },
    // Of these two pauselab is the only author.
    files: Object.fromEntries(Object.entries(files).map(([name, content]) => [name, ['histograms.hlog', 'stalls.json'].includes(name) ? content : text(content)])),
  };
}

function mapTexts(value: unknown, text: (text: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapTexts(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, text)]));
}

function keepConsole(place: Place, store: BundleStore): void {
  const text = place.console();
  if (text !== null) store.keepConsole(folderName(place.kernel.name), text);
}

/** Goes to a place: the one before it is paused first. */
function activation(places: readonly Place[]): (kernel: string) => Promise<Place> {
  let current: Place | null = null;
  return async (kernel) => {
    const place = places.find((one) => one.kernel.name === kernel);
    if (place === undefined) throw new Error(`the order names the kernel ${kernel}, which is not in the plan`);
    if (place !== current && places.length > 1) {
      await current?.pause();
      await place.resume();
    }
    current = place;
    return place;
  };
}

/** A kernel's name as a part of a file's. */
function folderName(kernel: string): string {
  return kernel.replaceAll(/[^A-Za-z0-9._+-]+/g, '-');
}

function runInput(input: ExperimentInput, own: { name: string; arm: ResolvedArm; planned: PlannedRun; sizes: RegionSizes }): RunInput {
  const { profile, allowDegraded, trace, interruption, observer } = input;
  const { name, arm, planned, sizes } = own;
  return {
    name,
    profile,
    arm,
    kernel: planned.kernel,
    repetition: planned.repetition,
    regionBytes: sizes.bytesFor(arm),
    allowDegraded,
    trace,
    interrupted: interruption.signalled,
    onPhase: (phase, pids) => { observer.onPhase(phase, pids); },
    onSnapshot: (snapshot, window) => { observer.onSnapshot(snapshot, window); },
  };
}

/** A replay needs it, and cannot tell it from the arguments: those of a replay itself name none of it. */
function askedFor({ allowDegraded, trace, untilN, guest: { cpus, memoryBytes, append, bootDeadline_ms } }: ExperimentInput, redactor: Redactor): AskedFor {
  return { allowDegraded, trace, untilN: untilN === null ? null : { ...untilN }, guest: { cpus, memoryBytes, append: redactor.words(append), bootDeadline_ns: bootDeadline_ms * 1e6 } };
}

function manifestOf(input: ExperimentInput, own: { startedAt: string; host: ReturnType<typeof hostFacts>; kernels: readonly KernelRecord[]; sizes: RegionSizes; order: readonly PlannedRun[]; redactor: Redactor; programs: readonly ProgramFile[] }): MeasuredManifest {
  const { profile, argv, toolVersion } = input;
  const { redactor } = own;
  return {
    schemaVersion,
    tool: { name: 'pauselab', version: toolVersion },
    argv: redactor.words(argv),
    asked: askedFor(input, redactor),
    startedAt: own.startedAt,
    seed: profile.seed,
    profileHash: profileHashOf(profile),
    profile: redactor.profile,
    host: { ...own.host },
    kernels: [...own.kernels],
    calibration: [...own.sizes.calibrations],
    order: [...own.order],
    spoiledBy: profile.spoiled,
    programs: [...own.programs],
  };
}
