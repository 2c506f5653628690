/** The chain of one stall without a trace. Pure. */
import type { RunEvidence, VictimEvidenceOfRun } from './evidence.js';
import { blameAsleep } from './asleep.js';
import { blameBlocked } from './blocked.js';
import { draft, unknown, type Draft, type Span } from './links.js';
import { activitiesDuring, type ActivitySpan } from './waits.js';

export function untracedDrafts(stall: Span, victim: VictimEvidenceOfRun, run: RunEvidence): Draft[] {
  return activitiesDuring(run.samples.timelines.get(victim.thread.tid), stall.start_ns, stall.end_ns).flatMap((span) => blame(span, victim, run));
}

function blame(span: ActivitySpan, victim: VictimEvidenceOfRun, run: RunEvidence): Draft[] {
  switch (span.activity) {
    case 'blocked':
      return blameBlocked(span, victim, run);
    case 'asleep':
      return blameAsleep(span, span.systemCall, victim, run);
    case 'stopped':
      return [draft(span, 'stopped', 'likely')];
    case 'runnable':
      return [blameRunnable(span, run)];
    case 'running':
      return [draft(span, 'running', 'likely')];
    case 'gone':
      return [unknown(span, 'its thread had ended')];
    case 'unobserved':
      return [unknown(span, 'nobody looked, since the sampler did not get a CPU')];
  }
}

/** The hypervisor's part is not known by CPU: only if it took more than half of one CPU can it be the reason. */
function blameRunnable(span: Span, run: RunEvidence): Draft {
  const share = stealDuring(span, run);
  if (share !== null && share * run.cpuCount >= 0.5) return draft(span, 'steal', 'possible', { why: `${(share * 100).toFixed(0)} % of all CPUs’ time` });
  return draft(span, 'not-scheduled', 'likely');
}

/** The highest share of the readings that touch the span; null without one. */
export function stealDuring({ start_ns, end_ns }: Span, { steal }: RunEvidence): number | null {
  const shares = steal.filter((one) => one.end_ns > start_ns && one.start_ns < end_ns).map(({ steal_share }) => steal_share);
  return shares.length === 0 ? null : Math.max(...shares);
}
