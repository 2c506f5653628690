/**
 * Fresh memory that faults use up. It is made before the window, because making a mapping inside it would turn a reader
 * into a writer. A warm fault uses a page, and a first fault also a VMA, whose number vm.max_map_count limits.
 */
import { readText } from '../../base/files/read-file.js';
import { jvmProbes } from '../../catalogue/jvm-probes.js';
import { operations, type Operation } from '../../catalogue/operations.js';
import { isHost } from '../check/asked-kernel.js';
import type { ResolvedVictim } from './resolved.js';
import type { Profile } from '../written/profile-schema.js';

type Uses = NonNullable<Operation['uses']>;

/** What the trials before the window use up, per victim. */
const trials = 16;
/** The kernel's default, which guests have. */
const usualMapCount = 65_530;
/** For the rest of the process: libraries, stacks, heaps. */
const otherMappings = 10_000;
const mostPages = 1_000_000;
/** A file of 256 MiB. */
const mostFilePages = 65_536;

/** What a victim uses up. Operations that are due after the window are not made, so the drain uses nothing. */
export function poolOf(interval_ns: number, recorded_ns: number): number {
  return interval_ns === 0 ? mostPages : Math.ceil(recorded_ns / interval_ns) + trials;
}

export function poolOfVictim(
  { operation, interval_ns }: Pick<ResolvedVictim, 'operation' | 'interval_ns'>,
  recorded_ns: number,
): number {
  const isIt = ({ name }: { readonly name: string }): boolean => name === operation;
  const { uses } = operations.find(isIt) ?? jvmProbes.find(isIt) ?? {};
  return uses === undefined ? 0 : poolOf(interval_ns, recorded_ns);
}

export interface PoolLimit {
  readonly most: number;
  /** The reason of the limit, for a sentence. */
  readonly source: string;
  /** How to raise the limit; null: it cannot be raised. */
  readonly remedy: ((needed: number) => string) | null;
}

/** The lowest limit of the places where the profile runs. */
export function poolLimit(uses: Uses, { kernels = [] }: Pick<Profile, 'kernels'>): PoolLimit {
  if (uses === 'file page') return { most: mostFilePages, source: 'each is a page of a file on a disk', remedy: null };
  if (uses === 'page') return { most: mostPages, source: 'each is a page of memory', remedy: null };
  const hasGuests = kernels.some((kernel) => !isHost(kernel));
  const mapCount = hasGuests ? Math.min(usualMapCount, mapCountHere()) : mapCountHere();
  return {
    most: Math.min(mapCount - otherMappings, mostPages),
    source: `vm.max_map_count is ${mapCount}${hasGuests ? ' in a guest' : ''}, of which ${otherMappings} are left to the rest of the process`,
    remedy: hasGuests
      ? null
      : (needed) => (needed > mostPages ? '' : `raise it (sysctl vm.max_map_count=${needed + otherMappings})`),
  };
}

function mapCountHere(): number {
  try {
    return Number(readText('/proc/sys/vm/max_map_count', { mostBytes: 100 }));
  } catch {
    return usualMapCount;
  }
}
