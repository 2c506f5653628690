/**
 * The largest of any number of values, and `least` if all are smaller. Math.max(...values) has an argument on the stack
 * for each, and throws from some 120,000 on.
 */
export function largestOf(values: readonly number[], least = -Infinity): number {
  return values.reduce((most, value) => Math.max(most, value), least);
}
