/** The chain of one stall without a trace. Pure. */
import type { RunEvidence, VictimEvidenceOfRun } from './evidence.js';
import { blameAsleep } from './asleep.js';
import { blameBlocked } from './blocked.js';
import type { Look } from './safepoint.js';
import { draft, unknown, type Draft, type Span } from './links.js';
import { muchSteal, takenFrom, type Taken } from './steal.js';
import { activitiesDuring, type ActivitySpan } from './waits.js';

export function untracedDrafts(stall: Span, victim: VictimEvidenceOfRun, run: RunEvidence): Draft[] {
  return activitiesDuring(run.samples.timelines.get(victim.thread.tid), stall.start_ns, stall.end_ns).flatMap((span) =>
    blame(span, victim, run),
  );
}

function bySampler(run: RunEvidence): Look {
  return {
    activities: (tid, span) => activitiesDuring(run.samples.timelines.get(tid), span.start_ns, span.end_ns),
    drafts: (span, waiter) => untracedDrafts(span, waiter, run),
  };
}

function blame(span: ActivitySpan, victim: VictimEvidenceOfRun, run: RunEvidence): Draft[] {
  switch (span.activity) {
    case 'blocked':
      return blameBlocked(span, span.systemCall, victim, run);
    case 'asleep':
      return blameAsleep(span, span.systemCall, victim, run, bySampler(run));
    case 'stopped':
      return [draft(span, 'stopped', 'likely')];
    case 'runnable':
    case 'running':
      return [blameReady(span, victim, run)];
    case 'gone':
      return [unknown(span, { code: 'thread-ended' })];
    case 'unobserved':
      return [unknown(span, { code: 'not-looked' })];
  }
}

/** It had no CPU, or had one and its own work took so long; or it was taken away by the hypervisor. */
function blameReady(span: ActivitySpan, victim: VictimEvidenceOfRun, run: RunEvidence): Draft {
  const taken = takenFrom(span, victim.thread.tid, run);
  if (taken !== null) return stolen(span, taken);
  const share = muchSteal(span, run);
  if (span.activity === 'running') return draft(span, 'running', share === null ? 'likely' : 'possible');
  // Who waits on a CPU that was taken away waits in its queue, as behind any other program.
  if (share !== null)
    return draft(span, 'steal', 'possible', { why: { code: 'steal-share', share, uncounted_ns: null } });
  return draft(span, 'not-scheduled', 'likely');
}

export function stolen(span: Span, { taken_ns, steal_share }: Taken): Draft {
  return draft(span, 'steal', 'likely', {
    why: { code: 'steal-share', share: steal_share, uncounted_ns: taken_ns },
  });
}
