/**
 * `--fail-if 'writer.mprotect.stalls > 0'`: a condition on any figure of the summary.
 *
 *   [ARM/]SERIES.FIGURE  > | >= | < | <= | == | !=  VALUE
 *
 * FIGURE is a path in the summary's series, such as service.p99_ns, stalls.longest_ns or unserved; `stalls` alone is
 * stalls.count, and a unit's suffix may be left out. VALUE is a number, a duration (20ms) or a share (5%). Without ARM
 * the condition is on every arm that is no control. A figure that is not known (n too small, saturated) decides
 * nothing: the result is inconclusive, since nothing passes by absence.
 */
import { usage } from '../base/failure.js';
import { didYouMean } from '../base/near-miss.js';
import { parseDuration, parseShare } from '../base/units.js';
import type { SummaryFile } from '../bundle/schema.js';
import type { ResolvedArm } from '../profile/resolved.js';

export interface FailCondition {
  readonly text: string;
  readonly arms: readonly string[];
  readonly series: string;
  readonly path: readonly string[];
  readonly comparison: keyof typeof comparisons;
  readonly value: number;
}

export interface ConditionResult {
  readonly condition: FailCondition;
  readonly outcome: 'met' | 'not met' | 'unknown';
  readonly sentence: string;
}

const comparisons = {
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
};

const times = ['n', 'min_ns', 'mean_ns', 'p50_ns', 'p90_ns', 'p99_ns', 'p99_9_ns', 'p99_99_ns', 'max_ns'];
const figures = [
  ...times.flatMap((name) => [`service.${name}`, `response.${name}`]),
  ...['count', 'blocked_count', 'longest_ns', 'total_ns', 'stalled_share'].map((name) => `stalls.${name}`),
  'unserved',
  'inflight_ns',
  'saturated',
  'exhausted',
];
const aliases: Record<string, string> = { stalls: 'stalls.count', longest: 'stalls.longest_ns', stalled: 'stalls.stalled_share' };

/** Checked against the plan before anything runs: a misspelt name must not pass a gate. */
export function parseFailCondition(text: string, arms: readonly ResolvedArm[]): FailCondition {
  const parts = /^\s*(?:([^/\s]+)\/)?([^\s<>=!]+)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*$/.exec(text);
  if (parts === null) throw usage(`--fail-if "${text}": expected [ARM/]SERIES.FIGURE, a comparison and a value, such as 'writer.mprotect.stalls > 0'`);
  const [, arm, target = '', comparison = '>', value = ''] = parts;
  if (arm !== undefined && !arms.some(({ name }) => name === arm)) {
    const names = arms.map(({ name }) => name);
    throw usage(`--fail-if "${text}": there is no arm ${arm}${didYouMean(arm, names)}; there are ${names.join(', ')}`);
  }
  const chosen = arms.filter(({ name, control }) => (arm === undefined ? control === null : name === arm));
  const { series, figure } = splitTarget(text, target, [...new Set(chosen.flatMap(({ victims }) => victims.map((victim) => victim.series)))]);
  return { text, arms: chosen.map(({ name }) => name), series, path: figureNamed(text, figure).split('.'), comparison: comparison as keyof typeof comparisons, value: parseValue(text, value) };
}

export function checkCondition(condition: FailCondition, summary: SummaryFile): ConditionResult {
  const values = summary.arms
    .filter(({ name, series }) => condition.arms.includes(name) && series.some((one) => one.name === condition.series))
    .map((arm) => ({ arm: arm.name, runs: arm.runs, value: figureOf(arm.series.find(({ name }) => name === condition.series), condition.path) }));
  const met = values.filter(({ runs, value }) => runs > 0 && value !== null && comparisons[condition.comparison](value, condition.value));
  const unknown = values.filter(({ runs, value }) => runs === 0 || value === null);
  const name = `${condition.series}.${condition.path.join('.')}`;
  if (met.length > 0) return { condition, outcome: 'met', sentence: `"${condition.text}" is met: ${met.map(({ arm, value }) => `${name} is ${String(value)} in ${arm}`).join(', ')}.` };
  if (unknown.length > 0) return { condition, outcome: 'unknown', sentence: `"${condition.text}" cannot be decided: ${name} is not known in ${unknown.map(({ arm }) => arm).join(', ')} (n too small, saturated, or no run); use more or longer runs.` };
  return { condition, outcome: 'not met', sentence: `"${condition.text}" is not met in any of ${values.map(({ arm }) => arm).join(', ')}.` };
}

function splitTarget(text: string, target: string, series: readonly string[]): { series: string; figure: string } {
  const found = series.find((name) => target.startsWith(`${name}.`));
  if (found !== undefined) return { series: found, figure: target.slice(found.length + 1) };
  const asked = target.split('.').slice(0, 2).join('.');
  throw usage(`--fail-if "${text}": there is no series ${asked}${didYouMean(asked, series)}; there are ${series.join(', ')}`);
}

function figureNamed(text: string, name: string): string {
  const wanted = aliases[name] ?? name;
  const found = figures.find((figure) => figure === wanted || figure === `${wanted}_ns`);
  if (found === undefined) throw usage(`--fail-if "${text}": there is no figure ${name}${didYouMean(name, [...figures, ...Object.keys(aliases)])}; there are ${figures.join(', ')}`);
  return found;
}

function parseValue(text: string, value: string): number {
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  for (const parse of [parseDuration, parseShare]) {
    const parsed = parse(value);
    if (parsed.ok) return parsed.value;
  }
  throw usage(`--fail-if "${text}": expected a number, a duration such as 20ms or a share such as 5%, got ${value}`);
}

function figureOf(series: object | undefined, path: readonly string[]): number | null {
  let value: unknown = series;
  for (const key of path) value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  // An operation that is not in flight has been so for no time; every other null is "not known".
  if (value === null && path[0] === 'inflight_ns') return 0;
  return typeof value === 'number' ? value : null;
}
