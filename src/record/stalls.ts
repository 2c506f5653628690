/**
 * Stalls of a victim: its operations over the threshold, the thread's states meanwhile, and the holders' calls that
 * overlapped. All times are relative to go.
 */
import { largestOf } from '../base/largest.js';
import type { CallKind } from './board/board-layout.js';
import type { InFlight } from './board/snapshot.js';
import type { RingRecord } from './board/rings.js';
import type { Timeline } from './samples.js';
import { stateLettersDuring } from './states.js';

export interface HolderCall {
  readonly holder: string;
  readonly start_ns: number;
  readonly end_ns: number;
  readonly call: CallKind | null;
  /** Its range crossed VMAs. False for a call that is still running, because it is not known yet. */
  readonly crossed: boolean;
  readonly bytes: number;
  /**
   * Upper bound of the time in which the holder was runnable but off the CPU: how long it was preempted inside the
   * call.
   */
  readonly runDelayAtMost_ns: number;
}

/** `other`: any other letter, such as T under a debugger. */
export type DominantState = 'D' | 'S' | 'R' | 'other' | 'unobserved';

/** A victim's operation of at least 1 ms. */
export interface SlowOperation {
  readonly series: string;
  readonly start_ns: number;
  /** For an operation that is still running: up to the last look. */
  readonly duration_ns: number;
  readonly intended_ns: number;
  readonly stillRunning: boolean;
  /** Its thread ended during the operation, and the stall with it. */
  readonly threadEnded: boolean;
  /** Due inside the window, so it is a sample of the series. An operation of the warm-up may reach into the window. */
  readonly recorded: boolean;
}

export interface Stall extends SlowOperation {
  /** As in `stateLettersDuring`, such as `D×54 R×1`. */
  readonly states: string;
  readonly stateShares: Readonly<Record<string, number>>;
  /** The state with the largest share of the stall. */
  readonly dominant: DominantState;
  /**
   * Upper bound of the victim's time in the run queue, because it is counted from the victim's last look; null if
   * unknown.
   */
  readonly ownRunDelayAtMost_ns: number | null;
  /** The calls with the longest overlap, longest first; at most `listedCalls`. */
  readonly overlappingHolderCalls: readonly HolderCall[];
  readonly overlappingHolderCalls_n: number;
}

export interface StallReport {
  /** Operations of at least the threshold, by start. */
  readonly stalls: readonly Stall[];
  /** Operations of at least 1 ms, below the threshold. */
  readonly slow: readonly SlowOperation[];
  /** Of the stalls that count (`isCounted`), also their time before and after the window. */
  readonly count: number;
  readonly longest_ns: number;
  readonly total_ns: number;
  /** Time inside the window in which the victim was stalled, including stalls of the warm-up that reach into it. */
  readonly stalledInWindow_ns: number;
  readonly stalledShare: number;
}

export interface VictimEvidence {
  readonly series: string;
  readonly threshold_ns: number;
  /** Of this victim only. */
  readonly records: readonly RingRecord[];
  readonly inFlight: InFlight;
  /** For the victim: the end of its thread, if that came first. */
  readonly lastLook_ns: number;
  readonly threadEnded?: boolean;
  readonly windowStart_ns: number;
  readonly windowEnd_ns: number;
  readonly timeline: Timeline | undefined;
  /** Per holder, as `holderCalls` gives them. */
  readonly holderCalls: readonly (readonly HolderCall[])[];
  /**
   * If no operation of the window had started at the last look: when an operation was due that had not started.
   * Otherwise null.
   */
  readonly notBegunSince_ns?: number | null;
}

const listedCalls = 5;

/** The calls of a holder from its ring, plus the call that it was in when last seen, which ends with the look. */
export function holderCalls(
  holder: string,
  records: readonly RingRecord[],
  inFlight: InFlight,
  lastLook_ns: number,
): HolderCall[] {
  const calls = records.map(({ start_ns, end_ns, call, crossed, bytes, runDelay_ns }) => ({
    holder,
    start_ns,
    end_ns,
    call,
    crossed,
    bytes,
    runDelayAtMost_ns: Math.min(runDelay_ns, end_ns - start_ns),
  }));
  if (inFlight.state === 'running') {
    const { start_ns } = inFlight;
    calls.push({
      holder,
      start_ns,
      end_ns: lastLook_ns,
      call: null,
      crossed: false,
      bytes: 0,
      runDelayAtMost_ns: lastLook_ns - start_ns,
    });
  }
  return calls;
}

export function findStalls(evidence: VictimEvidence): StallReport {
  const { threshold_ns, windowStart_ns, windowEnd_ns } = evidence;
  const operations = slowOperations(evidence);
  const stalls = operations
    .filter(({ duration_ns }) => duration_ns >= threshold_ns)
    .map((operation) => describe(operation, evidence));
  const counted = stalls.filter((stall) => isCounted(stall, evidence));
  const stalledInWindow_ns = unionInside(stalls, windowStart_ns, windowEnd_ns);
  return {
    stalls,
    slow: operations.filter(({ duration_ns }) => duration_ns < threshold_ns).map(withoutRunDelay),
    count: counted.length,
    longest_ns: largestOf(
      counted.map(({ duration_ns }) => duration_ns),
      0,
    ),
    total_ns: counted.reduce((sum, { duration_ns }) => sum + duration_ns, 0),
    stalledInWindow_ns,
    stalledShare: windowEnd_ns > windowStart_ns ? stalledInWindow_ns / (windowEnd_ns - windowStart_ns) : 0,
  };
}

/**
 * Whether a stall belongs to its window: it was due inside, or reaches into the window from the warm-up. Count and
 * longest use these stalls. Of those due inside, some begin after the window, because their thread was late: to leave
 * them out would be coordinated omission. The share has only time inside the window, and nothing of these.
 */
export function isCounted(
  { recorded, start_ns, duration_ns }: SlowOperation,
  { windowStart_ns, windowEnd_ns }: Pick<VictimEvidence, 'windowStart_ns' | 'windowEnd_ns'>,
): boolean {
  return recorded || (start_ns < windowEnd_ns && start_ns + duration_ns > windowStart_ns);
}

/** Of a stall that counts: it was due inside the window. */
export function beginsAfter(
  { start_ns }: Pick<SlowOperation, 'start_ns'>,
  { windowEnd_ns }: Pick<VictimEvidence, 'windowEnd_ns'>,
): boolean {
  return start_ns >= windowEnd_ns;
}

type Operation = SlowOperation & { readonly runDelay_ns: number | null };

function slowOperations({
  series,
  records,
  inFlight,
  lastLook_ns,
  threadEnded = false,
  windowStart_ns,
  windowEnd_ns,
  notBegunSince_ns = null,
}: VictimEvidence): Operation[] {
  const operation = (
    start_ns: number,
    end_ns: number,
    intended_ns: number,
    runDelay_ns: number | null,
    stillRunning: boolean,
  ): Operation => ({
    series,
    start_ns,
    duration_ns: end_ns - start_ns,
    intended_ns,
    stillRunning,
    threadEnded: stillRunning && threadEnded,
    recorded: intended_ns >= windowStart_ns && intended_ns < windowEnd_ns,
    runDelay_ns,
  });
  const ended = records.map((record) =>
    operation(record.start_ns, record.end_ns, record.intended_ns, record.runDelay_ns, false),
  );
  // The record is written before the slot is cleared: a look between the two would list the operation twice.
  const isRecorded = inFlight.state === 'running' && ended.some(({ start_ns }) => start_ns === inFlight.start_ns);
  const running =
    inFlight.state === 'running' && !isRecorded
      ? [operation(inFlight.start_ns, lastLook_ns, inFlight.intended_ns, null, true)]
      : [];
  // Its thread was delayed before the operation, which delays the operation by the same time.
  const waiting =
    notBegunSince_ns === null ? [] : [operation(notBegunSince_ns, lastLook_ns, notBegunSince_ns, null, true)];
  return [...ended, ...running, ...waiting].sort((a, b) => a.start_ns - b.start_ns);
}

function describe(operation: Operation, { timeline, holderCalls: calls }: VictimEvidence): Stall {
  const { start_ns, duration_ns, runDelay_ns } = operation;
  const { letters, shares } = stateLettersDuring(timeline, start_ns, start_ns + duration_ns);
  const overlapping = calls.flatMap((ofHolder) => overlappingCalls(ofHolder, start_ns, start_ns + duration_ns));
  const overlap = (call: HolderCall): number =>
    Math.min(call.end_ns, start_ns + duration_ns) - Math.max(call.start_ns, start_ns);
  return {
    ...withoutRunDelay(operation),
    states: letters,
    stateShares: shares,
    dominant: dominantState(shares),
    ownRunDelayAtMost_ns: runDelay_ns === null ? null : Math.min(runDelay_ns, duration_ns),
    overlappingHolderCalls: overlapping.toSorted((a, b) => overlap(b) - overlap(a)).slice(0, listedCalls),
    overlappingHolderCalls_n: overlapping.length,
  };
}

/** Calls of a holder may overlap each other: some operations make calls from several threads. */
function overlappingCalls(calls: readonly HolderCall[], start_ns: number, end_ns: number): readonly HolderCall[] {
  return calls.filter((call) => call.end_ns > start_ns && call.start_ns < end_ns);
}

function dominantState(shares: Readonly<Record<string, number>>): DominantState {
  const [letter = 'unobserved'] = Object.entries(shares).toSorted(([, a], [, b]) => b - a)[0] ?? [];
  return letter === 'D' || letter === 'S' || letter === 'R' || letter === 'unobserved' ? letter : 'other';
}

/** Length of the union of the spans inside the window. They are sorted by start. */
export function unionInside(
  operations: readonly Pick<SlowOperation, 'start_ns' | 'duration_ns'>[],
  windowStart_ns: number,
  windowEnd_ns: number,
): number {
  let covered_ns = windowStart_ns;
  let sum_ns = 0;
  for (const { start_ns, duration_ns } of operations) {
    const from_ns = Math.max(start_ns, covered_ns);
    const to_ns = Math.min(start_ns + duration_ns, windowEnd_ns);
    if (to_ns <= from_ns) continue;
    sum_ns += to_ns - from_ns;
    covered_ns = to_ns;
  }
  return sum_ns;
}

function withoutRunDelay({
  series,
  start_ns,
  duration_ns,
  intended_ns,
  stillRunning,
  threadEnded,
  recorded,
}: Operation): SlowOperation {
  return { series, start_ns, duration_ns, intended_ns, stillRunning, threadEnded, recorded };
}
