/** The bundle of an observation. What was seen is not lost where its folder cannot be written at the end. */
import { basename, join } from 'node:path';
import { ExitCode, Failure } from '../base/failure.js';
import type { ObservationFile } from '../bundle/observation-schema.js';
import type { ListedStall } from '../bundle/stalls-schema.js';
import { createBundle, fittingStalls, type BundleStore } from '../bundle/store.js';
import { schemaVersion } from '../bundle/version.js';
import type { Target } from '../observe/target.js';
import { statedGap } from '../words/observation-words.js';
import { resultFolder } from './result-folder.js';

export interface KeepOptions {
  /** Null: a folder of its own. */
  readonly out: string | null;
  readonly targets: readonly Target[];
  readonly note: (text: string) => void;
  /** On tmpfs. */
  readonly memory?: string;
  /** For the stalls. */
  readonly roomBytes?: number;
}

export interface KeptObservation {
  /** As in the bundle: it says what the bundle lacks. */
  readonly observation: ObservationFile;
  /** In the bundle. By start. */
  readonly stalls: readonly ListedStall[];
  /** The path of the bundle. */
  readonly bundle: string;
  /** False: it is not where it should be. */
  readonly isInPlace: boolean;
}

/** Throws where no bundle can be written there. Nothing of it is left. */
export function tryFolder({ out, targets }: Pick<KeepOptions, 'out' | 'targets'>): void {
  openStore(out, targets).discard();
}

export function keepObservation(
  seen: ObservationFile,
  stalls: readonly ListedStall[],
  options: KeepOptions,
): KeptObservation {
  const kept = fittingStalls(stalls, options.roomBytes);
  const result = {
    observation: kept.length === stalls.length ? seen : withLeftOut(seen, stalls.length, kept.length),
    stalls: kept,
  };
  const write = (store: BundleStore): string => {
    try {
      store.writeObservation(result.observation, { schemaVersion, trace: null, stalls: [...kept], slow: [] });
      return store.path;
    } catch (error) {
      store.discard();
      throw error;
    }
  };
  try {
    return { ...result, bundle: write(storeForResult(options)), isInPlace: true };
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== ExitCode.unfit) throw error;
    const bundle = inMemory(options, write);
    if (bundle === null) throw error;
    options.note(`${error.message}; the bundle is kept in memory, as ${bundle}: move it to a disk`);
    return { ...result, bundle, isInPlace: false };
  }
}

function withLeftOut(seen: ObservationFile, stalls_n: number, kept_n: number): ObservationFile {
  return { ...seen, missing: [...seen.missing, statedGap({ code: 'stalls-left-out', stalls_n, kept_n })] };
}

/** Null: it cannot be kept there either. */
function inMemory(
  { out, targets, memory = '/dev/shm' }: KeepOptions,
  write: (store: BundleStore) => string,
): string | null {
  try {
    return write(createBundle(join(memory, basename(out ?? folderOf(targets))), { numbered: true }));
  } catch {
    return null;
  }
}

function openStore(out: string | null, targets: readonly Target[]): BundleStore {
  return out === null ? createBundle(folderOf(targets), { numbered: true }) : createBundle(out);
}

function folderOf([first]: readonly Target[]): string {
  const name = first?.name.replace(/[^A-Za-z0-9_-]/g, '') ?? '';
  return resultFolder(`observed-${name === '' ? 'process' : name}`);
}

/** Another command may have taken the folder meanwhile. */
function storeForResult({ out, targets, note }: KeepOptions): BundleStore {
  try {
    return openStore(out, targets);
  } catch (error) {
    if (out === null || !(error instanceof Failure) || error.exitCode !== ExitCode.usage) throw error;
    note(`${error.message}; this time the bundle gets a number behind that name`);
    return createBundle(out, { numbered: true });
  }
}
