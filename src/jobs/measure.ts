/** The common part of all commands that measure: from a side to a bundle, or from two sides in turns to two bundles. */
import { cleanUpNow } from '../base/clean-up.js';
import { Failure, unfit } from '../base/failure.js';
import type { SummaryFile } from '../bundle/bundle-schema.js';
import type { BundleStore } from '../bundle/store.js';
import type { ExperimentSettings } from '../experiment/experiment.js';
import type { GuestNeeds } from '../experiment/place/guest-needs.js';
import type { GuestOptions, PlannedPlace } from '../experiment/place/places.js';
import type { Before, SidePlan } from '../experiment/measured-side.js';
import type { UntilN } from '../experiment/plan/until-n.js';
import type { BootedKernel } from '../kernel/build/booted-kernel.js';
import type { ResolvedArm, ResolvedProfile } from '../profile/resolved/resolved.js';
import type { FormerKernels } from './former-kernels.js';
import { fillCache, makeReady, withoutRefused } from './make-ready.js';
import type { PlannedSide } from './plan.js';
import type { Progress } from './progress.js';
import { resultFolder } from './result-folder.js';
import { toolVersion } from './tool-version.js';

export interface MeasureOptions {
  readonly out?: string;
  readonly allowDegraded?: true;
  readonly trace?: true;
  readonly keepSecrets?: true;
  readonly install?: true;
  readonly untilN: UntilN | null;
  /** Conditions of --fail-if, for the manifest. */
  readonly failIf?: readonly string[];
  readonly progress: Progress;
  readonly guest: GuestOptions;
  /** The built kernel that this machine has booted, if that was asked for and proven. */
  readonly boot?: BootedKernel | undefined;
  /** Longest wait for a quiet machine; null or undefined: do not wait. */
  readonly quietWithin_ms?: number | null;
}

export interface Measured {
  readonly summary: SummaryFile;
  readonly bundle: string;
  readonly failure: Failure | null;
}

export async function measure(
  profile: ResolvedProfile,
  arms: readonly ResolvedArm[],
  argv: readonly string[],
  options: MeasureOptions,
): Promise<Measured> {
  const [{ createBundle }, { runExperiment }] = await Promise.all([
    import('../bundle/store.js'),
    import('../experiment/experiment.js'),
  ]);
  return measureSides([{ profile, arms }], argv, options, {
    open: () => [
      options.out === undefined
        ? createBundle(resultFolder(profile.name), { numbered: true })
        : createBundle(options.out),
    ],
    run: async ([side], settings) => {
      const { summary, failure } = await runExperiment({ ...settings, ...side });
      return { summary, failure, bundle: side.store.path };
    },
  });
}

/** What an interrupted experiment lacks, into its bundle. */
export async function measureRest(
  { profile, arms }: PlannedSide,
  before: Before,
  store: BundleStore,
  options: Omit<MeasureOptions, 'out'>,
): Promise<Measured> {
  const [{ runExperiment }, { changedSoftware }] = await Promise.all([
    import('../experiment/experiment.js'),
    import('../experiment/run/changed-software.js'),
  ]);
  const { argv, refusedArms } = before.manifest;
  const former = await useFormerSoftware(arms, before, options);
  return measureSides([{ profile, arms }], argv, options, {
    open: () => [store],
    former,
    unmeasured: `nothing was added to ${store.path}`,
    run: async ([side], settings) => {
      const [refused] = side.refused ?? [];
      if (refused !== undefined) {
        const { whyNotRun } = await import('../words/verdict-words.js');
        throw unfit(
          `not resumed, because the JDK of ${refused.arm} was another when the experiment began (${whyNotRun(refused)}); ` +
            'name that JDK again, or run the experiment again with `pauselab replay`',
        );
      }
      const changed = await changedSoftware(
        side.arms,
        before.runs.map(({ file }) => file),
      );
      if (changed !== null)
        throw unfit(
          `not resumed, because the runs would not repeat each other: ${changed.what} of ${changed.arm} was ${changed.then} and is ${changed.now}; ` +
            'put the former back, or run the experiment again with `pauselab replay`',
        );
      const { summary, failure } = await runExperiment({ ...settings, ...side, refused: refusedArms, before });
      return { summary, failure, bundle: store.path };
    },
  });
}

/** What the runs so far used of the mirror is used again. Returns the kernels. */
async function useFormerSoftware(
  arms: readonly ResolvedArm[],
  { manifest, runs }: Before,
  { install, progress: { note } }: Pick<MeasureOptions, 'install' | 'progress'>,
): Promise<FormerKernels> {
  const [{ formerJdks, useFormerJdk }, { formerKernels }] = await Promise.all([
    import('./former-jdks.js'),
    import('./former-kernels.js'),
  ]);
  const jdks = formerJdks(
    arms,
    runs.map(({ file }) => file),
  );
  const installing = { install: install === true, note };
  for (const jdk of jdks) await fillCache(installing, (sources) => useFormerJdk(jdk, sources));
  return formerKernels(manifest, { note });
}

export interface MeasuredInTurns {
  /** Paths of the bundles. */
  readonly baseline: string;
  readonly candidate: string;
  readonly failure: Failure | null;
}

/** Writes the bundles `baseline` and `candidate` to the same folder. */
export async function measureInTurns(
  baseline: PlannedSide,
  candidate: PlannedSide,
  argv: readonly string[],
  options: MeasureOptions,
): Promise<MeasuredInTurns> {
  const [{ createBundles }, { runInTurns }] = await Promise.all([
    import('../bundle/store.js'),
    import('../experiment/experiment.js'),
  ]);
  return measureSides([baseline, candidate], argv, options, {
    open: () =>
      options.out === undefined
        ? createBundles(resultFolder(candidate.profile.name), ['baseline', 'candidate'], { numbered: true })
        : createBundles(options.out, ['baseline', 'candidate']),
    run: async ([first, second], settings) => {
      if (second === undefined) throw new Error('two sides have two plans');
      const { failure } = await runInTurns({ baseline: first, candidate: second }, settings);
      return { baseline: first.store.path, candidate: second.store.path, failure };
    },
  });
}

type Opened = Omit<SidePlan, 'turns'>;

interface Measurement<Result> {
  /** After a signal before the first run. */
  readonly unmeasured?: string;
  readonly open: () => readonly BundleStore[];
  /** Of an experiment that goes on. */
  readonly former?: FormerKernels;
  readonly run: (sides: readonly [Opened, ...Opened[]], settings: ExperimentSettings) => Promise<Result>;
}

async function measureSides<Result>(
  asked: readonly PlannedSide[],
  argv: readonly string[],
  options: MeasureOptions,
  { open, run, former, unmeasured = 'nothing was measured' }: Measurement<Result>,
): Promise<Result> {
  const { isHost, kernelsOf } = await import('../profile/check/asked-kernel.js');
  const kernels = [...new Set(asked.flatMap(({ profile }) => kernelsOf(profile)))];
  const refused = await makeReady(
    { arms: asked.flatMap(({ arms }) => arms), kernels, trace: options.trace === true },
    { install: options.install === true, note: options.progress.note },
  );
  // An arm that one of two sides cannot run is left out of both, so that they stay comparable.
  const plans = asked.map(({ profile, arms }) => ({ profile, arms: withoutRefused(arms, refused) }));
  const [
    { guestNeeds },
    { certainBytes, guestMemoryProblem },
    { placesOf },
    { abortSignalOf, exitCodeOf: exitCodeOfSignal, listenForInterruption },
    { lookAtLoad },
    { retriesIn },
  ] = await Promise.all([
    import('../experiment/place/guest-needs.js'),
    import('../experiment/place/guest-memory.js'),
    import('./resolve-places.js'),
    import('../experiment/interruption.js'),
    import('./look-at-load.js'),
    import('../experiment/plan/retries.js'),
  ]);
  const stores = open();
  const [{ profile: shown } = { profile: null }] = plans;
  if (shown === null) throw new Error('nothing to measure');
  const status = options.progress.watch({ ...shown, kernels });
  const interruption = listenForInterruption((signal) => {
    status.note(`${signal}: ending the window and keeping what was measured; a second signal ends at once`);
  });
  try {
    const hasGuests = kernels.some((kernel) => !isHost(kernel));
    const needs: GuestNeeds[] = [];
    for (const { arms } of plans)
      needs.push(hasGuests ? await guestNeeds(arms, abortSignalOf(interruption)) : { arms, files: [] });
    const files = [...new Map(needs.flatMap((one) => one.files).map((file) => [file.to, file])).values()];
    const places = await placesOf(
      {
        kernels,
        preempt: shown.preempt,
        features: shown.features ?? [],
        guest: options.guest,
        boot: options.boot,
        files,
      },
      {
        interrupted: interruption.signalled,
        former,
        progress: (text) => {
          status.onCalibration(text);
        },
        note: (text) => {
          status.note(text);
        },
      },
    );
    const problem = guestMemoryProblem(
      places.flatMap(({ guest }) =>
        guest === null ? [] : [{ memoryBytes: guest.settings.memoryBytes, imageBytes: () => guest.image().bytes }],
      ),
      certainBytes(plans.flatMap(({ arms }) => arms)),
    );
    if (problem !== null) {
      if (problem.refusal !== null) throw problem.refusal;
      status.note(problem.warning);
    }
    const sides = plans.flatMap((plan, i): Opened[] => {
      const store = stores[i];
      if (store === undefined) throw new Error('a side without a bundle');
      return [
        {
          profile: plan.profile,
          arms: needs[i]?.arms ?? plan.arms,
          refused: refused.filter(({ arm }) => plan.profile.arms.some(({ name }) => name === arm)),
          places: placesFor(places, kernelsOf(plan.profile)),
          store,
        },
      ];
    });
    const [first, ...others] = sides;
    if (first === undefined) throw new Error('nothing to measure');
    const retries = sides.reduce(
      (sum, { profile, arms, places: own = [] }) => sum + retriesIn(profile.spoiled.retries, arms, own.length),
      0,
    );
    await lookAtLoad(shown, { interruption, status, quietWithin_ms: options.quietWithin_ms ?? null, retries });
    return await run([first, ...others], {
      argv: argv.slice(2),
      keepSecrets: options.keepSecrets === true,
      toolVersion: toolVersion(),
      allowDegraded: options.allowDegraded === true,
      trace: options.trace === true,
      untilN: options.untilN,
      failIf: options.failIf ?? [],
      guest: options.guest,
      interruption,
      observer: status,
    });
  } catch (error) {
    // This removes only bundles without a run.
    for (const store of stores)
      cleanUpNow(() => {
        store.discard();
      });
    const signal = interruption.signal();
    // A signal while kernels are fetched or guests boot makes these fail; the signal is the reason to report.
    if (signal !== null && error instanceof Failure)
      throw new Failure(exitCodeOfSignal(signal), `interrupted by ${signal} before the first run; ${unmeasured}`);
    throw error;
  } finally {
    interruption.dispose();
    status.end();
    for (const store of stores)
      cleanUpNow(() => {
        store.close();
      });
  }
}

function placesFor(places: readonly PlannedPlace[], kernels: readonly string[]): PlannedPlace['open'][] {
  return kernels.flatMap((kernel) => places.filter(({ asked }) => asked === kernel).map(({ open }) => open));
}
