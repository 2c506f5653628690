/**
 * What a thread did during a span of time, from the looks of the sampler. Questions about a stall go through the
 * stall's timeline (stall-timeline.ts). Pure.
 */
import { lowerBound } from '../base/sorted.js';
import type { Activity } from '../bundle/stalls-schema.js';
import type { StateChange, Timeline } from '../record/samples.js';
import { changeAt, type StateSpan } from '../record/states.js';
import type { Span } from './link-draft.js';

export interface ActivitySpan extends Span {
  readonly activity: Activity;
  /** The system call in which it waited; null if it could not be read. */
  readonly systemCall: number | null;
}

/**
 * If there are no looks in a gap, and the counters before and after it are equal, the thread did not run in the gap: it
 * was in a single wait. In state R, the counters around the span show whether the thread ran.
 */
export function activitiesOf(timeline: Timeline | undefined, states: readonly StateSpan[]): ActivitySpan[] {
  const spans = states.filter((span) => span.end_ns > span.start_ns);
  return joined(spans.map((span) => ({ start_ns: span.start_ns, end_ns: span.end_ns, ...activityOf(timeline, span) })));
}

function activityOf(timeline: Timeline | undefined, span: StateSpan): Pick<ActivitySpan, 'activity' | 'systemCall'> {
  if (timeline === undefined) return { activity: 'unobserved', systemCall: null };
  if (span.state === '?') {
    const [first, last] = [changeAt(timeline, span.firstTick), changeAt(timeline, span.lastTick)];
    const isSameWait =
      first !== undefined &&
      last !== undefined &&
      span.lastTick < timeline.ticks_ns.length &&
      isWait(first.state) &&
      first.state === last.state &&
      first.onCpu_ns === last.onCpu_ns &&
      first.runDelay_ns === last.runDelay_ns;
    // Run delay is sufficient evidence: the thread was in the run queue for most of the gap.
    const waited_ns = first === undefined || last === undefined ? 0 : last.runDelay_ns - first.runDelay_ns;
    if (!isSameWait && waited_ns >= (span.end_ns - span.start_ns) / 2 && span.lastTick < timeline.ticks_ns.length)
      return { activity: 'runnable', systemCall: null };
    return isSameWait
      ? { activity: letterActivity(last.state), systemCall: last.systemCall ?? null }
      : { activity: 'unobserved', systemCall: null };
  }
  if (span.state === 'R') return { activity: ranMostly(timeline, span) ? 'running' : 'runnable', systemCall: null };
  return { activity: letterActivity(span.state), systemCall: systemCallOf(timeline, span) };
}

/** The sampler reads the call after a wait of one period, so the first looks of a wait lack it. */
function systemCallOf(timeline: Timeline, { firstTick, lastTick }: StateSpan): number | null {
  for (let tick = lastTick; tick >= firstTick; tick -= 1) {
    const call = changeAt(timeline, tick)?.systemCall ?? null;
    if (call !== null) return call;
  }
  return null;
}

function ranMostly(timeline: Timeline, { firstTick, lastTick }: StateSpan): boolean {
  const { onCpu_ns, runDelay_ns } = growthBetween(timeline, firstTick - 1, lastTick + 1);
  return onCpu_ns >= runDelay_ns && onCpu_ns > 0;
}

/** How much the counters of a thread grew. */
export interface Growth {
  readonly onCpu_ns: number;
  readonly runDelay_ns: number;
}

/** The last look before a span, or the first look of all, and the first look after it, or the last of all. */
export function ticksAround({ ticks_ns }: Timeline, { start_ns, end_ns }: Span): [first: number, last: number] {
  return [Math.max(0, lowerBound(ticks_ns, start_ns) - 1), Math.min(ticks_ns.length - 1, lowerBound(ticks_ns, end_ns))];
}

/** Between two looks. */
export function growthBetween(timeline: Timeline, firstTick: number, lastTick: number): Growth {
  const first = changeAt(timeline, Math.max(0, firstTick)) ?? timeline.changes[0];
  const last = changeAt(timeline, Math.min(timeline.ticks_ns.length - 1, lastTick));
  return { onCpu_ns: grown(first, last, 'onCpu_ns'), runDelay_ns: grown(first, last, 'runDelay_ns') };
}

/** A thread that is gone has no counters, so its last counters stand. */
function grown(
  first: StateChange | undefined,
  last: StateChange | undefined,
  counter: 'onCpu_ns' | 'runDelay_ns',
): number {
  return first === undefined || last === undefined ? 0 : Math.max(0, last[counter] - first[counter]);
}

const isWait = (state: string): boolean => state === 'D' || state === 'S' || state === 'T' || state === 't';

function letterActivity(state: string): Activity {
  if (state === 'D') return 'blocked';
  if (state === 'S' || state === 'I') return 'asleep';
  if (state === 'T' || state === 't') return 'stopped';
  if (state === 'R') return 'runnable';
  return state === 'X' || state === 'Z' ? 'gone' : 'unobserved';
}

function joined(spans: readonly ActivitySpan[]): ActivitySpan[] {
  const result: ActivitySpan[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    const isSame =
      last?.activity === span.activity &&
      (last.systemCall === null || span.systemCall === null || last.systemCall === span.systemCall);
    if (last !== undefined && isSame)
      result[result.length - 1] = { ...last, end_ns: span.end_ns, systemCall: last.systemCall ?? span.systemCall };
    else result.push(span);
  }
  return result;
}
