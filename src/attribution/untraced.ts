/** The chain of one stall without a trace. Pure. */
import type { EvidenceOfStall, VictimEvidenceOfRun } from './evidence.js';
import { blameAsleep } from './asleep.js';
import { blameBlocked } from './blocked.js';
import { blameLookedAt } from './looked-at.js';
import type { Look } from './safepoint.js';
import { draft, unknownLink, type LinkDraft, type Span } from './link-draft.js';
import { muchSteal, perhapsStolen, stolen, takenFrom } from './steal.js';
import { isWokenToBeStopped } from './stops.js';
import { mayBeKeptBack } from './throttling.js';
import type { ActivitySpan } from './thread-activities.js';

export function untracedDrafts(stall: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft[] {
  return run.timeline
    .thread(victim.thread.tid)
    .activities(stall)
    .flatMap((span) => blame(span, victim, run));
}

function bySampler(run: EvidenceOfStall): Look {
  return {
    activities: (tid, span) => run.timeline.thread(tid).activities(span),
    drafts: (span, waiter) => untracedDrafts(span, waiter, run),
    sleeps: () => [],
  };
}

function blame(span: ActivitySpan, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft[] {
  switch (span.activity) {
    case 'blocked':
      if (run.looks !== undefined) return blameLookedAt(span, span.systemCall, victim, { ...run, looks: run.looks });
      return blameBlocked(span, span.systemCall, victim, run);
    case 'asleep':
      return blameAsleep(span, span.systemCall, victim, run, bySampler(run));
    case 'stopped':
      return [draft(span, 'stopped', 'likely')];
    case 'runnable':
      if (isWokenToBeStopped(span, victim.thread.tid, run)) return [draft(span, 'stopped', 'likely')];
      return [blameReady(span, victim, run)];
    case 'running':
      return [blameReady(span, victim, run)];
    case 'gone':
      return [unknownLink(span, { code: 'thread-ended' })];
    case 'unobserved':
      return [unknownLink(span, { code: 'not-looked' })];
  }
}

/** The thread had no CPU, or its own work took the time, or the hypervisor took the CPU. */
function blameReady(span: ActivitySpan, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft {
  const taken = takenFrom(span, victim.thread.tid, run);
  if (taken !== null) return stolen(span, taken);
  if (span.activity === 'running') return draft(span, 'running', muchSteal(span, run) === null ? 'likely' : 'possible');
  const steal = perhapsStolen(span, run);
  if (steal !== null) return steal;
  const limit = mayBeKeptBack(victim.thread.tid, span, run);
  return limit === 'no'
    ? draft(span, 'not-scheduled', 'likely')
    : draft(span, 'not-scheduled', 'possible', {
        why: { code: limit === 'yes' ? 'limit-used-up' : 'limit-unread' },
      });
}
