/**
 * Prepares an allocator for a workload: finds its library, checks that it fits this machine, and builds the environment
 * that a process needs. allocator-trial.ts (before the start) and allocator-proof.ts (after it) check that it works.
 */
import { readdirSync, realpathSync } from 'node:fs';
import { endianness } from 'node:os';
import { basename, join } from 'node:path';
import { elfAsksForLoader, elfHeader, elfIdentity } from '../../base/elf.js';
import { unfit, usage } from '../../base/failure.js';
import { readBytes, readPart } from '../../base/files/read-file.js';
import {
  allocatorFacts,
  allocatorVariables,
  preloadedAllocators,
  type Allocator,
  type PreloadedAllocator,
} from '../../catalogue/allocators.js';
import type { ResolvedAllocator } from '../../profile/resolved/resolved.js';
import { missing } from '../missing.js';

/** A program or a library with debugging data. */
export const mostLibraryBytes = 2 ** 30;

/** Where distributions put libraries; the multiarch folder comes first. */
const usualFolders = (): string[] => {
  const multiarch = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as string];
  return [...(multiarch === undefined ? [] : [`/usr/lib/${multiarch}`]), '/usr/lib64', '/usr/lib', '/usr/local/lib'];
};

export interface CleanEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the variables that were removed from our environment. */
  readonly removed: readonly string[];
}

/**
 * The environment of this process, without variables that would change an allocator, and with those that the launch
 * adds.
 */
export function environmentFor(
  { environment }: AllocatorLaunch,
  base: NodeJS.ProcessEnv = process.env,
): CleanEnvironment {
  const goes = (name: string): boolean =>
    allocatorVariables.some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
  const there = Object.entries(base).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return {
    environment: { ...Object.fromEntries(there.filter(([name]) => !goes(name))), ...environment },
    removed: there.map(([name]) => name).filter(goes),
  };
}

export interface AllocatorLaunch {
  /** Null for glibc's allocator. */
  readonly library: string | null;
  readonly environment: Readonly<Record<string, string>>;
}

/** The environment that a process needs to run on this allocator. */
export function allocatorLaunch(
  { name, path, settings }: ResolvedAllocator,
  folders: readonly string[] = usualFolders(),
): AllocatorLaunch {
  const environment = allocatorFacts(name).environment(settings);
  if (name === 'glibc') return { library: null, environment };
  const library = path ?? found(name, folders);
  if (library === null)
    throw missing(`the allocator ${name} is not in ${folders.join(', ')}`, [name], {
      otherwise: 'give its library as allocator.path',
    });
  refuseForeign(library, name);
  // Blanks and colons separate the entries of LD_PRELOAD, and a relative path depends on the process's folder.
  if (!/^\/[^\s:]*$/.test(library))
    throw usage(
      `${library} cannot be preloaded: LD_PRELOAD is split at blanks and colons, ` +
        'and a relative path means another file elsewhere; give an absolute path without blanks and colons',
    );
  return { library, environment: { LD_PRELOAD: library, ...environment } };
}

export interface AllocatorVersion {
  /** Its file, with links followed; null for glibc's allocator. */
  readonly file: string | null;
  /** Null if neither its text nor its name contains a version. */
  readonly version: string | null;
}

/** From the library's text or its file name; for glibc, the version of this process. */
export function allocatorVersion(name: Allocator, library: string | null): AllocatorVersion {
  if (name === 'glibc' || library === null) return { file: null, version: glibcVersion() };
  const file = realpathSync(library);
  const stated = preloadedAllocators[name].version?.exec(
    readBytes(file, { mostBytes: mostLibraryBytes }).toString('latin1'),
  )?.[1];
  return { file, version: stated ?? /\.so\.([\d.]+)$/.exec(basename(file))?.[1] ?? null };
}

function glibcVersion(): string | null {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ?? null;
}

function found(allocator: PreloadedAllocator, folders: readonly string[]): string | null {
  const { files } = preloadedAllocators[allocator];
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

/** Without a loader, nothing is preloaded, and no error is reported. */
export function refuseStatic(program: string, { library }: AllocatorLaunch): void {
  if (library === null || hasLoader(program)) return;
  throw unfit(
    `${program} is linked statically, so ${library} cannot be preloaded into it; ` +
      'use the engine that `npm run setup` builds as pauselab-engine',
  );
}

/** True for a file that is not ELF: the program that runs it has a loader. */
function hasLoader(program: string): boolean {
  const file = readBytes(program, { mostBytes: mostLibraryBytes });
  const header = elfHeader(file);
  return header === null || elfAsksForLoader(file, header);
}

/** ELF's e_machine of the architecture that Node runs on (elf.h). */
const machines: Partial<Record<string, number>> = {
  x64: 62,
  arm64: 183,
  ia32: 3,
  arm: 40,
  ppc64: 21,
  s390x: 22,
  riscv64: 243,
  loong64: 258,
};
const machineNames = new Map(Object.entries(machines).map(([name, number]) => [number, name]));

/** The loader does not preload a library for another architecture, and only warns. */
function refuseForeign(library: string, name: string): void {
  const identity = elfIdentity(headOf(library, name));
  if (identity === null) throw usage(`${library} is not a shared library; correct allocator.path`);
  // EI_CLASS: x32 has the machine number of x86-64, but 32-bit pointers.
  const { machine, bits, isBigEndian } = identity;
  const ownMachine = machines[process.arch];
  const ownBits = ['ia32', 'arm'].includes(process.arch) ? 32 : 64;
  const hasOwnOrder = isBigEndian === (endianness() === 'BE');
  if (ownMachine === undefined || (machine === ownMachine && bits === ownBits && hasOwnOrder)) return;
  throw unfit(
    `${library} is for another architecture (${machineNames.get(machine) ?? `ELF machine ${machine}`}, ${bits} bits) ` +
      `than this machine (${process.arch}, ${ownBits} bits); install the library for this machine`,
  );
}

function headOf(library: string, name: string): Buffer {
  try {
    const head = readPart(library, 0, 20);
    return Buffer.concat([head, Buffer.alloc(20 - head.length)]);
  } catch (cause) {
    throw usage(
      `the library ${library} of ${name} cannot be read (${(cause as Error).message}); correct allocator.path`,
      { cause },
    );
  }
}
