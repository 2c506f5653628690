import { quantileRanks } from '../../dist/stats/quantile-bounds.js';
import { median } from '../../dist/stats/median.js';

/**
 * Summarises the ratios of pairs. The target is judged by an interval. If it lies on both sides of the target, the
 * result is "undecided".
 *
 * For independent pairs that is the 95 % interval of their median, from order statistics, which assumes no
 * distribution. For `dependent` pairs (readings of one run) it is their whole range, because no interval is justified.
 *
 * @param {string} name
 * @param {number[]} pairs
 * @param {{atMost?: number, atLeast?: number, dependent?: boolean, figures?: Record<string, number>}} [more]
 */
export function ratioOf(name, pairs, { atMost, atLeast, dependent = false, figures = {} } = {}) {
  const sorted = pairs.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const { lower, upper } = quantileRanks(0.5, sorted.length);
  const low = dependent || lower === null ? min : sorted[lower - 1];
  const high = dependent || upper === null ? max : sorted[upper - 1];
  const ratio = { median: median(pairs), low, high, min, max, pairs: pairs.length };
  return {
    name,
    ...ratio,
    target: targetOf(atMost, atLeast),
    verdict: verdictOf(ratio, atMost, atLeast),
    figures,
    dependent,
  };
}

export function ratiosOf(numerators, denominators) {
  return numerators.map((value, i) => value / denominators[i]);
}

function targetOf(atMost, atLeast) {
  if (atMost !== undefined) return { atMost };
  return atLeast === undefined ? null : { atLeast };
}

function verdictOf({ low, high }, atMost, atLeast) {
  if (atMost !== undefined) return high <= atMost ? 'met' : low > atMost ? 'missed' : 'undecided';
  if (atLeast !== undefined) return low >= atLeast ? 'met' : high < atLeast ? 'missed' : 'undecided';
  return 'no target';
}
