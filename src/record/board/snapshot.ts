/**
 * Reads a board while its threads write, and computes the interval between two snapshots.
 *
 * What a snapshot guarantees: a writer adds a sample to its counter, then to sum, min and max, then raises `n`. This
 * reader loads `n`, then the counters in order, then `n` again. So the copy contains every sample that was complete
 * before it started, and none that started after its end:
 *
 *     nBefore ≤ n = Σ counts ≤ nAfter + 1
 *
 * The 1 is the sample in flight. Counters only grow, so intervals between consecutive snapshots are never negative and
 * add up to the last snapshot. Once the thread has ended, nBefore = n = nAfter. A snapshot costs this side about 0.2 ms
 * per histogram (0.5 ms if every counter is in use), of which 0.02 ms touch the writer's cache lines.
 */
import { workloadFailed } from '../../base/failure.js';
import type { Board, SeriesInfo } from './board.js';
import { allOnes, countsLength, header, histogram as field, series as seriesField } from './board-layout.js';
import { highestOfIndex, lastUsedIndex, subtractCounts, valueOfIndex, type SparseCounts } from '../histogram/counts.js';
import { threadSnapshot, type ThreadSnapshot } from './thread-snapshot.js';

export type { InFlight, ThreadSnapshot } from './thread-snapshot.js';

/** A histogram of the board at one moment: `n` is the sum of the counters. */
export interface HistogramSnapshot extends SparseCounts {
  readonly nBefore: number;
  readonly nAfter: number;
}

export interface SeriesSnapshot {
  readonly index: number;
  readonly service: HistogramSnapshot;
  /** Null without a schedule. */
  readonly response: HistogramSnapshot | null;
  readonly stall_n: number;
  readonly stallSum_ns: number;
}

/** Times are relative to go. */
export interface BoardSnapshot {
  readonly taken_ns: number;
  readonly series: readonly SeriesSnapshot[];
  readonly threads: readonly ThreadSnapshot[];
}

/** Samples that arrived between two snapshots. */
export interface BoardInterval {
  readonly start_ns: number;
  readonly end_ns: number;
  readonly series: readonly {
    readonly index: number;
    readonly service: SparseCounts;
    readonly response: SparseCounts | null;
  }[];
}

export type Clock = () => bigint;

/** `now_ns` is CLOCK_MONOTONIC, the clock that process.hrtime uses on Linux. */
export function takeSnapshot(board: Board, now_ns: Clock = process.hrtime.bigint.bind(process.hrtime)): BoardSnapshot {
  const go = new BigUint64Array(1);
  board.copyWords(header.go_ns, go);
  const go_ns = go[0] ?? 0n;
  const taken_ns = Number(now_ns() - go_ns);
  return {
    taken_ns,
    threads: board.threads.map((thread) => threadSnapshot(board, thread, go_ns)),
    series: board.series.map((series) => seriesSnapshot(board, series)),
  };
}

export function intervalBetween(older: BoardSnapshot, newer: BoardSnapshot): BoardInterval {
  try {
    return {
      start_ns: older.taken_ns,
      end_ns: newer.taken_ns,
      series: newer.series.map(({ index, service, response }) => {
        const before = older.series[index];
        if (before === undefined) throw new RangeError('the snapshots come from different boards');
        return {
          index,
          service: subtractCounts(service, before.service),
          response: response === null || before.response === null ? null : subtractCounts(response, before.response),
        };
      }),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw workloadFailed(
      `the board is broken: ${cause.message}, but counters only grow; another program wrote to the file: run again`,
      { cause },
    );
  }
}

function seriesSnapshot(board: Board, { index, at }: SeriesInfo): SeriesSnapshot {
  const stalls = new BigUint64Array(2);
  board.copyWords(at.series + seriesField.stall_n, stalls);
  return {
    index,
    service: histogramSnapshot(board, at.service),
    response: at.response === null ? null : histogramSnapshot(board, at.response),
    stall_n: Number(stalls[0]),
    stallSum_ns: Number(stalls[1]),
  };
}

// Histograms are copied here before they are made sparse. Only one synchronous function uses it.
const words = new BigUint64Array(field.counts / 8 + countsLength);
const halves = new Uint32Array(words.buffer);
const usedIndex = new Uint32Array(countsLength);
const usedCount = new Float64Array(countsLength);

function histogramSnapshot(board: Board, at: number): HistogramSnapshot {
  board.copyWords(at, words);
  const nBefore = Number(words[field.n / 8]);
  let used = 0;
  let n = 0;
  // Read as 32-bit halves: a bigint for each of 33,792 words would cost 30 times as much.
  for (let i = 0, half = field.counts / 4; i < countsLength; i += 1, half += 2) {
    const low = halves[half] ?? 0;
    const high = halves[half + 1] ?? 0;
    if (low === 0 && high === 0) continue;
    const count = high * 2 ** 32 + low;
    usedIndex[used] = i;
    usedCount[used] = count;
    used += 1;
    n += count;
  }
  const after = words.subarray(0, field.counts / 8);
  board.copyWords(at, after);
  const min = after[field.min_ns / 8] ?? allOnes;
  const empty = n === 0;
  return {
    nBefore,
    nAfter: Number(after[field.n / 8]),
    n,
    // The sample in flight may be in its counter but not yet in min and max; its counter's edge is used then.
    min_ns: empty ? Infinity : Math.min(min === allOnes ? Infinity : Number(min), upperEdge(usedIndex[0] ?? 0)),
    max_ns: empty ? 0 : Math.max(Number(after[field.max_ns / 8]), valueOfIndex(usedIndex[used - 1] ?? 0)),
    sum_ns: Number(after[field.sum_ns / 8]),
    overRange: Number(after[field.over_range / 8]),
    index: usedIndex.slice(0, used),
    count: usedCount.slice(0, used),
  };
}

/** The counter for one hour also holds all larger values, so it has no upper bound. */
function upperEdge(index: number): number {
  return index === lastUsedIndex ? Number.MAX_SAFE_INTEGER : highestOfIndex(index);
}
