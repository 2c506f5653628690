/** Proves that a started process runs on the requested allocator, with the requested settings. */
import { realpathSync } from 'node:fs';
import { unfit, usage } from '../../base/failure.js';
import { allocatorFacts, type Allocator } from '../../catalogue/allocators.js';
import type { ResolvedAllocator } from '../../profile/resolved/resolved.js';
import { isSame, jemallocRefusal, preloadWarning, type TriedSetting } from './allocator-trial.js';
import { allocatorLaunch, allocatorVersion } from './allocator-launch.js';
import { readKernelFile } from '../files.js';

export interface AllocatorEvidence {
  readonly pid: number;
  /** The process's report about its allocator (native/allocator/describe.cc); undefined if it does not report. */
  readonly report: unknown;
  /** Lines of its stderr. */
  readonly complaints: readonly string[];
}

export interface ProvenSetting extends Omit<TriedSetting, 'took'> {
  /** Null if nothing confirms it: only the variable is known to have been set. */
  readonly holds: string | null;
  readonly provenBy: 'the process' | 'a trial' | null;
}

/** For the bundle. */
export interface AllocatorProof {
  readonly name: Allocator;
  readonly file: string | null;
  readonly version: string | null;
  readonly settings: readonly ProvenSetting[];
}

/**
 * Throws if the proof fails. `tried` comes from tryAllocator. Reads /proc/<pid>/maps, which takes locks, so only before
 * `go`.
 */
export function proveAllocator(
  allocator: ResolvedAllocator,
  tried: readonly TriedSetting[],
  { pid, report, complaints }: AllocatorEvidence,
): AllocatorProof {
  const { name } = allocator;
  const warning = preloadWarning(complaints);
  if (warning !== null) throw unfit(`the allocator ${name} was not preloaded: ${warning}`);
  const refused = jemallocRefusal(complaints);
  if (refused !== null) throw usage(`jemalloc refuses its settings: ${refused}; correct allocator.settings`);
  const { library } = allocatorLaunch(allocator);
  if (library !== null && !mappedFiles(readKernelFile(`/proc/${pid}/maps`)).has(realpathSync(library))) {
    throw unfit(
      `the allocator ${name} (${library}) is not in process ${pid}: it was not preloaded; ` +
        'check its stderr in the bundle',
    );
  }
  const reported = reportOf(report);
  if (reported !== null && reported.name !== null && reported.name !== name)
    throw unfit(
      `process ${pid} reports the malloc of ${reported.name} (${String(reported.path)}), but ${name} was requested; ` +
        'look for another preloaded library in its environment',
    );
  const { file, version } = allocatorVersion(name, library);
  return {
    name,
    file,
    version: reported?.version ?? version,
    settings: tried.map((setting) => proven(name, setting, reported)),
  };
}

/** A setting that nothing confirms: only the variable is known to have been set. */
export interface UnprovenSetting {
  /** The process of the workload. */
  readonly process: string;
  readonly allocator: Allocator;
  readonly key: string;
  readonly asked: string;
}

export function unprovenOf(process: string, { name, settings }: AllocatorProof): UnprovenSetting[] {
  return settings
    .filter(({ provenBy }) => provenBy === null)
    .map(({ key, asked }) => ({ process, allocator: name, key, asked }));
}

/** Paths of mapped files, as in /proc/<pid>/maps. */
export function mappedFiles(maps: string): ReadonlySet<string> {
  return new Set([...maps.matchAll(/^(?:\S+\s+){5}(\/.*)$/gm)].map(([, path = '']) => path));
}

interface Report {
  readonly name: string | null;
  readonly path: string | null;
  readonly version: string | null;
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
}

function reportOf(report: unknown): Report | null {
  return typeof report === 'object' && report !== null && 'settings' in report ? (report as Report) : null;
}

/** The process's report outranks the trial. */
function proven(name: Allocator, { key, asked, took }: TriedSetting, report: Report | null): ProvenSetting {
  const inside = report?.settings[allocatorFacts(name).reportedAs(key)];
  if (inside === undefined || inside === null)
    return { key, asked, holds: took, provenBy: took === null ? null : 'a trial' };
  const holds = String(inside);
  if (!isSame(asked, holds))
    throw unfit(
      `${name} has ${key}: ${holds}, but ${asked} was requested; give a value that it accepts, in allocator.settings`,
    );
  return { key, asked, holds, provenBy: 'the process' };
}
