/** Timelines as the sampler sees them, from a letter per look, 10 ms apart. */
import type { SampleStream, StateChange, Timeline } from '../../src/record/samples.js';
import type { StackReading } from '../../src/record/stacks.js';

export const look_ns = 10_000_000;
const slice_ns = 50_000;

/**
 * `s` asleep, `d` blocked, `t` stopped, `r` on a CPU, `q` ready without a CPU, `w` ready without a CPU while the sampler
 * still has the state before, `x` gone. Between two letters that differ the thread ran for a moment.
 */
export function lookedAt(
  comm: string,
  tid: number,
  letters: string,
  { pid = 100, nice = 0, ticks = letters.length } = {},
): Timeline {
  const ticks_ns = Array.from({ length: ticks }, (_, i) => (i + 1) * look_ns);
  const changes: StateChange[] = [];
  let [onCpu_ns, runDelay_ns, queued_ns, state, last] = [1e9, 1e8, 0, 'S', ''];
  for (const [tick, letter] of Array.from(letters).entries()) {
    if (letter === 'q' || letter === 'w') queued_ns += look_ns;
    else {
      if (letter === 'r') onCpu_ns += queued_ns > 0 ? slice_ns : look_ns - slice_ns;
      else if (letter !== last && last !== '') onCpu_ns += slice_ns;
      runDelay_ns += queued_ns;
      queued_ns = 0;
    }
    if (letter !== 'w') state = { s: 'S', d: 'D', t: 'T', r: 'R', q: 'R', x: 'X' }[letter] ?? '?';
    last = letter;
    const counters = letter === 'x' ? { onCpu_ns: 0, runDelay_ns: 0 } : { onCpu_ns, runDelay_ns };
    const before = changes.at(-1);
    const isSame =
      before?.state === state && before.onCpu_ns === counters.onCpu_ns && before.runDelay_ns === counters.runDelay_ns;
    if (!isSame) changes.push({ tick, time_ns: (tick + 1) * look_ns - 1000, state, ...counters, systemCall: null });
    if (letter === 'x') break;
  }
  return { pid, tid, comm, nice, changes, period_ns: look_ns, ticks_ns };
}

export function stream(...timelines: readonly Timeline[]): SampleStream {
  const [first] = timelines;
  return {
    timelines: new Map(timelines.map((one) => [one.tid, one])),
    ticks_ns: first?.ticks_ns ?? [],
    period_ns: look_ns,
  };
}

/** The function in which a thread was blocked, read at this look. */
export function waitingIn(name: string, tid: number, look: number): StackReading {
  return { tid, time_ns: (look + 1) * look_ns, state: 'D', frames: [name] };
}
