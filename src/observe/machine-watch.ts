/**
 * What the machine did to the observed processes, by counters that no way of observing has in its records: the time that
 * the hypervisor took, and when a cgroup kept a process back by its limit of CPU time.
 */
import { release } from 'node:os';
import type { RunEvidence, StealSpan } from '../attribution/evidence.js';
import { showsThrottling } from '../catalogue/kernel-waits.js';
import type { ObservationGap } from '../facts/observation-facts.js';
import { machine, type KernelFiles } from '../host/cgroups.js';
import { throttlingMeter } from '../host/cpu-throttling.js';
import { readLoadIfShown, stealBetween, type LoadReading } from '../host/machine-load.js';
import type { Target } from './target.js';

/** Between two readings. A reading takes less than a millisecond. */
const period_ms = 250;

export interface MachineWatch {
  /** The evidence, with what was counted up to now. */
  addTo(evidence: RunEvidence): RunEvidence;
  /** Of the time up to the end. */
  gaps(): ObservationGap[];
  /** Reads for the last time, so that what pauselab does later does not count. */
  end(): void;
}

export interface WatchedMachine {
  /** Null: the machine does not show it. */
  readonly read?: () => LoadReading | null;
  readonly files?: KernelFiles;
}

/**
 * Made once the observation has begun, so that the set-up does not count. `start_ns`: CLOCK_MONOTONIC, from which the
 * times of the evidence count.
 */
export function watchMachine(
  targets: readonly Pick<Target, 'pid'>[],
  start_ns: number,
  // The observed processes may use other CPUs than pauselab.
  { read = () => readLoadIfShown(null), files = machine }: WatchedMachine = {},
): MachineWatch {
  const meters = targets.map(({ pid }) => ({ pid, meter: throttlingMeter(pid, { threads: 'all', files }) }));
  const zero_ns = BigInt(start_ns);
  const first = read();
  let last = first;
  const steal: StealSpan[] = [];
  const look = (): void => {
    const now = read();
    if (last !== null && now !== null) for (const span of stealBetween([last, now], zero_ns)) steal.push(span);
    last = now ?? last;
    for (const { meter } of meters) meter.look();
  };
  const reading = setInterval(look, period_ms).unref();
  return {
    addTo: (evidence) => ({
      ...evidence,
      steal: [...steal],
      cpuCount: last?.cpus_n ?? evidence.cpuCount,
      showsThrottling: showsThrottling(release()),
      throttled: new Map(meters.map(({ pid, meter }) => [pid, meter.times(zero_ns)])),
    }),
    gaps: () => [
      ...(first === null ? [{ code: 'steal-unread' } as const] : []),
      ...meters.flatMap(({ pid, meter }): ObservationGap[] => {
        const times = meter.times(zero_ns);
        if (times === null) return [{ code: 'throttling-unread', pid }];
        const throttled_ns = times.reduce((sum, one) => sum + one.throttled_ns, 0);
        return throttled_ns > 0 ? [{ code: 'cgroup-throttled', pid, throttled_ns }] : [];
      }),
    ],
    end() {
      clearInterval(reading);
      look();
      for (const { meter } of meters) meter.end();
    },
  };
}
