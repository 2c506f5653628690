/**
 * Threads that sleep until a safepoint of their JVM is over, by looks. HotSpot's threads wait for its end by FUTEX_WAIT,
 * all on one word (LinuxWaitBarrier, from JDK 14 on), whose value is the number of the safepoint. Threads that wait for
 * work use pthread_cond_wait, which is FUTEX_WAIT_BITSET. A contended mutex of the C library is a FUTEX_WAIT, too. Pure.
 */
import type { LoggedEvent } from '../../attribution/evidence.js';
import type { Span } from '../../attribution/link-draft.js';
import { grouped } from '../../base/group.js';
import { vmThread } from '../../catalogue/collectors.js';
import { mutexIn } from '../../catalogue/futex-calls.js';
import type { SampleStream } from '../../record/samples.js';
import type { StackReading } from '../../record/stacks.js';

/** Times at which a thread was seen in such a sleep, in order, by tid. */
export function safepointSleeps(
  { timelines }: Pick<SampleStream, 'timelines'>,
  waits: readonly StackReading[],
): ReadonlyMap<number, readonly number[]> {
  const jvms = new Set([...timelines.values()].filter(({ comm }) => comm === vmThread).map(({ pid }) => pid));
  const sleeps = waits.flatMap(({ tid, time_ns, frames }) => {
    const [name, address] = frames;
    const timeline = timelines.get(tid);
    return name !== 'futex_wait' || mutexIn(frames) !== null || timeline === undefined || !jvms.has(timeline.pid)
      ? []
      : [{ tid, time_ns, word: `${timeline.pid} ${address ?? ''}` }];
  });
  // A word on which one thread sleeps may be any other.
  const shared = [...grouped(sleeps, ({ word }) => word).values()].filter(
    (alike) => new Set(alike.map(({ tid }) => tid)).size > 1,
  );
  return new Map(
    [...grouped(shared.flat(), ({ tid }) => tid)].map(([tid, list]) => [
      tid,
      list.map(({ time_ns }) => time_ns).sort((a, b) => a - b),
    ]),
  );
}

/** Times at which a thread was seen asleep for a mutex, in order, by tid. */
export function mutexSleeps(waits: readonly StackReading[]): ReadonlyMap<number, readonly number[]> {
  const sleeps = waits.filter(({ state, frames }) => state === 'S' && mutexIn(frames) !== null);
  return new Map(
    [...grouped(sleeps, ({ tid }) => tid)].map(([tid, list]) => [
      tid,
      list.map(({ time_ns }) => time_ns).sort((a, b) => a - b),
    ]),
  );
}

/** Sleeps that end within `apart_ns` of each other are of one safepoint. */
export function lookedSafepoints(sleeps: readonly Span[], apart_ns: number): LoggedEvent[] {
  const safepoints: { start_ns: number; end_ns: number }[] = [];
  for (const { start_ns, end_ns } of sleeps.toSorted((a, b) => a.end_ns - b.end_ns)) {
    const last = safepoints.at(-1);
    if (last === undefined || end_ns - last.end_ns > apart_ns) safepoints.push({ start_ns, end_ns });
    else {
      last.start_ns = Math.min(last.start_ns, start_ns);
      last.end_ns = end_ns;
    }
  }
  return safepoints.map(({ start_ns, end_ns }) => ({
    name: 'safepoint.total',
    label: null,
    start_ns,
    duration_ns: end_ns - start_ns,
  }));
}
