/**
 * What the machine did to the observed processes, by counters that no way of observing has in its records: the time that
 * the hypervisor took, and whether a cgroup kept a process back by its limit of CPU time.
 */
import { release } from 'node:os';
import type { RunEvidence, StealSpan } from '../attribution/evidence.js';
import { showsThrottling } from '../catalogue/kernel-waits.js';
import type { ObservationGap } from '../facts/observation-facts.js';
import { throttlingMeter } from '../host/cpu-throttling.js';
import { readLoad, stealBetween, type LoadReading } from '../host/machine-load.js';
import type { Target } from './target.js';

/** Between two readings. A reading takes less than a millisecond. */
const period_ms = 250;

export interface MachineWatch {
  /** The evidence, with what was counted up to now. */
  addTo(evidence: RunEvidence): RunEvidence;
  /** Of the time up to the end. */
  gaps(): ObservationGap[];
  /** Reads for the last time. */
  end(): void;
}

/**
 * Made once the observation has begun, so that the set-up does not count. `start_ns`: CLOCK_MONOTONIC, from which the
 * times of the evidence count.
 */
export function watchMachine(
  targets: readonly Pick<Target, 'pid'>[],
  start_ns: number,
  // The observed processes may use other CPUs than pauselab.
  read: () => LoadReading = () => readLoad(null),
): MachineWatch {
  const meters = targets.map(({ pid }) => ({ pid, meter: throttlingMeter(pid, { threads: 'all' }) }));
  let last = read();
  let cpuCount = last.cpus_n;
  const steal: StealSpan[] = [];
  const look = (): void => {
    const now = read();
    for (const span of stealBetween([last, now], BigInt(start_ns))) steal.push(span);
    for (const { meter } of meters) meter.look();
    last = now;
    cpuCount = now.cpus_n;
  };
  const reading = setInterval(look, period_ms).unref();
  return {
    addTo: (evidence) => ({
      ...evidence,
      steal: [...steal],
      cpuCount,
      showsThrottling: showsThrottling(release()),
      throttled: new Map(
        meters.map(({ pid, meter }) => {
          const grown_ns = meter.grown_ns();
          // In another cgroup than before it may have less.
          return [pid, grown_ns === null ? null : grown_ns !== 0];
        }),
      ),
    }),
    gaps: () =>
      meters.flatMap(({ pid, meter }): ObservationGap[] => {
        const grown_ns = meter.grown_ns();
        if (grown_ns === null) return [{ code: 'throttling-unread', pid }];
        return grown_ns > 0 ? [{ code: 'cgroup-throttled', pid, throttled_ns: grown_ns }] : [];
      }),
    end() {
      clearInterval(reading);
      look();
    },
  };
}
