/** Arms of a bundle that had no stall while others had: results of this bundle come before general advice. */
import type { SummaryFile } from '../../../bundle/bundle-schema.js';
import type { StoredBundle } from '../../../bundle/store.js';
import { collectorTable } from '../../../catalogue/collectors.js';
import type { EndedFact } from '../../../facts/advice-facts.js';
import type { DifferingSetting } from '../../../facts/side-facts.js';
import type { ResolvedArm, ResolvedProfile } from '../../../profile/resolved/resolved.js';
import { differingSettings, pathInArm } from '../../../verdict/compare/differences.js';
import type { Configured } from '../../../verdict/evidence/settings-meaning.js';
import { hasNoStall } from '../../../verdict/run/outcome.js';
import { pausesBesideStalls } from '../../../verdict/run/pauses.js';

const mostArms = 6;
const mostSettings = 4;

/** Of each kernel: arms without a stall, each beside the most similar arm that stalled, and how many are left out. */
export function whatEndedStalls({ summary, manifest }: Pick<StoredBundle, 'summary' | 'manifest'>): EndedFact[] {
  if (summary === null) return [];
  const kernels = [...new Set(summary.findings.map(({ kernel }) => kernel))];
  return kernels.flatMap((kernel) => endedOn(summary, manifest.profile, kernel, kernels.length > 1));
}

function endedOn(summary: SummaryFile, profile: ResolvedProfile, kernel: string | null, several: boolean): EndedFact[] {
  const findings = summary.findings.filter((finding) => finding.kernel === kernel);
  const names = [...new Set(findings.map(({ arm }) => arm))];
  const outcomesOf = (arm: string): string[] =>
    findings.filter((finding) => finding.arm === arm).map(({ outcome }) => outcome);
  const stalling = names.filter((arm) => outcomesOf(arm).includes('stalls'));
  if (stalling.length === 0) return [];
  const arms = names
    .filter((arm) => outcomesOf(arm).every((outcome) => outcome === 'like-foreign'))
    .map((arm) => ({
      arm,
      summaries: summary.arms.filter((one) => one.name === arm && (kernel === null || one.kernel === kernel)),
    }));
  // `like-foreign` also means stalls that no lock explains.
  const calm = arms.filter(
    ({ summaries }) => summaries.length > 0 && summaries.every(({ series }) => series.every(hasNoStall)),
  );
  const unpaused = calm.filter(({ summaries }) => pausesBesideStalls(summaries).length === 0);
  const pairs = unpaused.flatMap(({ arm }) => {
    const [nearest] = stalling
      .filter((other) => isLoadedAlike(profile, arm, other))
      .map((other) => ({ quiet: arm, stalling: other, settings: armDifferences(profile, other, arm) }))
      .filter(({ settings }) => !settings.some(choosesCollector))
      .sort((a, b) => a.settings.length - b.settings.length);
    return nearest === undefined ? [] : [nearest];
  });
  const leftOut = {
    stalled_n: arms.length - calm.length,
    paused_n: calm.length - unpaused.length,
    unlike_n: unpaused.length - pairs.length,
  };
  return [
    ...pairs.slice(0, mostArms).map(({ settings, ...pair }): EndedFact => ({
      code: 'ended',
      ...pair,
      kernel: several ? kernel : null,
      settings: settings.slice(0, mostSettings).map(({ path, a, b }) => ({ path: pathInArm(path), a, b })),
      moreSettings_n: Math.max(0, settings.length - mostSettings),
    })),
    ...(pairs.length > mostArms ? [{ code: 'more-ended', arms_n: pairs.length - mostArms } as const] : []),
    ...(Object.values(leftOut).some((n) => n > 0) ? [{ code: 'not-compared', ...leftOut } as const] : []),
  ];
}

/** Of another collector or another load, no setting is known to have ended the stalls. */
function isLoadedAlike({ arms }: ResolvedProfile, first: string, second: string): boolean {
  const [one, other] = [first, second].map((name) => arms.find((arm) => arm.name === name));
  return one !== undefined && other !== undefined && loadOf(one) === loadOf(other);
}

function loadOf(arm: ResolvedArm): string {
  switch (arm.kind) {
    case 'native':
      return JSON.stringify([arm.kind, arm.holder.active]);
    case 'churn':
      return JSON.stringify([arm.kind, arm.churn.loads, arm.churn.loadsIn]);
    case 'jvm':
      return JSON.stringify([arm.kind, arm.jvm.collector, arm.jvm.loads, arm.jvm.loadsIn, arm.holder === null]);
    case 'app':
      return JSON.stringify([arm.kind, arm.holder === null]);
  }
}

/** A user's program has its collector by its flags. */
function choosesCollector({ path }: DifferingSetting): boolean {
  return Object.values(collectorTable).some(({ flag }) => path.includes(flag));
}

/** Compares two arms of a profile as if they were two profiles with an arm of the same name. */
function armDifferences(profile: ResolvedProfile, first: string, second: string): DifferingSetting[] {
  const alone = (name: string): Configured => ({
    resolved: {
      ...profile,
      arms: profile.arms.filter((arm) => arm.name === name).map((arm) => ({ ...arm, name: 'arm' })),
    },
    programs: null,
  });
  return differingSettings(alone(first), alone(second));
}
