/** One side of an experiment, and its bundle, which is written after every run. */
import { Failure } from '../base/failure.js';
import {
  schemaVersion,
  type AskedFor,
  type MeasuredManifest,
  type Resumed,
  type SummaryFile,
  type Turns,
} from '../bundle/bundle-schema.js';
import type { RefusedArm } from '../facts/refused-arm-facts.js';
import { cutShortFolder, type BundleStore } from '../bundle/store.js';
import { hostFacts } from '../host/facts.js';
import { programFiles } from '../host/program-files.js';
import type { ResolvedArm, ResolvedProfile } from '../profile/resolved/resolved.js';
import { profileHashOf, redactorOf, type Redactor } from '../profile/resolved/profile-secrets.js';
import type { RegionSizes } from './plan/calibrate.js';
import { changedGuestFiles } from './run/environment.js';
import type { RunOutput } from './run/one-run.js';
import { runsOfRound, type PlannedRun } from './plan/order.js';
import { goThrough, isKept, nameWithoutNumber, retriesOf } from './plan/past-runs.js';
import { retriesIn } from './plan/retries.js';
import type { OpenPlace, Place } from './place/place.js';
import type { QueuedSide, RunQueue } from './run-queue.js';
import { summarise, type FinishedRun } from './summarise.js';

export interface SidePlan {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
  /** Arms of the profile that their JDK cannot run; they are not in `arms`. */
  readonly refused?: readonly RefusedArm[];
  /** A place per kernel; by default this machine. The first place sizes the regions for all. */
  readonly places?: readonly OpenPlace[];
  readonly store: BundleStore;
  /** Null: the side is measured alone. */
  readonly turns: Turns | null;
  /** What was measured of it before an interruption. */
  readonly before?: Before | undefined;
}

/** An experiment that goes on in its bundle. */
export interface Before {
  readonly manifest: MeasuredManifest;
  /** Complete runs, in the order in which they were made. */
  readonly runs: readonly FinishedRun[];
  /** Runs that are made again. */
  readonly setAside: Resumed['setAside'];
  readonly changed: Resumed['changed'];
  /** Of the next run. A number is never used twice. */
  readonly nextNumber: number;
}

/** Content of the manifest that is not in the plan. */
export interface ManifestParts {
  readonly argv: readonly string[];
  readonly asked: AskedFor;
  readonly toolVersion: string;
  readonly startedAt: string;
  readonly order: readonly PlannedRun[];
  readonly sizes: RegionSizes;
}

export interface MeasuredSide extends QueuedSide {
  readonly plan: SidePlan;
  readonly redactor: Redactor;
  placeOf(kernel: string): Place;
  armOf(planned: Pick<PlannedRun, 'arm'>): ResolvedArm;
  nameOf(planned: PlannedRun): string;
  writeManifest(of: ManifestParts, redactedArgv: (words: readonly string[]) => string[]): void;
  /** In place of `writeManifest`, for an experiment that goes on: takes what was measured from the queue. */
  resume(queue: RunQueue<MeasuredSide>, before: Before, at: string): void;
  keep(output: RunOutput): void;
  publish(status: SummaryFile['status']): SummaryFile;
  /** A full disk may refuse this summary too. The bundle then has the earlier runs without it. */
  publishFailed(): SummaryFile;
}

export function hasKept({ finished }: MeasuredSide): boolean {
  return finished.some(({ file }) => isKept(file));
}

export function nothingMeasured(sides: readonly MeasuredSide[]): boolean {
  return sides.every(({ finished }) => finished.length === 0);
}

export function openSide(
  plan: SidePlan,
  places: readonly Place[],
  { keepSecrets }: { readonly keepSecrets: boolean },
): MeasuredSide {
  const { profile, arms, store, refused = [] } = plan;
  const kernels = places.map(({ kernel }) => kernel);
  const redactor = redactorOf(profile, keepSecrets);
  const finished: FinishedRun[] = [];
  // The paths of the profile: in a guest the files have other paths.
  const programs = programFiles(profile.arms.filter(({ name }) => arms.some((arm) => arm.name === name)));
  const { before } = plan;
  let resumed = before?.manifest.resumed ?? [];
  const summary = (status: SummaryFile['status']): SummaryFile =>
    summarise({
      profile,
      arms,
      kernels,
      status,
      runs: finished,
      refused,
      resumed: [{ resumed, cutShort: cutShortFolder }],
    });
  const publish = (status: SummaryFile['status']): SummaryFile => {
    const now = summary(status);
    store.writeSummary(now);
    return now;
  };
  return {
    plan,
    redactor,
    ofRound: runsOfRound(
      arms.map(({ name }) => name),
      kernels.map(({ name }) => name),
    ),
    finished,
    placeOf: (kernel) => inPlan(places, ({ kernel: { name } }) => name === kernel, `the place ${kernel}`),
    armOf: (planned) => inPlan(arms, ({ name }) => name === planned.arm, `the arm ${planned.arm}`),
    nameOf: (planned) =>
      `${String(numberOf(finished.length, before)).padStart(3, '0')}-${nameWithoutNumber(planned, kernels.length)}`,
    takeRetry: retriesOf(retriesIn(profile.spoiled.retries, arms, kernels.length)),
    writeManifest(asked, redactedArgv) {
      store.writeManifest(manifestOf(plan, asked, { kernels, redactor, programs, argv: redactedArgv(asked.argv) }));
    },
    resume(queue, { manifest, runs, setAside, changed }, at) {
      const past = { arms, kernels_n: kernels.length, runs, resumed: manifest.resumed, setAside };
      goThrough(queue, past, (run) => finished.push(run));
      const bootedAgain = kernels.flatMap(({ name, guest }) => (guest === null ? [] : [name]));
      const changedNow = [...changed, ...changedGuestFiles(manifest, { kernels })];
      resumed = [...resumed, { at, kept_n: runs.length, setAside, bootedAgain, changed: changedNow }];
      // First the record: a run that is gone without one would be a secret.
      store.writeManifest({ ...manifest, resumed });
      store.setAside(setAside.map(({ run }) => run));
      publish('running');
    },
    keep(output) {
      store.writeRun(output.file, output.files);
      finished.push(output);
    },
    publish,
    publishFailed() {
      try {
        return publish('failed');
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return summary('failed');
      }
    },
  };
}

function numberOf(finished_n: number, before: Before | undefined): number {
  return before === undefined ? finished_n : before.nextNumber + finished_n - before.runs.length;
}

function inPlan<T>(all: readonly T[], isMeant: (one: T) => boolean, what: string): T {
  const found = all.find(isMeant);
  if (found === undefined) throw new Error(`the order names ${what}, which is not in the plan`);
  return found;
}

interface OfSide {
  readonly kernels: readonly Place['kernel'][];
  readonly redactor: Redactor;
  readonly programs: ReturnType<typeof programFiles>;
  /** Without secrets. */
  readonly argv: string[];
}

function manifestOf(
  { profile, turns, refused = [] }: SidePlan,
  { asked, toolVersion, startedAt, order, sizes }: ManifestParts,
  { kernels, redactor, programs, argv }: OfSide,
): MeasuredManifest {
  return {
    schemaVersion,
    tool: { name: 'pauselab', version: toolVersion },
    argv,
    asked,
    startedAt,
    seed: profile.seed,
    profileHash: profileHashOf(profile),
    profile: redactor.profile,
    host: { ...hostFacts() },
    kernels: [...kernels],
    calibration: [...sizes.calibrations],
    order: [...order],
    refusedArms: [...refused],
    spoiledBy: profile.spoiled,
    programs: [...programs],
    turns,
    resumed: [],
  };
}
