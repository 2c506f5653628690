/** What keeps a suite, a side or a series from being evidence. Whatever this finds passes under no policy. */
import { formatSize } from '../../base/text/units.js';
import {
  differingFacts,
  differingSettings,
  factSentence,
  pathInArm,
  sharedArms,
  shownSettings,
  withoutRepetition,
  type DifferingSetting,
} from '../compare/differences.js';
import type { Metric, MetricEvidence, SeriesOfRun } from '../evidence/metrics.js';
import { measuredInTurns, type Side } from '../evidence/side.js';
import { counted } from '../../words/text.js';
import { matchesAny } from './pattern.js';
import type { Policy } from './policy.js';
import type { EnvironmentClass } from './policy-schema.js';

/** Sentences without a full stop; empty: the side is whole. */
export function sideProblems(side: Side, role: 'baseline' | 'candidate'): string[] {
  const name = `the ${role} ${side.label}`;
  return [
    ...(side.incomplete === null ? [] : [`${name} is not whole: ${side.incomplete}; run it to its end`]),
    ...(side.degraded.length > 0
      ? [
          `${name} ran degraded: ${side.degraded.join('; ')}; run it where priorities and CPUs can be set as the profile asks`,
        ]
      : []),
    ...(side.evidence.some(({ runs }) => runs.length > 0)
      ? []
      : [`${name} has no complete, undisturbed run; ${side.leftOut.map(withoutStop).join('; ') || 'run it again'}`]),
  ];
}

/** What can be the change of two sides that are measured in turns on one machine. */
export const changedInTurns: readonly EnvironmentClass[] = ['kernel', 'jdk'];

export type Allowed = Pick<Policy, 'allowDifferent' | 'allowSettings'>;

/** What must be alike, and is not. */
export function pairProblems(baseline: Side, candidate: Side, { allowDifferent, allowSettings }: Allowed): string[] {
  if (baseline.facts.profile !== candidate.facts.profile)
    return [
      `the baseline ${baseline.label} is of the profile ${String(baseline.facts.profile)} and the candidate ${candidate.label} of ${String(candidate.facts.profile)}: they measure different things`,
    ];
  // What differs between two sides in turns is what was asked for.
  const inTurns = measuredInTurns(baseline, candidate);
  const settings = inTurns
    ? []
    : withoutRepetition(
        differingSettings(baseline, candidate).filter((setting) => !isAllowed(allowSettings, setting)),
        sharedArms(baseline, candidate),
      );
  const facts = refusedFacts(baseline, candidate, inTurns ? [...allowDifferent, ...changedInTurns] : allowDifferent);
  const remedy = [...new Set(facts.map((fact) => fact.class))].map((name) => `--allow-different ${name}`).join(' ');
  return [
    ...(settings.length > 0
      ? [
          `the profile ${String(candidate.facts.profile)} is not the same in ${baseline.label} and ${candidate.label}: ${shownSettings(settings)}; measure the baseline anew, or, if that is the change under test, allow it with ${allowingWords(settings)}`,
        ]
      : []),
    ...(facts.length > 0
      ? [
          `the environments differ: ${facts.map((fact) => factSentence(fact, labelsOf(baseline, candidate))).join('; ')}; measure the baseline there too, or allow it (${remedy}, or allowDifferent in the policy)`,
        ]
      : []),
  ];
}

/** By the whole path, by the path inside the arm, and by where the words after `java` were once compared one by one. */
function isAllowed(patterns: readonly string[], { path }: DifferingSetting): boolean {
  const asWords = path.replace(
    /\.jvm\.app\.(?:flags|jar|classPath|mainClass|module|args)(?:\..*)?$/,
    '.jvm.app.args.0',
  );
  return [path, pathInArm(path), asWords].some((one) => matchesAny(patterns, one));
}

const mostAllowed = 3;

function allowingWords(settings: readonly DifferingSetting[]): string {
  const paths = settings.slice(0, mostAllowed).map(({ path }) => path);
  const more = settings.length > mostAllowed ? ', …' : '';
  const written = paths.map((path) => (/^[\w.-]+$/.test(path) ? path : `'${path}'`));
  return `allowSettings: [${written.join(', ')}${more}] in the policy (or ${paths.map((path) => `--allow-setting '${path}'`).join(' ')}${more === '' ? '' : ' …'})`;
}

export function refusedFacts(
  baseline: Pick<Side, 'facts'>,
  candidate: Pick<Side, 'facts'>,
  allowed: readonly EnvironmentClass[],
) {
  // Another version of pauselab is told and not refused; the profile has been compared in full.
  return differingFacts(baseline.facts, candidate.facts).filter(
    (fact) => fact.class !== 'profile' && fact.class !== 'pauselab' && !allowed.includes(fact.class),
  );
}

/** What differs and was allowed to: sentences. */
export function pairNotes(baseline: Side, candidate: Side): string[] {
  const facts = differingFacts(baseline.facts, candidate.facts);
  const settings = withoutRepetition(differingSettings(baseline, candidate), sharedArms(baseline, candidate));
  const regions = candidate.regions.flatMap(({ of, bytes }) => {
    const own = baseline.regions.find((region) => region.of === of);
    return own === undefined || Math.abs(Math.log(bytes / own.bytes)) < Math.log(1.25)
      ? []
      : [`${of} from ${formatSize(own.bytes)} in ${baseline.label} to ${formatSize(bytes)} in ${candidate.label}`];
  });
  const changes = [
    ...facts.map((fact) => factSentence(fact, labelsOf(baseline, candidate))),
    ...(settings.length > 0 ? [shownSettings(settings)] : []),
  ];
  const told = measuredInTurns(baseline, candidate)
    ? [
        `Both sides were measured in turns. The change is ${changes.length === 0 ? 'not among what a bundle tells of' : changes.join('; ')}.`,
      ]
    : [
        ...(facts.length > 0
          ? [
              `${facts.map((fact) => factSentence(fact, labelsOf(baseline, candidate))).join('; ')}. A difference found may come from that.`,
            ]
          : []),
        ...(settings.length > 0
          ? [
              `The profile differs in what was allowed to: ${shownSettings(settings)}. A difference found may come from that.`,
            ]
          : []),
        ...agedNotes(baseline, candidate),
      ];
  return [
    ...told,
    ...(regions.length > 0
      ? [`Regions were sized anew for the same hold time, and differ: ${regions.join('; ')}.`]
      : []),
  ];
}

/**
 * From one day to the next a machine drifts further than within an hour, and boots, updates and other tenants come
 * between.
 */
const old_ms = 24 * 3600 * 1000;

function agedNotes(baseline: Side, candidate: Side): string[] {
  const age_ms = Date.parse(candidate.startedAt ?? '') - Date.parse(baseline.startedAt ?? '');
  if (!(age_ms > old_ms)) return [];
  const days = Math.floor(age_ms / old_ms);
  return [
    `${baseline.label} was measured ${counted(days, 'day')} before ${candidate.label}. What the machine did differently since then looks like the change's effect. Where the change is a setting, a JDK, a jar or a kernel, measure both sides in turns: \`pauselab gate --run\` with \`--base-set\`, \`--base-java\`, \`--base-java-args\` or \`--base-kernel\`.`,
  ];
}

/** Why figures that look good in these runs are not to be trusted; null: nothing. */
export function flawOf(metric: Metric, runs: readonly MetricEvidence[], allowSaturated: boolean): string | null {
  const where = (of: (figures: SeriesOfRun['figures']) => boolean): number =>
    runs.filter((run) => run.scope === 'series' && of(run.figures)).length;
  const saturated = where((figures) => figures.saturated);
  if (saturated > 0 && !allowSaturated)
    return `the series is saturated in ${counted(saturated, 'run')} of ${runs.length}: it could not keep its schedule, so what it did measure is the smaller part; lower its rate, or set allowSaturated in the rule`;
  if (!metric.ofStalls) return null;
  const lost = where(({ lost_records = 0 }) => lost_records > 0);
  if (lost > 0 && metric.fromRecords)
    return `records of slow operations were lost in ${counted(lost, 'run')} of ${runs.length}, so the figure is a lower bound`;
  const exhausted = where((figures) => (figures.exhausted ?? 0) > 0);
  if (exhausted > 0)
    return `the victim used up its fresh pages in ${counted(exhausted, 'run')} of ${runs.length}, and could be stalled in a part of the window only; lower its rate`;
  const unseen = where(({ stalls }) => stalls.unseen_count > 0);
  if (unseen > 0 && metric.name === 'blocked_per_minute')
    return `of some stalls in ${counted(unseen, 'run')} of ${runs.length} nobody saw in what state the victim was`;
  return null;
}

/** To be a part of a sentence. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function labelsOf(a: Side, b: Side): { a: string; b: string } {
  return { a: a.label, b: b.label };
}
