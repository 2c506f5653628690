/**
 * Allocators under a workload: found, preloaded, and proven to be in force. A misspelt setting is ignored by most of
 * them without a word and a library that cannot be preloaded is only warned of, so nothing is believed that the process
 * itself does not show.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { unfit, usage } from '../base/failure.js';
import type { Allocator } from '../profile/jvm-table.js';
import type { ResolvedAllocator } from '../profile/resolved.js';

interface Kind {
  /** File names, the best first; a version may follow. */
  readonly files: readonly string[];
  readonly debian: string;
  /** Its settings as environment variables. */
  readonly environment: (settings: Readonly<Record<string, string>>) => Record<string, string>;
}

const asVariables = (prefix: string) => (settings: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${prefix}${key.toUpperCase()}`, value]));

const kinds: Record<Exclude<Allocator, 'glibc'>, Kind> = {
  jemalloc: {
    files: ['libjemalloc.so.2', 'libjemalloc.so'],
    debian: 'libjemalloc2',
    environment: (settings) => {
      const pairs = Object.entries(settings).map(([key, value]) => `${key}:${value}`);
      return pairs.length === 0 ? {} : { MALLOC_CONF: pairs.join(',') };
    },
  },
  tcmalloc: { files: ['libtcmalloc_minimal.so.4', 'libtcmalloc.so.4', 'libtcmalloc_minimal.so', 'libtcmalloc.so'], debian: 'libtcmalloc-minimal4', environment: asVariables('TCMALLOC_') },
  mimalloc: { files: ['libmimalloc.so.2.0', 'libmimalloc.so.2', 'libmimalloc.so'], debian: 'libmimalloc2.0', environment: asVariables('MIMALLOC_') },
};

/** Where distributions put libraries; a multiarch folder comes first. */
const usualFolders = (): string[] => {
  const multiarch = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as string];
  return [...(multiarch === undefined ? [] : [`/usr/lib/${multiarch}`]), '/usr/lib64', '/usr/lib', '/usr/local/lib'];
};

export interface AllocatorLaunch {
  /** Null for glibc's. */
  readonly library: string | null;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a process needs in its environment to run on this allocator. */
export function allocatorLaunch({ name, path, settings }: ResolvedAllocator, folders: readonly string[] = usualFolders()): AllocatorLaunch {
  if (name === 'glibc') return { library: null, environment: glibcEnvironment(settings) };
  const kind = kinds[name];
  const library = path ?? found(kind, folders);
  if (library === null) throw unfit(`the allocator ${name} is not in ${folders.join(', ')}; install it (Debian: ${kind.debian}), or give its library as jvm.allocator.path`);
  refuseForeign(library, name);
  // A blank parts the entries of LD_PRELOAD.
  if (/[\s:]/.test(library)) throw usage(`${library} cannot be preloaded: LD_PRELOAD is parted at blanks and colons; give a path without them`);
  return { library, environment: { LD_PRELOAD: library, ...kind.environment(settings) } };
}

/** Tunables as `glibc.malloc.arena_max`. */
function glibcEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const tunables = Object.entries(settings).map(([key, value]) => `${key.startsWith('glibc.') ? key : `glibc.malloc.${key}`}=${value}`);
  return tunables.length === 0 ? {} : { GLIBC_TUNABLES: tunables.join(':') };
}

function found({ files }: Kind, folders: readonly string[]): string | null {
  for (const folder of folders) {
    const names = listed(folder);
    const name = files.find((file) => names.includes(file));
    if (name !== undefined) return join(folder, name);
  }
  return null;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** ELF's e_machine of what Node runs on (elf.h). */
const machines: Partial<Record<string, number>> = { x64: 62, arm64: 183, ia32: 3, arm: 40, ppc64: 21, s390x: 22, riscv64: 243, loong64: 258 };

/** A library of another architecture is not preloaded, and the loader only warns. */
function refuseForeign(library: string, name: string): void {
  const head = Buffer.alloc(20);
  try {
    const file = openSync(library, 'r');
    try {
      readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw usage(`the library ${library} of ${name} cannot be read (${(cause as Error).message}); correct jvm.allocator.path`, { cause });
  }
  if (head.toString('latin1', 0, 4) !== '\x7fELF') throw usage(`${library} is no shared library; correct jvm.allocator.path`);
  const machine = endianness() === 'LE' ? head.readUInt16LE(18) : head.readUInt16BE(18);
  const own = machines[process.arch];
  if (own !== undefined && machine !== own) throw unfit(`${library} is of another architecture (ELF machine ${machine}) than this machine (${own}, ${process.arch}); install the one that fits`);
}

export interface AllocatorEvidence {
  readonly pid: number;
  /** What the process reported of its allocator (jvm-workloads, native/jvm); undefined if it did not. */
  readonly report: unknown;
  /** Lines of its stderr. */
  readonly complaints: readonly string[];
}

/** Throws unless the allocator is the one asked for, with the settings asked for. Reads /proc/<pid>/maps: before `go` only. */
export function proveAllocator({ name, path, settings }: ResolvedAllocator, { pid, report, complaints }: AllocatorEvidence): void {
  const warned = complaints.find((text) => text.includes('from LD_PRELOAD cannot be preloaded'));
  if (warned !== undefined) throw unfit(`the allocator ${name} was not preloaded: ${warned.trim()}`);
  const invalid = complaints.find((text) => text.startsWith('<jemalloc>: '));
  if (invalid !== undefined) throw usage(`jemalloc refuses its settings: ${invalid.slice('<jemalloc>: '.length)}; correct jvm.allocator.settings`);
  if (name === 'glibc') return;
  const { library } = allocatorLaunch({ name, path, settings });
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const file = library?.split('/').at(-1) ?? '';
  if (!maps.includes(file.replace(/\.so.*$/, '.so'))) throw unfit(`the allocator ${name} (${String(library)}) is not in the process: it was not preloaded; look at the JVM's stderr in the bundle`);
  proveSettings(name, settings, report);
}

/** jemalloc says by mallctl what holds; of the others the variables are all there is. */
function proveSettings(name: Allocator, settings: Readonly<Record<string, string>>, report: unknown): void {
  if (name !== 'jemalloc') return;
  const opt = (report as { opt?: Record<string, string | number | boolean | null> } | undefined)?.opt;
  if (opt === undefined) return;
  for (const [key, asked] of Object.entries(settings)) {
    const holds = opt[key];
    if (holds === undefined || holds === null) throw usage(`jemalloc has no setting ${key}; correct jvm.allocator.settings`);
    if (String(holds) !== asked) throw unfit(`jemalloc has ${key}:${String(holds)} where ${key}:${asked} was asked for; correct jvm.allocator.settings`);
  }
}
