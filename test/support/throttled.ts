/** Readings of a cgroup's counters, as attribution gets them. */
import type { ThrottledSpan } from '../../src/attribution/evidence.js';

/** A limit of CPU time kept nobody back. */
export const neverThrottled: readonly ThrottledSpan[] = [];

/** All the time that a test is about. */
export const alwaysThrottled: readonly ThrottledSpan[] = [{ start_ns: 0, end_ns: 100e9, throttled_ns: 100e9 }];

/** Null: it was not read. */
export function throttledIf(is: boolean | null): readonly ThrottledSpan[] | null {
  return is === null ? null : is ? alwaysThrottled : neverThrottled;
}
