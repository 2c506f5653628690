/** `pauselab resume --dry-run`: what would be kept and made. */
import { Failure, isInterruption } from '../base/failure.js';
import { refuseInUse } from '../bundle/store.js';
import type { Before } from '../experiment/measured-side.js';
import { median } from '../stats/median.js';
import { planWithoutGuests, type PlanWithGuests } from './dry-run-plan.js';
import { findFormerJdk, formerJdks } from './former-jdks.js';
import { formerKernels } from './former-kernels.js';
import type { PlanOfBundle } from './plan-of-bundle.js';
import { plannedRuns } from './replay.js';
import { planResume, refuseOtherKinds, type Changes } from './resume-plan.js';

/** What a resume would do, without doing it. */
export interface PlannedResume {
  readonly plan: PlanOfBundle;
  /** Names of the runs that count. */
  readonly kept: readonly string[];
  readonly setAside: Before['setAside'];
  /** Only the runs that are missing. */
  readonly runs: PlanWithGuests;
  /** From how long the runs so far took; null: there are too few of them. */
  readonly likelyDuration_ns: number | null;
  readonly changes: Changes;
  /** Why it would be refused; null: it would not. */
  readonly refusal: Failure | null;
}

export async function plannedResume(
  path: string,
  { trust, note }: { readonly trust: boolean; readonly note: (text: string) => void },
): Promise<PlannedResume> {
  refuseOtherKinds(path);
  refuseInUse(path);
  const { plan, before, notes, changes, refusal: known, ...planned } = await planResume(path, trust);
  const missing = planned.missing();
  for (const text of notes) note(text);
  const { runs, refusal } =
    known === null && missing.length > 0
      ? await withFormerSoftware(plan, before, note)
      : { runs: planWithoutGuests(plan.side), refusal: known };
  const { warmup_ns, duration_ns } = plan.side.profile;
  const ofRun_ns = usualTime_ns(before.runs.map(({ file }) => file.startedAt));
  return {
    plan,
    kept: before.runs.map(({ file }) => file.name),
    setAside: before.setAside,
    runs: { ...runs, order: missing, leastDuration_ns: missing.length * (warmup_ns + duration_ns) },
    likelyDuration_ns: ofRun_ns === null ? null : missing.length * ofRun_ns,
    changes,
    refusal,
  };
}

/** The runs with what the runs so far used. A failure to find that, or to plan a guest, would refuse the resume too. */
async function withFormerSoftware(
  plan: PlanOfBundle,
  before: Before,
  note: (text: string) => void,
): Promise<Pick<PlannedResume, 'runs' | 'refusal'>> {
  const { side, manifest } = plan;
  try {
    const files = before.runs.map(({ file }) => file);
    for (const jdk of formerJdks(side.arms, files)) await findFormerJdk(jdk, { note });
    return { runs: await plannedRuns(plan, note, await formerKernels(manifest, { note })), refusal: null };
  } catch (error) {
    if (!(error instanceof Failure) || isInterruption(error)) throw error;
    return { runs: planWithoutGuests(side), refusal: error };
  }
}

/** From the start of a run to the start of the next: the median, because an interruption may lie between two. */
function usualTime_ns(startedAt: readonly string[]): number | null {
  const starts_ms = startedAt.map((text) => Date.parse(text));
  const gaps_ms = starts_ms.slice(1).map((start_ms, i) => start_ms - (starts_ms[i] ?? start_ms));
  const usual_ms = gaps_ms.length < 3 ? null : median(gaps_ms);
  return usual_ms === null ? null : usual_ms * 1e6;
}
