/** `pauselab resume`: goes on with an experiment that was interrupted, in its bundle, and concludes as if it had not been. */
import type { SummaryFile } from '../bundle/bundle-schema.js';
import { cutShortFolder, reopenBundle, type BundleStore } from '../bundle/store.js';
import type { Before } from '../experiment/measured-side.js';
import { summarise } from '../experiment/summarise.js';
import { withoutSecrets } from '../profile/resolved/profile-secrets.js';
import { measureRest, type Measured, type MeasureOptions } from './measure.js';
import { measuringOf, type PlanOfBundle } from './plan-of-bundle.js';
import { planResume, refuseOtherKinds } from './resume-plan.js';
import { concludedRun, type RunResult } from './run-profile.js';

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
    const {
      plan,
      conditions: conditionsOf,
      before,
      summary,
      notes,
      missing,
      refusal,
    } = await planResume(path, options.trust);
    if (refusal !== null) throw refusal;
    // Before anything is measured: a condition may be refused.
    const conditions = conditionsOf();
    for (const text of notes) options.progress.note(text);
    const isMeasured = missing().length > 0;
    const measured = isMeasured
      ? await measureMissing(plan, before, store, options)
      : publishedWhole(plan, before, summary, store);
    return {
      ...(await concludedRun(plan.side.profile, conditions, measured)),
      kept_n: before.runs.length,
      setAside_n: before.setAside.length,
      isMeasured,
    };
  } finally {
    store.close();
  }
}

async function measureMissing(
  plan: PlanOfBundle,
  before: Before,
  store: BundleStore,
  { install, progress, quietWithin_ms }: ResumeOptions,
): Promise<Measured> {
  return measureRest(plan.side, before, store, {
    ...(await measuringOf(plan)),
    progress,
    quietWithin_ms: quietWithin_ms ?? null,
    ...(install === true ? { install } : {}),
    ...(plan.asked.keepSecrets ? { keepSecrets: true } : {}),
    failIf: plan.asked.failIf,
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
    resumed: [{ resumed, cutShort: cutShortFolder }],
  });
  store.writeSummary(summary);
  return { summary, bundle: store.path, failure: null };
}
