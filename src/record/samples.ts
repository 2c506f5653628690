/**
 * The sampler's stream (native/board/samples.h): each thread's state letter about every 10 ms.
 *
 * A thread gets a new record only if something about it changed; a tick closes every look at all threads. So at a tick
 * a thread is in the state of its last record before it in the stream. Time without ticks is `unobserved`, and its
 * state is never guessed.
 */
import { statSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { unfit, workloadFailed } from '../base/failure.js';
import { readPart } from '../base/files/read-file.js';

const magic = 0x454c504d41534c50n; // "PLSAMPLE" as little-endian bytes
const version = 1n;
const headerBytes = 32;
const recordBytes = 56;
const pieceBytes = 2 ** 22;
/** What a record takes in memory, as measured on Node 20. */
const heapBytesOfRecord = 117;
/** The rest of the heap is for the analysis. */
const heapShare = 0.5;
const kinds = { sample: 0, gone: 1, tick: 2 } as const;

/** The sampler's value for a thread that waits outside any system call. */
export const noSystemCall = -1;

/** Times are relative to go. */
export interface StateChange {
  /** Index of the tick that closed the look. */
  readonly tick: number;
  readonly time_ns: number;
  /** As in /proc: R, S, D, T, Z, …; X once the thread is gone. */
  readonly state: string;
  readonly onCpu_ns: number;
  readonly runDelay_ns: number;
  /** The system call in which it waits; `noSystemCall` for none (a page fault); null or absent if it was not read. */
  readonly systemCall?: number | null;
}

export interface Timeline {
  readonly pid: number;
  readonly tid: number;
  /** The latest name, cut at 15 characters by the kernel. */
  readonly comm: string;
  /** As last read; absent: not read. */
  readonly nice?: number;
  readonly changes: readonly StateChange[];
  readonly period_ns: number;
  /** Times at which looks ended; shared by all timelines of a stream. */
  readonly ticks_ns: readonly number[];
}

export interface SampleStream {
  /** By tid. */
  readonly timelines: ReadonlyMap<number, Timeline>;
  readonly ticks_ns: readonly number[];
  /** 0 until the header has arrived. */
  readonly period_ns: number;
}

export interface SampleReader {
  readonly stream: SampleStream;
  /** Takes the next bytes of the file. An incomplete last record is kept until its rest arrives. */
  append(bytes: Uint8Array): void;
}

interface GrowingTimeline extends Timeline {
  comm: string;
  nice?: number;
  period_ns: number;
  readonly changes: StateChange[];
}

/** Reads a stream as it grows. `path` is for error messages. */
export function sampleReader(path: string, go_ns: bigint): SampleReader {
  const ticks_ns: number[] = [];
  const timelines = new Map<number, GrowingTimeline>();
  let period_ns = 0;
  let rest = new Uint8Array(0);

  const takeHeader = (view: DataView): void => {
    if (view.getBigUint64(0, true) !== magic)
      throw workloadFailed(`the sampler's file ${path} is broken: it does not start with "PLSAMPLE"; run again`);
    if (view.getBigUint64(8, true) !== version || view.getBigUint64(24, true) !== BigInt(recordBytes)) {
      throw unfit(
        `the sampler's file ${path} has version ${String(view.getBigUint64(8, true))}, ` +
          `but this pauselab reads version ${String(version)}; ` +
          `run \`npm run setup\` to build both from the same sources`,
      );
    }
    period_ns = Number(view.getBigUint64(16, true));
    if (period_ns === 0) throw workloadFailed(`the sampler's file ${path} is broken: its period is 0; run again`);
  };

  const takeRecord = (view: DataView, at: number): void => {
    const time_ns = Number(view.getBigUint64(at, true) - go_ns);
    const kind = view.getUint8(at + 33);
    if (kind === kinds.tick) {
      ticks_ns.push(time_ns);
      return;
    }
    const tid = view.getUint32(at + 12, true);
    let timeline = timelines.get(tid);
    if (timeline === undefined) {
      timeline = { pid: view.getUint32(at + 8, true), tid, comm: '', changes: [], period_ns, ticks_ns };
      timelines.set(tid, timeline);
    }
    const comm = textAt(view, at + 40, 16);
    if (comm !== '') timeline.comm = comm;
    if (kind === kinds.sample) timeline.nice = view.getInt8(at + 34);
    timeline.changes.push({
      tick: ticks_ns.length,
      time_ns,
      state: kind === kinds.gone ? 'X' : String.fromCharCode(view.getUint8(at + 32)),
      onCpu_ns: Number(view.getBigUint64(at + 16, true)),
      runDelay_ns: Number(view.getBigUint64(at + 24, true)),
      // As written: 0 for not read, 1 for none, n + 2 for system call n.
      systemCall: view.getUint32(at + 36, true) === 0 ? null : view.getUint32(at + 36, true) - 2,
    });
  };

  return {
    stream: {
      timelines,
      ticks_ns,
      get period_ns() {
        return period_ns;
      },
    },
    append(bytes) {
      const all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
      const view = new DataView(all.buffer);
      let at = 0;
      if (period_ns === 0 && all.length >= headerBytes) {
        takeHeader(view);
        at = headerBytes;
      }
      if (period_ns !== 0) for (; at + recordBytes <= all.length; at += recordBytes) takeRecord(view, at);
      rest = all.slice(at);
    },
  };
}

export interface FileSamples {
  readonly stream: SampleStream;
  /** Null: the whole file was read. */
  readonly cut: { readonly fileBytes: number; readonly readBytes: number } | null;
}

/**
 * Reads a file. A file that the sampler never wrote, or only started, is an empty stream: everything is unobserved. A
 * thread that is never idle has 100 records a second, so 100 of them have 19 million in 32 minutes (1 GiB). If there are
 * more than `mostBytes` of the file, only the first are read.
 */
export function readSamples(path: string, go_ns: bigint, mostBytes = mostBytesInHeap()): FileSamples {
  const reader = sampleReader(path, go_ns);
  const next = (): Uint8Array => readPiece(path, readBytes, Math.min(pieceBytes, mostBytes - readBytes));
  let readBytes = 0;
  for (let piece = next(); piece.length > 0; piece = next()) {
    reader.append(piece);
    readBytes += piece.length;
  }
  const fileBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return { stream: reader.stream, cut: fileBytes > readBytes ? { fileBytes, readBytes } : null };
}

function mostBytesInHeap(): number {
  const records = (getHeapStatistics().heap_size_limit * heapShare) / heapBytesOfRecord;
  return Math.floor(records) * recordBytes;
}

function readPiece(path: string, position: number, length: number): Uint8Array {
  try {
    return readPart(path, position, length);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array(0);
    throw workloadFailed(`the sampler's file ${path} could not be read (${String(cause)}); check its permissions`, {
      cause,
    });
  }
}

const utf8 = new TextDecoder();

function textAt(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, at, length);
  const end = bytes.indexOf(0);
  return utf8.decode(bytes.subarray(0, end === -1 ? length : end));
}
