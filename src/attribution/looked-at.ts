/**
 * A thread blocked in the kernel, in a process that pauselab only looks at. The function in which it waits shows the
 * lock. A holder that lost its CPU inside its call looks like any other thread without a CPU, so who held the lock is
 * inferred. A holder cannot have slept, and cannot have waited for the lock: it was without a CPU, or on one, all the
 * time, and ran when the wait ended. The grade is at most `likely`, and `possible` where several threads fit. A thread of
 * the kernel is at most `possible`, because it is not seen on whose memory it works. Pure.
 */
import type { BlamedThread, LinkReason } from '../facts/chain-facts.js';
import { kernelWaitOf } from '../catalogue/kernel-waits.js';
import { mutexIn } from '../catalogue/futex-calls.js';
import { lockWaitOf, type AwaitedLock } from '../catalogue/lock-waits.js';
import { changesMap, systemCallName } from '../catalogue/system-calls.js';
import { noSystemCall } from '../record/samples.js';
import type { EvidenceOfStall, LookEvidence, NamedThread, VictimEvidenceOfRun } from './evidence.js';
import { draft, unknownLink, type LinkDraft, type Span } from './link-draft.js';
import { mutexKey } from './trace-model.js';
import { ofMutex } from './traced-mutex.js';
import { isGivingBack, preemptedDuring } from './blocked.js';
import { stacksOfThread } from './stacks-during.js';
import { mayBeKeptBackWithLock } from './throttling.js';

/** About the time between two looks. */
const look_ns = 10_000_000;

type LookedRun = EvidenceOfStall & { readonly looks: LookEvidence };

export function blameLookedAt(
  span: Span,
  systemCall: number | null,
  victim: VictimEvidenceOfRun,
  run: LookedRun,
): LinkDraft[] {
  const name = functionOf(victim.thread.tid, span, run);
  const call = systemCall === null || systemCall === noSystemCall ? null : systemCallName(systemCall);
  const lock = name === null ? (call !== null && changesMap(call) ? 'mmap_lock' : null) : lockWaitOf(name);
  if (lock !== null) return byLock(span, { lock, isSure: name !== null }, victim, run);
  const other = name === null ? null : kernelWaitOf([name]);
  return [
    other === null
      ? unknownLink(span, { code: 'blocked-in', function: name, systemCall: call })
      : draft(span, other, 'likely'),
  ];
}

/** Null: no look found it asleep for a mutex. What its holder did, and in which call, looks do not show. */
export function mutexLookedAt(span: Span, victim: VictimEvidenceOfRun, run: EvidenceOfStall): LinkDraft[] | null {
  const { looks } = run;
  if (looks === undefined) return null;
  const [mutex] = stacksOfThread(looks.waits, victim.thread.tid, span).flatMap(({ frames }) => mutexIn(frames) ?? []);
  if (mutex === undefined) return null;
  const most = likeliestOf(suspectsOf(span, victim, { ...run, looks }), looks);
  return [
    ofMutex(span, 'possible', mutexKey(victim.pid, mutex.address), run, {
      thread: most?.thread ?? null,
      holder: most === null ? null : holderTime(most, span, { ...run, looks }),
    }),
  ];
}

/** Null: not read, as of a wait that was over by then. */
function functionOf(tid: number, span: Span, { looks }: LookedRun): string | null {
  return stacksOfThread(looks.waits, tid, span)[0]?.frames[0] ?? null;
}

interface SeenWait {
  readonly lock: AwaitedLock;
  /** By the function. The system call alone may wait for something else. */
  readonly isSure: boolean;
}

function byLock(span: Span, wait: SeenWait, victim: VictimEvidenceOfRun, run: LookedRun): LinkDraft[] {
  const viaIn = (part: Span): BlamedThread[] => (wait.lock === 'vma' ? [] : writersOfVma(part, victim, run));
  // The kernel's threads take mmap_lock, and no VMA's lock.
  const ofKernel = (part: Span): Suspect[] =>
    wait.lock === 'vma' || viaIn(part).length > 0 ? [] : kernelSuspectsOf(part, run);
  return (
    partsOf(span, (part) => suspectsOf(part, victim, run), run)
      // Where nobody of the process fits, the kernel's threads are suspects alone.
      .flatMap((part) => (part.suspects.length > 0 ? [part] : partsOf(part, ofKernel, run)))
      .map((part) => {
        const beside = part.suspects.some(isOfKernel) ? [] : ofKernel(part);
        const all = [...part.suspects, ...beside].toSorted((a, b) => b.preempted_ns - a.preempted_ns);
        return named(part, wait, { all, via: viaIn(part) }, run);
      })
  );
}

interface Part extends Span {
  readonly suspects: readonly Suspect[];
}

/** A convoy may have had several holders, one after the other: its halves then have suspects, and the whole has none. */
function partsOf(span: Span, suspectsIn: (part: Span) => readonly Suspect[], run: LookedRun): Part[] {
  const { start_ns, end_ns } = span;
  const whole = { start_ns, end_ns, suspects: suspectsIn(span) };
  if (whole.suspects.length > 0 || end_ns - start_ns < 8 * look_ns) return [whole];
  const middle_ns = start_ns + (end_ns - start_ns) / 2;
  const halves = [
    { start_ns, end_ns: middle_ns },
    { start_ns: middle_ns, end_ns },
  ].flatMap((half) => partsOf(half, suspectsIn, run));
  return halves.some(({ suspects }) => likeliestOf(suspects, run.looks) !== null) ? halves : [whole];
}

interface Suspect {
  readonly thread: BlamedThread;
  readonly preempted_ns: number;
  /** It had no CPU for most of the time. */
  readonly isStarved: boolean;
  /** The wait ended while pauselab looked, and the thread ran then. */
  readonly sawEnd: boolean;
  /** A thread whose name says that it may give memory back. */
  readonly giver: NamedThread | null;
}

/** Threads of the process that can have had a lock all the time, the longest without a CPU first. */
function suspectsOf(span: Span, victim: VictimEvidenceOfRun, run: LookedRun): Suspect[] {
  return suspectsAmong(
    run.timeline.tidsIn(victim.pid).filter((tid) => tid !== victim.thread.tid),
    span,
    run,
  );
}

/** As in a run, only those that had no CPU: they work on the memory of every process, and a moment on each. */
function kernelSuspectsOf(span: Span, run: LookedRun): Suspect[] {
  const tids = (run.ofKernel ?? []).map(({ tid }) => tid);
  return suspectsAmong(tids, span, run).filter(({ isStarved }) => isStarved);
}

function suspectsAmong(tids: readonly number[], span: Span, run: LookedRun): Suspect[] {
  const length_ns = span.end_ns - span.start_ns;
  // At the edges it is not known what happened between two looks.
  const edge_ns = Math.min(look_ns, length_ns / 4);
  const inside = { start_ns: span.start_ns + edge_ns, end_ns: span.end_ns - edge_ns };
  const around = { start_ns: span.end_ns - 2 * look_ns, end_ns: span.end_ns + 2 * look_ns };
  return tids
    .flatMap((tid): Suspect[] => {
      const seen = run.timeline.thread(tid);
      const runnable_ns = seen.time_ns(inside, 'runnable');
      const ready_ns = runnable_ns + seen.time_ns(inside, 'running');
      // A time without looks says nothing; if it was most of the wait, nothing is known.
      const looked_ns = inside.end_ns - inside.start_ns - seen.time_ns(inside, 'unobserved');
      if (ready_ns < Math.max(looked_ns * nearlyAll, (inside.end_ns - inside.start_ns) / 2)) return [];
      const sawEnd = seen.hasLooksAround(around);
      // The kernel counts a wait for a CPU when it is over.
      const preempted_ns = Math.max(preemptedDuring(tid, span, run), sawEnd ? 0 : runnable_ns);
      // Who has no CPU gives nothing back.
      if (sawEnd && seen.growth(around)?.onCpu_ns === 0) return [];
      return [
        {
          thread: run.threads.get(tid) ?? { name: String(tid), tid, role: 'other', nice: null },
          preempted_ns,
          isStarved: runnable_ns >= ready_ns * nearlyAll && preempted_ns >= length_ns / 2,
          sawEnd,
          giver: run.named.find(({ thread, lock }) => thread.tid === tid && lock !== null && lock !== 'none') ?? null,
        },
      ];
    })
    .sort((a, b) => b.preempted_ns - a.preempted_ns);
}

const nearlyAll = 0.9;

function named(
  span: Span,
  { lock, isSure }: SeenWait,
  { all, via }: { readonly all: readonly Suspect[]; readonly via: BlamedThread[] },
  run: LookedRun,
): LinkDraft {
  const most = likeliestOf(all, run.looks);
  if (most === null)
    return draft(span, lock === 'vma' ? 'vma-lock' : 'mmap-lock-holder', isSure ? 'likely' : 'possible', {
      lock,
      why: all.length === 0 ? { code: 'no-suspect-inside' } : alike(all),
    });
  const isOnly =
    all.length === 1 && !isOfKernel(most) && most.isStarved && most.sawEnd && run.looks.companions.has(most.thread.tid);
  const giver = most.giver !== null && isGivingBack(most.giver, span, run) ? most.giver : null;
  const held = lock === 'vma' || via.length > 0 ? ({ cause: 'vma-lock', lock } as const) : heldBy(giver);
  return draft(span, held.cause, isOnly && isSure ? 'likely' : 'possible', {
    lock: held.lock,
    thread: most.thread,
    call: giver?.call ?? null,
    via,
    holder: holderTime(most, span, run),
  });
}

function holderTime({ thread, preempted_ns }: Suspect, span: Span, run: LookedRun): LinkDraft['holder'] {
  const limited = mayBeKeptBackWithLock(thread.tid, span, run) ? ({ mayBeLimited: true } as const) : {};
  return { running_ns: 0, preempted_ns, blocked_ns: 0, isExact: false, ...limited };
}

/** Both lists in the order of suspects. */
function alike(all: readonly Suspect[]): LinkReason {
  const namesOf = (suspects: readonly Suspect[]): string[] => suspects.map(({ thread }) => thread.name);
  const ofKernel = namesOf(all.filter(isOfKernel));
  return {
    code: 'suspects-alike',
    threads: namesOf(all.filter((one) => !isOfKernel(one))),
    ...(ofKernel.length === 0 ? {} : { ofKernel }),
  };
}

function isOfKernel({ thread }: Suspect): boolean {
  return thread.role === 'outside';
}

/**
 * Null: several fit alike. Beside a thread of the kernel, neither priority nor name says anything of a thread without a
 * CPU: the other has a low priority always, and mostly works on the memory of others. What then tells them apart is that
 * one alone goes with the waits of the whole observation. Where all suspects of the process ran, a thread of the kernel
 * is no better suspect than they are.
 */
function likeliestOf(all: readonly Suspect[], { companions }: LookEvidence): Suspect | null {
  const ofProcess = all.filter((one) => !isOfKernel(one));
  if (ofProcess.length > 0 && !ofProcess.some(({ isStarved }) => isStarved)) return outstandingOf(ofProcess);
  const starved = all.filter(({ isStarved }) => isStarved);
  if (starved.length === 1 || !starved.some(isOfKernel)) return outstandingOf(all);
  const going = starved.filter(({ thread }) => companions.has(thread.tid));
  return going.length === 1 ? (going[0] ?? null) : null;
}

/** Of those without a CPU, a thread that gives memory back stands out, or the lowest priority. */
function outstandingOf(suspects: readonly Suspect[]): Suspect | null {
  const starved = suspects.filter(({ isStarved }) => isStarved);
  const lowest = Math.max(...starved.map(lowness));
  const choices = [
    starved,
    (starved.length > 0 ? starved : suspects).filter(({ giver }) => giver !== null),
    starved.filter((one) => lowness(one) === lowest),
  ];
  return choices.find(({ length }) => length === 1)?.[0] ?? null;
}

/** Nice values of normal threads lie between -20 and 19. */
function lowness({ thread: { nice, policy = 'other' } }: Suspect): number {
  if (policy === 'idle') return 20;
  return policy === 'other' || policy === 'batch' ? (nice ?? 0) : -21;
}

/**
 * A call inside one VMA takes only the lock of that: if it kept mmap_lock, it crossed VMAs. Without a call it is not seen
 * how the thread had the lock.
 */
function heldBy(giver: NamedThread | null): Pick<LinkDraft, 'cause' | 'lock'> {
  if (giver === null) return { cause: 'mmap-lock-holder', lock: 'mmap_lock' };
  return giver.lock === 'mmap_lock write'
    ? { cause: 'mmap-lock-writer', lock: 'mmap_lock write' }
    : { cause: 'mmap-lock-reader', lock: 'mmap_lock read' };
}

/** Others of the process that have mmap_lock and wait for the readers of a VMA. */
function writersOfVma(span: Span, victim: VictimEvidenceOfRun, run: LookedRun): BlamedThread[] {
  return run.timeline
    .tidsIn(victim.pid)
    .filter((tid) => tid !== victim.thread.tid && lockWaitOf(functionOf(tid, span, run) ?? '') === 'vma')
    .flatMap((tid) => run.threads.get(tid) ?? [])
    .slice(0, 1);
}
