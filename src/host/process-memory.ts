/**
 * Memory use of processes. Resident memory comes from /proc/<pid>/statm, which reads the process's counters and does
 * not take its mmap_lock (fs/proc/task_mmu.c, task_statm; up to Linux 6.16 it may be off by some pages per CPU). The
 * proportional set size (PSS) takes that lock during a walk over all page tables, so it is read only after the window.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { machine, type KernelFiles } from './cgroups.js';
import { readIfThere, readKernelBytes } from './files.js';
import { memoryCgroups } from './memory.js';

/** AT_PAGESZ of the auxiliary vector, a list of pairs of words (getauxval(3)). */
const pageSizeKey = 6n;
const usualPageBytes = 4096;

let pageBytes: number | null = null;

function bytesOfPage(): number {
  if (pageBytes !== null) return pageBytes;
  const raw = readKernelBytes('/proc/self/auxv');
  const words = Array.from({ length: Math.floor(raw.length / 8) }, (_, i) => raw.readBigUInt64LE(8 * i));
  const at = words.findIndex((word, i) => i % 2 === 0 && word === pageSizeKey);
  pageBytes = at < 0 ? usualPageBytes : Number(words[at + 1] ?? usualPageBytes);
  return pageBytes;
}

/** Null once the process is gone. */
export function residentBytes(pid: number): number | null {
  const pages = Number(readIfThere(`/proc/${pid}/statm`)?.split(' ')[1]);
  return Number.isSafeInteger(pages) ? pages * bytesOfPage() : null;
}

/** A walk over all page tables takes seconds at most; a lock holder may delay it for longer. */
const pssPatience_ms = 5_000;

/** Pages that other processes map too count in part. Null if the kernel does not report it in time. */
export async function proportionalBytes(pid: number): Promise<number | null> {
  const patience = new AbortController();
  const late = setTimeout(pssPatience_ms, null, { signal: patience.signal }).catch(() => null);
  // In the background, because this thread would wait together with the process's lock.
  const read = readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => null);
  const text = await Promise.race([read, late]);
  patience.abort();
  const kilobytes = Number(/^Pss:\s+(\d+) kB$/m.exec(text ?? '')?.[1]);
  return Number.isSafeInteger(kilobytes) ? kilobytes * 1024 : null;
}

/** A cgroup that counts memory. */
export interface CountingCgroup {
  readonly folder: string;
  /** Bytes charged to it now. */
  bytes(): number | null;
  /** All processes in it. */
  pids(): number[];
}

/** The cgroup of a process. Null for the root, which counts nothing or the whole machine. */
export function countingCgroupOf(pid: number, files: KernelFiles = machine): CountingCgroup | null {
  const counters = (memoryCgroups(files, String(pid)) ?? [])
    .filter(({ isOwn, isRoot }) => isOwn && !isRoot)
    .map(({ version, folder }) => ({
      folder,
      counter: join(folder, version === 2 ? 'memory.current' : 'memory.usage_in_bytes'),
    }));
  const found = counters.find(({ counter }) => counted(counter) !== null);
  if (found === undefined) return null;
  return {
    folder: found.folder,
    bytes: () => counted(found.counter),
    pids: () =>
      (readIfThere(join(found.folder, 'cgroup.procs')) ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map(Number),
  };
}

function counted(file: string): number | null {
  const text = readIfThere(file);
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}
