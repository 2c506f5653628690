/**
 * What an open-loop thread owes at the end: operations of the window that it never started, because an earlier
 * operation stalled. To leave them out would be coordinated omission: a stall of 2 s at 1,000/s would count as one bad
 * sample instead of 2,000.
 */
import type { InFlight } from './snapshot.js';

/** A thread at the last look. Times are relative to go. */
export interface OpenLoopEnd {
  /** Operation k is due at offset + k × interval; 0 = back to back, which owes nothing. */
  readonly interval_ns: number;
  readonly offset_ns: number;
  /** Schedule index of the next operation that has not started. */
  readonly next: number;
  readonly inFlight: InFlight;
  readonly windowStart_ns: number;
  readonly windowEnd_ns: number;
  readonly lastLook_ns: number;
}

export interface Owed {
  /** Operations of the window that were never started, without the operation in flight. */
  readonly unserved: number;
  /**
   * Response times as far as they are known: window end − intended start, for each unserved operation, and for the
   * operation in flight if it belongs to the window. They are censored: the true values are larger.
   */
  readonly censored_ns: readonly number[];
  /** How long the operation in flight had been running at the last look; null if there was none. */
  readonly inflight_ns: number | null;
}

export function owedAtEnd(end: OpenLoopEnd): Owed {
  const { interval_ns, offset_ns, next, inFlight, windowStart_ns, windowEnd_ns, lastLook_ns } = end;
  const censored_ns: number[] = [];
  let inflight_ns: number | null = null;
  if (inFlight.state === 'running') {
    inflight_ns = Math.max(lastLook_ns - inFlight.start_ns, 0);
    const isRecorded = inFlight.intended_ns >= windowStart_ns && inFlight.intended_ns < windowEnd_ns;
    if (isRecorded && interval_ns > 0) censored_ns.push(windowEnd_ns - inFlight.intended_ns);
  }
  if (interval_ns === 0) return { unserved: 0, censored_ns, inflight_ns };

  const firstRecorded = Math.max(0, Math.ceil((windowStart_ns - offset_ns) / interval_ns));
  const inFlightOnly = censored_ns.length;
  for (let k = Math.max(next, firstRecorded); offset_ns + k * interval_ns < windowEnd_ns; k += 1) {
    censored_ns.push(windowEnd_ns - (offset_ns + k * interval_ns));
  }
  return { unserved: censored_ns.length - inFlightOnly, censored_ns, inflight_ns };
}

export interface Load {
  /** Mean service time / interval; null for a back-to-back series, which has no schedule. */
  readonly rho: number | null;
  readonly saturated: boolean;
}

/**
 * Whether a series can keep its schedule. A victim is a queue with one server: an arrival every `interval_ns`, and
 * service times of some distribution (D/G/1; M/G/1 has the same limit). The queue has a steady state only while the
 * offered load rho = E[service] / interval is below 1. At rho ≥ 1 it keeps growing, so a response percentile measures
 * the length of the window and not the system. The operation in flight counts with its time so far; otherwise the
 * longest service time could be left out. Operations that are still unserved after the drain are direct evidence of
 * saturation, at any rho.
 */
export function offeredLoad(series: {
  service_n: number;
  serviceSum_ns: number;
  interval_ns: number;
  owed: Pick<Owed, 'unserved' | 'inflight_ns'>;
}): Load {
  const { service_n, serviceSum_ns, interval_ns, owed } = series;
  if (interval_ns === 0) return { rho: null, saturated: false };
  const n = service_n + (owed.inflight_ns === null ? 0 : 1);
  const rho = n === 0 ? 0 : (serviceSum_ns + (owed.inflight_ns ?? 0)) / n / interval_ns;
  return { rho, saturated: rho >= 1 || owed.unserved > 0 };
}
