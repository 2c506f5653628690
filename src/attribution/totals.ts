/** Total stalled time by arm, cause and thread, for lists of stalls. */
import type { Cause } from '../facts/blame.js';
import type { NumberedStall } from '../bundle/read-stalls.js';

export interface StalledTime {
  /** With its kernel if there are several: the same arm on another kernel is another arm. */
  readonly arm: string;
  /** Null: the stall was not attributed. */
  readonly cause: Cause | null;
  readonly thread: string | null;
  readonly n: number;
  /** Sum over all victims: two victims that wait at the same time count twice. */
  readonly duration_ns: number;
}

/** Longest first. */
export function stalledTime(stalls: readonly Pick<NumberedStall, 'arm' | 'kernel' | 'stall'>[]): StalledTime[] {
  const groups = new Map<string, StalledTime>();
  for (const { arm: name, kernel, stall } of stalls) {
    const arm = kernel === null ? name : `${name} on ${kernel}`;
    const cause = stall.cause?.cause ?? null;
    const thread = stall.cause?.thread?.name ?? null;
    const key = JSON.stringify([arm, cause, thread]);
    const one = groups.get(key) ?? { arm, cause, thread, n: 0, duration_ns: 0 };
    groups.set(key, { ...one, n: one.n + 1, duration_ns: one.duration_ns + stall.duration_ns });
  }
  return [...groups.values()].sort((a, b) => b.duration_ns - a.duration_ns);
}
