/** A thread at one moment: the operation in flight, and its counters beside the histograms. */
import { constants } from 'node:os';
import type { Board, ThreadInfo } from './board.js';
import { threadField } from './board-layout.js';

/** `unsettled`: the slot changed at each attempt, so the thread makes progress, and no operation can be named. */
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
  /** Errno name of the first refusal, such as `EINVAL`; null if there was none. */
  readonly refused_errno: string | null;
  readonly exhausted_n: number;
  /** Holders: the calls in its series whose range crossed VMAs. */
  readonly crossed_n: number;
  /** Holders: total bytes that these calls were given. */
  readonly releasedBytes: number;
  /** CPU time of the same calls. */
  readonly releasedCpu_ns: number;
  /** Victims: recorded operations whose work the kernel gave up. */
  readonly gaveUp_n: number;
  readonly ringWritten: number;
}

const slotWords = (threadField.gave_up_n - threadField.sequence) / 8 + 1;

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
    gaveUp_n: Number(word(threadField.gave_up_n)),
    ringWritten: Number(word(threadField.ring_written)),
  };
}

/**
 * Enough for a thread that sleeps between operations. A thread that never sleeps is `unsettled`, which proves that it
 * is alive.
 */
const slotAttempts = 8;

/**
 * A sequence lock; recorder.h has the writer's side. The writer stores start and intended start before `sequence`
 * becomes odd, and changes them only after it is even again. So if the sequence is odd and the same before and after,
 * the values read in between are consistent.
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
