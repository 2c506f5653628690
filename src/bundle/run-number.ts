/** The number at the beginning of a run's name: the order in which runs were made. */

/** Null: the name has no number. pauselab writes no such name. */
export function runNumber(name: string): number | null {
  const digits = /^\d+/.exec(name)?.[0];
  return digits === undefined ? null : Number(digits);
}

/** From run 1000 on, numbers have more digits than those before, so names in alphabetical order are in no order. */
export function byRunNumber(a: string, b: string): number {
  const [left, right] = [runNumber(a) ?? Infinity, runNumber(b) ?? Infinity];
  if (left !== right) return left < right ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
