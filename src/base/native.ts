/**
 * The native addon, loaded once. It serves the control plane only: scheduling of threads by tid, the board's
 * shared mapping, and two calls on files that Node does not have. A failed system call throws an Error with `code` (an
 * errno name) and `syscall`.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { unfit } from './failure.js';

/** Scheduling of one thread as the kernel reports it; `policy` is the SCHED_* number. */
export interface ThreadScheduling {
  readonly nice: number;
  readonly policy: number;
  readonly cpus: readonly number[];
}

export interface NativeAddon {
  setNice(tid: number, nice: number): void;
  setPolicy(tid: number, policy: number, staticPriority: number): void;
  setAffinity(tid: number, cpus: readonly number[]): void;
  threadScheduling(tid: number): ThreadScheduling;
  /** Maps a whole file, shared and writable, until `unmapShared` or until the buffer is collected. */
  mapShared(path: string): ArrayBuffer;
  /** Unmaps it at once and detaches the buffer: whoever uses it afterwards gets an error. */
  unmapShared(buffer: ArrayBuffer): void;
  /** Copies `destination.length` words from `byteOffset` (a multiple of 8) on, each by one atomic load, in order. */
  copyWords(source: ArrayBuffer, byteOffset: number, destination: BigUint64Array): void;
  /** The CPU's time-stamp counter and CLOCK_MONOTONIC, read together; `ticks` is 0 where there is no such counter. */
  readTimestampCounter(): { readonly ticks: bigint; readonly clock_ns: bigint };
  storeWord(destination: ArrayBuffer, byteOffset: number, value: bigint): void;
  /** Takes the exclusive flock(2) of an open file; false: another process has it. Closing the file gives it back. */
  tryLock(fd: number): boolean;
  /** Gives each path the name of the other, in one step (RENAME_EXCHANGE). */
  exchange(one: string, other: string): void;
}

const built = new URL('../../native/build/Release/', import.meta.url);

export function nativeProgram(name: string): string {
  return fileURLToPath(new URL(name, built));
}

let loaded: NativeAddon | undefined;

export function nativeAddon(): NativeAddon {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)(nativeProgram('pauselab.node')) as NativeAddon;
    } catch (cause) {
      throw unfit('the native addon could not be loaded; run `npm run setup` to build it for this Node', { cause });
    }
  }
  return loaded;
}
