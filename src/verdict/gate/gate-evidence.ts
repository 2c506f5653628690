/** What keeps a suite, a side or a series from being evidence. Whatever this finds passes under no policy. */
import type { EvidenceProblem, GateNote, Role } from '../../facts/gate-facts.js';
import type { DifferingFact, DifferingSetting } from '../../facts/side-facts.js';
import { sentencesOf } from '../../facts/stated.js';
import { differingFacts } from '../compare/differing-facts.js';
import { differingSettings, pathInArm, sharedArms, withoutRepetition } from '../compare/differences.js';
import { measuredInTurns, type Side } from '../evidence/side.js';
import { matchesAny } from './pattern.js';
import type { Policy } from './policy.js';
import type { EnvironmentClass } from './policy-schema.js';

/** Empty: the side is whole. */
export function sideProblems(
  { label: side, incomplete, degraded, evidence, leftOut }: Side,
  role: Role,
): EvidenceProblem[] {
  return [
    ...(incomplete === null ? [] : [{ code: 'side-not-whole', role, side, incomplete } as const]),
    ...(degraded.length > 0
      ? [
          {
            code: 'side-degraded',
            role,
            side,
            degradations: degraded.map(({ code }) => code),
            why: sentencesOf(degraded),
          } as const,
        ]
      : []),
    ...(evidence.some(({ runs }) => runs.length > 0)
      ? []
      : [{ code: 'side-without-run', role, side, leftOut } as const]),
  ];
}

/** What can be the change of two sides that are measured in turns on one machine. */
export const changedInTurns: readonly EnvironmentClass[] = ['kernel', 'jdk', 'allocator'];

export type Allowed = Pick<Policy, 'allowDifferent' | 'allowSettings'>;

/** What must be alike, and is not. */
export function pairProblems(
  baseline: Side,
  candidate: Side,
  { allowDifferent, allowSettings }: Allowed,
): EvidenceProblem[] {
  const pair = { baseline: baseline.label, candidate: candidate.label };
  const { profile } = candidate.facts;
  if (baseline.facts.profile !== profile)
    return [{ code: 'other-profile', ...pair, baselineProfile: baseline.facts.profile, candidateProfile: profile }];
  // What differs between two sides in turns is what was asked for.
  const inTurns = measuredInTurns(baseline, candidate);
  const settings = inTurns
    ? []
    : withoutRepetition(
        differingSettings(baseline, candidate).filter((setting) => !isAllowed(allowSettings, setting)),
        sharedArms(baseline, candidate),
      );
  const facts = refusedFacts(baseline, candidate, inTurns ? [...allowDifferent, ...changedInTurns] : allowDifferent);
  return [
    ...(settings.length > 0 ? [{ code: 'settings-differ', profile, ...pair, settings } as const] : []),
    ...(facts.length > 0 ? [{ code: 'environments-differ', ...pair, facts } as const] : []),
  ];
}

/**
 * By the whole path, by the path inside the arm, and by the path that older versions had for the words after `java`.
 */
function isAllowed(patterns: readonly string[], { path }: DifferingSetting): boolean {
  const asWords = path.replace(
    /\.jvm\.app\.(?:flags|jar|classPath|mainClass|module|args)(?:\..*)?$/,
    '.jvm.app.args.0',
  );
  return [path, pathInArm(path), asWords].some((form) => matchesAny(patterns, form));
}

export function refusedFacts(
  baseline: Pick<Side, 'facts'>,
  candidate: Pick<Side, 'facts'>,
  allowed: readonly EnvironmentClass[],
): DifferingFact[] {
  // Another version of pauselab is reported and not refused; the profile has been compared in full.
  return differingFacts(baseline.facts, candidate.facts).filter(
    (fact) => fact.class !== 'profile' && fact.class !== 'pauselab' && !allowed.includes(fact.class),
  );
}

const sameSize = 1.25;

/** What differs and was allowed to. */
export function pairNotes(baseline: Side, candidate: Side): GateNote[] {
  const pair = { baseline: baseline.label, candidate: candidate.label };
  const facts = differingFacts(baseline.facts, candidate.facts);
  const settings = withoutRepetition(differingSettings(baseline, candidate), sharedArms(baseline, candidate));
  const regions = candidate.regions.flatMap(({ of, bytes: candidateBytes }) => {
    const baselineBytes = baseline.regions.find((region) => region.of === of)?.bytes ?? candidateBytes;
    return Math.abs(Math.log(candidateBytes / baselineBytes)) < Math.log(sameSize)
      ? []
      : [{ of, baselineBytes, candidateBytes }];
  });
  const differences: GateNote[] = measuredInTurns(baseline, candidate)
    ? [{ code: 'measured-in-turns', ...pair, facts, settings }]
    : [
        ...(facts.length > 0 ? [{ code: 'facts-differ', a: pair.baseline, b: pair.candidate, facts } as const] : []),
        ...(settings.length > 0 ? [{ code: 'allowed-settings', settings } as const] : []),
        ...ageNotes(baseline, candidate),
      ];
  return [...differences, ...(regions.length > 0 ? [{ code: 'regions-differ', ...pair, regions } as const] : [])];
}

/**
 * From one day to the next a machine drifts further than within an hour, and boots, updates and other tenants come
 * between.
 */
const old_ms = 24 * 3600 * 1000;

function ageNotes(baseline: Side, candidate: Side): GateNote[] {
  const age_ms = Date.parse(candidate.startedAt ?? '') - Date.parse(baseline.startedAt ?? '');
  if (!(age_ms > old_ms)) return [];
  const days_n = Math.floor(age_ms / old_ms);
  return [{ code: 'baseline-old', baseline: baseline.label, candidate: candidate.label, days_n }];
}
