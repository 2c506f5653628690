/**
 * What a thread was seen doing during a span of time: D beside a long writer means a kernel lock, S a futex or a
 * sleep, R the run queue.
 */
import type { Timeline } from './samples.js';

export interface ObservedStates {
  /** Looks in order, run-length coded, such as `D×54 R×1`; `?×k` for k periods in which nobody looked. */
  readonly letters: string;
  /** Share of the span per letter, and `unobserved`; they sum to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

/**
 * Only looks inside [start, end] count. Each vouches for the time that is nearer to it than to another look, at
 * most one period away, so that a sampler that is a little late leaves no gap and one that was kept off its CPU does.
 */
export function stateLettersDuring(timeline: Timeline | undefined, start_ns: number, end_ns: number): ObservedStates {
  const span_ns = end_ns - start_ns;
  if (timeline === undefined || span_ns <= 0) return { letters: '?×1', shares: { unobserved: 1 } };
  const { ticks_ns, period_ns } = timeline;
  const runs: { letter: string; looks: number }[] = [];
  const shares: Record<string, number> = {};
  const see = (letter: string, looks: number, time_ns: number): void => {
    const last = runs.at(-1);
    if (last?.letter === letter) last.looks += looks;
    else runs.push({ letter, looks });
    const key = letter === '?' ? 'unobserved' : letter;
    shares[key] = (shares[key] ?? 0) + time_ns / span_ns;
  };
  const miss = (gap_ns: number): void => {
    if (gap_ns > 0) see('?', Math.max(1, Math.round(gap_ns / period_ns)), gap_ns);
  };

  let covered_ns = start_ns;
  for (let i = lowerBound(ticks_ns, start_ns); i < ticks_ns.length; i += 1) {
    const tick_ns = ticks_ns[i] ?? 0;
    if (tick_ns > end_ns) break;
    const next_ns = Math.min(ticks_ns[i + 1] ?? Infinity, end_ns);
    const from_ns = Math.max(covered_ns, tick_ns - period_ns);
    // Halfway to the next look, or to the end where that comes first.
    const half_ns = next_ns === end_ns ? end_ns : (tick_ns + next_ns) / 2;
    const to_ns = Math.min(half_ns, tick_ns + period_ns);
    miss(from_ns - covered_ns);
    see(stateAt(timeline, i), 1, to_ns - from_ns);
    covered_ns = to_ns;
  }
  miss(end_ns - covered_ns);
  return { letters: runs.map(({ letter, looks }) => `${letter}×${looks}`).join(' '), shares };
}

/** The state at tick i: that of the last change closed by tick i or before; `?` before the thread was first seen. */
function stateAt({ changes }: Timeline, tick: number): string {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((changes[middle]?.tick ?? Infinity) <= tick) low = middle + 1;
    else high = middle;
  }
  return changes[low - 1]?.state ?? '?';
}

/** Index of the first element that is not below `value`. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
