/**
 * The native addon, loaded once. Only the control plane uses it: scheduling of threads by tid, the board's shared
 * mapping, and two file calls that Node lacks. A failed system call throws an Error with `code` (an errno name) and
 * `syscall`.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { unfit } from './failure.js';
import { readBytes } from './files/read-file.js';
import { packagePath } from './package-path.js';
import { staleProgram } from './stale-program.js';

/** A thread's scheduling as the kernel reports it; `policy` is the SCHED_* number. */
export interface ThreadScheduling {
  readonly nice: number;
  readonly policy: number;
  readonly cpus: readonly number[];
}

export interface NativeAddon {
  setNice(tid: number, nice: number): void;
  setPolicy(tid: number, policy: number, staticPriority: number): void;
  /** Under SCHED_OTHER, BATCH or IDLE. Kernels before 6.12 ignore it, and report 0. */
  setSlice(tid: number, slice_ns: number): void;
  threadSlice(tid: number): number;
  setAffinity(tid: number, cpus: readonly number[]): void;
  threadScheduling(tid: number): ThreadScheduling;
  /** Maps a whole file, shared and writable, until `unmapShared` is called or the buffer is collected. */
  mapShared(path: string): ArrayBuffer;
  /** Unmaps it at once and detaches the buffer: later accesses fail with an error. */
  unmapShared(buffer: ArrayBuffer): void;
  /**
   * Copies `destination.length` words, starting at `byteOffset` (a multiple of 8), each by an atomic load, in order.
   */
  copyWords(source: ArrayBuffer, byteOffset: number, destination: BigUint64Array): void;
  /** The CPU's time-stamp counter and CLOCK_MONOTONIC, read together; `ticks` is 0 if there is no such counter. */
  readTimestampCounter(): { readonly ticks: bigint; readonly clock_ns: bigint };
  storeWord(destination: ArrayBuffer, byteOffset: number, value: bigint): void;
  /** Takes the exclusive flock(2) of an open file; false if another process has it. Closing the file releases it. */
  tryLock(fd: number): boolean;
  /** Swaps the names of two paths in one step (RENAME_EXCHANGE). */
  exchange(first: string, second: string): void;
}

/** The path of a program of the tests. */
export function nativeProgram(name: string): string {
  return packagePath(`native/build/Release/${name}`);
}

/** In the file of each part (native/board/interface.h). */
const interfaceText = 'pauselab native interface 2;';

const mostPartBytes = 2 ** 28;
const checked = new Set<string>();

/**
 * The path of a part that the command uses. Throws if it was built from another version of pauselab: it would take the
 * words of this command for something else. Whether a part is there is for its user to say.
 */
export function nativePart(name: string): string {
  const path = nativeProgram(name);
  checkInterface(path);
  return path;
}

export function checkInterface(path: string): void {
  if (checked.has(path) || !existsSync(path)) return;
  if (!readBytes(path, { mostBytes: mostPartBytes }).includes(interfaceText))
    throw staleProgram(path, 'they do not fit together');
  checked.add(path);
}

let loaded: NativeAddon | undefined;

export function nativeAddon(): NativeAddon {
  if (loaded === undefined) {
    const path = nativePart('pauselab.node');
    try {
      loaded = createRequire(import.meta.url)(path) as NativeAddon;
    } catch (cause) {
      throw unfit('the native addon could not be loaded; run `npm run setup` to build it for this Node', { cause });
    }
  }
  return loaded;
}
