/**
 * The states in which a thread was seen during a span of time: D during a long writer's call means a kernel lock, S a
 * futex or a sleep, R the run queue.
 */
import { lowerBound } from '../base/sorted.js';
import type { StateChange, Timeline } from './samples.js';

export interface ObservedStates {
  /** Looks in order, run-length coded, such as `D×54 R×1`; `?×k` for k periods without a look. */
  readonly letters: string;
  /** Share of the span per letter, and `unobserved`; they sum to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

/** A part of a span of time with the state in which the thread was seen; `?` if nobody looked. */
export interface StateSpan {
  readonly start_ns: number;
  readonly end_ns: number;
  readonly state: string;
  /** The number of looks that support it; for `?`, its length in periods. */
  readonly looks: number;
  /** Indexes of the first and last tick that support it; for `?`, those of the looks around it. */
  readonly firstTick: number;
  readonly lastTick: number;
}

/**
 * Partitions [start, end] by state. Only looks inside count. Each look covers the time that is nearer to it than to
 * another look, at most a period away. So a sampler that is a little late leaves no gap, and a sampler that was kept
 * off its CPU does. A look at the very end covers no time: a span of length 0.
 */
export function stateSpans(timeline: Timeline | undefined, start_ns: number, end_ns: number): StateSpan[] {
  if (end_ns <= start_ns) return [];
  if (timeline === undefined) return [{ start_ns, end_ns, state: '?', looks: 1, firstTick: -1, lastTick: -1 }];
  const { ticks_ns, period_ns } = timeline;
  const spans: StateSpan[] = [];
  const see = (to_ns: number, span: Omit<StateSpan, 'start_ns' | 'end_ns'>): void => {
    const last = spans.at(-1);
    const from_ns = last?.end_ns ?? start_ns;
    if (last?.state === span.state && span.state !== '?')
      spans[spans.length - 1] = { ...last, end_ns: to_ns, looks: last.looks + span.looks, lastTick: span.lastTick };
    else spans.push({ ...span, start_ns: from_ns, end_ns: to_ns });
  };
  const miss = (to_ns: number, tick: number): void => {
    const gap_ns = to_ns - (spans.at(-1)?.end_ns ?? start_ns);
    if (gap_ns > 0)
      see(to_ns, {
        state: '?',
        looks: Math.max(1, Math.round(gap_ns / period_ns)),
        firstTick: tick - 1,
        lastTick: tick,
      });
  };

  let i = lowerBound(ticks_ns, start_ns);
  for (; i < ticks_ns.length; i += 1) {
    const tick_ns = ticks_ns[i] ?? 0;
    if (tick_ns > end_ns) break;
    const next_ns = Math.min(ticks_ns[i + 1] ?? Infinity, end_ns);
    // Halfway to the next look, or up to the end if that comes first.
    const half_ns = next_ns === end_ns ? end_ns : (tick_ns + next_ns) / 2;
    miss(Math.max(spans.at(-1)?.end_ns ?? start_ns, tick_ns - period_ns), i);
    see(Math.min(half_ns, tick_ns + period_ns), {
      state: changeAt(timeline, i)?.state ?? '?',
      looks: 1,
      firstTick: i,
      lastTick: i,
    });
  }
  miss(end_ns, i);
  return spans;
}

export function stateLettersDuring(timeline: Timeline | undefined, start_ns: number, end_ns: number): ObservedStates {
  const span_ns = end_ns - start_ns;
  if (timeline === undefined || span_ns <= 0) return { letters: '?×1', shares: { unobserved: 1 } };
  const spans = stateSpans(timeline, start_ns, end_ns);
  const shares: Record<string, number> = {};
  for (const { state, start_ns: from_ns, end_ns: to_ns } of spans) {
    const key = state === '?' ? 'unobserved' : state;
    shares[key] = (shares[key] ?? 0) + (to_ns - from_ns) / span_ns;
  }
  return { letters: lettersOf(spans), shares };
}

/** Run-length coded, as in `ObservedStates`. */
export function lettersOf(spans: readonly StateSpan[]): string {
  const runs: { letter: string; looks: number }[] = [];
  for (const { state, looks } of spans) {
    const last = runs.at(-1);
    if (last?.letter === state) last.looks += looks;
    else runs.push({ letter: state, looks });
  }
  return runs.map(({ letter, looks }) => `${letter}×${looks}`).join(' ');
}

/**
 * What was known at tick i: the last change closed by that tick or an earlier one; undefined before the thread was
 * first seen.
 */
export function changeAt({ changes }: Timeline, tick: number): StateChange | undefined {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((changes[middle]?.tick ?? Infinity) <= tick) low = middle + 1;
    else high = middle;
  }
  return changes[low - 1];
}

/** When the thread was first seen to have ended; null if it has not ended. */
export function endOfThread(timeline: Timeline | undefined): number | null {
  return timeline?.changes.find(({ state }) => state === 'X' || state === 'Z')?.time_ns ?? null;
}
