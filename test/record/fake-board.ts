/**
 * A board in plain memory, laid out as native/board/board.cc does, and a writer that performs recorder.h's stores one
 * by one. A hook runs before every word that the reader loads, so that a test can put any number of stores between
 * any two loads: all interleavings of a machine that keeps stores in order.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as layout from '../../src/record/board/board-layout.js';
import { openBoard, type Board } from '../../src/record/board/board.js';
import { indexOfValue } from '../../src/record/histogram/counts.js';

export interface FakeThread {
  name: string;
  role: number;
  series?: string;
  response?: boolean;
  interval_ns?: number;
  offset_ns?: number;
  ringCapacity?: number;
}

export const oneVictim: FakeThread = {
  name: 'writer.noop',
  role: 1,
  series: 'writer.noop',
  response: true,
  interval_ns: 1_000_000,
  ringCapacity: 4,
};

export interface FakeBoard {
  bytes: ArrayBuffer;
  words: BigUint64Array;
  threadAt: (index: number) => number;
  ringAt: (index: number) => number;
  seriesAt: (index: number) => number;
  serviceAt: (index: number) => number;
  responseAt: (index: number) => number;
}

export function layOut(threads: readonly FakeThread[], stallThreshold_ns = 100_000_000): FakeBoard {
  const timed = threads.filter(({ series }) => series !== undefined);
  const threadsOffset = layout.headerBytes;
  const seriesOffset = threadsOffset + threads.length * layout.threadBytes;
  let next = seriesOffset + timed.length * layout.seriesBytes;
  const take = (bytes: number): number => {
    next += bytes;
    return next - bytes;
  };
  const histograms = timed.map(({ response }) => ({
    service: take(layout.histogramBytes),
    response: response === true ? take(layout.histogramBytes) : 0,
  }));
  const rings = threads.map(({ ringCapacity = 0 }) =>
    ringCapacity === 0 ? 0 : take(ringCapacity * layout.recordBytes),
  );

  const bytes = new ArrayBuffer(next);
  const words = new BigUint64Array(bytes);
  const put = (offset: number, value: number | bigint): void => {
    words[offset / 8] = BigInt(value);
  };
  const putName = (offset: number, name: string): void => {
    new Uint8Array(bytes, offset, 64).set(new TextEncoder().encode(name));
  };
  put(layout.header.magic, layout.boardMagic);
  put(layout.header.version, layout.boardVersion);
  put(layout.header.total_bytes, next);
  put(layout.header.thread_count, threads.length);
  put(layout.header.series_count, timed.length);
  put(layout.header.threads_offset, threadsOffset);
  put(layout.header.series_offset, seriesOffset);
  put(layout.header.stall_threshold_ns, stallThreshold_ns);
  threads.forEach((thread, index) => {
    const at = threadsOffset + index * layout.threadBytes;
    putName(at + layout.threadField.name, thread.name);
    put(at + layout.threadField.role, thread.role);
    put(at + layout.threadField.series, thread.series === undefined ? layout.allOnes : timed.indexOf(thread));
    put(at + layout.threadField.interval_ns, thread.interval_ns ?? 0);
    put(at + layout.threadField.offset_ns, thread.offset_ns ?? 0);
    put(at + layout.threadField.ring_offset, rings[index] ?? 0);
    put(at + layout.threadField.ring_capacity, thread.ringCapacity ?? 0);
  });
  timed.forEach((thread, index) => {
    const at = seriesOffset + index * layout.seriesBytes;
    const { service, response } = histograms[index] ?? { service: 0, response: 0 };
    putName(at + layout.series.name, thread.series ?? '');
    put(at + layout.series.thread, threads.indexOf(thread));
    put(at + layout.series.service_offset, service);
    put(at + layout.series.response_offset, response);
    put(service + layout.histogram.min_ns, layout.allOnes);
    if (response !== 0) put(response + layout.histogram.min_ns, layout.allOnes);
  });
  return {
    bytes,
    words,
    threadAt: (index) => threadsOffset + index * layout.threadBytes,
    ringAt: (index) => rings[index] ?? 0,
    seriesAt: (index) => seriesOffset + index * layout.seriesBytes,
    serviceAt: (index) => histograms[index]?.service ?? 0,
    responseAt: (index) => histograms[index]?.response ?? 0,
  };
}

/** Opens it as the real thing, through a file of the same bytes; `beforeLoad` runs before each word is loaded. */
export function openFake({ bytes, words }: FakeBoard, beforeLoad: () => void = () => undefined): Board {
  return withFile(bytes, (path) =>
    openBoard(path, {
      mapShared: () => bytes,
      unmapShared: () => undefined,
      copyWords: (_, byteOffset, destination) => {
        for (let i = 0; i < destination.length; i += 1) {
          beforeLoad();
          destination[i] = words[byteOffset / 8 + i] ?? 0n;
        }
      },
      storeWord: (_, byteOffset, value) => {
        words[byteOffset / 8] = value;
      },
    }),
  );
}

export function withFile<T>(bytes: ArrayBuffer, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-board-'));
  try {
    const path = join(folder, 'board');
    writeFileSync(path, new Uint8Array(bytes));
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The stores of one recorded sample, in recorder.h's order; each `next()` performs one. */
export function* recordSample({ words }: FakeBoard, histogramAt: number, value_ns: number): Generator<void> {
  const at = (offset: number): number => (histogramAt + offset) / 8;
  const get = (offset: number): bigint => words[at(offset)] ?? 0n;
  const value = BigInt(value_ns);
  const counter = layout.histogram.counts + 8 * indexOfValue(value_ns);
  if (value_ns > layout.highestTrackable_ns)
    yield void (words[at(layout.histogram.over_range)] = get(layout.histogram.over_range) + 1n);
  yield void (words[at(counter)] = get(counter) + 1n);
  yield void (words[at(layout.histogram.sum_ns)] = get(layout.histogram.sum_ns) + value);
  if (value < get(layout.histogram.min_ns)) yield void (words[at(layout.histogram.min_ns)] = value);
  if (value > get(layout.histogram.max_ns)) yield void (words[at(layout.histogram.max_ns)] = value);
  yield void (words[at(layout.histogram.n)] = get(layout.histogram.n) + 1n);
}

/** The stores of one operation of a thread around its sample. */
export function* operate(
  board: FakeBoard,
  thread: number,
  k: number,
  start_ns: bigint,
  intended_ns: bigint,
  during: Iterable<void> = [],
): Generator<void> {
  const { words } = board;
  const at = (offset: number): number => (board.threadAt(thread) + offset) / 8;
  yield void (words[at(layout.threadField.start_ns)] = start_ns);
  yield void (words[at(layout.threadField.intended_ns)] = intended_ns);
  yield void (words[at(layout.threadField.next)] = BigInt(k + 1));
  yield void (words[at(layout.threadField.sequence)] = BigInt(2 * k + 1));
  yield* during;
  yield void (words[at(layout.threadField.sequence)] = BigInt(2 * k + 2));
}

/** The stores of one ring record; every field but the last is made from `i`. */
export function* pushRecord(
  board: FakeBoard,
  thread: number,
  capacity: number,
  i: number,
  go_ns = 0n,
): Generator<void> {
  const { words } = board;
  const at = board.ringAt(thread) + (i % capacity) * layout.recordBytes;
  const written = (board.threadAt(thread) + layout.threadField.ring_written) / 8;
  for (const [field, value] of recordWords(i, go_ns)) yield void (words[(at + field) / 8] = value);
  yield void (words[written] = BigInt(i + 1));
}

function recordWords(i: number, go_ns: bigint): [number, bigint][] {
  const base = BigInt(i) * 1000n;
  return [
    [layout.record.start_ns, go_ns + base + 1n],
    [layout.record.end_ns, go_ns + base + 2n],
    [layout.record.intended_ns, go_ns + base],
    [layout.record.bytes, base + 3n],
    [layout.record.call, BigInt(1 + (i % 3))],
    [layout.record.run_delay_ns, base + 4n],
    [layout.record.run_delay_from_ns, go_ns + base + 5n],
    [layout.record.on_cpu_ns, base + 6n],
  ];
}

/** Performs all stores of a writer at once. */
export function finish(stores: Iterable<void>): void {
  Array.from(stores);
}
