/**
 * A thread that asks a JVM's VM thread for an operation sleeps until the operation has been done (VMThread::execute in
 * HotSpot). Before the VM thread stops the Java threads, it waits until the collector's concurrent threads have stopped
 * (SuspendibleThreadSet::synchronize), such as `G1 Service` while it gives heap back. The Java threads run on meanwhile,
 * so no safepoint is seen. The thread that wakes the VM thread then is the thread that it waited for. Pure.
 */
import type { ChainStep } from '../bundle/stalls-schema.js';
import { leastFollowed_ns, mostThreads, weaker, type LinkDraft, type Span } from './link-draft.js';
import { inside, overlapping, type Segment } from './trace-model.js';
import { about, threadOf, type TracedEvidence } from './traced-threads.js';

/** A request wakes an idle VM thread within this time; else it sleeps for another thread. */
const request_ns = 1_000_000;

type Blame = (segment: Segment, traced: TracedEvidence) => LinkDraft[];

/** `part`: of a sleep of the victim that the VM thread `vmTid` ended. */
export function operationDrafts(part: Span, vmTid: number, traced: TracedEvidence, blame: Blame): LinkDraft[] {
  const { model, victim } = traced;
  const whole = overlapping(model.segments.get(victim.thread.tid), part).find(
    ({ scheduling, start_ns, end_ns }) => scheduling === 'asleep' && start_ns <= part.start_ns && end_ns >= part.end_ns,
  );
  if (whole === undefined) return [];
  return overlapping(model.segments.get(vmTid), part)
    .filter(({ scheduling, start_ns }) => scheduling === 'asleep' && start_ns >= whole.start_ns - request_ns)
    .flatMap((wait) => ofAwaited(wait, inside([wait], part), traced, blame));
}

function ofAwaited(wait: Segment, parts: readonly Segment[], traced: TracedEvidence, blame: Blame): LinkDraft[] {
  const { model, run, victim, visited } = traced;
  const tid = wait.wokenBy;
  const isFollowed =
    tid !== null &&
    tid !== victim.thread.tid &&
    !visited.includes(tid) &&
    visited.length < mostThreads &&
    run.threads.has(tid) &&
    run.timeline.tidsIn(victim.pid).includes(tid);
  if (!isFollowed) return [];
  const thread = threadOf(tid, run, model);
  const as = { ...traced, victim: { ...victim, thread }, visited: [...visited, victim.thread.tid] };
  const step = (name: ChainStep['step'], of: Span): ChainStep => ({
    ...{ step: name, label: null, thread: null, activity: null },
    duration_ns: of.end_ns - of.start_ns,
  });
  return parts
    .flatMap((part) => inside(model.segments.get(tid), part))
    .filter(({ start_ns, end_ns }) => end_ns - start_ns >= leastFollowed_ns)
    .flatMap((segment) =>
      blame(segment, as)
        .filter(({ cause }) => cause !== 'unknown')
        .map((one): LinkDraft => {
          const late: ChainStep = { ...step('late-thread', segment), thread, activity: segment.scheduling };
          // Without a lock the awaited thread itself is to blame: it had no CPU, or it ran on.
          const own = one.thread === null && one.lock === null ? about(tid, one, traced) : {};
          const isRunning = one.cause === 'running';
          return {
            ...one,
            ...own,
            cause: isRunning ? 'safepoint' : one.cause,
            grade: weaker(one.grade, isRunning ? 'possible' : 'likely'),
            steps: [step('vm-operation', wait), late, ...one.steps],
          };
        }),
    );
}
