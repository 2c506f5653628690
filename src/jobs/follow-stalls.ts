/** Stalls of an observation as they come, each once, for who looks on. */
import { wallClock_ms } from '../base/clock.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import type { RunEvidence } from '../attribution/evidence.js';
import { attributed } from '../observe/observation.js';
import type { Watch } from '../observe/tier.js';

export interface FollowedStall {
  /** When it began, by the wall clock, in ISO 8601. */
  readonly at: string;
  /** Explained by the records so far: at the end all of them are taken together. */
  readonly stall: ListedStall;
}

export interface Follower {
  /** By start; empty where there is nothing new. */
  onStalls(stalls: readonly FollowedStall[]): void;
  /** Resolves when nobody looks on any more, or what is shown is lost. */
  readonly hasLeft: Promise<unknown>;
}

/** Adds what no way of observing has in its records. */
export type AddsEvidence = (evidence: RunEvidence) => RunEvidence;

/** Each call shows what is new, and returns how many were shown so far. */
export function followed(
  watch: Pick<Watch, 'newStalls' | 'start_ns'>,
  follow: Follower,
  addTo: AddsEvidence,
): () => number {
  let shown_n = 0;
  return () => {
    const settled = watch.newStalls();
    const stalls = settled === null ? [] : attributed({ ...settled, evidence: addTo(settled.evidence) }).stalls;
    shown_n += stalls.length;
    follow.onStalls(stalls.map((stall) => ({ at: wallTimeOf(watch.start_ns + stall.start_ns), stall })));
    return shown_n;
  };
}

/** The wall clock may have been set since the start, so it counts back from now. */
function wallTimeOf(monotonic_ns: number): string {
  const ago_ms = (Number(process.hrtime.bigint()) - monotonic_ns) / 1e6;
  return new Date(wallClock_ms() - ago_ms).toISOString();
}
