/**
 * Reads the part of a board that is written once, before its magic: header, thread table and series table. Nothing in
 * it is trusted: every offset is checked for alignment and against the file's size, so that a broken file causes an
 * error message and not a read outside the mapping.
 */
import { unfit, workloadFailed } from '../../base/failure.js';
import {
  allOnes,
  boardMagic,
  boardVersion,
  header,
  headerBytes,
  histogramBytes,
  nameBytes,
  recordBytes,
  roles,
  series as seriesField,
  seriesBytes,
  threadField,
  threadBytes,
  type ThreadRole,
} from './board-layout.js';

export interface ThreadInfo {
  readonly index: number;
  readonly name: string;
  readonly role: ThreadRole;
  /** Index into `series`, or null if the thread is not timed. */
  readonly series: number | null;
  /** Open-loop schedule: operation k is due at go + offset + k × interval; 0 = back to back. */
  readonly interval_ns: number;
  readonly offset_ns: number;
  readonly ringCapacity: number;
  /** Where the thread's words and its ring start in the file. */
  readonly at: { readonly thread: number; readonly ring: number };
}

export interface SeriesInfo {
  readonly index: number;
  readonly name: string;
  /** Index into `threads`. */
  readonly thread: number;
  readonly hasResponse: boolean;
  /** Where the series' words and its histograms start in the file. */
  readonly at: { readonly series: number; readonly service: number; readonly response: number | null };
}

export interface BoardDescription {
  readonly threads: readonly ThreadInfo[];
  readonly series: readonly SeriesInfo[];
  readonly stallThreshold_ns: number;
}

/** Structures on the board are aligned to 64 bytes. */
const alignment = 64;

export function readStaticPart(path: string, buffer: ArrayBuffer): BoardDescription {
  const broken = (what: string): Error =>
    workloadFailed(`the board ${path} is broken: ${what}; check the workload's log and run again`);
  const view = new DataView(buffer);
  const word = (offset: number): bigint => view.getBigUint64(offset, true);
  const size = buffer.byteLength;

  if (size < headerBytes) throw broken(`its size is ${size} bytes, and its header alone has ${headerBytes}`);
  if (word(header.magic) !== boardMagic) throw broken('it does not start with "PAUSELAB"');
  if (word(header.version) !== BigInt(boardVersion)) {
    throw unfit(
      `the board ${path} has version ${String(word(header.version))}, ` +
        `but this pauselab reads version ${boardVersion}; ` +
        'run `npm run setup` to build both from the same sources',
    );
  }
  if (word(header.total_bytes) !== BigInt(size))
    throw broken(`its header claims ${String(word(header.total_bytes))} bytes, and the file has ${size}`);

  /** A number on the board that must be exact, such as an interval. */
  const whole = (offset: number, what: string): number => {
    const value = word(offset);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken(`${what} is ${String(value)}`);
    return Number(value);
  };
  /** The offset of `count` structures, which must lie behind the header and inside the file. */
  const place = (offset: number, count: number, bytes: number, what: string): number => {
    const begin = word(offset);
    if (
      begin % BigInt(alignment) !== 0n ||
      begin < BigInt(headerBytes) ||
      begin + BigInt(count) * BigInt(bytes) > BigInt(size)
    ) {
      throw broken(`${what} is at offset ${String(begin)}, which is outside the file or not aligned`);
    }
    return Number(begin);
  };
  const name = (offset: number, what: string): string => {
    const bytes = new Uint8Array(buffer, offset, nameBytes);
    const end = bytes.indexOf(0);
    if (end <= 0) throw broken(`${what} has no name`);
    return new TextDecoder().decode(bytes.subarray(0, end));
  };

  const threadCount = whole(header.thread_count, 'the number of threads');
  const seriesCount = whole(header.series_count, 'the number of series');
  const threadsOffset = place(header.threads_offset, threadCount, threadBytes, 'the thread table');
  const seriesOffset = place(header.series_offset, seriesCount, seriesBytes, 'the series table');

  const threads = Array.from({ length: threadCount }, (_, index): ThreadInfo => {
    const at = threadsOffset + index * threadBytes;
    const what = `thread ${index}`;
    const role = roles[Number(word(at + threadField.role)) as keyof typeof roles] as ThreadRole | undefined;
    if (role === undefined) throw broken(`${what} has the unknown role ${String(word(at + threadField.role))}`);
    const series = word(at + threadField.series);
    if (series !== allOnes && series >= BigInt(seriesCount))
      throw broken(`${what} refers to series ${String(series)}, but there are ${seriesCount}`);
    const ringCapacity = whole(at + threadField.ring_capacity, `the ring of ${what}`);
    if (ringCapacity !== 0 && !Number.isInteger(Math.log2(ringCapacity)))
      throw broken(`the ring of ${what} has a capacity of ${ringCapacity}, not a power of two`);
    return {
      index,
      name: name(at, what),
      role,
      series: series === allOnes ? null : Number(series),
      interval_ns: whole(at + threadField.interval_ns, `the interval of ${what}`),
      offset_ns: whole(at + threadField.offset_ns, `the offset of ${what}`),
      ringCapacity,
      at: {
        thread: at,
        ring:
          ringCapacity === 0
            ? 0
            : place(at + threadField.ring_offset, ringCapacity, recordBytes, `the ring of ${what}`),
      },
    };
  });

  const series = Array.from({ length: seriesCount }, (_, index): SeriesInfo => {
    const at = seriesOffset + index * seriesBytes;
    const what = `series ${index}`;
    const thread = whole(at + seriesField.thread, `the thread of ${what}`);
    if (threads[thread]?.series !== index)
      throw broken(`${what} refers to thread ${thread}, which does not refer back`);
    const response =
      word(at + seriesField.response_offset) === 0n
        ? null
        : place(at + seriesField.response_offset, 1, histogramBytes, `the response times of ${what}`);
    return {
      index,
      name: name(at, what),
      thread,
      hasResponse: response !== null,
      at: {
        series: at,
        service: place(at + seriesField.service_offset, 1, histogramBytes, `the service times of ${what}`),
        response,
      },
    };
  });

  return { threads, series, stallThreshold_ns: whole(header.stall_threshold_ns, 'the stall threshold') };
}
