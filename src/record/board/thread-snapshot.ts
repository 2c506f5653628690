/**
 * One look at a thread: the operation in flight, and its counters beside the histograms.
 */
import { constants } from 'node:os';
import type { Board, ThreadInfo } from './board.js';
import { threadField } from './board-layout.js';

/** `unsettled`: the slot changed at each look, so the thread makes progress and no operation can be named. */
export type InFlight =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly operation: number; readonly start_ns: number; readonly intended_ns: number }
  | { readonly state: 'unsettled' };

export interface ThreadSnapshot {
  readonly index: number;
  readonly inFlight: InFlight;
  /** Schedule index of the next operation that has not started. */
  readonly next: number;
  /** When the thread left its loop, relative to go; null while it runs, or if it was killed. */
  readonly ended_ns: number | null;
  readonly warmup_n: number;
  readonly refused_n: number;
  /** Name of the first refusal's errno, such as `EINVAL`; null without one. */
  readonly refused_errno: string | null;
  readonly exhausted_n: number;
  /** Holders: of the calls in its series, those whose range crossed VMAs. */
  readonly crossed_n: number;
  /** Holders: what these calls were handed, together. */
  readonly releasedBytes: number;
  /** CPU time of the same calls. */
  readonly releasedCpu_ns: number;
  readonly ringWritten: number;
}

const slotWords = (threadField.released_cpu_ns - threadField.sequence) / 8 + 1;

/** Times become relative to `go_ns`. */
export function threadSnapshot(board: Board, thread: ThreadInfo, go_ns: bigint): ThreadSnapshot {
  const slot = new BigUint64Array(slotWords);
  const word = (offset: number): bigint => slot[(offset - threadField.sequence) / 8] ?? 0n;
  const inFlight = readSlot(board, thread, slot, go_ns);
  const ended = word(threadField.ended_ns);
  const errno = Number(word(threadField.refused_errno));
  return {
    index: thread.index,
    inFlight,
    next: Number(word(threadField.next)),
    ended_ns: ended === 0n ? null : Number(ended - go_ns),
    warmup_n: Number(word(threadField.warmup_n)),
    refused_n: Number(word(threadField.refused_n)),
    refused_errno: errno === 0 ? null : errnoName(errno),
    exhausted_n: Number(word(threadField.exhausted_n)),
    crossed_n: Number(word(threadField.crossed_n)),
    releasedBytes: Number(word(threadField.released_bytes)),
    releasedCpu_ns: Number(word(threadField.released_cpu_ns)),
    ringWritten: Number(word(threadField.ring_written)),
  };
}

/** Enough for a thread that sleeps between operations; one that never does is `unsettled`, which says it lives. */
const slotAttempts = 8;

/**
 * A sequence lock with the writer's side in recorder.h: start and intended start are written before `sequence`
 * becomes odd and again only after it became even, so an odd sequence that is the same before and after vouches
 * for what was read between.
 */
function readSlot(board: Board, { at }: ThreadInfo, slot: BigUint64Array, go_ns: bigint): InFlight {
  const again = new BigUint64Array(1);
  for (let attempt = 0; attempt < slotAttempts; attempt += 1) {
    board.copyWords(at.thread + threadField.sequence, slot);
    board.copyWords(at.thread + threadField.sequence, again);
    const [sequence = 0n, start_ns = 0n, intended_ns = 0n] = slot;
    if (again[0] !== sequence) continue;
    if (sequence % 2n === 0n) return { state: 'idle' };
    return {
      state: 'running',
      operation: Number(sequence / 2n),
      start_ns: Number(start_ns - go_ns),
      intended_ns: Number(intended_ns - go_ns),
    };
  }
  return { state: 'unsettled' };
}

function errnoName(number: number): string {
  const known = Object.entries(constants.errno).find(([, value]) => value === number);
  return known?.[0] ?? `errno ${number}`;
}
