/**
 * A victim asleep (state S). It does not wait for mmap_lock: those waiters are in state D. The JVM's log shows the
 * JVM's pauses. A thread that only allocates sleeps only for the allocator's mutex, which is a futex.
 */
import { systemCallName } from '../catalogue/system-calls.js';
import { noSystemCall } from '../record/samples.js';
import { preemptedDuring, suspectsOf } from './blocked.js';
import type { EvidenceOfStall, VictimEvidenceOfRun } from './evidence.js';
import { ofJvm, type Look } from './safepoint.js';
import { mutexLookedAt } from './looked-at.js';
import { draft, unknownLink, type LinkDraft, type Span } from './link-draft.js';
import { uncovered } from './links.js';

export function blameAsleep(
  span: Span,
  systemCall: number | null,
  victim: VictimEvidenceOfRun,
  run: EvidenceOfStall,
  look: Look,
): LinkDraft[] {
  const looked = mutexLookedAt(span, victim, run);
  if (looked !== null) return looked;
  const pauses = ofJvm(span, victim, run, look);
  return uncovered(span, pauses)
    .flatMap((part) => [mutexOrUnknown(part, systemCall, victim, run)])
    .flat()
    .concat(pauses);
}

function mutexOrUnknown(
  span: Span,
  systemCall: number | null,
  victim: VictimEvidenceOfRun,
  run: EvidenceOfStall,
): LinkDraft[] {
  const call = systemCall === null ? null : systemCall === noSystemCall ? 'none' : systemCallName(systemCall);
  if (!victim.allocates || victim.sleepsItself || (call !== null && call !== 'futex')) {
    return [unknownLink(span, { code: 'asleep', systemCall: call === 'none' ? null : call })];
  }
  const calls = run.holders
    .filter(({ keepsMutex, concernsVictims }) => keepsMutex && concernsVictims)
    .flatMap((holder) =>
      holder.calls
        .filter(({ start_ns, end_ns }) => end_ns > span.start_ns && start_ns < span.end_ns)
        .map((one) => {
          const part = { start_ns: Math.max(one.start_ns, span.start_ns), end_ns: Math.min(one.end_ns, span.end_ns) };
          const preempted_ns = Math.min(one.runDelayAtMost_ns, part.end_ns - part.start_ns);
          return draft(part, 'allocator-mutex', 'likely', {
            lock: 'futex',
            thread: holder.thread,
            call: holder.operation,
            holder: { running_ns: 0, preempted_ns, blocked_ns: 0, isExact: false },
          });
        }),
    );
  const rest = uncovered(span, calls).flatMap((part) => [ofNamed(part, victim, run)]);
  return [...calls, ...rest];
}

function ofNamed(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft {
  const [suspect, other] = suspectsOf(span, victim, run).filter(({ one }) => one.keepsMutex);
  if (suspect === undefined) return draft(span, 'allocator-mutex', 'possible', { lock: 'futex' });
  const { thread, call } = suspect.one;
  const holder = { running_ns: 0, preempted_ns: preemptedDuring(thread.tid, span, run), blocked_ns: 0, isExact: false };
  return draft(span, 'allocator-mutex', other === undefined ? 'likely' : 'possible', {
    lock: 'futex',
    thread,
    call,
    holder,
  });
}
