/** What was seen while a stall lasted: its end, its threads, calls of holders and events of the JVM's log. */
import { formatDuration } from '../base/text/units.js';
import type { Activity, BlamedThread } from '../facts/chain-facts.js';
import type { UserFrame, UserMoment, UserStackFact } from '../facts/user-stack-facts.js';
import { priorityText } from './chain-words.js';

/** How a stall ended if its operation did not; null: the operation ended. */
export function unusualEnd({
  threadEnded,
  stillRunning,
}: {
  readonly threadEnded: boolean;
  readonly stillRunning: boolean;
}): string | null {
  if (threadEnded) return 'its thread ended in it';
  return stillRunning ? 'still running at the last look' : null;
}

/** `holder.madvise_free across VMAs`. */
export function callText({ holder, crossed }: { readonly holder: string; readonly crossed: boolean }): string {
  return `${holder}${crossed ? ' across VMAs' : ''}`;
}

/** Of the JVM's log. */
export function eventText({
  name,
  label,
  duration_ns,
}: {
  readonly name: string;
  readonly label: string;
  readonly duration_ns: number;
}): string {
  return `the JVM’s log: ${name} ${label}, ${formatDuration(Math.max(0, duration_ns))}`;
}

/** `systemCall`: `none` for a wait outside of any system call. */
export function waitText(systemCall: string): string {
  return `the victim waited ${systemCall === 'none' ? 'in a page fault' : `in ${systemCall}()`}`;
}

/** As the sampler sees them: of a time in state R it knows only what most of the time was. */
export const activityMeanings: Readonly<Record<Activity, string>> = {
  running: 'mostly on a CPU',
  runnable: 'ready to run, mostly without a CPU',
  blocked: 'blocked in the kernel',
  asleep: 'asleep',
  stopped: 'stopped',
  gone: 'gone',
  unobserved: 'nobody looked',
};

/** `madvise (libc.so.6+0x10b) < purge (service+0x3a1) < [anon] × 3`. */
export function userFramesText({ frames, isCut }: Pick<UserStackFact, 'frames' | 'isCut'>): string {
  const text = frames.every(({ module, function: name }) => module === null && name === null)
    ? 'not known'
    : runsOf(frames.map(userFrameText))
        .map(({ text: one, times }) => (times === 1 ? one : `${one} × ${times}`))
        .join(' < ');
  return isCut ? `${text} (no frame pointer beyond)` : text;
}

/** Compiled Java is frame after frame without a name. */
function runsOf(texts: readonly string[]): { readonly text: string; readonly times: number }[] {
  const runs: { text: string; times: number }[] = [];
  for (const text of texts) {
    const last = runs.at(-1);
    if (last?.text === text) last.times += 1;
    else runs.push({ text, times: 1 });
  }
  return runs;
}

function userFrameText({ function: name, module, offset, isInferred }: UserFrame): string {
  const place = module === null || offset === null ? module : `${module}+0x${offset}`;
  const text = name === null ? (place ?? 'unknown') : place === null ? name : `${name} (${place})`;
  return isInferred ? `${text}, by its return address` : text;
}

/** Whose stack it is, and when it was read. */
export const userMomentWords: Readonly<Record<UserMoment, string>> = {
  'gave-back': 'as it gave the lock back',
  'lost-cpu': 'as it lost its CPU with the lock',
  waited: 'where it waited',
};

export interface SeenThread {
  readonly thread: BlamedThread;
  readonly spans: readonly { readonly activity: Activity; readonly duration_ns: number }[];
  readonly onCpu_ns: number | null;
  readonly runDelay_ns: number | null;
  /** For how long it had the CPU that the holder needed. */
  readonly taken_ns: number;
}

/** `writer.mprotect: blocked in the kernel 500 ms; by its counters at most 1 ms on a CPU and 0 ns waiting for one`. */
export function threadText({ thread, spans, onCpu_ns, runDelay_ns, taken_ns }: SeenThread): string {
  const taken = taken_ns > 0 ? `${takerText(taken_ns)}; ` : '';
  const counters =
    onCpu_ns === null || runDelay_ns === null || onCpu_ns + runDelay_ns <= 0
      ? ''
      : `; by its counters at most ${formatDuration(Math.max(0, onCpu_ns))} on a CPU and ${formatDuration(Math.max(0, runDelay_ns))} waiting for one`;
  return `${thread.name}: ${taken}${longestActivities(spans)}${counters}`;
}

const roles: Readonly<Record<BlamedThread['role'], string>> = {
  victim: 'a measured thread',
  holder: 'the holder',
  toucher: 'uses the memory again',
  hog: 'takes CPU time',
  load: 'works',
  other: '',
  outside: 'of another program',
};

/** `takes CPU time, nice 0` beside the name of a thread. */
export function aboutThread(thread: BlamedThread, taken_ns: number): string {
  const isNormal = (thread.nice ?? 0) === 0 && (thread.policy ?? 'other') === 'other';
  return [taken_ns > 0 ? takerText(taken_ns) : roles[thread.role], isNormal ? '' : (priorityText(thread) ?? '')]
    .filter((part) => part !== '')
    .join(', ');
}

function takerText(taken_ns: number): string {
  return `had the holder’s CPU for ${formatDuration(taken_ns)}`;
}

function longestActivities(spans: SeenThread['spans']): string {
  const sums = new Map<Activity, number>();
  for (const { activity, duration_ns } of spans)
    sums.set(activity, (sums.get(activity) ?? 0) + Math.max(0, duration_ns));
  const longest = [...sums]
    .filter(([, duration_ns]) => duration_ns > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3);
  return longest.length === 0
    ? 'not seen'
    : longest
        .map(([activity, duration_ns]) => `${activityMeanings[activity]} ${formatDuration(duration_ns)}`)
        .join(', ');
}
