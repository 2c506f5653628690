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
 * Nothing passes by absence: a figure that is not known (n too small, saturated, no operation served), an experiment
 * that is not complete and one that ran degraded leave a condition undecided, unless it is met.
 */
import { ExitCode, Failure, usage } from '../../base/failure.js';
import { didYouMean, nearMiss } from '../../base/text/near-miss.js';
import type { ArmSummary, SummaryFile } from '../../bundle/bundle-schema.js';
import { isInJvm, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { leastRunsForBounds, typicalRun, type TypicalRun } from '../../stats/typical-run.js';
import { holds, limitValue, limitWords, operators, type Operator } from '../evidence/limit.js';
import {
  allMetrics,
  bundleName,
  formatMetric,
  metricNamed,
  namesOf,
  noSuchMetric,
  storedPercents,
  type Metric,
} from '../evidence/metrics.js';
import { summaryEvidence } from '../evidence/summary-evidence.js';
import { listed } from '../../words/text.js';

export interface FailCondition {
  readonly text: string;
  readonly arms: readonly string[];
  /** Null of an arm's own metric. */
  readonly series: string | null;
  readonly metric: Metric;
  readonly comparison: Operator;
  readonly value: number;
}

export interface ConditionResult {
  readonly condition: FailCondition;
  readonly outcome: 'met' | 'not met' | 'unknown';
  readonly sentence: string;
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
  if (arm !== undefined && !arms.some(({ name }) => name === arm)) {
    const names = arms.map(({ name }) => name);
    throw usage(`--fail-if "${text}": there is no arm ${arm}${didYouMean(arm, names)}; there are ${names.join(', ')}`);
  }
  const chosen = arms.filter(({ name, control }) => (arm === undefined ? control === null : name === arm));
  const { series, metric, name } = subjectOf(text, target, chosen);
  if (metric.percent !== null && (comparison === '==' || comparison === '!='))
    throw usage(
      `--fail-if "${text}": expected >, >=, < or <= to compare a percentile with, got ${comparison}: no percentile is ever exactly another`,
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
  } else if (metric?.scope === 'arm') return refused(`${metric.name} is of the whole arm; leave out ${found}.`);
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

/** Nothing is measured for an answer that it cannot give. `runs`: of each arm, at least. */
export function refuseUndecidable(conditions: readonly FailCondition[], runs: number): void {
  const first = conditions.find(({ metric }) => metric.percent !== null);
  if (first === undefined || runs >= leastRunsForBounds) return;
  throw new Failure(
    ExitCode.inconclusive,
    `--fail-if "${first.text}" cannot be decided, whatever is measured: ${runs === 1 ? 'one run says' : `${runs} runs say`} too little of how a percentile differs from run to run; use --runs ${leastRunsForBounds} or more`,
  );
}

/** What the arms of one condition came to. */
interface ArmResult {
  readonly arm: string;
  readonly outcome: ConditionResult['outcome'];
  /** After the metric's name. */
  readonly words: string;
}

export function checkCondition(condition: FailCondition, summary: SummaryFile): ConditionResult {
  const { series, metric, text, arms } = condition;
  const results = summary.arms.filter(({ name }) => arms.includes(name)).flatMap((arm) => resultOf(condition, arm));
  const of = (outcome: ArmResult['outcome']): ArmResult[] => results.filter((one) => one.outcome === outcome);
  const name = series === null ? metric.name : `${series}.${bundleName(metric)}`;
  const say = (outcome: ConditionResult['outcome'], words: string): ConditionResult => ({
    condition,
    outcome,
    sentence: `"${text}" ${words}.`,
  });
  const [met, unknown] = [of('met'), of('unknown')];
  if (met.length > 0)
    return say('met', `is met: ${met.map(({ arm, words }) => `${name} is ${words} in ${arm}`).join(', ')}`);
  if (unknown.length > 0)
    return say(
      'unknown',
      `cannot be decided: ${unknown.map(({ arm, words }) => `${name} is ${words} in ${arm}`).join(', ')}; use more or longer runs`,
    );
  if (results.length === 0) return say('unknown', `cannot be decided: no arm has ${name}`);
  if (summary.status !== 'complete')
    return say('unknown', 'cannot be decided: the experiment is not complete; run it to its end');
  if (summary.degraded.length > 0)
    return say(
      'unknown',
      'cannot be decided: the set-up was not as asked for (--allow-degraded), so that it is not met says nothing',
    );
  if (metric.percent === null) return say('not met', `is not met in ${results.map(({ arm }) => arm).join(', ')}`);
  return say('not met', `is not met: ${results.map(({ arm, words }) => `${name} is ${words} in ${arm}`).join(', ')}`);
}

/** None for an arm that can have no such figure. */
function resultOf(condition: FailCondition, arm: ArmSummary): ArmResult[] {
  const { metric, series, comparison, value } = condition;
  const result = (outcome: ArmResult['outcome'], words: string): ArmResult[] => [{ arm: arm.name, outcome, words }];
  if (series !== null && !arm.series.some(({ name }) => name === series)) return [];
  const evidence = summaryEvidence(arm, series);
  if (evidence === null) return result('unknown', 'not known');
  const own = metric.of(evidence.pooled);
  if (own.absent) return [];
  if (own.value === null) return result('unknown', `not known (${own.missing ?? 'no figure'})`);
  if (metric.percent === null)
    return result(holds(own.value, comparison, value) ? 'met' : 'not met', formatMetric(metric.unit, own.value));
  const perRun = evidence.runs.flatMap((run) => (run === null ? [] : (metric.of(run).value ?? [])));
  if (perRun.length < evidence.runs.length)
    return result('unknown', `not known in ${evidence.runs.length - perRun.length} of ${evidence.runs.length} runs`);
  if (perRun.length < leastRunsForBounds)
    return result(
      'unknown',
      `known in ${perRun.length} complete, undisturbed runs (${listed(perRun.map((one) => formatMetric(metric.unit, one)))}), and ${leastRunsForBounds} bound it`,
    );
  return result(...byBound(condition, typicalRun(perRun)));
}

/** Both bounds are one-sided, so that either answer is wrong in 1 of 40 cases at most. */
function byBound({ metric, comparison, value }: FailCondition, typical: TypicalRun): [ArmResult['outcome'], string] {
  const shown = (bound: number): string => formatMetric(metric.unit, bound);
  const { low, high, estimate, n } = typical;
  const of = `in the typical run (95 % bound of ${n} runs, whose median is ${shown(estimate)})`;
  if (low === null || high === null) return ['unknown', `not bounded by ${n} runs`];
  const isMet = holds(low, comparison, value) && holds(high, comparison, value);
  const isNotMet = !holds(low, comparison, value) && !holds(high, comparison, value);
  if (!isMet && !isNotMet) return ['unknown', `between ${shown(low)} and ${shown(high)} ${of}`];
  const isAbove = low >= value;
  return [isMet ? 'met' : 'not met', isAbove ? `at least ${shown(low)} ${of}` : `at most ${shown(high)} ${of}`];
}
