/**
 * A pause of a JVM is a symptom. The JVM's threads stop at a safepoint, which begins when the last thread has reached
 * it. So the cause is what delayed the late thread. The same holds for threads that do the work of a pause. Pure.
 */
import { isCompiler, vmThread, worksInPauses } from '../catalogue/collectors.js';
import type { Activity, BlamedThread, ChainStep } from '../bundle/stalls-schema.js';
import type { LoggedEvent, EvidenceOfStall, VictimEvidenceOfRun } from './evidence.js';
import { isInLog } from './blocked.js';
import { draft, leastFollowed_ns, weaker, type LinkDraft, type Span } from './link-draft.js';
import { uncovered } from './links.js';

/** What one source, the sampler or a trace, shows of a thread. */
export interface Look {
  activities(tid: number, span: Span): readonly (Span & { readonly activity: Activity })[];
  /** For a span in which the thread was not asleep. */
  drafts(span: Span, waiter: VictimEvidenceOfRun): LinkDraft[];
  /** Sleeps of threads of a process, each with who ended it; empty where wakings are not recorded. */
  sleeps(tid: number, span: Span): readonly (Span & { readonly wokenBy: number | null })[];
}

/** Pauses come first: a safepoint contains the pause for which it was made. */
export function ofJvm(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall, look: Look): LinkDraft[] {
  const follow: Follow = { victim, run, look };
  const eventsOf = (name: string): { readonly event: LoggedEvent; readonly part: Span }[] =>
    run.events
      .filter((event) => event.name === name)
      .flatMap((event) => inside(event, span).map((part) => ({ event, part })));
  const pauses = eventsOf('gc.pause').flatMap(({ event, part }) => [
    ...symptom(part, 'gc-pause', event, ofWork(part, [stepOf('gc-pause', event)], follow)),
  ]);
  const safepoints = eventsOf('safepoint.total').flatMap(({ event, part }) => {
    const reach = run.events.find(({ name, start_ns }) => name === 'safepoint.reach' && start_ns === event.start_ns);
    const reaching = reach === undefined ? [] : inside(reach, span);
    const late =
      reach === undefined
        ? []
        : reaching.flatMap((own) =>
            followed(own, [stepOf('safepoint', event), stepOf('time-to-safepoint', reach)], canBeLate, follow),
          );
    const working = uncovered(part, [...reaching, ...pauses]).flatMap((own) =>
      ofWork(own, [stepOf('safepoint', event)], follow),
    );
    return symptom(part, 'safepoint', event, [...late, ...working]);
  });
  return [...pauses, ...safepoints.flatMap((one) => uncovered(one, pauses).map((part) => ({ ...one, ...part })))];
}

function inside({ start_ns, duration_ns }: LoggedEvent, span: Span): Span[] {
  const part = { start_ns: Math.max(start_ns, span.start_ns), end_ns: Math.min(start_ns + duration_ns, span.end_ns) };
  return part.end_ns > part.start_ns ? [part] : [];
}

/** The part of a pause that no cause explains stays a symptom. */
function symptom(
  part: Span,
  cause: 'safepoint' | 'gc-pause',
  { label }: LoggedEvent,
  causes: readonly LinkDraft[],
): LinkDraft[] {
  return [
    ...causes,
    ...uncovered(part, causes).map((rest) =>
      draft(rest, cause, 'likely', { why: label === null ? null : { code: 'log-label', label } }),
    ),
  ];
}

function stepOf(step: ChainStep['step'], { label, duration_ns }: LoggedEvent): ChainStep {
  return { step, label, thread: null, activity: null, duration_ns };
}

interface Follow {
  readonly victim: VictimEvidenceOfRun;
  readonly run: EvidenceOfStall;
  readonly look: Look;
}

const canBeLate = ({ name }: BlamedThread): boolean => !isCompiler(name);
const isPauseWorker = ({ name }: BlamedThread): boolean => worksInPauses(name);

interface Candidate {
  readonly thread: BlamedThread;
  readonly spans: readonly (Span & { readonly activity: Activity })[];
  readonly blocked_ns: number;
  readonly runnable_ns: number;
  readonly running_ns: number;
}

/**
 * Of a pause's work. The VM thread sleeps until the last of the collector's threads has done its part, and that thread
 * wakes it (WorkerThreads::run_task in HotSpot). Where that explains only a part of the time, other late threads are
 * possible. Without recorded wakings, the thread that was late for longest is taken.
 */
function ofWork(part: Span, steps: readonly ChainStep[], follow: Follow): LinkDraft[] {
  const { victim, run, look } = follow;
  const tids = run.timeline.tidsIn(victim.pid);
  const last = tids
    .filter((tid) => run.threads.get(tid)?.name === vmThread)
    .flatMap((tid) => look.sleeps(tid, part))
    .flatMap(({ start_ns, end_ns, wokenBy }) => {
      if (wokenBy === null || wokenBy === victim.thread.tid || !tids.includes(wokenBy)) return [];
      const candidate = candidateOf(wokenBy, { start_ns, end_ns }, isPauseWorker, follow);
      return candidate === null ? [] : rootOf(candidate, steps, follow);
    })
    .filter(({ cause }) => cause !== 'unknown')
    .map((one): LinkDraft => ({ ...one, grade: weaker(one.grade, 'likely') }));
  const others = uncovered(part, last).flatMap((rest) => followed(rest, steps, isPauseWorker, follow));
  return [...last, ...(last.length === 0 ? others : others.map((one): LinkDraft => ({ ...one, grade: 'possible' })))];
}

/**
 * Follows the thread for which the JVM waited to its own cause. Empty if there is no such thread, or if its cause is
 * unknown.
 */
function followed(
  part: Span,
  steps: readonly ChainStep[],
  isMeant: (thread: BlamedThread) => boolean,
  follow: Follow,
): LinkDraft[] {
  if (part.end_ns - part.start_ns < leastFollowed_ns) return [];
  const roots = candidates(part, isMeant, follow)
    .map((one) => rootOf(one, steps, follow).filter(({ cause }) => cause !== 'unknown'))
    .filter((drafts) => drafts.length > 0);
  const [first, ...others] = roots;
  if (first === undefined) return [];
  // If the same holder delayed several threads, it does not matter which thread was last.
  const isSure = others.every((other) => blamed(other) === blamed(first));
  const found = first.map((one) => ({ ...one, grade: weaker(one.grade, isSure ? 'likely' : 'possible') }));
  // A thread that explains only a part of the time leaves the rest to another thread.
  return [...found, ...uncovered(part, found).flatMap((rest) => followed(rest, steps, isMeant, follow))];
}

/** Threads of the victim's process that were not asleep for most of the time, blocked threads first. */
function candidates(part: Span, isMeant: (thread: BlamedThread) => boolean, follow: Follow): Candidate[] {
  const { victim, run } = follow;
  const length_ns = part.end_ns - part.start_ns;
  return run.timeline
    .tidsIn(victim.pid)
    .filter((tid) => tid !== victim.thread.tid)
    .flatMap((tid) => candidateOf(tid, part, isMeant, follow) ?? [])
    .filter(({ blocked_ns, runnable_ns, running_ns }) => blocked_ns + runnable_ns + running_ns >= length_ns / 2)
    .sort((a, b) => b.blocked_ns - a.blocked_ns || b.runnable_ns - a.runnable_ns || b.running_ns - a.running_ns)
    .slice(0, mostCandidates);
}

function candidateOf(
  tid: number,
  part: Span,
  isMeant: (thread: BlamedThread) => boolean,
  { run, look }: Follow,
): Candidate | null {
  const thread = run.threads.get(tid);
  if (thread === undefined || !isMeant(thread)) return null;
  const spans = look
    .activities(tid, part)
    .filter(({ activity }) => activity !== 'asleep' && activity !== 'unobserved' && activity !== 'gone')
    .filter(({ start_ns, end_ns }) => end_ns - start_ns >= leastFollowed_ns);
  const time = (kind: Activity): number =>
    spans.filter(({ activity }) => activity === kind).reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
  return {
    thread,
    spans,
    blocked_ns: time('blocked'),
    runnable_ns: time('runnable') + time('stopped'),
    running_ns: time('running'),
  };
}

const mostCandidates = 4;

function rootOf({ thread, spans, ...times }: Candidate, steps: readonly ChainStep[], follow: Follow): LinkDraft[] {
  const { run, look } = follow;
  const giver = run.named.find((one) => one.thread.tid === thread.tid);
  const waiter = waiterOf(thread, follow);
  return spans.flatMap((span) => {
    const late: ChainStep = {
      step: 'late-thread',
      label: null,
      thread,
      activity: span.activity,
      duration_ns: span.end_ns - span.start_ns,
    };
    return look.drafts(span, waiter).map((one): LinkDraft => {
      const own = [...steps, late, ...one.steps];
      // Of a lock another thread is to blame, also where nobody saw it.
      if (one.cause === 'unknown' || one.thread !== null || one.lock !== null) return { ...one, steps: own };
      // Without a lock the late thread itself is to blame: it had no CPU, or it ran on.
      const isRunning = one.cause === 'running';
      const length_ns = one.end_ns - one.start_ns;
      const holder = {
        running_ns: isRunning ? length_ns : 0,
        preempted_ns: one.cause === 'not-scheduled' ? length_ns : 0,
        blocked_ns: 0,
        isExact: false,
      };
      // The JVM does not wait for a thread in native code, and such a thread looks the same.
      const isLikely = times.blocked_ns + times.runnable_ns > times.running_ns;
      return {
        ...one,
        cause: isRunning ? 'safepoint' : one.cause,
        grade: isLikely ? one.grade : 'possible',
        thread,
        call: giver !== undefined && isInLog(giver, span, run) ? giver.call : null,
        holder,
        steps: own,
      };
    });
  });
}

/**
 * The late thread in the place of a victim, without an operation of the profile. A Java thread in state D is in a page
 * fault, or in a call that changes mappings.
 */
function waiterOf(thread: BlamedThread, { victim, run }: Follow): VictimEvidenceOfRun {
  const known = run.victims.find((one) => one.thread.tid === thread.tid);
  return (
    known ?? {
      thread,
      operation: 'late',
      lock: 'none',
      layout: 'isolated',
      allocates: false,
      touchesMemory: true,
      walksMemory: false,
      sleepsItself: true,
      pid: victim.pid,
      slow: [],
    }
  );
}

/** The thread that has most of the time. */
function blamed(drafts: readonly LinkDraft[]): number | null {
  const times = new Map<number | null, number>();
  for (const { thread, start_ns, end_ns } of drafts)
    times.set(thread?.tid ?? null, (times.get(thread?.tid ?? null) ?? 0) + end_ns - start_ns);
  return [...times].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}
