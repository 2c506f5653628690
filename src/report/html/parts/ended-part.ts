/**
 * Which arms of a bundle had no stall where others had: what this bundle tried itself comes before all general advice.
 */
import type { ResolvedProfile } from '../../../profile/resolved/resolved.js';
import type { DifferingSetting } from '../../../facts/side-facts.js';
import { differingSettings, pathInArm } from '../../../verdict/compare/differences.js';
import type { Configured } from '../../../verdict/evidence/settings-meaning.js';
import type { ReportedBundle } from '../gather.js';

const mostArms = 6;
const mostSettings = 4;

/**
 * A sentence for each arm that stalled no longer than the foreign control, beside the arm that stalled and is most like
 * it.
 */
export function whatEndedStalls({ stored: { summary, manifest } }: ReportedBundle): string[] {
  if (summary === null) return [];
  const kernels = [...new Set(summary.findings.map(({ kernel }) => kernel))];
  return kernels.flatMap((kernel) => {
    const findings = summary.findings.filter((one) => one.kernel === kernel);
    const arms = [...new Set(findings.map(({ arm }) => arm))];
    const outcomesOf = (arm: string): string[] =>
      findings.filter((one) => one.arm === arm).map(({ outcome }) => outcome);
    const stalling = arms.filter((arm) => outcomesOf(arm).includes('stalls'));
    const quiet = arms.filter((arm) => outcomesOf(arm).every((outcome) => outcome === 'like-foreign'));
    const where = kernels.length > 1 && kernel !== null ? ` on ${kernel}` : '';
    return quiet.slice(0, mostArms).flatMap((arm) => {
      const pairs = stalling
        .map((other) => ({ other, settings: armDifferences(manifest.profile, other, arm) }))
        .sort((a, b) => a.settings.length - b.settings.length);
      const [nearest] = pairs;
      return nearest === undefined
        ? []
        : [
            `\`${arm}\` did not stall${where}, and \`${nearest.other}\` did. ${settingsText(nearest.settings, nearest.other, arm)}`,
          ];
    });
  });
}

/** Two arms of one profile, as two profiles with one arm of the same name. */
function armDifferences(profile: ResolvedProfile, one: string, other: string): DifferingSetting[] {
  const alone = (name: string): Configured => ({
    resolved: {
      ...profile,
      arms: profile.arms.filter((arm) => arm.name === name).map((arm) => ({ ...arm, name: 'arm' })),
    },
    programs: null,
  });
  return differingSettings(alone(one), alone(other));
}

function settingsText(settings: readonly DifferingSetting[], one: string, other: string): string {
  if (settings.length === 0) return 'The bundle does not say in which setting they differ.';
  const more = settings.length > mostSettings ? `, and in ${settings.length - mostSettings} more` : '';
  return `They differ in ${settings
    .slice(0, mostSettings)
    .map(({ path, a, b }) => `\`${pathInArm(path)}\`: ${a} in ${one}, ${b} in ${other}`)
    .join('; ')}${more}.`;
}
