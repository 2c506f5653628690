/** What the experiment of a bundle would use here, and what differs from the recorded environment, as lines. */
import { printable } from '../../base/text/printable.js';
import type { Use } from '../../experiment/plan/uses.js';
import type { ChangedFact } from '../../experiment/run/environment.js';
import type { PlanOfBundle } from '../../jobs/plan-of-bundle.js';
import { withoutSecrets } from '../../profile/resolved/profile-secrets.js';
import { factNoun } from '../../words/side-words.js';

/** Profile and seed of an experiment, and the command that began it. `more`: what follows the seed. */
export function experimentText({ manifest, side }: Pick<PlanOfBundle, 'manifest' | 'side'>, more = ''): string {
  const { name, seed } = side.profile;
  const { argv } = withoutSecrets(manifest);
  return `${name}, seed ${seed}${more}; it was \`pauselab ${argv.join(' ')}\`, on ${manifest.startedAt}.`;
}

export function useLines(uses: readonly Use[]): string[] {
  return uses.map(
    ({ kind, what, arms, isTrusted }) =>
      `  ${isTrusted ? '' : 'NOT KNOWN HERE: '}${kind} ${what}${arms.length === 0 ? '' : ` (${arms.join(', ')})`}`,
  );
}

/** Cleaned for the terminal, also where the values are of this machine. */
export function differenceLines(differences: readonly ChangedFact[]): string[] {
  return printable(differences.map(({ fact, then, now }) => `  ${factNoun(fact)}: ${then} before, ${now} now`));
}
