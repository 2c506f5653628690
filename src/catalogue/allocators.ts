/**
 * Allocators under a workload: their libraries, how settings reach them, and where a process reports the settings in
 * force. host/allocators/allocator-trial.ts and host/allocators/allocator-proof.ts query this.
 */
import type { Giver } from './collectors.js';

export const allocators = ['glibc', 'jemalloc', 'tcmalloc', 'mimalloc'] as const;
export type Allocator = (typeof allocators)[number];
/** An allocator that is preloaded. */
export type PreloadedAllocator = Exclude<Allocator, 'glibc'>;

type Settings = Readonly<Record<string, string>>;

interface AllocatorFacts {
  /** Its settings as environment variables. */
  readonly environment: (settings: Settings) => Record<string, string>;
  /** Name of a setting in a process's report about its allocator (native/allocator/describe.cc). */
  readonly reportedAs: (key: string) => string;
}

interface PreloadedFacts extends AllocatorFacts {
  /** File names, the best first. */
  readonly files: readonly string[];
  /** Matches the version in the library's text; if null, the file name has the version. */
  readonly version: RegExp | null;
}

const asVariables =
  (prefix: string) =>
  (settings: Settings): Record<string, string> =>
    Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${prefix}${key.toUpperCase()}`, value]));

/** All settings in a single variable; no variable without settings. */
const inOneVariable =
  (variable: string, separator: string, pair: (key: string, value: string) => string) =>
  (settings: Settings): Record<string, string> => {
    const pairs = Object.entries(settings).map(([key, value]) => pair(key, value));
    return pairs.length === 0 ? {} : { [variable]: pairs.join(separator) };
  };

const asItIs = (key: string): string => key;

/** Properties of MallocExtension, by the variables that set them. */
const tcmallocProperties: Readonly<Record<string, string | undefined>> = {
  aggressive_decommit: 'tcmalloc.aggressive_memory_decommit',
  max_total_thread_cache_bytes: 'tcmalloc.max_total_thread_cache_bytes',
};

export const preloadedAllocators: Readonly<Record<PreloadedAllocator, PreloadedFacts>> = {
  jemalloc: {
    files: ['libjemalloc.so.2', 'libjemalloc.so'],
    environment: inOneVariable('MALLOC_CONF', ',', (key, value) => `${key}:${value}`),
    version: /(\d+\.\d+\.\d+)-\d+-g[0-9a-f]{40}/,
    // Names of mallctl.
    reportedAs: (key) => `opt.${key}`,
  },
  tcmalloc: {
    files: ['libtcmalloc_minimal.so.4', 'libtcmalloc.so.4', 'libtcmalloc_minimal.so', 'libtcmalloc.so'],
    environment: asVariables('TCMALLOC_'),
    version: /gperftools (\d+\.\d+(?:\.\d+)?)/,
    reportedAs: (key) => tcmallocProperties[key.toLowerCase()] ?? key,
  },
  mimalloc: {
    files: ['libmimalloc.so.2.0', 'libmimalloc.so.2', 'libmimalloc.so'],
    environment: asVariables('MIMALLOC_'),
    version: null,
    reportedAs: asItIs,
  },
};

/** Name of a glibc tunable: `arena_max` is glibc.malloc.arena_max. */
export function tunableName(key: string): string {
  return key.startsWith('glibc.') ? key : `glibc.malloc.${key}`;
}

const glibc: AllocatorFacts = {
  environment: inOneVariable('GLIBC_TUNABLES', ':', (key, value) => `${tunableName(key)}=${value}`),
  reportedAs: asItIs,
};

export function allocatorFacts(name: Allocator): AllocatorFacts {
  return name === 'glibc' ? glibc : preloadedAllocators[name];
}

/**
 * Variables by which a user's shell may change the allocator behind the profile's back; a name that ends in `*` is a
 * prefix.
 */
export const allocatorVariables = ['LD_PRELOAD', 'MALLOC_*', 'GLIBC_TUNABLES', 'TCMALLOC_*', 'MIMALLOC_*'] as const;

/** Allocators' threads that give memory back. Other allocators do it in the thread that frees. */
export const allocatorGivers: readonly Giver[] = [
  // With muzzy_decay_ms:0 it uses MADV_DONTNEED instead; the profile then declares that (`issues`).
  { pattern: 'jemalloc_bg_thd*', call: 'madvise.FREE', doesNothingElse: true },
];
