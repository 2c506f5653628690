/**
 * Finds out how an allocator handles its settings, before the workload starts: a program that does nothing runs in the
 * same environment, and its allocator reports the settings in force.
 *
 *   jemalloc   `confirm_conf:true` prints each pair that was set; misspelt settings are named and ignored
 *   mimalloc   MIMALLOC_VERBOSE=1 prints all its options; a deprecated option appears under its new name
 *   glibc      its loader lists all tunables with their values (--list-tunables, since 2.33)
 *   tcmalloc   reports nothing: a variable whose name is not in the library is refused; the values of the others can
 *              only be read from inside, and only if MallocExtension has a property for them
 */
import { spawnSync } from 'node:child_process';
import { tunableName } from '../../catalogue/allocators.js';
import { unfit, usage } from '../../base/failure.js';
import { linesOf } from '../../base/text/lines.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { readBytes } from '../../base/files/read-file.js';
import type { ResolvedAllocator } from '../../profile/resolved/resolved.js';
import { allocatorLaunch, mostLibraryBytes, type AllocatorLaunch } from './allocator-launch.js';
import { readProc } from '../files.js';

export interface TriedSetting {
  /** As in the profile. */
  readonly key: string;
  readonly asked: string;
  /** The value that the allocator reports; null if it does not report it. */
  readonly took: string | null;
}

/** Runs on the C library of this machine. */
const doesNothing: readonly string[] = ['/bin/sh', '-c', ':'];

/**
 * Throws if the library cannot be preloaded, or a setting is refused, unknown or changed. `program`: it should end at
 * once, and have the C library of the workload.
 */
export function tryAllocator(allocator: ResolvedAllocator, program = doesNothing): TriedSetting[] {
  const launch = allocatorLaunch(allocator);
  const trial = (more: Readonly<Record<string, string>>): string[] => trialIn(program, launch, more);
  switch (allocator.name) {
    case 'glibc':
      return tried(allocator, tunables(launch), tunableName);
    case 'jemalloc': {
      const { MALLOC_CONF: pairs = '' } = launch.environment;
      const printed = trial({ MALLOC_CONF: pairs === '' ? 'confirm_conf:true' : `confirm_conf:true,${pairs}` });
      const refused = jemallocRefusal(printed);
      if (refused !== null) throw usage(`jemalloc refuses its settings: ${refused}; correct allocator.settings`);
      // Versions before 5.2 do not confirm settings.
      return printed.some((line) => line.includes('Set conf value'))
        ? tried(allocator, confirmed(printed))
        : untold(allocator);
    }
    case 'mimalloc': {
      const printed = trial({ MIMALLOC_VERBOSE: '1' });
      const invalid = printed.find((line) => /warning: environment option .*invalid value/.test(line));
      if (invalid !== undefined)
        throw usage(
          `mimalloc refuses its settings: ${invalid.replace(/^mimalloc: warning: /, '')}; correct allocator.settings`,
        );
      return tried(allocator, mimallocOptions(printed), (key) => mimallocName(key, printed));
    }
    case 'tcmalloc':
      trial({});
      refuseUnknownVariables(allocator, launch);
      return untold(allocator);
  }
}

/** jemalloc's message about a pair that it does not accept, or null. It continues without that pair. */
export function jemallocRefusal(lines: readonly string[]): string | null {
  const message = lines.find((line) => /^<jemalloc>: (?:Invalid|Malformed|Out-of-range|Conf string)/.test(line));
  return message?.slice('<jemalloc>: '.length).trim() ?? null;
}

/** The loader's message about a library that it did not preload, or null. It continues without the library. */
export function preloadWarning(lines: readonly string[]): string | null {
  return lines.find((line) => line.includes('from LD_PRELOAD cannot be preloaded'))?.trim() ?? null;
}

/** `<jemalloc>: -- Set conf value: dirty_decay_ms:500`: the last line for a key counts. */
export function confirmed(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^<jemalloc>: -- Set conf value: ([^:]+):(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}

/** `mimalloc: option 'eager_commit': 1` */
export function mimallocOptions(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^mimalloc: option '([^']+)': (.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value.trim()]];
    }),
  );
}

/** An option's current name, if the output says that the old name is deprecated. */
function mimallocName(key: string, lines: readonly string[]): string {
  const lowerCase = key.toLowerCase();
  for (const line of lines) {
    const [, old, now] = /environment option "mimalloc_(\w+)" is deprecated.* use "mimalloc_(\w+)"/.exec(line) ?? [];
    if (old === lowerCase && now !== undefined) return now;
  }
  return lowerCase;
}

function untold({ settings }: ResolvedAllocator): TriedSetting[] {
  return Object.entries(settings).map(([key, asked]) => ({ key, asked, took: null }));
}

function tried(
  { name, settings }: ResolvedAllocator,
  taken: ReadonlyMap<string, string>,
  nameOf: (key: string) => string = (key) => key,
): TriedSetting[] {
  return Object.entries(settings).map(([key, asked]) => {
    const took = taken.get(nameOf(key));
    if (took === undefined)
      throw usage(`${name} has no setting ${key}${didYouMean(nameOf(key), taken.keys())}; correct allocator.settings`);
    if (!isSame(asked, took))
      throw usage(
        `${name} changed ${key} from ${asked} to ${took}; give a value that it accepts, in allocator.settings`,
      );
    return { key, asked, took };
  });
}

const yes = ['true', 't', 'yes', 'y', 'on', '1'];
const no = ['false', 'f', 'no', 'n', 'off', '0'];

/** Numbers in any base, sizes that mimalloc stores in KiB, and the words for yes and no. */
export function isSame(asked: string, took: string): boolean {
  const [a, b] = [asked.toLowerCase(), took.toLowerCase()];
  if (a === b || [yes, no].some((words) => words.includes(a) && words.includes(b))) return true;
  const [, digits, unit] = /^(\d+)([kmg])i?b?$/.exec(a) ?? [];
  const number = digits === undefined ? Number(a) : Number(digits) * 1024 ** 'kmg'.indexOf(unit ?? 'k');
  return a !== '' && b !== '' && number === Number(b);
}

/** The programs do nothing, so they take some milliseconds. */
const trialDeadline_ms = 20_000;

/** Lines that the program that does nothing leaves on stderr. */
function trialIn(
  [command = '', ...words]: readonly string[],
  { library, environment }: AllocatorLaunch,
  more: Readonly<Record<string, string>>,
): string[] {
  const { status, signal, stderr, error } = spawnSync(command, words, {
    env: { ...environment, ...more, LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: trialDeadline_ms,
    killSignal: 'SIGKILL',
  });
  if (error !== undefined)
    throw unfit(`a program that does nothing could not be run with ${String(library)} (${error.message})`, {
      cause: error,
    });
  const lines = linesOf(stderr).filter((line) => line !== '');
  const warning = preloadWarning(lines);
  if (warning !== null) throw unfit(`the allocator's library was not preloaded: ${warning}`);
  if (status !== 0)
    throw unfit(
      `a program that does nothing fails with ${String(library)} ` +
        `(${signal ?? `exit code ${String(status)}`}; ${lines.at(-1) ?? 'it printed no message'}); ` +
        'give another library as allocator.path',
    );
  return lines;
}

/** From the loader of this process: the workload has the same. */
function tunables({ environment }: AllocatorLaunch): ReadonlyMap<string, string> {
  if (environment.GLIBC_TUNABLES === undefined) return new Map();
  const loader = /^.*\s(\/\S*\/ld-linux\S*)$/m.exec(readProc('/proc/self/maps'))?.[1];
  if (loader === undefined)
    throw unfit(
      'the settings of glibc cannot be checked, because this system has no glibc loader; leave allocator.settings out',
    );
  const { stdout, status } = spawnSync(loader, ['--list-tunables'], {
    env: { ...environment },
    encoding: 'utf8',
    timeout: trialDeadline_ms,
    killSignal: 'SIGKILL',
  });
  if (status !== 0)
    throw unfit(
      `the settings of glibc cannot be checked, because ${loader} --list-tunables needs glibc 2.33 or newer; ` +
        'leave allocator.settings out',
    );
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const [, key, value] = /^([\w.]+): (\S+)/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}

function refuseUnknownVariables({ settings }: ResolvedAllocator, { library }: AllocatorLaunch): void {
  const known = [
    ...new Set(
      readBytes(library ?? '', { mostBytes: mostLibraryBytes })
        .toString('latin1')
        .match(/(?<=\bTCMALLOC_)[A-Z][A-Z_]+/g) ?? [],
    ),
  ].map((name) => name.toLowerCase());
  for (const key of Object.keys(settings)) {
    if (!known.includes(key.toLowerCase()))
      throw usage(
        `tcmalloc has no setting ${key}${didYouMean(key, known)}; this library has ${known.join(', ')}: ` +
          'correct allocator.settings',
      );
  }
}
