/**
 * Reads the threads' rings: a holder's calls, and a victim's operations of at least 1 ms.
 *
 * A writer never waits for its reader. Record i lies at i mod capacity and is overwritten while record i + capacity is
 * being written, before `ring_written` shows it. So the count is read again after the copy, and records that the writer
 * may have touched meanwhile count as lost; they are never returned torn.
 */
import type { Board, ThreadInfo } from './board.js';
import {
  callKinds,
  header,
  record as field,
  recordBytes,
  releaseAcross,
  threadField,
  type CallKind,
} from './board-layout.js';

/** Times are relative to go. */
export interface RingRecord {
  /** Index into the board's `threads`. */
  readonly thread: number;
  readonly start_ns: number;
  readonly end_ns: number;
  /** Equal to `start_ns` for holders. */
  readonly intended_ns: number;
  /** Holders: bytes handed to the call. */
  readonly bytes: number;
  /** Null for victims. */
  readonly call: CallKind | null;
  /** A release whose range crossed VMAs. */
  readonly crossed: boolean;
  /** How long this thread was runnable but not running, since `runDelayFrom_ns`. */
  readonly runDelay_ns: number;
  readonly runDelayFrom_ns: number;
  /** How long this thread was on a CPU over the same span. */
  readonly onCpu_ns: number;
}

/** Records read or lost so far, per thread. */
export type RingCursor = readonly number[];

export interface RingDrain {
  /** In order within each thread, threads in order. */
  readonly records: readonly RingRecord[];
  /** Per thread, since the cursor. */
  readonly lost: readonly number[];
  readonly cursor: RingCursor;
}

export function drainRings(board: Board, cursor: RingCursor = []): RingDrain {
  const go = new BigUint64Array(1);
  board.copyWords(header.go_ns, go);
  const perThread = board.threads.map((thread) => drainRing(board, thread, cursor[thread.index] ?? 0, go[0] ?? 0n));
  return {
    records: perThread.flatMap(({ records }) => records),
    lost: perThread.map(({ lost }) => lost),
    cursor: perThread.map(({ next }) => next),
  };
}

function drainRing(
  board: Board,
  thread: ThreadInfo,
  from: number,
  go_ns: bigint,
): { records: RingRecord[]; lost: number; next: number } {
  if (thread.ringCapacity === 0) return { records: [], lost: 0, next: from };
  const hasEnded = readWord(board, thread.at.thread + threadField.ended_ns) !== 0;
  const readWritten = (): number => readWord(board, thread.at.thread + threadField.ring_written);
  const written = readWritten();
  const oldest = Math.max(from, written - thread.ringCapacity);
  const copied = copyRecords(board, thread, oldest, written);
  // While the thread runs, the record that it is writing replaces the record `capacity` before it, so that record is
  // not safe.
  const beingWritten = hasEnded ? 0 : 1;
  const firstSafe = Math.max(oldest, readWritten() - thread.ringCapacity + beingWritten);
  const complete = written - Math.min(firstSafe, written);
  const records = Array.from({ length: complete }, (_, i) =>
    parse(copied, written - oldest - complete + i, thread.index, go_ns),
  );
  return { records, lost: written - complete - from, next: written };
}

function readWord(board: Board, byteOffset: number): number {
  const word = new BigUint64Array(1);
  board.copyWords(byteOffset, word);
  return Number(word[0]);
}

const recordWords = recordBytes / 8;

/** Copies records [from, to): in one piece, or in two if the ring wraps. */
function copyRecords(board: Board, { at, ringCapacity }: ThreadInfo, from: number, to: number): BigUint64Array {
  const copied = new BigUint64Array((to - from) * recordWords);
  for (let i = from; i < to;) {
    const slot = i % ringCapacity;
    const run = Math.min(to - i, ringCapacity - slot);
    const begin = (i - from) * recordWords;
    board.copyWords(at.ring + slot * recordBytes, copied.subarray(begin, begin + run * recordWords));
    i += run;
  }
  return copied;
}

function parse(copied: BigUint64Array, position: number, thread: number, go_ns: bigint): RingRecord {
  const word = (offset: number): bigint => copied[position * recordWords + offset / 8] ?? 0n;
  const relative = (offset: number): number => Number(word(offset) - go_ns);
  return {
    thread,
    start_ns: relative(field.start_ns),
    end_ns: relative(field.end_ns),
    intended_ns: relative(field.intended_ns),
    bytes: Number(word(field.bytes)),
    call: callKindOf(Number(word(field.call))),
    crossed: Number(word(field.call)) === releaseAcross,
    runDelay_ns: Number(word(field.run_delay_ns)),
    runDelayFrom_ns: relative(field.run_delay_from_ns),
    onCpu_ns: Number(word(field.on_cpu_ns)),
  };
}

function callKindOf(number: number): CallKind | null {
  return number === 1 || number === 2 || number === 3 ? callKinds[number] : null;
}
