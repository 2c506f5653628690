/**
 * `--fail-if 'writer.mprotect.stalls > 0'`: a condition on any figure of the summary.
 *
 *   [ARM/]SERIES.FIGURE  > | >= | < | <= | == | !=  VALUE
 *
 * FIGURE is a path in the summary's series, such as service.p99_ns, stalls.longest_ns or unserved; `stalls` alone is
 * stalls.count, and the suffix `_ns` may be left out. VALUE has the figure's kind: a duration (20ms) for a time, a share
 * (5%, 0.05) for a share, true or false for a flag, else a number; a bare number of nanoseconds only for a name that
 * ends in `_ns`. Without ARM the condition is on every arm that is no control.
 *
 * Nothing passes by absence: a figure that is not known (n too small, saturated, no operation served), an experiment
 * that is not complete and one that ran degraded leave a condition undecided, unless it is met.
 */
import { usage } from '../base/failure.js';
import { didYouMean } from '../base/near-miss.js';
import { formatDuration, formatShare, parseDuration, parseShare } from '../base/units.js';
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

type Kind = 'time' | 'count' | 'share' | 'flag';

const times = ['min_ns', 'mean_ns', 'p50_ns', 'p90_ns', 'p99_ns', 'p99_9_ns', 'p99_99_ns', 'max_ns'];
const kinds = new Map<string, Kind>([
  ...['service', 'response'].flatMap((of): [string, Kind][] => [[`${of}.n`, 'count'], ...times.map((name): [string, Kind] => [`${of}.${name}`, 'time'])]),
  ['stalls.count', 'count'],
  ['stalls.blocked_count', 'count'],
  ['stalls.unseen_count', 'count'],
  ['stalls.longest_ns', 'time'],
  ['stalls.longest_blocked_ns', 'time'],
  ['stalls.total_ns', 'time'],
  ['stalls.stalled_share', 'share'],
  ['stalls.blocked_share', 'share'],
  ['unserved', 'count'],
  ['inflight_ns', 'time'],
  ['saturated', 'flag'],
  ['exhausted', 'count'],
  ['lost_records', 'count'],
]);
const figures = [...kinds.keys()];
const aliases = new Map([['stalls', 'stalls.count'], ['longest', 'stalls.longest_ns'], ['stalled', 'stalls.stalled_share']]);

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
  const path = figureNamed(text, figure);
  return { text, arms: chosen.map(({ name }) => name), series, path: path.split('.'), comparison: comparison as keyof typeof comparisons, value: parseValue(text, figure, path, value) };
}

export function checkCondition(condition: FailCondition, summary: SummaryFile): ConditionResult {
  const values = summary.arms
    .filter(({ name, series }) => condition.arms.includes(name) && series.some((one) => one.name === condition.series))
    .map((arm) => ({ arm: arm.name, value: arm.runs === 0 ? null : figureOf(arm.series.find(({ name }) => name === condition.series), condition.path) }));
  const met = values.filter(({ value }) => value !== null && comparisons[condition.comparison](value, condition.value));
  const unknown = values.filter(({ value }) => value === null);
  const name = `${condition.series}.${condition.path.join('.')}`;
  const say = (outcome: ConditionResult['outcome'], text: string): ConditionResult => ({ condition, outcome, sentence: `"${condition.text}" ${text}.` });
  if (met.length > 0) return say('met', `is met: ${met.map(({ arm, value }) => `${name} is ${shown(condition.path, value ?? 0)} in ${arm}`).join(', ')}`);
  if (unknown.length > 0) return say('unknown', `cannot be decided: ${name} is not known in ${unknown.map(({ arm }) => arm).join(', ')} (too few operations, saturated, or no unspoiled run); use more or longer runs`);
  if (summary.status !== 'complete') return say('unknown', 'cannot be decided: the experiment is not complete; run it to its end');
  if (summary.degraded.length > 0) return say('unknown', 'cannot be decided: the set-up was not as asked for (--allow-degraded), so that it is not met says nothing');
  return say('not met', `is not met in ${values.map(({ arm }) => arm).join(', ')}`);
}

function splitTarget(text: string, target: string, series: readonly string[]): { series: string; figure: string } {
  const found = series.find((name) => target.startsWith(`${name}.`));
  if (found !== undefined) return { series: found, figure: target.slice(found.length + 1) };
  const asked = target.split('.').slice(0, 2).join('.');
  throw usage(`--fail-if "${text}": there is no series ${asked}${didYouMean(asked, series)}; there are ${series.join(', ')}`);
}

function figureNamed(text: string, name: string): string {
  const wanted = aliases.get(name) ?? name;
  const found = figures.find((figure) => figure === wanted || figure === `${wanted}_ns`);
  if (found === undefined) throw usage(`--fail-if "${text}": there is no figure ${name}${didYouMean(name, [...figures, ...aliases.keys()])}; there are ${[...aliases.keys(), ...figures].join(', ')}`);
  return found;
}

/** In the figure's kind, so that `longest > 5%` and `stalls > 20ms`, which nothing would ever meet, are no gates. */
function parseValue(text: string, figure: string, path: string, value: string): number {
  const plain = /^\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : null;
  const parsed = (result: ReturnType<typeof parseDuration>): number | null => (result.ok ? result.value : null);
  const refused = (expected: string): never => { throw usage(`--fail-if "${text}": expected ${expected} to compare ${figure} with, got ${value}`); };
  switch (kinds.get(path) ?? 'count') {
    case 'time':
      return parsed(parseDuration(value)) ?? (figure.endsWith('_ns') ? plain : null) ?? refused('a duration such as 20ms');
    case 'share':
      return parsed(parseShare(value)) ?? (plain !== null && plain <= 1 ? plain : null) ?? refused('a share such as 5% or 0.05');
    case 'flag':
      if (value === 'true' || plain === 1) return 1;
      return value === 'false' || plain === 0 ? 0 : refused('true or false');
    case 'count':
      return plain ?? refused('a number');
  }
}

function shown(path: readonly string[], value: number): string {
  switch (kinds.get(path.join('.')) ?? 'count') {
    case 'time':
      return formatDuration(value);
    case 'share':
      return formatShare(value);
    case 'flag':
      return String(value === 1);
    case 'count':
      return String(value);
  }
}

function figureOf(series: SummaryFile['arms'][number]['series'][number] | undefined, path: readonly string[]): number | null {
  // A victim that never operated has shown nothing, not even that it was not stalled.
  if (series === undefined || series.service.n + series.stalls.count + series.unserved + series.exhausted === 0) return null;
  let value: unknown = series;
  for (const key of path) value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  // An operation that is not in flight has been so for no time; every other null is "not known".
  if (value === null && path[0] === 'inflight_ns') return 0;
  return typeof value === 'number' ? value : null;
}
