/**
 * Opens a board, and reads and writes the words that the control plane uses. snapshot.ts reads counters, rings.ts reads
 * rings. Layout and rules: docs/board.md.
 *
 * Absolute times are bigint: an uptime in nanoseconds may exceed 2^53 (104 days). Times that leave this folder as plain
 * numbers are relative to `go_ns`, subtracted as bigint first.
 */
import { statSync } from 'node:fs';
import { readPart } from '../../base/files/read-file.js';
import { workloadFailed } from '../../base/failure.js';
import { nativeAddon, type NativeAddon } from '../../base/native.js';
import { readStaticPart, type BoardDescription } from './board-check.js';
import {
  boardMagic,
  goCommand,
  header,
  headerBytes,
  states,
  threadField,
  type BoardState,
  type ThreadRole,
} from './board-layout.js';

/** The part of the addon that a board needs; tests may use plain memory instead. */
export type SharedMemory = Pick<NativeAddon, 'mapShared' | 'unmapShared' | 'copyWords' | 'storeWord'>;

/** Absolute times of a run, CLOCK_MONOTONIC. */
export interface AbsoluteWindow {
  readonly go_ns: bigint;
  readonly windowStart_ns: bigint;
  readonly windowEnd_ns: bigint;
  readonly drainEnd_ns: bigint;
}

/** Times relative to go. */
export interface RelativeWindow {
  readonly windowStart_ns: number;
  readonly windowEnd_ns: number;
  readonly drainEnd_ns: number;
}

export interface ThreadId {
  readonly index: number;
  readonly name: string;
  readonly role: ThreadRole;
  readonly pid: number;
  readonly tid: number;
}

export type { BoardDescription, SeriesInfo, ThreadInfo } from './board-check.js';

export interface Board extends BoardDescription {
  readonly path: string;
  state(): BoardState;
  /** The last sign of life of the workload's main thread; absolute. */
  heartbeat_ns(): bigint;
  memoryLocked(): boolean;
  /** 0 for a thread that has not started yet. */
  threadIds(): ThreadId[];
  /** Writes the window, then the command, so that a workload that sees `go` finds its window. */
  go(window: AbsoluteWindow): void;
  /** Cuts a run short. The end cannot move to a later time than planned, because threads may have left. */
  moveWindowEnd(end: Pick<AbsoluteWindow, 'windowEnd_ns' | 'drainEnd_ns'>): void;
  window(): AbsoluteWindow;
  /**
   * Releases the memory; the board must not be used afterwards. A run's board is large, and the next run creates a new
   * one.
   */
  close(): void;
  /** Copies `destination.length` words from a byte offset, each by an atomic load, in order. */
  readonly copyWords: (byteOffset: number, destination: BigUint64Array) => void;
}

/** True once a workload has completed its board at this path: it writes the magic last. */
export function isBoardThere(path: string): boolean {
  try {
    const first = readPart(path, 0, 8);
    return first.length === 8 && first.readBigUInt64LE() === boardMagic;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unreadable(path, error);
  }
}

/**
 * Maps a board and checks its static part against the file before using it. A broken board ends with exit code 6, a
 * board of another version with 5.
 */
export function openBoard(path: string, memory: SharedMemory = nativeAddon()): Board {
  const buffer = mapWhole(path, memory);
  const description = checkedPart(path, buffer, memory);
  const { threads } = description;
  const copyWords = (byteOffset: number, destination: BigUint64Array): void => {
    memory.copyWords(buffer, byteOffset, destination);
  };
  const load = (byteOffset: number): bigint => {
    const word = new BigUint64Array(1);
    copyWords(byteOffset, word);
    return word[0] ?? 0n;
  };
  const store = (byteOffset: number, value: bigint): void => {
    memory.storeWord(buffer, byteOffset, value);
  };
  const window = (): AbsoluteWindow => ({
    go_ns: load(header.go_ns),
    windowStart_ns: load(header.window_start_ns),
    windowEnd_ns: load(header.window_end_ns),
    drainEnd_ns: load(header.drain_end_ns),
  });

  return {
    ...description,
    path,
    copyWords,
    window,
    close: () => {
      memory.unmapShared(buffer);
    },
    state() {
      const number = load(header.state);
      const state = states[Number(number)];
      if (state === undefined)
        throw workloadFailed(
          `the board ${path} has the unknown state ${String(number)}: something overwrote the file; run again`,
        );
      return state;
    },
    heartbeat_ns: () => load(header.heartbeat_ns),
    memoryLocked: () => load(header.memory_locked) === 1n,
    threadIds: () =>
      threads.map(({ index, name, role, at }) => ({
        index,
        name,
        role,
        pid: Number(load(at.thread + threadField.pid)),
        tid: Number(load(at.thread + threadField.tid)),
      })),
    go(times) {
      store(header.go_ns, times.go_ns);
      store(header.window_start_ns, times.windowStart_ns);
      store(header.window_end_ns, times.windowEnd_ns);
      store(header.drain_end_ns, times.drainEnd_ns);
      store(header.command, goCommand);
    },
    moveWindowEnd({ windowEnd_ns, drainEnd_ns }) {
      store(header.window_end_ns, windowEnd_ns);
      store(header.drain_end_ns, drainEnd_ns);
    },
  };
}

function checkedPart(path: string, buffer: ArrayBuffer, memory: SharedMemory): BoardDescription {
  try {
    return readStaticPart(path, buffer);
  } catch (error) {
    memory.unmapShared(buffer);
    throw error;
  }
}

export function relativeWindow({ go_ns, windowStart_ns, windowEnd_ns, drainEnd_ns }: AbsoluteWindow): RelativeWindow {
  return {
    windowStart_ns: Number(windowStart_ns - go_ns),
    windowEnd_ns: Number(windowEnd_ns - go_ns),
    drainEnd_ns: Number(drainEnd_ns - go_ns),
  };
}

function mapWhole(path: string, memory: SharedMemory): ArrayBuffer {
  try {
    // mmap refuses an empty file, with a message that helps nobody.
    const { size } = statSync(path);
    if (size < headerBytes) {
      throw workloadFailed(
        `the board ${path} is broken: its size is ${size} bytes, and its header alone has ${headerBytes}; ` +
          "check the workload's log and run again",
      );
    }
    return memory.mapShared(path);
  } catch (error) {
    throw error instanceof Error && 'exitCode' in error ? error : unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return workloadFailed(`the board ${path} could not be opened (${reason}); check the workload's log for the reason`, {
    cause,
  });
}
