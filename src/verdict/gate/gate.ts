/**
 * A gate: what a policy asks of candidates and their baselines, judged. All comparisons of all suites are decided
 * together (decide.ts), so that the probability of a false alarm is the whole gate's.
 *
 * Nothing passes by absence: a rule without anything to judge, a series without runs, a figure that is unknown or a
 * lower bound is an error, however the policy treats inconclusive checks.
 */
import { usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';
import type { Caveat, Refusal } from '../../facts/compare-facts.js';
import type { CheckReason, EvidenceProblem, GateNote, Role } from '../../facts/gate-facts.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import type { MissingFigure } from '../../facts/metric-facts.js';
import type { Stated } from '../../facts/stated.js';
import { clopperPearson } from '../../stats/clopper-pearson.js';
import { described, distinctLabels, draftOf, hasNot, notesOfSide, valuesOf } from '../compare/compare.js';
import { rowOf, type RowDraft } from '../compare/rows.js';
import type { CompareRow } from '../compare/compared.js';
import { decide, defaultPolicy as decisionDefaults, type DecisionPolicy } from '../compare/decide.js';
import { isControlSeries } from '../evidence/control-series.js';
import { flawOf, seenIn } from '../evidence/flaws.js';
import { holds } from '../evidence/limit.js';
import type { Metric } from '../evidence/metrics.js';
import { placeWords, type SeriesEvidence, type Side } from '../evidence/side.js';
import { comparisonExpected, limitExpected, statedGateNote, statedReason, statedRow } from '../../words/gate-words.js';
import { listed } from '../../words/text.js';
import { concluded } from './conclude.js';
import { pairNotes, pairProblems, sideProblems } from './gate-evidence.js';
import type { Check, CheckOutcome, GateResult, Suite } from './gated.js';
import { noiseNotes } from './noise.js';
import { matchesAny } from './pattern.js';
import type { ComparedMetric, Limit, Policy, Rule } from './policy.js';
import { togetherOf, undecidable } from './together.js';

export interface GatePair {
  readonly candidate: Side;
  /** Null: no rule compares, or the reason is in `problems`. */
  readonly baseline: Side | null;
  /** Why there is no baseline for it. */
  readonly problems: readonly EvidenceProblem[];
}

/** Throws if the policy selects nothing, or names what is nowhere. `effort`: what it costs, not what is found. */
export function gate(
  pairs: readonly GatePair[],
  policy: Policy,
  effort: Pick<DecisionPolicy, 'resamples' | 'seed' | 'estimates'> = decisionDefaults,
): GateResult {
  const drafts = pairs.map((pair) => draftSuite(pair, policy));
  refuseIdleRules(policy, drafts);
  const compared = drafts.flatMap(({ checks }) =>
    checks.flatMap((check) => (check.kind === 'comparison' ? [check] : [])),
  );
  const inputs = compared.map(({ draft }) => draft.input);
  const hopeless = undecidable(
    inputs.filter(({ refusal }) => refusal === null),
    policy.alpha,
  );
  if (hopeless !== null) {
    const asked = ({ checks }: DraftSuite): boolean => checks.some(({ kind }) => kind === 'comparison');
    return concluded(
      drafts.map((draft): Suite => ({
        ...draft.suite,
        checks: [
          ...[...draft.problems, ...(asked(draft) ? [hopeless] : [])].map(problemCheck),
          ...draft.checks.flatMap((check) => (check.kind === 'done' ? [check.check] : [])),
        ],
      })),
      null,
      policy,
    );
  }
  const { decisions, jointOf } = decide(inputs, {
    ...effort,
    alpha: policy.alpha,
    sidedness: 'one',
    minimumRuns: policy.minimumRuns,
  });
  const rows = new Map(
    compared.map((check, i) => [check, rowOf(check.draft, decisions[i], compared.length, check.caveat)]),
  );
  const suites = drafts.map(({ suite, checks, problems }): Suite => ({
    ...suite,
    checks: [
      ...problems.map(problemCheck),
      ...checks.map((check) => (check.kind === 'comparison' ? judgeComparison(check, rows.get(check)) : check.check)),
    ],
  }));
  const tested = [...rows.values()].filter(({ p }) => p !== null);
  return concluded(suites, tested.length === 0 ? null : togetherOf(jointOf(), tested), policy);
}

type DraftCheck =
  | { readonly kind: 'done'; readonly rule: string; readonly check: Check }
  | {
      readonly kind: 'comparison';
      readonly rule: string;
      readonly draft: RowDraft;
      /** Why it may only fail. */
      readonly flawed: OpenReason | null;
      readonly caveat: Caveat | null;
      readonly unjudged: Omit<Check, 'outcome' | 'reason'>;
    };

interface DraftSuite {
  readonly suite: Omit<Suite, 'checks'>;
  readonly problems: readonly EvidenceProblem[];
  readonly checks: readonly DraftCheck[];
  /** Rules that are for this profile and kernel. */
  readonly inForce: readonly Rule[];
  readonly pair: GatePair;
}

function draftSuite(pair: GatePair, policy: Policy): DraftSuite {
  const [candidate, baseline = null] = distinctLabels(
    pair.baseline === null ? [pair.candidate] : [pair.candidate, pair.baseline],
  ) as [Side, Side?];
  const inForce = policy.rules.filter(
    ({ profiles, kernels }) => isMeant(profiles, candidate.facts.profile) && isMeant(kernels, candidate.facts.kernel),
  );
  const problems: EvidenceProblem[] = [
    ...pair.problems,
    ...sideProblems(candidate, 'candidate'),
    ...(baseline === null ? [] : [...sideProblems(baseline, 'baseline'), ...pairProblems(baseline, candidate, policy)]),
  ];
  const notes: GateNote[] = [
    ...(baseline === null || problems.length > 0 ? [] : pairNotes(baseline, candidate)),
    ...(problems.length > 0 ? [] : noiseNotes(candidate, baseline, policy.alpha)),
    ...[candidate, ...(baseline === null ? [] : [baseline])].flatMap(notesOfSide),
  ];
  return {
    suite: {
      profile: candidate.facts.profile ?? '',
      candidate: described(candidate),
      baseline: baseline === null ? null : described(baseline),
      notes: notes.map(statedGateNote),
    },
    problems,
    // Nothing is judged from sides that are no evidence: a reader would believe it.
    checks:
      problems.length > 0
        ? []
        : inForce.flatMap((rule) => [
            ...notRunChecks(rule, candidate, baseline),
            ...checksOf(rule, candidate, baseline, policy),
          ]),
    inForce,
    pair: { ...pair, candidate, baseline },
  };
}

function isMeant(patterns: readonly string[] | null, name: string | null): boolean {
  return patterns === null || (name !== null && matchesAny(patterns, name));
}

/** Of a check without a row of a comparison. */
type OpenReason = Parameters<typeof statedReason>[0];

interface Selected {
  readonly arm: string;
  readonly scope: SeriesEvidence['scope'];
  readonly series: string;
}

/** Whether a rule selects an arm, by its name. */
function armsSelectedBy(rule: Rule, sides: readonly Side[]): (arm: string) => boolean {
  const { arms } = rule;
  if (arms !== null) return (arm) => matchesAny(arms, arm);
  const controls = new Set(
    sides.flatMap(
      ({ resolved }) => resolved?.arms.flatMap(({ name, control }) => (control === null ? [] : [name])) ?? [],
    ),
  );
  return (arm) => !controls.has(arm);
}

/** From both sides: a series that only one side has is reported as missing in the other. */
function selectedBy(rule: Rule, sides: readonly Side[]): Selected[] {
  const isSelected = armsSelectedBy(rule, sides);
  const all = sides.flatMap(({ evidence }) => evidence.map(({ arm, scope, series }) => ({ arm, scope, series })));
  const unique = [...new Map(all.map((one) => [JSON.stringify([one.arm, one.scope, one.series]), one])).values()];
  return unique.filter(
    ({ arm, scope, series }) =>
      isSelected(arm) &&
      (scope === 'arm' || (rule.series === null ? !isControlSeries(series) : matchesAny(rule.series, series))),
  );
}

/** An arm that was left out of both sides is in neither, and would pass by that. */
function notRunChecks(rule: Rule, candidate: Side, baseline: Side | null): DraftCheck[] {
  const isSelected = armsSelectedBy(rule, baseline === null ? [candidate] : [candidate, baseline]);
  const ofBaseline = (baseline?.refusedArms ?? []).filter(
    ({ arm }) => !candidate.refusedArms.some((other) => other.arm === arm),
  );
  return [
    ...candidate.refusedArms.map((refused) => ({ role: 'candidate', refused }) as const),
    ...ofBaseline.map((refused) => ({ role: 'baseline', refused }) as const),
  ].flatMap((one) => (isSelected(one.refused.arm) ? [notRunCheck(rule, one)] : []));
}

function notRunCheck(rule: Rule, { role, refused }: { readonly role: Role; readonly refused: RefusedArm }): DraftCheck {
  const reason = statedReason({ code: 'arm-not-run', role, refused });
  return { kind: 'done', rule: rule.name, check: { ...evidenceCheck(reason), rule: rule.name, arm: refused.arm } };
}

function checksOf(rule: Rule, candidate: Side, baseline: Side | null, policy: Policy): DraftCheck[] {
  return selectedBy(rule, baseline === null ? [candidate] : [candidate, baseline]).flatMap((selected) => {
    const own = evidenceOf(candidate, selected);
    const other = baseline === null ? null : evidenceOf(baseline, selected);
    return [
      ...rule.limits.flatMap((limit) => limitCheck(rule, selected, limit, own, candidate, policy)),
      ...rule.compare.flatMap((compared) =>
        comparisonCheck({ rule, selected, compared, own, other, candidate, baseline, policy }),
      ),
    ];
  });
}

function evidenceOf(side: Side, { arm, scope, series }: Selected): SeriesEvidence {
  return (
    side.evidence.find((one) => one.arm === arm && one.scope === scope && one.series === series) ?? {
      arm,
      scope,
      series,
      runs: [],
    }
  );
}

function tooFew(
  role: Role,
  { runs }: SeriesEvidence,
  { minimumRuns }: Policy,
  { leftOut }: Pick<Side, 'leftOut'>,
): OpenReason | null {
  if (runs.length >= minimumRuns) return null;
  return { code: 'too-few-runs', role, runs_n: runs.length, minimumRuns_n: minimumRuns, leftOut };
}

function limitCheck(
  rule: Rule,
  selected: Selected,
  limit: Limit,
  own: SeriesEvidence,
  candidate: Side,
  policy: Policy,
): DraftCheck[] {
  const { metric, operator, value } = limit;
  if (metric.scope !== own.scope) return [];
  if (own.runs.length > 0 && own.runs.every((run) => hasNot(metric, run))) return [];
  const { known, missing } = valuesOf(metric, own.runs);
  const violations = known.filter((one) => !holds(one, operator, value)).length;
  const violations_share_high = known.length === 0 ? null : clopperPearson(violations, known.length).high;
  const row = {
    operator,
    value,
    values: known,
    violations,
    violations_share_high,
  };
  const found: OpenReason = {
    code: violations > 0 ? 'limit-exceeded' : 'limit-kept',
    unit: metric.unit,
    worst:
      metric.worse === 'more'
        ? { is: 'highest', value: Math.max(...known) }
        : { is: 'lowest', value: Math.min(...known) },
    runs_n: known.length,
    violations_n: violations,
    atMost_share: violations_share_high ?? 1,
  };
  // A single run beyond the limit is enough, however few runs there are and whatever else is unknown.
  const flaw = violations > 0 ? null : limitFlaw(rule, limit, own, missing, candidate, policy);
  const outcome: CheckOutcome = violations > 0 ? 'fail' : flaw !== null ? 'error' : 'pass';
  const check: Check = {
    ...labels(rule, selected, metric),
    kind: 'limit',
    outcome,
    expected: limitExpected(metric.title, metric.unit, operator, value),
    reason: statedReason(flaw ?? found),
    comparison: null,
    limit: row,
  };
  return [{ kind: 'done', rule: rule.name, check }];
}

function limitFlaw(
  { allowSaturated }: Rule,
  { metric }: Limit,
  own: SeriesEvidence,
  [missing]: readonly MissingFigure[],
  candidate: Side,
  policy: Policy,
): OpenReason | null {
  const few = tooFew('candidate', own, policy, candidate);
  if (few !== null) return few;
  if (missing !== undefined) return { code: 'limit-unknown', missing };
  const flaw = flawOf(metric, seenIn(own.runs), { series: own.series, allowSaturated, mustGiveBack: true });
  return flaw === null ? null : { code: 'evidence-flawed', role: 'candidate', flaw };
}

interface Comparing {
  readonly rule: Rule;
  readonly selected: Selected;
  readonly compared: ComparedMetric;
  readonly own: SeriesEvidence;
  readonly other: SeriesEvidence | null;
  readonly candidate: Side;
  readonly baseline: Side | null;
  readonly policy: Policy;
}

function comparisonCheck({
  rule,
  selected,
  compared,
  own,
  other,
  candidate,
  baseline,
  policy,
}: Comparing): DraftCheck[] {
  const { metric, relative, absolute } = compared;
  if (metric.scope !== own.scope) return [];
  const basics = { ...labels(rule, selected, metric), kind: 'comparison' as const, comparison: null, limit: null };
  const error = (reason: OpenReason): DraftCheck[] => [
    {
      kind: 'done',
      rule: rule.name,
      check: {
        ...basics,
        outcome: 'error',
        expected: `${metric.title} no worse than the baseline`,
        reason: statedReason(reason),
      },
    },
  ];
  if (other === null || baseline === null) return error({ code: 'no-baseline' });
  const few = tooFew('baseline', other, policy, baseline) ?? tooFew('candidate', own, policy, candidate);
  if (few !== null) return error(few);
  const arms = { a: selected.arm, b: selected.arm };
  const draft = draftOf(baseline, candidate, { arms, a: other, b: own }, metric, {
    margins: relative === null && absolute === null ? [] : [{ metric: metric.name, relative, absolute }],
    allowSaturated: rule.allowSaturated,
  });
  if (draft === null) return [];
  const expected = comparisonExpected(draft.metric.title, metric.unit, draft.input.margin);
  const { a: ofBaseline, b: ofCandidate } = draft.flaws;
  // A baseline that saw too little shows nothing that could be worse, unless what it did not see can be counted.
  const counted = ofBaseline?.code === 'states-unseen' ? ofBaseline : null;
  const baselineFlawed: Refusal | null = ofBaseline === null ? null : { code: 'baseline-flawed', flaw: ofBaseline };
  const refusal = draft.input.refusal ?? (counted === null ? baselineFlawed : null);
  return [
    {
      kind: 'comparison',
      rule: rule.name,
      draft: {
        ...draft,
        input: {
          ...draft.input,
          ...(counted === null ? {} : { a: draft.withUnseen.a }),
          refusal,
          key: JSON.stringify([
            rule.name,
            candidate.facts.profile,
            candidate.label,
            selected.arm,
            selected.series,
            metric.name,
          ]),
        },
      },
      // A candidate that was not seen as a whole may be worse than it looks, and never better.
      flawed:
        ofCandidate !== null
          ? { code: 'evidence-flawed', role: 'candidate', flaw: ofCandidate }
          : baselineFlawed === null
            ? null
            : { code: 'not-comparable', refusal: baselineFlawed },
      caveat: counted === null ? null : { code: 'states-counted', side: baseline.label, flaw: counted },
      unjudged: { ...basics, expected },
    },
  ];
}

function judgeComparison(
  { unjudged, flawed }: Extract<DraftCheck, { kind: 'comparison' }>,
  row: CompareRow | undefined,
): Check {
  if (row === undefined) throw new Error('a comparison without a row');
  const check = (outcome: CheckOutcome, reason: Stated<CheckReason>): Check => ({
    ...unjudged,
    outcome,
    reason,
    comparison: row,
  });
  if (row.refusal !== null) return check('error', statedReason({ code: 'not-comparable', refusal: row.refusal }));
  const judged: CheckOutcome =
    row.verdict === 'regressed'
      ? 'fail'
      : row.noWorse?.holds === true || row.verdict === 'equivalent'
        ? 'pass'
        : 'inconclusive';
  if (flawed !== null && judged !== 'fail') return check('error', statedReason(flawed));
  const code = judged === 'fail' ? 'regressed' : judged === 'pass' ? 'no-worse' : 'undecided';
  return check(judged, statedRow(code, row, row.sentence));
}

function labels(
  rule: Rule,
  { arm, series }: Selected,
  metric: Metric,
): Pick<Check, 'rule' | 'arm' | 'series' | 'metric'> {
  return { rule: rule.name, arm, series: metric.subject ?? series, metric: metric.name };
}

function problemCheck(problem: EvidenceProblem): Check {
  return evidenceCheck(statedReason(problem));
}

function evidenceCheck(reason: Stated<CheckReason>): Check {
  return {
    kind: 'evidence',
    outcome: 'error',
    rule: null,
    arm: null,
    series: null,
    metric: null,
    expected: 'sound evidence',
    reason,
    comparison: null,
    limit: null,
  };
}

/**
 * A rule that judges nothing in any suite, or a metric that no suite has, is a mistake in the policy, and a gate with
 * it would pass.
 */
function refuseIdleRules(policy: Policy, suites: readonly DraftSuite[]): void {
  const profiles = suites.map(({ suite }) => suite.profile);
  if (suites.every(({ inForce }) => inForce.length === 0)) {
    throw usage(
      `${policy.source} selects nothing: its rules are for ${policy.rules.map(({ profiles: wanted, kernels }) => [...(wanted ?? []), ...(kernels ?? []).map((kernel) => `Linux ${kernel}`)].join(', ')).join('; ')}, and the candidates are of ${suites.map(({ suite }) => `${suite.profile} on ${placeWords(suite.candidate.facts)}`).join(', ')}`,
    );
  }
  for (const rule of policy.rules) {
    const own = suites.filter(({ inForce }) => inForce.includes(rule));
    // Suites with problems judge nothing and are errors by themselves.
    const sound = own.filter(({ problems }) => problems.length === 0);
    if (sound.length === 0) continue;
    const checked = sound.flatMap(({ checks }) => checks.filter((check) => check.rule === rule.name));
    // An arm that was not run may have what the rule asks for, and is an error by itself.
    if (checked.some((check) => check.kind === 'done' && check.check.kind === 'evidence')) continue;
    const judged = new Set(
      checked.map((check) => (check.kind === 'comparison' ? check.draft.metric.name : check.check.metric)),
    );
    const idle = metricsOf(rule).filter(({ name }) => !judged.has(name));
    if (judged.size > 0 && idle.length > 0)
      throw usage(`${policy.source}: the rule ${rule.name} asks for ${absentWords(idle)}`);
    if (judged.size > 0) continue;
    const sides = sound.flatMap(({ pair }) => [pair.candidate, ...(pair.baseline === null ? [] : [pair.baseline])]);
    throw usage(
      `${policy.source}: the rule ${rule.name} selects nothing in ${[...new Set(profiles)].join(', ')}: ${whyIdle(rule, sides)}`,
    );
  }
}

function whyIdle(rule: Rule, sides: readonly Side[]): string {
  const arms = [...new Set(sides.flatMap((side) => side.arms))];
  const series = [
    ...new Set(
      sides.flatMap(({ evidence }) => evidence.flatMap((one) => (one.scope === 'series' ? [one.series] : []))),
    ),
  ];
  const idle = (what: string, patterns: readonly string[] | null, names: readonly string[]): string[] =>
    (patterns ?? []).some((pattern) => names.some((name) => matchesAny([pattern], name))) || patterns === null
      ? []
      : [
          `no ${what} is named ${patterns.join(' or ')}${didYouMean(patterns[0] ?? '', names)}; there are ${names.join(', ')}`,
        ];
  const why = [...idle('arm', rule.arms, arms), ...idle('series', rule.series, series)];
  if (why.length > 0) return why.join('; ');
  const selected = sides.some((side) => selectedBy(rule, [side]).length > 0);
  return selected
    ? `it asks for ${absentWords(metricsOf(rule))}`
    : 'no arm that it names has a series that it names, or all of them are controls (name them to gate them)';
}

function metricsOf({ compare, limits }: Rule): Metric[] {
  return [...new Map([...compare, ...limits].map(({ metric }) => [metric.name, metric])).values()];
}

const neededBy: Readonly<Record<NonNullable<Metric['needs']>, string>> = {
  jvm: 'only an arm with a JVM has it',
  holder: 'only an arm with a holder has it',
  schedule: 'a victim that works back to back has no schedule (a rate), and so no response time',
};

function absentWords(metrics: readonly Metric[]): string {
  const reasons = [
    ...new Set(metrics.map(({ needs }) => (needs === null ? 'these bundles do not record it' : neededBy[needs]))),
  ];
  const [it, them] = metrics.length === 1 ? ['it', 'it'] : ['they', 'them'];
  return `${listed(metrics.map(({ name }) => name))}, and no arm that it selects has ${them}: ${reasons.join('; ')}; take ${them} out of the rule, or give ${them} a rule for the profiles and arms where ${it} ${metrics.length === 1 ? 'exists' : 'exist'}`;
}
