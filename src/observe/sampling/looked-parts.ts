/**
 * When a thread could not go on, from looks at it. A look that finds nothing changed leaves no record, so between the
 * last look before a record and the look that made it the thread ran, was woken, or fell asleep. Its run delay says for
 * how long it had been ready without a CPU when it got one, which is exact; when it was blocked or woken is known to
 * about a period. Pure.
 */
import type { Span } from '../../attribution/link-draft.js';
import type { StateChange, Timeline } from '../../record/samples.js';
import { lowerBound } from '../../base/sorted.js';
import { moment_ns } from '../observed-stalls.js';

export interface LookedPart extends Span {
  readonly letter: 'D' | 'R' | 'S' | 'T';
}

/** What happened between a record and the next one. */
interface Step {
  readonly from: StateChange;
  readonly to: StateChange;
  /** The last look that found the thread as in `from`. */
  readonly lastSeen_ns: number;
  readonly onCpu_ns: number;
  readonly runDelay_ns: number;
  /** When it got a CPU, or went to where it was seen next. */
  readonly resumed_ns: number;
}

/**
 * Each list is one wait, or several with less than a moment of work between them; by start. `pauses_ns`: times at which
 * it slept until a pause of its JVM was over, or for a mutex; other sleeps do not count.
 */
export function waitsOf(timeline: Timeline, pauses_ns: readonly number[] = []): LookedPart[][] {
  const waits: LookedPart[][] = [];
  let open: LookedPart[] = [];
  const close = (): void => {
    if (open.length > 0) waits.push(open);
    open = [];
  };
  const add = (letter: LookedPart['letter'], start_ns: number, end_ns: number): void => {
    const last = open.at(-1);
    // Of a wake-up only the time is known at which the wait for a CPU began.
    if (letter === 'R' && last !== undefined) open[open.length - 1] = { ...last, end_ns: start_ns };
    if (end_ns > start_ns) open.push({ letter, start_ns, end_ns });
  };
  let blockedFrom_ns = timeline.changes[0]?.time_ns ?? 0;
  let earliest_ns = blockedFrom_ns;
  for (const step of stepsOf(timeline)) {
    const { from, to, onCpu_ns, runDelay_ns, resumed_ns } = step;
    const letter = waitLetter(from, to.time_ns, pauses_ns);
    if (letter === null && from.state !== 'R') close();
    const queuedFrom_ns = Math.max(open.at(-1)?.start_ns ?? earliest_ns, resumed_ns - runDelay_ns);
    if (letter !== null) add(letter, blockedFrom_ns, runDelay_ns > 0 ? queuedFrom_ns : resumed_ns);
    if (runDelay_ns > 0) add('R', queuedFrom_ns, resumed_ns);
    else if (from.state === 'R' && isStill(step)) add('R', from.time_ns, resumed_ns);
    const isOneWait = open.length > 0 && onCpu_ns < moment_ns;
    if (!isOneWait) close();
    earliest_ns = step.lastSeen_ns;
    blockedFrom_ns = isOneWait ? resumed_ns : (step.lastSeen_ns + to.time_ns) / 2;
  }
  addLast(timeline, blockedFrom_ns, pauses_ns, add);
  close();
  return waits;
}

function* stepsOf({ changes, ticks_ns }: Timeline): Generator<Step> {
  for (const [i, to] of changes.entries()) {
    const from = changes[i - 1];
    if (from === undefined) continue;
    const lastSeen_ns = Math.max(from.time_ns, ticks_ns[to.tick - 1] ?? from.time_ns);
    // A thread that has ended has no counters.
    const onCpu_ns = Math.max(0, to.onCpu_ns - from.onCpu_ns);
    const runDelay_ns = Math.max(0, to.runDelay_ns - from.runDelay_ns);
    const latest_ns = Math.max(lastSeen_ns, to.time_ns - onCpu_ns);
    // If it still runs, it has done so for its CPU time; else it stopped running at some time.
    const resumed_ns = to.state === 'R' && onCpu_ns > 0 ? latest_ns : (lastSeen_ns + latest_ns) / 2;
    yield { from, to, lastSeen_ns, onCpu_ns, runDelay_ns, resumed_ns };
  }
}

/** State R in two looks with the same counters: a running thread's CPU time grows at each tick of the kernel. */
function isStill({ from, lastSeen_ns }: Step): boolean {
  return lastSeen_ns > from.time_ns + stale_ns;
}
const stale_ns = 5_000_000;

function addLast(
  { changes, ticks_ns }: Timeline,
  blockedFrom_ns: number,
  pauses_ns: readonly number[],
  add: (letter: LookedPart['letter'], start_ns: number, end_ns: number) => void,
): void {
  const last = changes.at(-1);
  const end_ns = ticks_ns.at(-1) ?? 0;
  if (last === undefined) return;
  const letter = waitLetter(last, Infinity, pauses_ns);
  if (letter !== null) add(letter, blockedFrom_ns, end_ns);
  else if (last.state === 'R' && end_ns > last.time_ns + stale_ns) add('R', last.time_ns, end_ns);
}

function waitLetter(
  { state, time_ns }: StateChange,
  until_ns: number,
  pauses_ns: readonly number[],
): 'D' | 'S' | 'T' | null {
  if (state === 'D') return 'D';
  if (state === 'T' || state === 't') return 'T';
  const first_ns = pauses_ns[lowerBound(pauses_ns, time_ns)] ?? Infinity;
  return state === 'S' && first_ns < until_ns ? 'S' : null;
}

/**
 * The timeline as it would be if each look had seen who waits for a CPU: the sampler does not look again at a thread that
 * slept, and a blocked thread that was woken looks as before until it runs.
 */
export function withQueueTime(timeline: Timeline): Timeline {
  const queued = [...stepsOf(timeline)].flatMap(({ from, to, lastSeen_ns, runDelay_ns, resumed_ns }) => {
    const time_ns = Math.max(from.time_ns, resumed_ns - runDelay_ns);
    return from.state === 'R' || runDelay_ns === 0 || time_ns >= lastSeen_ns
      ? []
      : [{ ...from, tick: tickAfter(timeline, time_ns, to.tick - 1), time_ns, state: 'R', systemCall: null }];
  });
  return queued.length === 0
    ? timeline
    : {
        ...timeline,
        changes: [...timeline.changes, ...queued].sort((a, b) => a.tick - b.tick || a.time_ns - b.time_ns),
      };
}

function tickAfter({ ticks_ns }: Timeline, time_ns: number, atMost: number): number {
  return Math.min(lowerBound(ticks_ns, time_ns), atMost);
}
