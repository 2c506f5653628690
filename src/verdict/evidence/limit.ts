/**
 * The grammar of limits, of policies as of conditions: `METRIC OPERATOR VALUE`. What a value may be is its metric's
 * matter (metrics/unit.ts); which operators make sense is the caller's.
 */
import { parseInUnit, type Metric } from './metrics.js';
import type { Parsed } from '../../base/text/units.js';

export const operators = ['<=', '<', '==', '>=', '>', '!='] as const;
export type Operator = (typeof operators)[number];

export interface LimitWords {
  /** What is limited: a metric's name, in a condition with arm and series before it. */
  readonly target: string;
  readonly operator: string;
  readonly value: string;
}

/** Null: it has not these three parts. */
export function limitWords(text: string): LimitWords | null {
  const [, target, operator, value] = /^\s*([^\s<>=!]+)\s*([<>=!]{1,2})\s*([^\s<>=!]\S*)\s*$/.exec(text) ?? [];
  return target === undefined || operator === undefined || value === undefined ? null : { target, operator, value };
}

/** `name`: as it was written, which says what a bare number is. */
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
