/**
 * The experiment: size the regions, run every arm in a seeded, interleaved order, repeat what the machine spoiled,
 * and write the bundle after every run, because a later one may fail.
 */
import { Failure, workloadFailed } from '../base/failure.js';
import { schemaVersion, type ManifestFile, type SummaryFile } from '../bundle/schema.js';
import type { BundleStore } from '../bundle/store.js';
import { cpuTopology, resolveCpus, type CpuTopology } from '../host/cpus.js';
import { hostFacts } from '../host/facts.js';
import { hashOf } from '../profile/hash.js';
import { workOf, type ResolvedArm, type ResolvedProfile } from '../profile/resolved.js';
import { sizeRegions, type RegionSizes } from './calibrate.js';
import { exitCodeOf, type Interruption } from './interruption.js';
import { executeRun, type RunInput, type RunOutput } from './one-run.js';
import { runOrder, type PlannedRun } from './order.js';
import { summarise, type FinishedRun } from './summarise.js';
import { mostRepetitions, needsMore, type UntilN } from './until-n.js';

/** What happens, for whoever shows it. */
export interface ExperimentObserver {
  onCalibration(text: string): void;
  onRunStart(run: { number: number; of: number; name: string; arm: string; repetition: number }): void;
  onPhase: RunInput['onPhase'];
  onSnapshot: RunInput['onSnapshot'];
  onRunEnd(run: RunOutput['file']): void;
}

export interface ExperimentInput {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
  readonly store: BundleStore;
  readonly argv: readonly string[];
  readonly toolVersion: string;
  readonly allowDegraded: boolean;
  readonly trace: boolean;
  /** Repetitions beyond the profile's, until a series has enough samples; null: none. */
  readonly untilN: UntilN | null;
  readonly interruption: Interruption;
  readonly observer: ExperimentObserver;
}

export interface ExperimentResult {
  readonly summary: SummaryFile;
  /** Why it did not end well; null if it did. What was measured is in the bundle in either case. */
  readonly failure: Failure | null;
}

export async function runExperiment(input: ExperimentInput): Promise<ExperimentResult> {
  const { profile, arms, store, interruption, observer } = input;
  const topology = cpuTopology();
  for (const arm of arms) cpusOf(arm, topology);
  const host = hostFacts();
  const order = runOrder(arms.map(({ name }) => name), profile.runs, profile.seed);
  const startedAt = new Date().toISOString();
  const sizes = await sizeRegions(profile, arms, topology, (text) => { observer.onCalibration(text); });
  store.writeManifest(manifestOf(input, { startedAt, host, sizes, order }));

  const finished: FinishedRun[] = [];
  const publish = (status: SummaryFile['status']): SummaryFile => {
    const summary = summarise({ profile, arms, kernel: host.kernel, status, runs: finished });
    store.writeSummary(summary);
    return summary;
  };
  // A disk that is full may refuse this summary too; the runs before are there without it.
  const giveUp = (failure: Failure): ExperimentResult => {
    const summary = summarise({ profile, arms, kernel: host.kernel, status: 'failed', runs: finished });
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
      queue.push(...runOrder(arms.map((arm) => arm.name), 1, profile.seed + repetitions).map((run) => ({ ...run, repetition: repetitions })));
    }
    const planned = queue.shift();
    if (planned === undefined) break;
    const arm = arms.find(({ name }) => name === planned.arm);
    if (arm === undefined) throw new Error(`the order names the arm ${planned.arm}, which is not in the plan`);
    const name = `${String(number).padStart(3, '0')}-${arm.name}`;
    observer.onRunStart({ number: number + 1, of: number + 1 + queue.length, name, ...planned });

    try {
      const output = await executeRun(runInput(input, { name, arm, planned, sizes, topology }));
      store.writeRun(output.file, output.stalls, output.files);
      finished.push(output);
      observer.onRunEnd(output.file);
      if (output.file.failure !== null) return giveUp(workloadFailed(`run ${name} failed: ${output.file.failure}`));
      if (output.file.spoiled.length > 0 && retries > 0) {
        retries -= 1;
        queue.push(planned);
      }
      publish('running');
    } catch (error) {
      if (!(error instanceof Failure) || finished.length === 0) throw error;
      return giveUp(error);
    }
  }

  const signal = interruption.signal();
  if (signal === null) return { summary: publish('complete'), failure: null };
  if (finished.length === 0) throw new Failure(exitCodeOf(signal), `interrupted by ${signal} before the first run; nothing was measured`);
  return { summary: publish('partial'), failure: new Failure(exitCodeOf(signal), `interrupted by ${signal}; what was measured is kept, marked partial`) };
}

/** Every CPU that an arm names; a failure now, and not after others have been measured. */
function cpusOf(arm: ResolvedArm, topology: CpuTopology): readonly number[] {
  const { holder, hogs, victims, jvm } = arm;
  const named = [holder?.cpus, holder?.toucher?.cpus, hogs.cpus, ...victims.map(({ cpus }) => cpus), jvm?.process.cpus, ...(workOf(arm)?.threads.map(({ cpus }) => cpus) ?? [])];
  return named.flatMap((cpus) => (cpus === undefined || cpus === null ? [] : resolveCpus(cpus, topology)));
}

function runInput(input: ExperimentInput, own: { name: string; arm: ResolvedArm; planned: PlannedRun; sizes: RegionSizes; topology: CpuTopology }): RunInput {
  const { profile, allowDegraded, trace, interruption, observer } = input;
  const { name, arm, planned, sizes, topology } = own;
  return {
    name,
    profile,
    arm,
    repetition: planned.repetition,
    regionBytes: sizes.bytesFor(arm),
    topology,
    allowDegraded,
    trace,
    interrupted: interruption.signalled,
    onPhase: (phase, pids) => { observer.onPhase(phase, pids); },
    onSnapshot: (snapshot, window) => { observer.onSnapshot(snapshot, window); },
  };
}

function manifestOf(input: ExperimentInput, own: { startedAt: string; host: ReturnType<typeof hostFacts>; sizes: RegionSizes; order: readonly PlannedRun[] }): ManifestFile {
  const { profile, argv, toolVersion } = input;
  return {
    schemaVersion,
    tool: { name: 'pauselab', version: toolVersion },
    argv: [...argv],
    startedAt: own.startedAt,
    seed: profile.seed,
    profileHash: hashOf(profile),
    profile,
    host: { ...own.host },
    calibration: [...own.sizes.calibrations],
    order: [...own.order],
    spoiledBy: profile.spoiled,
  };
}
