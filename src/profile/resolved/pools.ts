/**
 * Fresh memory that faults use up, made before the window: a mapping made inside it would make a reader a writer. A
 * warm fault takes a page, and a first fault a VMA as well, of which vm.max_map_count allows a process so many.
 */
import { readText } from '../../base/files/read-file.js';
import { jvmProbes } from '../../catalogue/jvm-probes.js';
import { operations, type Operation } from '../../catalogue/operations.js';
import { isHost } from '../check/asked-kernel.js';
import type { ResolvedVictim } from './resolved.js';
import type { Profile } from '../written/profile-schema.js';

type Uses = NonNullable<Operation['uses']>;

/** Used up by the trials before the window, of each victim. */
const trials = 16;
/** The kernel's default, which a guest has. */
const usualMapCount = 65_530;
/** For the rest of the process: its libraries, stacks, heaps. */
const otherMappings = 10_000;
const mostPages = 1_000_000;

/** What one victim uses up. Operations that are due after the window are not made, so the drain needs none. */
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
  /** What the limit comes from, for a sentence. */
  readonly source: string;
  /** What allows more; null: nothing does. */
  readonly remedy: ((needed: number) => string) | null;
}

/** The least of the places where the profile runs. */
export function poolLimit(uses: Uses, { kernels = [] }: Pick<Profile, 'kernels'>): PoolLimit {
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
