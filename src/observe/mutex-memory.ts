/** Where mutexes lie, by what a process has mapped: which lock of malloc, or whose data. */
import { basename } from 'node:path';
import type { MutexMemory, RunEvidence } from '../attribution/evidence.js';
import { mutexKey } from '../attribution/trace-model.js';
import { readIfThere } from '../host/files.js';
import { mutexIn } from '../catalogue/futex-calls.js';
import { mappingsIn } from './stacks/memory-map.js';

/**
 * glibc aligns each heap of an arena that is not the main one to HEAP_MAX_SIZE, 64 MiB with 64 bits. The arena follows
 * struct heap_info in its first heap, and begins with its mutex (malloc/arena.c): after 32 bytes, and from glibc 2.35
 * on after 48.
 */
const heapBytes = 64n << 20n;
const mutexOffsets: readonly bigint[] = [32n, 48n];

/** `maps`: of /proc/PID/maps. Null: nothing is mapped there. */
export function memoryAt(maps: string, address: bigint): MutexMemory | null {
  const mappings = mappingsIn(maps);
  const index = mappings.findIndex(({ start, end }) => start <= address && address < end);
  const mapping = mappings[index];
  if (mapping === undefined) return null;
  if (mapping.path.startsWith('/')) return { kind: 'elsewhere', file: basename(mapping.path) };
  const usesGlibc = mappings.some(({ path }) => /\/libc[.-][^/]*$/.test(path));
  const isArena =
    mapping.path === '' &&
    mapping.start % heapBytes === 0n &&
    mutexOffsets.some((offset) => address - mapping.start === offset);
  if (usesGlibc && isArena) return { kind: 'malloc-arena' };
  // What a library does not initialize follows its data.
  const before = mappings[index - 1];
  const isBss =
    mapping.path === '' && before?.end === mapping.start && before.isWritable && before.path.startsWith('/');
  return { kind: 'elsewhere', file: isBss ? basename(before.path) : null };
}

/** Reads what each process has mapped once, if it is still there and may be read. */
export function withMutexMemory(evidence: RunEvidence): RunEvidence {
  const mapsOf = new Map<string, string>();
  const mutexMemory = new Map<string, MutexMemory>();
  for (const mutex of mutexesIn(evidence)) {
    const [pid = '', address = '0'] = mutex.split(' ');
    const maps = mapsOf.get(pid) ?? readIfThere(`/proc/${pid}/maps`) ?? '';
    mapsOf.set(pid, maps);
    const memory = memoryAt(maps, BigInt(`0x${address}`));
    if (memory !== null) mutexMemory.set(mutex, memory);
  }
  return { ...evidence, mutexMemory };
}

function mutexesIn({ trace, looks, samples }: RunEvidence): ReadonlySet<string> {
  const looked = (looks?.waits ?? []).flatMap(({ tid, frames }) => {
    const mutex = mutexIn(frames);
    const pid = samples.timelines.get(tid)?.pid;
    return mutex === null || pid === undefined ? [] : [mutexKey(pid, mutex.address)];
  });
  return new Set([...(trace?.model.mutexWaitsOn.keys() ?? []), ...looked]);
}
