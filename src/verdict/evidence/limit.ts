/**
 * The grammar of limits, in policies and conditions: `METRIC OPERATOR VALUE`. The metric decides what a value may be
 * (metrics/unit.ts), the caller which operators make sense.
 */
import { parseInUnit, type Metric } from './metrics.js';
import type { Parsed } from '../../base/text/units.js';

export const operators = ['<=', '<', '==', '>=', '>', '!='] as const;
export type Operator = (typeof operators)[number];

export interface LimitWords {
  /** The name of a metric, in a condition with arm and series before it. */
  readonly target: string;
  readonly operator: string;
  readonly value: string;
}

/** Null: it lacks one of these three parts. */
export function limitWords(text: string): LimitWords | null {
  const [, target, operator, value] = /^\s*([^\s<>=!]+)\s*([<>=!]{1,2})\s*([^\s<>=!]\S*)\s*$/.exec(text) ?? [];
  return target === undefined || operator === undefined || value === undefined ? null : { target, operator, value };
}

/** `name`: as it was written; it decides the unit of a bare number. */
export function limitValue(metric: Metric, name: string, value: string): Parsed {
  return parseInUnit(metric.unit, value, name);
}

export function holds(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<=':
      return value <= limit;
    case '<':
      return value < limit;
    case '==':
      return value === limit;
    case '>=':
      return value >= limit;
    case '>':
      return value > limit;
    case '!=':
      return value !== limit;
  }
}
