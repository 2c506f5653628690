// Which thread a thread waited for, from the kernel's text of its scheduler's events. It knows no lock, no mutex and no
// safepoint, and uses neither pauselab's observer nor its attribution.
//
// A thread that sleeps waits for the thread that wakes it, and that thread may have slept itself until another woke it.
// So a wait that is followed back from its end leads to threads that ran, or were ready to run. Such a thread may have
// done other work first: this does not show that it had a lock.
import { readdirSync } from 'node:fs';
import { eventsIn, recordTrace, traceScript } from './private-trace.mjs';

const script = traceScript(
  'cat "$own/trace" > "$1/events"; echo 0 > "$own/events/enable"',
  `echo 32768 > "$own/buffer_size_kb"
echo 1 > "$own/options/event-fork"; echo "$2" > "$own/set_event_pid"
for event in sched_switch sched_waking; do echo 1 > "$own/events/sched/$event/enable"; done`,
);

/**
 * Records the threads of a process: their switches, whom they wake and who wakes them. What a thread of another program
 * waited for is not recorded. A full buffer is an error.
 */
export const recordWakings = (folder, pid) => recordTrace(script, folder, readdirSync(`/proc/${pid}/task`).join(' '));

// The third character of the flags: h or H, in a hard interrupt; s, in a soft one; z or Z, in an NMI.
const isInterrupt = (flags) => /^..[hHsSzZ]/.test(flags);

/** By thread, in order: when it slept, and who woke it (0: an interrupt). */
export async function readWakings(folder) {
  const sleeps = new Map();
  const asleep = new Map();
  for await (const { tid, flags, time_ns, event, rest } of eventsIn(folder)) {
    if (event === 'sched_switch') {
      const [, out, state, next] = /prev_pid=(\d+) prev_prio=\d+ prev_state=(\S+).* next_pid=(\d+)/.exec(rest) ?? [];
      // Woken before it was switched out: the switch said that it sleeps, but it did not.
      asleep.delete(Number(next));
      if (state !== undefined && !state.startsWith('R')) asleep.set(Number(out), time_ns);
    } else if (event === 'sched_waking') {
      const woken = Number(/ pid=(\d+)/.exec(rest)?.[1]);
      const start_ns = asleep.get(woken);
      if (start_ns === undefined) continue;
      asleep.delete(woken);
      const by = isInterrupt(flags) ? 0 : tid;
      const list = sleeps.get(woken) ?? [];
      list.push({ start_ns, end_ns: time_ns, by });
      sleeps.set(woken, list);
    }
  }
  return sleeps;
}

/** So many threads may wait for each other. */
const mostThreads = 8;

/**
 * For how long each thread delayed `tid` in [from, to], in ns by thread, the longest first. The thread itself: it ran, or
 * had no CPU. Thread 0: it waited for a timer or a device.
 */
export function delayersDuring(sleeps, tid, from_ns, to_ns) {
  const times = new Map();
  const add = (one, time_ns) => {
    if (time_ns > 0) times.set(one, (times.get(one) ?? 0) + time_ns);
  };
  const follow = (one, from, to, seen) => {
    let rest = to - from;
    for (const sleep of between(sleeps.get(one) ?? [], from, to)) {
      const [start, end] = [Math.max(from, sleep.start_ns), Math.min(to, sleep.end_ns)];
      if (end <= start) continue;
      rest -= end - start;
      // It slept on behind the span: what woke it then does not say for whom it waited until here.
      if (sleep.by === 0 || seen.includes(sleep.by) || seen.length >= mostThreads) add(sleep.by, end - start);
      else follow(sleep.by, start, end, [...seen, sleep.by]);
    }
    add(one, rest);
  };
  follow(tid, from_ns, to_ns, [tid]);
  return [...times].map(([one, time_ns]) => ({ tid: one, time_ns })).sort((a, b) => b.time_ns - a.time_ns);
}

function between(list, from_ns, to_ns) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].end_ns <= from_ns) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < list.length && list[end].start_ns < to_ns) end += 1;
  return list.slice(low, end);
}
