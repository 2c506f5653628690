/** A link in a plain sentence, which may be quoted alone. */
import { formatDuration } from '../base/units.js';
import type { Activity, BlamedThread, ChainLink, ChainStep } from '../bundle/stalls-schema.js';

/** With `sentence`, what an unknown link of the whole had been given already. */
export type Worded = Omit<ChainLink, 'sentence'> & { readonly why: string | null; readonly sentence?: string };

export function sentenceOf(link: Worded, victim: string): string {
  const late = link.steps.findLast(({ step }) => step === 'late-thread')?.thread ?? null;
  const waiter = late === null ? victim : quoted(late);
  const root = rootOf(
    link,
    link.steps.some(({ step }) => step === 'page-fault') ? `${waiter}, in a page fault,` : waiter,
  );
  return late === null
    ? root
    : `${victim} was stopped for ${formatDuration(link.duration_ns)} by ${pauseOf(link.steps)}: ${root}`;
}

/** What the victim saw, and what that waited for. */
function pauseOf(steps: Worded['steps']): string {
  const [seen] = steps;
  const what = seen?.step === 'gc-pause' ? 'a pause of the JVM’s collector' : 'a safepoint of the JVM';
  const label = seen === undefined || seen.label === null ? '' : ` (${seen.label})`;
  return `${what}${label}, ${steps.some(({ step }) => step === 'time-to-safepoint') ? 'which a thread reached late' : 'whose work waited'}`;
}

function rootOf(link: Worded, victim: string): string {
  const time = formatDuration(link.duration_ns);
  const perhaps = link.grade === 'possible' ? 'perhaps ' : '';
  switch (link.cause) {
    case 'mmap-lock-reader':
      return `${victim} waited ${time} ${perhaps}for mmap_lock, held for reading by ${holderOf(link)}${queue(link.via)}${off(link)}`;
    case 'mmap-lock-writer':
      if (link.isNext)
        return `${victim} waited ${time} in mmap_lock’s queue behind ${holderOf(link)}, the writer whose turn it was${off(link)}`;
      return `${victim} waited ${time} ${perhaps}for mmap_lock, held for writing by ${holderOf(link)}${queue(link.via)}${off(link)}`;
    case 'vma-lock':
      return link.via.length === 0
        ? `${victim} waited ${time} ${perhaps}for the readers of a VMA that it has to change: ${holderOf(link)}${off(link)}`
        : `${victim} waited ${time} ${perhaps}for mmap_lock, held for writing by ${named(link.via)}, which waited for a VMA’s lock that ${holderOf(link)} had${off(link)}`;
    case 'allocator-mutex':
      return `${victim} slept ${time} ${perhaps}on the allocator’s mutex${link.thread === null ? ', whose owner was not seen' : `, held by ${holderOf(link)}${queue(link.via)}${off(link)}`}`;
    case 'safepoint':
      if (link.thread !== null) return `${holderOf(link)} ran on for ${time}`;
      return `${victim} was stopped for ${time} by a safepoint of the JVM${because(link.why)}`;
    case 'gc-pause':
      return `${victim} was stopped for ${time} by a pause of the JVM’s collector${because(link.why)}`;
    case 'not-scheduled':
      if (link.thread !== null)
        return `${holderOf(link)} was ready to run for ${time} and had no CPU${takers(link.cpuTakenBy, ': ')}`;
      return `${victim} was ready to run for ${time} and had no CPU${takers(link.cpuTakenBy, ': ')}; no lock is to blame`;
    case 'stopped':
      return `${victim} was stopped for ${time} by a signal or a debugger (state T); no lock is to blame`;
    case 'steal':
      return `${victim} was ready to run for ${time} while the hypervisor took CPU time from this machine${because(link.why)}`;
    case 'running':
      return `${victim} ran on a CPU for ${time}: its own work`;
    case 'unknown':
      return link.sentence ?? `for ${time} it is not known what ${victim} waited for${because(link.why)}`;
  }
}

const stepNames: Readonly<Record<ChainStep['step'], string>> = {
  'gc-pause': 'pause of the collector',
  safepoint: 'safepoint',
  'time-to-safepoint': 'time to reach it',
  'late-thread': 'late',
  'page-fault': 'page fault of',
};
const activityNames: Readonly<Record<Activity, string>> = {
  running: 'running',
  runnable: 'without a CPU',
  blocked: 'blocked',
  asleep: 'asleep',
  stopped: 'stopped',
  gone: 'gone',
  unobserved: 'not looked at',
};

/**
 * From the victim to the cause: `safepoint (Cleanup) 3.30 s ← time to reach it 3.28 s ← late: `main` blocked 3.28 s`.
 */
export function stepsText(all: readonly ChainStep[]): string {
  return all
    .map(({ step, label, thread, activity, duration_ns }) => {
      const about = [
        ...(thread === null ? [] : [`${step === 'late-thread' ? ':' : ''} ${quoted(thread)}`]),
        ...(step === 'late-thread' && activity !== null ? [` ${activityNames[activity]}`] : []),
        ...(label === null || step === 'time-to-safepoint' ? [] : [` (${label})`]),
      ];
      return `${stepNames[step]}${about.join('')} ${formatDuration(duration_ns)}`;
    })
    .join(' ← ');
}

const quoted = ({ name }: BlamedThread): string => `\`${name}\``;

export function named(threads: readonly BlamedThread[]): string {
  const names = [...new Set(threads.map(quoted))];
  return names.length <= 2 ? names.join(' and ') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function holderOf({ thread, call }: Worded): string {
  if (thread === null) return 'a thread that was not seen';
  if (thread.role === 'outside') return `${quoted(thread)}, a thread outside this process`;
  const about = [...(call === null ? [] : [call]), ...(thread.nice === null ? [] : [`nice ${thread.nice}`])];
  return `${quoted(thread)}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
}

function queue(via: readonly BlamedThread[]): string {
  return via.length === 0 ? '' : `, behind ${named(via)} in the queue`;
}

/** What kept the holder from letting go: only if it explains a tenth of the time. */
function off({ holder, holderWaited, cpuTakenBy, duration_ns, thread }: Worded): string {
  if (holderWaited) return ', which was blocked itself (state D): a thread outside this process may hold the lock';
  if (holder === null || thread === null) return '';
  const [preempted, blocked, running] = [holder.preempted_ns, holder.blocked_ns, holder.running_ns].map((time_ns) =>
    time_ns >= duration_ns / 10 ? formatDuration(time_ns) : null,
  );
  const atMost = holder.isExact ? '' : 'at most ';
  if (preempted !== null && preempted !== undefined)
    return `, which was ready to run but had no CPU for ${atMost}${preempted}${takers(cpuTakenBy, ' while ')}`;
  if (blocked !== null && blocked !== undefined) return `, which was itself blocked for ${atMost}${blocked}`;
  return running === null || running === undefined ? '' : `, which ran for ${running} of it`;
}

/** Those who ran there for a tenth of the time or more. */
function takers(takenBy: ChainLink['cpuTakenBy'], before: string): string {
  const all_ns = takenBy.reduce((sum, { duration_ns }) => sum + duration_ns, 0);
  const most = takenBy.slice(0, 3).filter(({ duration_ns }) => duration_ns >= all_ns / 10);
  return most.length === 0 ? '' : `${before}${named(most.map(({ thread }) => thread))} ran there`;
}

function because(why: string | null): string {
  return why === null ? '' : `: ${why}`;
}
