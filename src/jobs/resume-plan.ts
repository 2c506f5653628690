/** An experiment that was interrupted as a plan: what of its bundle counts, what is missing, and what forbids to go on. */
import { join } from 'node:path';
import { usage, unfit, type Failure } from '../base/failure.js';
import type { ManifestFile, MeasuredManifest, SummaryFile } from '../bundle/bundle-schema.js';
import { openBundle, isBundle, isObservation, refusedObservation } from '../bundle/store.js';
import { runNumber } from '../bundle/run-number.js';
import { lostItsPlace } from '../bundle/stored.js';
import type { Before } from '../experiment/measured-side.js';
import type { PlannedRun } from '../experiment/plan/order.js';
import { isKept, missingRuns } from '../experiment/plan/past-runs.js';
import { changesSince, type ChangedFact } from '../experiment/run/environment.js';
import { finishedRunOf } from '../experiment/run/stored-run.js';
import { programFiles } from '../host/program-files.js';
import type { ResolvedArm } from '../profile/resolved/resolved.js';
import { sumHlog } from '../record/histogram/hlog-sum.js';
import { parseFailCondition, type FailCondition } from '../verdict/run/fail-if.js';
import { changedSinceText } from '../words/side-words.js';
import { planOfBundle, type PlanOfBundle } from './plan-of-bundle.js';
import { toolVersion } from './tool-version.js';

export function refuseOtherKinds(path: string): void {
  if (isBundle(path)) return;
  if (isObservation(path)) throw refusedObservation(path);
  throw usage(
    `${path} has no manifest.json, so it is no bundle, or its experiment ended before its first run; name a folder that \`pauselab run\` wrote, or start the experiment with \`pauselab run\``,
  );
}

export interface ResumePlan {
  readonly plan: PlanOfBundle;
  /** Also on arms that their JDK cannot run: they stay undecided. */
  readonly conditions: () => readonly FailCondition[];
  readonly before: Before;
  /** As it is stored. */
  readonly summary: SummaryFile | null;
  readonly notes: readonly string[];
  /** Refuses an order that is not that of the seed. */
  readonly missing: () => readonly PlannedRun[];
  readonly changes: Changes;
  /** Null: it may go on. */
  readonly refusal: Failure | null;
}

export type Changes = ReturnType<typeof changesSince>;

export async function planResume(path: string, trust: boolean): Promise<ResumePlan> {
  const whole = await planOfBundle(path, {
    trust,
    refused: 'cannot be resumed',
    withSecrets: 'run the profile with them again, and with --keep-secrets to be able to resume that run',
    withTrust: `look at them (--dry-run), and resume with --trust if all of it may run here`,
  });
  const { manifest } = whole;
  refuseUnresumable(path, manifest);
  const conditions = (): FailCondition[] => whole.asked.failIf.map((text) => parseFailCondition(text, whole.side.arms));
  const names = new Set(manifest.order.map(({ arm }) => arm));
  const plan = { ...whole, side: { ...whole.side, arms: whole.side.arms.filter(({ name }) => names.has(name)) } };
  const changes = changesSince(manifest, toolVersion());
  const refusal = whole.refusal ?? otherMachine(path, changes.refused) ?? otherPrograms(path, plan);
  const past = beforeOf(path, manifest, plan.side.arms, changes.said);
  const kernels = manifest.kernels.map(({ name }) => name);
  const { side, untilN } = plan;
  const { runs, setAside } = past.before;
  const missing = (): PlannedRun[] =>
    missingRuns({ plan: side, kernels, order: manifest.order, untilN, runs, resumed: manifest.resumed, setAside });
  return { plan, conditions, ...past, missing, changes, refusal };
}

/** What of the bundle counts. `arms`: those of its order. */
export function beforeOf(
  path: string,
  manifest: ManifestFile,
  arms: readonly ResolvedArm[],
  changed: readonly ChangedFact[],
): Pick<ResumePlan, 'before' | 'summary' | 'notes'> {
  const { runs, summary, notes } = openBundle(path);
  const finished = runs.filter(isKept).map((file) => {
    const arm = arms.find(({ name }) => name === file.arm);
    if (arm === undefined)
      throw usage(
        `${path} has a run of the arm ${JSON.stringify(file.arm.slice(0, 60))}, which its order lacks: it was changed`,
      );
    return finishedRunOf(file, arm, sumHlog(join(path, 'runs', file.name, 'histograms.hlog')));
  });
  const numbers = [...runs.map(({ name }) => name), ...setAsideBefore(manifest)].map((run) => runNumber(run) ?? 0);
  return {
    summary,
    notes,
    before: {
      manifest: measuredManifest(manifest),
      runs: finished,
      setAside: runs
        .filter((run) => !isKept(run))
        .map((run) => ({
          ...{ run: run.name, status: run.status },
          ...(run.status === 'failed' && lostItsPlace(run) ? { placeLost: true } : {}),
        })),
      changed: [...changed],
      nextNumber: 1 + Math.max(-1, ...numbers),
    },
  };
}

function setAsideBefore({ resumed }: ManifestFile): string[] {
  return resumed.flatMap(({ setAside }) => setAside.map(({ run }) => run));
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

function otherMachine(path: string, changed: readonly ChangedFact[]): Failure | null {
  if (changed.length === 0) return null;
  return unfit(
    `${path} is not resumed, because the runs would not repeat each other: ${changedSinceText(changed, 'now')}; ` +
      'run its experiment again with `pauselab replay`, and compare the bundles',
  );
}

function otherPrograms(path: string, { manifest, side: { arms } }: PlanOfBundle): Failure | null {
  if (manifest.programs === null) return null;
  const now = programFiles(arms);
  const [file] = [
    ...manifest.programs.filter((then) => !now.some((one) => one.path === then.path && one.sha256 === then.sha256)),
    ...now.filter((one) => !manifest.programs?.some(({ path: known }) => known === one.path)),
  ];
  if (file === undefined) return null;
  return usage(
    `${path} is not resumed, because ${file.path} is not the file that its runs so far used; put that file back, or start in the folder where the experiment was started`,
  );
}
