/** Requirements that all statistics of two groups of runs have for their input, and the sums that they share. */

export function assertGroups(what: string, ...groups: readonly (readonly number[])[]): void {
  for (const group of groups) {
    if (group.length === 0) throw new RangeError(`${what} needs a value in each group`);
    if (!group.every(Number.isFinite)) throw new RangeError(`${what} needs finite values`);
  }
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function mean(values: readonly number[]): number {
  // Σ/n of equal values can differ from them in the last bit, which would turn no difference into one.
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : sum(values) / values.length;
}

/** C(n, k); exact below 2^53. */
export function binomial(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= Math.min(k, n - k); i += 1) ways = (ways * (n - i + 1)) / i;
  return Math.round(ways);
}

/** Ranks 1 … n; tied values share the mean of their ranks. */
export function midranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranks = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let i = from; i < to; i += 1) ranks[order[i] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
