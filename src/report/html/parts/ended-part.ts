/** Arms of a bundle that had no stall while others had: results of this bundle come before general advice. */
import type { ResolvedProfile } from '../../../profile/resolved/resolved.js';
import type { DifferingSetting } from '../../../facts/side-facts.js';
import { differingSettings, pathInArm } from '../../../verdict/compare/differences.js';
import type { Configured } from '../../../verdict/evidence/settings-meaning.js';
import type { ReportedBundle } from '../gather.js';

const mostArms = 6;
const mostSettings = 4;

/** A sentence for each arm that did not stall longer than the foreign control, beside the most similar arm that did. */
export function whatEndedStalls({ stored: { summary, manifest } }: ReportedBundle): string[] {
  if (summary === null) return [];
  const kernels = [...new Set(summary.findings.map(({ kernel }) => kernel))];
  return kernels.flatMap((kernel) => {
    const findings = summary.findings.filter((finding) => finding.kernel === kernel);
    const arms = [...new Set(findings.map(({ arm }) => arm))];
    const outcomesOf = (arm: string): string[] =>
      findings.filter((finding) => finding.arm === arm).map(({ outcome }) => outcome);
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
            `\`${arm}\` did not stall${where}, but \`${nearest.other}\` did. ` +
              settingsText(nearest.settings, nearest.other, arm),
          ];
    });
  });
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

function settingsText(settings: readonly DifferingSetting[], first: string, second: string): string {
  if (settings.length === 0) return 'The bundle does not show in which setting they differ.';
  const more = settings.length > mostSettings ? `, and in ${settings.length - mostSettings} more` : '';
  return `They differ in ${settings
    .slice(0, mostSettings)
    .map(({ path, a, b }) => `\`${pathInArm(path)}\`: ${a} in ${first}, ${b} in ${second}`)
    .join('; ')}${more}.`;
}
