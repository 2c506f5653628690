/** Whether a run is evidence. What the machine did decides this, by limits in the profile; latencies never do. */
import { largestOf } from '../../base/largest.js';
import type { Disturbance } from '../../facts/run-facts.js';
import type { ResolvedProfile } from '../../profile/resolved/resolved.js';
import type { RelativeWindow } from '../../record/board/board.js';
import type { SampleStream, Timeline } from '../../record/samples.js';
import { stateSpans } from '../../record/states.js';
import type { RunLoad } from './run-meters.js';

export function spoiledBy(load: RunLoad, limits: ResolvedProfile['spoiled']): Disturbance[] {
  const reasons: Disturbance[] = [];
  if (load.steal_share > limits.steal_share)
    reasons.push({ code: 'steal', share: load.steal_share, limit: limits.steal_share });
  if (load.foreignLoad_share === null) {
    // No load disturbs a run with a limit of 100 %, so neither does one that was not read.
    if (limits.foreignLoad_share < 1) reasons.push({ code: 'load-unread' });
  } else if (load.foreignLoad_share > limits.foreignLoad_share)
    reasons.push({ code: 'foreign-load', share: load.foreignLoad_share, limit: limits.foreignLoad_share });
  if (load.clockSourceChanged) reasons.push({ code: 'clock-source', now: load.clockSource });
  return reasons;
}

/** State letters of a thread that a signal or a debugger has stopped. */
const stoppedStates = ['T', 't'];
/** Much longer than a busy machine deprives a sampler of its CPU, and than a freeze that hides no stall. */
const longestGap_ns = 500_000_000;

/**
 * A workload that was stopped in its window (a signal, a debugger) did not work during that time. If nobody looked, it
 * may have been stopped, as in a container or a virtual machine that was paused. Such a run is not complete. `unseen`:
 * why a sampler did not look until the end.
 */
export function spoiledByStop(
  { timelines, ticks_ns }: SampleStream,
  { windowStart_ns, windowEnd_ns }: RelativeWindow,
  unseen: readonly Disturbance[] = [],
): Disturbance[] {
  const stopped_ns = largestOf(
    [...timelines.values()].map((timeline) => stoppedIn(timeline, windowStart_ns, windowEnd_ns)),
    0,
  );
  const looks_ns = [
    windowStart_ns,
    ...ticks_ns.filter((tick_ns) => tick_ns > windowStart_ns && tick_ns < windowEnd_ns),
    windowEnd_ns,
  ];
  const gap_ns = largestOf(
    looks_ns.slice(1).map((look_ns, i) => look_ns - (looks_ns[i] ?? look_ns)),
    0,
  );
  return [
    ...(stopped_ns > 0 ? [{ code: 'stopped', duration_ns: stopped_ns } as const] : []),
    ...(unseen.length === 0 && ticks_ns.length > 0 && gap_ns > longestGap_ns
      ? [{ code: 'not-looked', duration_ns: gap_ns } as const]
      : []),
  ];
}

function stoppedIn(timeline: Timeline, start_ns: number, end_ns: number): number {
  // Most threads are never stopped, and a JVM has hundreds.
  if (!timeline.changes.some(({ state }) => stoppedStates.includes(state))) return 0;
  return stateSpans(timeline, start_ns, end_ns)
    .filter(({ state }) => stoppedStates.includes(state))
    .reduce((sum, span) => sum + span.end_ns - span.start_ns, 0);
}

/** A guest's clock that differs more than this from the host's clock does not measure time. */
const mostClockDrift = 0.05;
/** A guest sends its clock in a message, which a busy host may read this much later. */
const readLate_ns = 300_000_000;

/**
 * How the host disturbed a guest. The wait of a virtual CPU for a real CPU is stolen time, which an emulated CPU does
 * not report. `passed_ns`: time between the readings by the host's clock.
 */
export function spoiledByHost(
  { runDelay_share, clock_ratio }: Readonly<Record<'runDelay_share' | 'clock_ratio', number>>,
  passed_ns: number,
  limits: ResolvedProfile['spoiled'],
): Disturbance[] {
  const drift = Math.abs(clock_ratio - 1);
  return [
    ...(runDelay_share > limits.steal_share
      ? [{ code: 'guest-steal', share: runDelay_share, limit: limits.steal_share } as const]
      : []),
    ...(drift > mostClockDrift && drift * passed_ns > readLate_ns
      ? [{ code: 'guest-clock', ratio: clock_ratio } as const]
      : []),
  ];
}
