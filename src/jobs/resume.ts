/** `pauselab resume`: goes on with an experiment that was interrupted, in its bundle, and concludes as if it had not been. */
import { join } from 'node:path';
import { usage, unfit } from '../base/failure.js';
import { askedFor } from '../bundle/asked-for.js';
import type { ManifestFile, MeasuredManifest, SummaryFile } from '../bundle/bundle-schema.js';
import {
  openBundle,
  isBundle,
  isObservation,
  refusedObservation,
  reopenBundle,
  type BundleStore,
} from '../bundle/store.js';
import type { Before } from '../experiment/measured-side.js';
import { isKept, lacksRuns } from '../experiment/plan/past-runs.js';
import { changesSince, type ChangedFact } from '../experiment/run/environment.js';
import { finishedRunOf } from '../experiment/run/stored-run.js';
import { summarise } from '../experiment/summarise.js';
import { programFiles } from '../host/program-files.js';
import type { ResolvedArm } from '../profile/resolved/resolved.js';
import { withoutSecrets } from '../profile/resolved/profile-secrets.js';
import { sumHlog } from '../record/histogram/hlog-sum.js';
import { parseFailCondition } from '../verdict/run/fail-if.js';
import { measureRest, type Measured, type MeasureOptions } from './measure.js';
import { planOfBundle, type PlanOfBundle } from './plan-of-bundle.js';
import { concludedRun, type RunResult } from './run-profile.js';
import { toolVersion } from './tool-version.js';

export interface ResumeOptions extends Pick<MeasureOptions, 'install' | 'progress' | 'quietWithin_ms'> {
  /** The user allows all that the bundle names. */
  readonly trust: boolean;
}

export interface ResumedRun extends RunResult {
  /** Number of runs that were kept, and that were made again. */
  readonly kept_n: number;
  readonly setAside_n: number;
  /** False: no run was missing. */
  readonly isMeasured: boolean;
}

export async function resume(path: string, options: ResumeOptions): Promise<ResumedRun> {
  refuseOtherKinds(path);
  // Held before it is read: its writer may live.
  const store = reopenBundle(path);
  try {
    const { plan, before, summary, notes } = await planResume(path, options.trust);
    for (const text of notes) options.progress.note(text);
    const { side, untilN, manifest } = plan;
    const kernels = manifest.kernels.map(({ name }) => name);
    const isMeasured = lacksRuns({ plan: side, kernels, order: manifest.order, untilN, runs: before.runs });
    const measured = isMeasured
      ? await measureMissing(plan, before, store, options)
      : publishedWhole(plan, before, summary, store);
    const conditions = askedFor(manifest).failIf.map((text) => parseFailCondition(text, side.arms));
    return {
      ...(await concludedRun(side.profile, conditions, measured)),
      kept_n: before.runs.length,
      setAside_n: before.setAside.length,
      isMeasured,
    };
  } finally {
    store.close();
  }
}

function refuseOtherKinds(path: string): void {
  if (isBundle(path)) return;
  if (isObservation(path)) throw refusedObservation(path);
  throw usage(
    `${path} has no manifest.json, so it is no bundle, or its experiment ended before its first run; name a folder that \`pauselab run\` wrote, or start the experiment with \`pauselab run\``,
  );
}

interface ResumePlan {
  readonly plan: PlanOfBundle;
  readonly before: Before;
  /** As it is stored. */
  readonly summary: SummaryFile | null;
  readonly notes: readonly string[];
}

async function planResume(path: string, trust: boolean): Promise<ResumePlan> {
  const whole = await planOfBundle(path, {
    trust,
    refused: 'cannot be resumed',
    withSecrets: 'run the profile with them again, and with --keep-secrets to be able to resume that run',
    withTrust: `look at them (\`pauselab replay --dry-run\`), and resume with --trust if all of it may run here`,
  });
  const { manifest } = whole;
  refuseUnresumable(path, manifest);
  if (whole.refusal !== null) throw whole.refusal;
  const names = new Set(manifest.order.map(({ arm }) => arm));
  const plan = { ...whole, side: { ...whole.side, arms: whole.side.arms.filter(({ name }) => names.has(name)) } };
  const changes = changesSince(manifest, toolVersion());
  refuseOtherMachine(path, changes.refused);
  refuseOtherPrograms(path, plan);
  return { plan, ...beforeOf(path, manifest, plan.side.arms, changes.said) };
}

/** What of the bundle counts. `arms`: those of its order. */
export function beforeOf(
  path: string,
  manifest: ManifestFile,
  arms: readonly ResolvedArm[],
  changed: readonly ChangedFact[],
): Omit<ResumePlan, 'plan'> {
  const { runs, summary, notes } = openBundle(path);
  const finished = runs.filter(isKept).map((file) => {
    const arm = arms.find(({ name }) => name === file.arm);
    if (arm === undefined)
      throw usage(
        `${path} has a run of the arm ${JSON.stringify(file.arm.slice(0, 60))}, which its order lacks: it was changed`,
      );
    return finishedRunOf(file, arm, sumHlog(join(path, 'runs', file.name, 'histograms.hlog')));
  });
  const numbers = [...runs.map(({ name }) => name), ...setAsideBefore(manifest)].map(numberOf);
  return {
    summary,
    notes,
    before: {
      manifest: measuredManifest(manifest),
      runs: finished,
      setAside: runs.filter((run) => !isKept(run)).map(({ name, status }) => ({ run: name, status })),
      changed: [...changed],
      nextNumber: 1 + Math.max(-1, ...numbers),
    },
  };
}

function setAsideBefore({ resumed }: ManifestFile): string[] {
  return resumed.flatMap(({ setAside }) => setAside.map(({ run }) => run));
}

function numberOf(run: string): number {
  return Number(/^\d+/.exec(run)?.[0] ?? 0);
}

function measuredManifest({ origins: _, ...manifest }: ManifestFile): MeasuredManifest {
  return manifest;
}

function refuseUnresumable(path: string, { origins, turns, tool }: ManifestFile): void {
  if (origins.length > 0)
    throw usage(
      `${path} was made by \`pauselab merge\`, and no experiment goes on in it; resume the bundles that it is made of, then merge them again`,
    );
  if (turns !== null)
    throw usage(
      `${path} is a side of two that \`pauselab gate\` measured in turns, and a round needs both; measure them again with \`pauselab gate\``,
    );
  if (tool.version !== toolVersion())
    throw usage(
      `${path} was begun with pauselab ${tool.version}, and this is ${toolVersion()}: runs of two versions do not repeat each other; resume it with the pauselab that began it, or run it again with \`pauselab replay\``,
    );
}

function refuseOtherMachine(path: string, changed: readonly ChangedFact[]): void {
  if (changed.length === 0) return;
  const what = changed.map(({ fact, then, now }) => `${fact} was ${then} and is ${now}`).join('; ');
  throw unfit(
    `${path} is not resumed, because the runs would not repeat each other: ${what}; ` +
      'run its experiment again with `pauselab replay`, and compare the bundles',
  );
}

function refuseOtherPrograms(path: string, { manifest, side: { arms } }: PlanOfBundle): void {
  if (manifest.programs === null) return;
  const now = programFiles(arms);
  const [file] = [
    ...manifest.programs.filter((then) => !now.some((one) => one.path === then.path && one.sha256 === then.sha256)),
    ...now.filter((one) => !manifest.programs?.some(({ path: known }) => known === one.path)),
  ];
  if (file !== undefined)
    throw usage(
      `${path} is not resumed, because ${file.path} is not the file that its runs so far used; put that file back, or start in the folder where the experiment was started`,
    );
}

async function measureMissing(
  { side, untilN, guest, allowDegraded, trace, bootLabel, manifest }: PlanOfBundle,
  before: Before,
  store: BundleStore,
  { install, progress, quietWithin_ms }: ResumeOptions,
): Promise<Measured> {
  const asked = askedFor(manifest);
  return measureRest(side, before, store, {
    progress,
    quietWithin_ms: quietWithin_ms ?? null,
    ...(install === true ? { install } : {}),
    ...(bootLabel === null ? {} : { boot: (await import('../kernel/build/booted-kernel.js')).bootedKernel(bootLabel) }),
    ...(allowDegraded ? { allowDegraded } : {}),
    ...(trace ? { trace } : {}),
    ...(asked.keepSecrets ? { keepSecrets: true } : {}),
    untilN,
    failIf: asked.failIf,
    guest,
  });
}

/** Nothing is missing but perhaps the last summary, if pauselab was killed before it. */
function publishedWhole(
  { side, manifest }: PlanOfBundle,
  before: Before,
  stored: SummaryFile | null,
  store: BundleStore,
): Measured {
  if (stored?.status === 'complete') return { summary: stored, bundle: store.path, failure: null };
  const { kernels, refusedArms: refused, resumed } = manifest;
  const { profile, arms } = withoutSecrets(side);
  const summary = summarise({
    profile,
    arms,
    kernels,
    status: 'complete',
    runs: before.runs,
    refused,
    resumed: [resumed],
  });
  store.writeSummary(summary);
  return { summary, bundle: store.path, failure: null };
}
