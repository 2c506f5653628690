/** The sentence of a condition of `--fail-if` (src/facts/condition-facts.ts). */
import type { ArmFact, ConditionFact, ConditionOutcome, FigureOfArm } from '../facts/condition-facts.js';
import type { MetricUnit } from '../facts/metric-facts.js';
import type { Stated } from '../facts/stated.js';
import { flawText } from './flaw-words.js';
import { formatMetric, missingText } from './metric-words.js';
import { counted, listed } from './text.js';

export function statedCondition(fact: ConditionFact): Stated<ConditionFact> {
  return { ...fact, sentence: `"${fact.condition}" ${conditionText(fact)}.` };
}

function conditionText(fact: ConditionFact): string {
  const { code, metric, arms } = fact;
  switch (code) {
    case 'met':
      return `is met: ${figuresOf(fact, 'met')}`;
    case 'not-met':
      return `is not met: ${figuresOf(fact, 'not met')}`;
    case 'figure-unknown':
      return `cannot be decided: ${figuresOf(fact, 'unknown')}${moreRunsText(arms)}`;
    case 'no-figure':
      return `cannot be decided: no arm has ${metric}`;
    case 'not-complete':
      return 'cannot be decided: the experiment is not complete; run it to its end';
    case 'set-up-degraded':
      return 'cannot be decided: it is not met, but the set-up was not as asked for (--allow-degraded)';
  }
}

function figuresOf({ metric, unit, arms }: ConditionFact, outcome: ConditionOutcome): string {
  const text = (fact: ArmFact): string => {
    const figure = fact.code === 'flawed' ? fact.figure : fact;
    // The figure of a typical run has its number of runs beside its bound.
    const n = figure.code === 'value' ? ` (${counted(figure.runs_n, 'run')})` : '';
    const doubt = fact.code === 'flawed' ? `, but ${flawText(fact.flaw)}` : '';
    return `${metric} is ${figureText(unit, figure)} in ${fact.arm}${n}${doubt}`;
  };
  return arms
    .filter((fact) => fact.outcome === outcome)
    .map(text)
    .join(', ');
}

/** More runs like a flawed run are flawed too. */
function moreRunsText(arms: readonly ArmFact[]): string {
  return arms.some(({ outcome, code }) => outcome === 'unknown' && code !== 'flawed')
    ? '; use more or longer runs'
    : '';
}

/** To follow "is". */
function figureText(unit: MetricUnit, fact: Exclude<FigureOfArm, { readonly code: 'flawed' }>): string {
  const shown = (value: number): string => formatMetric(unit, value);
  switch (fact.code) {
    case 'value':
      return shown(fact.value);
    case 'not-measured':
      return 'not known';
    case 'missing':
      return `not known (${missingText(fact.missing)})`;
    case 'missing-in-runs':
      return `not known in ${fact.runs_n} of ${fact.of_n} runs`;
    case 'too-few-runs':
      return (
        `known in ${fact.values.length} complete, undisturbed runs (${listed(fact.values.map(shown))}), ` +
        `and a bound needs ${fact.neededRuns_n}`
      );
    case 'unbounded':
      return `not bounded by ${fact.runs_n} runs`;
    case 'between-bounds':
      return `between ${shown(fact.low)} and ${shown(fact.high)} ${boundText(shown(fact.median), fact.runs_n)}`;
    case 'at-least':
      return `at least ${shown(fact.low)} ${boundText(shown(fact.median), fact.runs_n)}`;
    case 'at-most':
      return `at most ${shown(fact.high)} ${boundText(shown(fact.median), fact.runs_n)}`;
  }
}

function boundText(median: string, runs_n: number): string {
  return `in the typical run (95 % bound of ${runs_n} runs, whose median is ${median})`;
}
