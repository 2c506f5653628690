/**
 * `--fail-if 'writer.mprotect.stalls > 0'`: a condition on any metric (metrics.ts) of an experiment.
 *
 *   [ARM/]SERIES.METRIC  > | >= | < | <= | == | !=  VALUE
 *   [ARM/]METRIC         of the arm itself, such as memory.rss_peak or gc.pause.longest
 *
 * VALUE has the metric's unit: a duration (20ms) for a time, a share (5%, 0.05) for a share, a size (64MiB) for memory,
 * true or false for a flag, else a number; a bare number of nanoseconds or bytes only for a name that ends in `_ns` or
 * `_bytes`. Without ARM the condition is on every arm that is no control.
 *
 * A percentile is compared by its bound and not by itself: it is above 5 ms where that of the typical run is, at 95 %,
 * and below where it is below at 95 %. Between the two nothing is decided (docs/statistics.md).
 *
 * Nothing passes by absence: an unknown figure (n too small, no operation served, no call of the holder), a figure that
 * may be too low (flaws.ts), and an experiment that is not complete or ran degraded leave a condition undecided, unless
 * it is met. A figure that may be too low does not show that a condition such as `< 5ms` or `== 0` is met either.
 */
import type {
  ArmFact,
  ConditionFact,
  ConditionOutcome,
  FigureOfArm,
  KnownFigure,
} from '../../facts/condition-facts.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import type { Stated } from '../../facts/stated.js';
import { ExitCode, Failure, usage } from '../../base/failure.js';
import { didYouMean, nearMiss } from '../../base/text/near-miss.js';
import type { ArmSummary, SummaryFile } from '../../bundle/bundle-schema.js';
import { isInJvm, namesOfArm, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { leastRunsForBounds, typicalRun, type TypicalRun } from '../../stats/typical-run.js';
import { flawOf, type SeenOfRun } from '../evidence/flaws.js';
import { holds, limitValue, limitWords, operators, type Operator } from '../evidence/limit.js';
import {
  allMetrics,
  bundleName,
  metricNamed,
  namesOf,
  noSuchMetric,
  storedPercents,
  type Metric,
} from '../evidence/metrics.js';
import { summaryEvidence } from '../evidence/summary-evidence.js';
import { statedCondition } from '../../words/condition-words.js';

export interface FailCondition {
  readonly text: string;
  readonly arms: readonly string[];
  /** Null for a metric of the arm. */
  readonly series: string | null;
  readonly metric: Metric;
  readonly comparison: Operator;
  readonly value: number;
}

/** Checked against the plan before anything runs: a misspelt name must not pass a gate. */
export function parseFailCondition(text: string, arms: readonly ResolvedArm[]): FailCondition {
  const words = limitWords(text);
  const [, arm, target = ''] = /^(?:([^/]+)\/)?([^/]+)$/.exec(words?.target ?? '') ?? [];
  const comparison = operators.find((one) => one === words?.operator);
  if (words === null || comparison === undefined || target === '')
    throw usage(
      `--fail-if "${text}": expected [ARM/]SERIES.FIGURE, a comparison and a value, such as 'writer.mprotect.stalls > 0'`,
    );
  if (arm !== undefined && !arms.some((one) => namesOfArm(one).includes(arm))) {
    const names = arms.map(({ name }) => name);
    throw usage(`--fail-if "${text}": there is no arm ${arm}${didYouMean(arm, names)}; there are ${names.join(', ')}`);
  }
  const chosen = arms.filter((one) => (arm === undefined ? one.control === null : namesOfArm(one).includes(arm)));
  const { series, metric, name } = subjectOf(text, target, chosen);
  if (metric.percent !== null && (comparison === '==' || comparison === '!='))
    throw usage(
      `--fail-if "${text}": expected >, >=, < or <= to compare a percentile with, got ${comparison}: two percentiles are never exactly equal`,
    );
  const value = limitValue(metric, name, words.value);
  if (!value.ok)
    throw usage(`--fail-if "${text}": expected ${value.expected} to compare ${name} with, got ${words.value}`);
  return {
    text,
    arms: chosen.filter((one) => series !== null || canHave(metric, one)).map((one) => one.name),
    series,
    metric,
    comparison,
    value: value.value,
  };
}

interface Subject {
  readonly series: string | null;
  readonly metric: Metric;
  /** As it was written. */
  readonly name: string;
}

function subjectOf(text: string, target: string, arms: readonly ResolvedArm[]): Subject {
  const refused = (why: string): never => {
    throw usage(`--fail-if "${text}": ${why}`);
  };
  const series = [...new Set(arms.flatMap(({ victims }) => victims.map((victim) => victim.series)))];
  const found = series.find((one) => target.startsWith(`${one}.`));
  const name = found === undefined ? target : target.slice(found.length + 1);
  const metric = metricNamed(name);
  if (found === undefined) {
    if (metric === null || metric.scope === 'series') return refused(noSuchSeries(target, series));
    if (!arms.some((arm) => canHave(metric, arm)))
      return refused(
        `no arm has ${metric.name}: ${metric.needs === 'jvm' ? 'none is a JVM' : 'none has a holder that gives memory back'}`,
      );
  } else if (metric?.scope === 'arm') return refused(`${metric.name} belongs to the whole arm; leave out ${found}.`);
  if (metric === null)
    return refused(
      noSuchMetric(
        name,
        allMetrics([99]).filter(({ scope }) => scope === 'series'),
      ),
    );
  const { percent } = metric;
  if (percent !== null && (metric.subject === 'holder' || !storedPercents.some((stored) => stored === percent)))
    return refused(
      `a summary has no ${metric.name} of each run; there are percentiles of service, response and the JVM's log at ${storedPercents.join(', ')}`,
    );
  return { series: found ?? null, metric, name };
}

function noSuchSeries(target: string, series: readonly string[]): string {
  const asked = target.split('.').slice(0, 2).join('.');
  const ofArms = namesOf(allMetrics([99]).filter(({ scope }) => scope === 'arm'));
  const meant = nearMiss(asked, series) === undefined ? nearMiss(target, ofArms) : undefined;
  if (meant !== undefined) return `there is no metric ${target}; did you mean ${meant}?`;
  return `there is no series ${asked}${didYouMean(asked, series)}; there are ${series.join(', ')}`;
}

function canHave({ needs }: Metric, arm: ResolvedArm): boolean {
  return needs === 'jvm' ? isInJvm(arm) : needs === 'holder' ? arm.holder?.active === true : true;
}

/** Refuses before anything is measured. `runs`: of each arm, at least. */
export function refuseUndecidable(conditions: readonly FailCondition[], runs: number): void {
  const first = conditions.find(({ metric }) => metric.percent !== null);
  if (first === undefined || runs >= leastRunsForBounds) return;
  throw new Failure(
    ExitCode.inconclusive,
    `--fail-if "${first.text}" cannot be decided, whatever is measured: ${runs === 1 ? 'a single run does' : `${runs} runs do`} not show how a percentile differs from run to run; use --runs ${leastRunsForBounds} or more`,
  );
}

export function checkCondition(condition: FailCondition, summary: SummaryFile): Stated<ConditionFact> {
  const { series, metric, text, arms: names } = condition;
  const arms = [
    ...summary.arms.filter(({ name }) => names.includes(name)).flatMap((arm) => factOf(condition, arm)),
    ...notRun(summary)
      .filter(({ arm }) => names.includes(arm))
      .map(({ arm }): ArmFact => ({ arm, outcome: 'unknown', code: 'not-measured' })),
  ];
  const has = (outcome: ConditionOutcome): boolean => arms.some((arm) => arm.outcome === outcome);
  const state = (code: ConditionFact['code']): Stated<ConditionFact> =>
    statedCondition({
      code,
      condition: text,
      outcome: outcomes[code],
      metric: series === null ? metric.name : `${series}.${bundleName(metric)}`,
      unit: metric.unit,
      isPercentile: metric.percent !== null,
      arms,
    });
  if (has('met')) return state('met');
  if (has('unknown')) return state('figure-unknown');
  if (arms.length === 0) return state('no-figure');
  if (summary.status !== 'complete') return state('not-complete');
  return state(summary.degraded.length > 0 ? 'set-up-degraded' : 'not-met');
}

/** Arms that their JDK could not run. */
function notRun({ conclusions }: SummaryFile): readonly RefusedArm[] {
  return conclusions.flatMap((one) =>
    one.code === 'arms-not-run' && 'refused' in one ? (one.refused as readonly RefusedArm[]) : [],
  );
}

const outcomes: Readonly<Record<ConditionFact['code'], ConditionOutcome>> = {
  met: 'met',
  'not-met': 'not met',
  'figure-unknown': 'unknown',
  'no-figure': 'unknown',
  'not-complete': 'unknown',
  'set-up-degraded': 'unknown',
};

/** Empty for an arm that cannot have the figure. */
function factOf(condition: FailCondition, arm: ArmSummary): ArmFact[] {
  const { metric, series, comparison, value } = condition;
  const fact = (outcome: ConditionOutcome, figure: FigureOfArm): ArmFact[] => [{ arm: arm.name, outcome, ...figure }];
  if (series !== null && !arm.series.some(({ name }) => name === series)) return [];
  const evidence = summaryEvidence(arm, series);
  if (evidence === null) return fact('unknown', { code: 'not-measured' });
  const pooled = metric.of(evidence.pooled);
  if (pooled.absent) return [];
  if (pooled.value === null)
    return fact('unknown', { code: 'missing', missing: pooled.missing ?? { code: 'no-figure' } });
  if (metric.percent === null) {
    const outcome = holds(pooled.value, comparison, value) ? 'met' : 'not met';
    return fact(
      ...unlessFlawed(condition, evidence.seen, outcome, { code: 'value', value: pooled.value, runs_n: arm.runs }),
    );
  }
  const of_n = evidence.runs.length;
  const values = evidence.runs.flatMap((run) => (run === null ? [] : (metric.of(run).value ?? [])));
  if (values.length < of_n) return fact('unknown', { code: 'missing-in-runs', runs_n: of_n - values.length, of_n });
  if (values.length < leastRunsForBounds)
    return fact('unknown', { code: 'too-few-runs', values, neededRuns_n: leastRunsForBounds });
  return fact(...byBound(condition, evidence.seen, typicalRun(values)));
}

const strict = { allowSaturated: false, mustGiveBack: true } as const;

/** A figure that may be too low leaves open what a higher one would change. */
function unlessFlawed(
  condition: FailCondition,
  seen: readonly SeenOfRun[],
  outcome: ConditionOutcome,
  figure: KnownFigure,
): [ConditionOutcome, FigureOfArm] {
  const flaw = mayChangeHigher(condition, outcome, figure)
    ? flawOf(condition.metric, seen, { ...strict, series: condition.series ?? '' })
    : null;
  return flaw === null ? [outcome, figure] : ['unknown', { code: 'flawed', flaw, figure }];
}

/** Whether a higher figure could have another outcome. */
function mayChangeHigher(
  { comparison, value, metric }: FailCondition,
  outcome: ConditionOutcome,
  figure: KnownFigure,
): boolean {
  if (metric.unit === 'flag') return false;
  switch (comparison) {
    case '>':
    case '>=':
      return outcome === 'not met';
    case '<':
    case '<=':
      return outcome === 'met';
    // Percentiles are not compared by these.
    case '==':
    case '!=':
      return figure.code === 'value' && figure.value <= value;
  }
}

/** Both bounds are one-sided, so that either answer is wrong in 1 of 40 cases at most. */
function byBound(
  condition: FailCondition,
  seen: readonly SeenOfRun[],
  typical: TypicalRun,
): [ConditionOutcome, FigureOfArm] {
  const { comparison, value } = condition;
  const { low, high, estimate: median, n: runs_n } = typical;
  if (low === null || high === null) return ['unknown', { code: 'unbounded', runs_n }];
  const figures = { low, high, median, runs_n };
  const isMet = holds(low, comparison, value) && holds(high, comparison, value);
  const isNotMet = !holds(low, comparison, value) && !holds(high, comparison, value);
  if (!isMet && !isNotMet) return ['unknown', { code: 'between-bounds', ...figures }];
  return unlessFlawed(condition, seen, isMet ? 'met' : 'not met', {
    code: low >= value ? 'at-least' : 'at-most',
    ...figures,
  });
}
