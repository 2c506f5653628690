/** A gate's policy: from YAML to rules whose metrics, limits and margins are known to make sense. */
import { usage } from '../../base/failure.js';
import { describe, invalid, type Problem } from '../../profile/written/problem.js';
import { placeOf, type Mapping, type Path } from '../../profile/written/tree.js';
import { parseTree } from '../../profile/check/validate.js';
import { mappingOf, readMapping } from '../../profile/written/yaml-file.js';
import { limitValue, limitWords, type Operator } from '../evidence/limit.js';
import { metricNamed, noSuchMetric, parseInUnit, type Metric } from '../evidence/metrics.js';
import { defaultPolicyText } from './default-policy.js';
import { policySchema, type inconclusiveMeanings, type EnvironmentClass, type WrittenPolicy } from './policy-schema.js';

export interface Limit {
  readonly text: string;
  readonly metric: Metric;
  readonly operator: Operator;
  /** In the metric's unit. */
  readonly value: number;
}

/** Null: the default margin of the metric. */
export interface ComparedMetric {
  readonly metric: Metric;
  readonly relative: number | null;
  readonly absolute: number | null;
}

export interface Rule {
  readonly name: string;
  /** Patterns; null: see policy-schema.ts. */
  readonly profiles: readonly string[] | null;
  readonly kernels: readonly string[] | null;
  readonly arms: readonly string[] | null;
  readonly series: readonly string[] | null;
  readonly limits: readonly Limit[];
  readonly compare: readonly ComparedMetric[];
  readonly allowSaturated: boolean;
}

export interface Policy {
  /** Its file, or words. */
  readonly source: string;
  readonly description: string | null;
  readonly alpha: number;
  readonly minimumRuns: number;
  readonly inconclusive: (typeof inconclusiveMeanings)[number];
  readonly allowDifferent: readonly EnvironmentClass[];
  /** Patterns of paths in the resolved profile. */
  readonly allowSettings: readonly string[];
  readonly rules: readonly Rule[];
}

const expectedFile = 'a policy, a mapping with keys such as minimumRuns and rules';
/** Above this, a gate that says "regressed" is more often wrong than useful. */
const mostAlpha = 0.2;
/** Below this, more divisions of the runs than are looked at would have to show it. */
const leastAlpha = 0.0001;

export function comparesAnything({ rules }: Pick<Policy, 'rules'>): boolean {
  return rules.some(({ compare }) => compare.length > 0);
}

export function loadPolicy(file: string): Policy {
  return policyOf(readMapping(file, expectedFile, usage), file);
}

export function defaultGatePolicy(): Policy {
  return readPolicy(defaultPolicyText, 'the default policy');
}

/** Throws a usage failure with a line for each problem, which names its place. */
export function readPolicy(text: string, source: string): Policy {
  return policyOf(mappingOf(text, source, expectedFile), source);
}

function policyOf(tree: Mapping, source: string): Policy {
  const written = parseTree(policySchema, tree);
  const problems: Problem[] = [];
  const problem = (path: Path, text: string): void => {
    problems.push({ at: placeOf(tree, path), path, text });
  };
  const policy: Policy = {
    source,
    description: written.description ?? null,
    alpha: written.alpha ?? 0.05,
    minimumRuns: written.minimumRuns ?? 6,
    inconclusive: written.inconclusive ?? 'exit-4',
    allowDifferent: written.allowDifferent ?? [],
    allowSettings: written.allowSettings ?? [],
    rules: written.rules.map((rule, i) => ruleOf(rule, i, problem)),
  };
  if (!(policy.alpha >= leastAlpha && policy.alpha <= mostAlpha))
    problem(['alpha'], `expected at least 0.01% and at most 20%, got ${policy.alpha * 100}%`);
  const names = policy.rules.map(({ name }) => name);
  names.forEach((name, i) => {
    if (names.indexOf(name) < i)
      problem(['rules', i, 'name'], `a rule before it is named ${name} too; give each rule another name`);
  });
  if (problems.length > 0) throw invalid(problems);
  return policy;
}

type WrittenRule = WrittenPolicy['rules'][number];

function ruleOf(rule: WrittenRule, index: number, problem: (path: Path, text: string) => void): Rule {
  const at = (...path: Path): Path => ['rules', index, ...path];
  if (rule.limits === undefined && rule.compare === undefined)
    problem(at(), 'expected limits, compare or both: without them the rule asks for nothing');
  return {
    name: rule.name ?? `rule-${index + 1}`,
    profiles: rule.profiles ?? null,
    kernels: rule.kernels ?? null,
    arms: rule.arms ?? null,
    series: rule.series ?? null,
    limits: (rule.limits ?? []).flatMap((text, i) =>
      limitOf(text, (why) => {
        problem(at('limits', i), why);
      }),
    ),
    compare: (rule.compare ?? []).flatMap((written, i) =>
      comparedOf(written, (path, why) => {
        problem(at('compare', i, ...path), why);
      }),
    ),
    allowSaturated: rule.allowSaturated ?? false,
  };
}

function limitOf(text: string, problem: (why: string) => void): Limit[] {
  const words = limitWords(text);
  if (words === null) {
    problem(`expected a metric, a comparison and a value, such as longest_ns <= 50ms, got ${describe(text)}`);
    return [];
  }
  const { target: name, operator, value } = words;
  const metric = known(name, problem);
  if (metric === null) return [];
  const sound = metric.worse === 'more' ? (['<=', '<', '=='] as const) : (['>=', '>'] as const);
  const isKnown = sound.find((one) => one === operator);
  if (isKnown === undefined) {
    problem(
      `expected ${sound.length === 2 ? '>= or >' : '<=, < or =='} (${metric.worse} of ${metric.name} is worse), got ${operator}`,
    );
    return [];
  }
  const parsed = limitValue(metric, name, value);
  if (!parsed.ok) {
    problem(`expected ${parsed.expected} to compare ${metric.name} with, got ${describe(value)}`);
    return [];
  }
  if (isKnown === '==' && parsed.value !== 0) {
    problem('expected == with 0 alone: no measured value is ever exactly another; use <=');
    return [];
  }
  if (isKnown === '<' && parsed.value === 0) {
    problem('no value is below 0; use == 0');
    return [];
  }
  return [{ text, metric, operator: isKnown, value: parsed.value }];
}

function comparedOf(
  written: NonNullable<WrittenRule['compare']>[number],
  problem: (path: Path, why: string) => void,
): ComparedMetric[] {
  const {
    metric: name,
    relative = null,
    absolute = null,
  } = typeof written === 'string' ? { metric: written } : { relative: undefined, absolute: undefined, ...written };
  const path = typeof written === 'string' ? [] : ['metric'];
  const metric = known(name, (why) => {
    problem(path, why);
  });
  if (metric === null) return [];
  if (metric.worse === 'less') {
    problem(
      path,
      `expected a metric of which more is worse, got ${metric.name}; ask for enough of it by a limit such as ${metric.name} >= 1`,
    );
    return [];
  }
  if (absolute === null) return [{ metric, relative, absolute: null }];
  const parsed = parseInUnit(metric.unit, absolute);
  if (!parsed.ok) {
    problem(['absolute'], `expected ${parsed.expected}, got ${describe(absolute)}`);
    return [];
  }
  return [{ metric, relative, absolute: parsed.value }];
}

function known(name: string, problem: (why: string) => void): Metric | null {
  const metric = metricNamed(name);
  if (metric === null) problem(noSuchMetric(name));
  return metric;
}
