/** Figures of stalls in a state, if all stalls whose state was not seen were in that state: the most that they can be. */
import type { MetricEvidence, SeriesOfRun } from './metrics/metric.js';

export function withUnseenStates(run: MetricEvidence): MetricEvidence {
  if (run.scope !== 'series' || run.figures.stalls.unseen_count === 0) return run;
  return { ...run, figures: { ...run.figures, stalls: withUnseen(run.figures.stalls) } };
}

type Stalls = SeriesOfRun['figures']['stalls'];

function withUnseen(stalls: Stalls): Stalls {
  const { unseen_count, blocked_count, mutex_count, longest_ns, stalled_share, blocked_share, mutex_share } = stalls;
  return {
    ...stalls,
    blocked_count: blocked_count + unseen_count,
    mutex_count: mutex_count + unseen_count,
    longest_blocked_ns: longest_ns,
    longest_mutex_ns: longest_ns,
    // No time is in stalls of both kinds.
    blocked_share: Math.max(blocked_share, stalled_share - mutex_share),
    mutex_share: Math.max(mutex_share, stalled_share - blocked_share),
  };
}
