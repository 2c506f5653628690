/** Places in sorted lists, by binary search. */

/** Index of the first element for which `isBefore` no longer holds; the elements for which it holds come first. */
export function partitionPoint<T>(sorted: readonly T[], isBefore: (element: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first element that is not below `value`. */
export function lowerBound(sorted: readonly number[], value: number): number {
  return partitionPoint(sorted, (element) => element < value);
}
