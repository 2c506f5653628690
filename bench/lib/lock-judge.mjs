// Which thread had mmap_lock during a stall, from the kernel's text of its events. It uses neither pauselab's tracer
// nor its attribution.
//
// A thread is inside the lock from its `start_locking` to its `released`. In between it waits in state D, has the lock,
// or is next to get it. So its time inside without its time in state D is the time for which others wait for it.
import { eventsIn, recordTrace, traceScript } from './private-trace.mjs';

const script = traceScript(
  'echo 0 > "$own/events/enable"; sleep 0.5; kill $reader 2> /dev/null; wait $reader',
  `echo 16384 > "$own/buffer_size_kb"
cat "$own/trace_pipe" > "$1/events" & reader=$!
echo 'prev_state & 2' > "$own/events/sched/sched_switch/filter"
for event in mmap_lock/mmap_lock_start_locking mmap_lock/mmap_lock_acquire_returned mmap_lock/mmap_lock_released sched/sched_switch sched/sched_waking; do echo 1 > "$own/events/$event/enable"; done`,
);

/** Records all threads of the machine. */
export const recordLocks = (folder) => recordTrace(script, folder);

/** Spans inside a lock, without the time in state D: by thread, in ns of CLOCK_MONOTONIC. */
export async function readLocks(folder) {
  const inside = new Map();
  const blocked = new Map();
  const open = new Map();
  const asleep = new Map();
  /** Woken by another CPU before they were switched out: their switch still says D, but they do not sleep. */
  const wokenEarly = new Map();
  const at = (map, key) => map.get(key) ?? map.set(key, []).get(key);
  for await (const { tid, time_ns, event, rest } of eventsIn(folder)) {
    if (event === 'sched_switch') {
      const previous = Number(/prev_pid=(\d+)/.exec(rest)?.[1]);
      const isWoken = time_ns - (wokenEarly.get(previous) ?? -Infinity) <= 1e6;
      wokenEarly.delete(previous);
      if (/prev_state=D/.test(rest) && !isWoken) asleep.set(previous, time_ns);
    } else if (event === 'sched_waking') {
      const woken = Number(/ pid=(\d+)/.exec(rest)?.[1]);
      const from_ns = asleep.get(woken);
      if (from_ns === undefined) wokenEarly.set(woken, time_ns);
      else at(blocked, woken).push([from_ns, time_ns]);
      asleep.delete(woken);
    } else {
      wokenEarly.delete(tid);
      const mm = /mm=(\S+)/.exec(rest)?.[1];
      const key = `${tid} ${mm}`;
      if (event === 'mmap_lock_start_locking') open.set(key, time_ns);
      else if (event === 'mmap_lock_acquire_returned' && /success=false/.test(rest)) open.delete(key);
      else if (event === 'mmap_lock_released' && open.has(key)) {
        // A thread that others wait for is inside for at least a millisecond.
        if (time_ns - open.get(key) >= 1e6) at(inside, mm).push({ tid, start_ns: open.get(key), end_ns: time_ns });
        open.delete(key);
      }
    }
  }
  return { inside, blocked };
}

const overlap = (from, to, [start, end]) => Math.max(0, Math.min(to, end) - Math.max(from, start));

/** Which threads had the lock of the victim's address space for how much of [from, to], the longest first. */
export function holdersDuring({ inside, blocked }, mm, victim, from_ns, to_ns) {
  const times = new Map();
  for (const { tid, start_ns, end_ns } of inside.get(mm) ?? []) {
    if (tid === victim) continue;
    const [from, to] = [Math.max(from_ns, start_ns), Math.min(to_ns, end_ns)];
    if (to <= from) continue;
    const waited_ns = (blocked.get(tid) ?? []).reduce((sum, span) => sum + overlap(from, to, span), 0);
    times.set(tid, (times.get(tid) ?? 0) + to - from - waited_ns);
  }
  return [...times].map(([tid, time_ns]) => ({ tid, time_ns })).sort((a, b) => b.time_ns - a.time_ns);
}

/**
 * The address space of a victim, and the time of `go`. Stalls that waited in state D ended when their thread was woken,
 * at nearly the same distance from `go`.
 */
export function aligned({ inside, blocked }, stalls) {
  const waits = stalls
    .filter(({ dominant }) => dominant === 'D')
    .flatMap((stall) =>
      (blocked.get(stall.thread.tid) ?? [])
        .filter(([from, to]) => to - from >= stall.duration_ns / 2)
        .map(([, to]) => to - (stall.start_ns + stall.duration_ns)),
    );
  const near = (value) => waits.filter((other) => Math.abs(other - value) < 30e6).length;
  const [go_ns] = waits.toSorted((a, b) => near(b) - near(a));
  const tids = new Set(stalls.map(({ thread }) => thread.tid));
  const mm =
    [...inside]
      .map(([name, spans]) => [name, spans.filter(({ tid }) => tids.has(tid)).length])
      .sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
  return go_ns === undefined || mm === null ? null : { go_ns, mm };
}
