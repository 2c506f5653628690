/**
 * The result folder of an experiment. It belongs to a single command. Runs and files appear atomically, so that a reader
 * never sees half of them, even after a crash or on a full disk. JSON is checked against its schema before it is written.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { makeFolders, syncFolder, writeAtomically, writeNew } from '../base/files/atomic-file.js';
import { Failure, unfit, usage } from '../base/failure.js';
import { parseJson } from '../base/json.js';
import { holdFolder, type HeldFolder } from '../base/files/held-folder.js';
import { isMissing } from '../base/files/is-missing.js';
import { cleanHidden, createWhole } from '../base/files/new-folder.js';
import { oneLine } from '../base/text/printable.js';
import { readBytes } from '../base/files/read-file.js';
import { machineFailure } from '../base/system-error.js';
import { guard } from '../base/files/write-guard.js';
import { withoutSecrets } from '../profile/resolved/profile-secrets.js';
import {
  bundleSchemas,
  schemaVersion,
  type KernelRecord,
  type ManifestFile,
  type MeasuredManifest,
  type RunFile,
  type SummaryFile,
} from './bundle-schema.js';
import type { ObservationFile } from './observation-schema.js';
import type { ListedStall, StallsFile } from './stalls-schema.js';
import { byRunNumber } from './run-number.js';
import { upgraded } from './upgrade.js';

export interface BundleStore {
  readonly path: string;
  writeManifest(manifest: MeasuredManifest): void;
  /** Writes run.json and the other files of the run, by name. */
  writeRun(run: RunFile, files: Readonly<Record<string, string>>): void;
  writeSummary(summary: SummaryFile): void;
  /** Writes observation.json and the stalls of an observation, instead of all of the above. */
  writeObservation(observation: ObservationFile, stalls: StallsFile): void;
  /**
   * Keeps the console output of a guest's kernel beside the runs, and beside those of earlier boots. Nothing is kept
   * without a run, or in a reopened bundle before its manifest: the bundle of a resume that is refused stays as it is.
   */
  keepConsole(kernel: string, text: string): void;
  /** Moves these runs to the folder `cut-short` of the bundle: readers no longer see them. */
  setAside(runs: readonly string[]): void;
  /** Removes a new bundle without runs. A bundle with runs stays. */
  discard(): void;
  /** Nothing more will be written: another command may continue the bundle. */
  close(): void;
}

/** Where runs are that were cut short, and were made again. */
export const cutShortFolder = 'cut-short';
export const consolesFolder = 'consoles';

/** A resumed experiment boots again. The console of the earlier boot may say why that guest died. */
function freeConsole(consoles: string, kernel: string): string {
  for (let boot = 1; ; boot += 1) {
    const file = join(consoles, boot === 1 ? `${kernel}.log` : `${kernel}.boot-${boot}.log`);
    if (isMissing(file)) return file;
  }
}

/**
 * The folder must be new or empty, so that results are never mixed or overwritten. With `numbered`, a taken name gets a
 * number (`…-2`), because two commands can start within a second.
 */
export function createBundle(path: string, { numbered = false } = {}): BundleStore {
  const { folder, wasThere } = guard(
    resolve(path),
    () => (numbered ? claimNumbered(resolve(path)) : claim(resolve(path), path)),
    '--out',
  );
  const held = heldRuns(join(folder, 'runs'));
  if (held === null) throw taken(path);
  return storeIn(folder, { held, runs_n: 0, isNew: true, wasThere });
}

/**
 * A bundle to go on with. Its `runs` is held as long as its writer lives, so a bundle that is being written is refused. The
 * kernel releases it however the writer ends.
 */
export function reopenBundle(path: string): BundleStore {
  const folder = resolve(path);
  const runsFolder = runsFolderOf(path);
  const held = guard(folder, () => heldRuns(runsFolder));
  if (held === null) throw inUse(path);
  cleanHidden(runsFolder);
  return storeIn(folder, { held, runs_n: runFolders(path).names.length, isNew: false, wasThere: true });
}

/** As `reopenBundle` would be refused. Nothing is changed. */
export function refuseInUse(path: string): void {
  const held = heldRuns(runsFolderOf(path));
  if (held === null) throw inUse(path);
  held.release();
}

function runsFolderOf(path: string): string {
  const runsFolder = join(resolve(path), 'runs');
  if (isMissing(runsFolder))
    throw usage(`${path} is no bundle: ${whyNoBundle(path, 'folder runs')}; name a folder that \`pauselab run\` wrote`);
  return runsFolder;
}

function inUse(path: string): Failure {
  return usage(
    `${path} is in use: the pauselab that measures it has not ended, or another one resumes it; wait until it ends, or interrupt it`,
  );
}

/** Without the addon nothing can be held, and nothing measured. */
function heldRuns(runsFolder: string): Pick<HeldFolder, 'release'> | null {
  try {
    return holdFolder(runsFolder);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { release: () => undefined };
  }
}

interface Storing {
  readonly held: Pick<HeldFolder, 'release'>;
  /** Runs that are there. */
  readonly runs_n: number;
  /** This command made it. */
  readonly isNew: boolean;
  /** Its folder existed before. */
  readonly wasThere: boolean;
}

function storeIn(folder: string, { held, isNew, wasThere, ...there }: Storing): BundleStore {
  const runsFolder = join(folder, 'runs');
  // Held open, because the inode number of a removed folder can be reused.
  const own = openSync(runsFolder, constants.O_RDONLY | constants.O_DIRECTORY);
  const { dev, ino } = fstatSync(own);
  let { runs_n } = there;
  let isOpen = true;
  let hasBegun = isNew;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    closeSync(own);
    held.release();
  };
  /** Guards a write. `place` is what is written, for errors. */
  const writing = (place: string, write: () => void): void => {
    guard(
      place,
      () => {
        const runs = statSync(runsFolder, { throwIfNoEntry: false });
        if (runs?.dev !== dev || runs.ino !== ino) throw gone(folder, runs_n);
        write();
      },
      '--out',
    );
  };
  const writeJson = (name: string, value: unknown): void => {
    const file = join(folder, name);
    writing(file, () => {
      writeAtomically(file, jsonText(value));
    });
  };
  return {
    path: folder,
    writeManifest: (manifest) => {
      writeJson('manifest.json', bundleSchemas.manifest.parse(manifest));
      hasBegun = true;
    },
    close,
    setAside(runs) {
      const target = join(folder, cutShortFolder);
      writing(target, () => {
        if (runs.length > 0 && !existsSync(target)) mkdirSync(target);
        for (const run of runs) {
          renameSync(join(runsFolder, run), join(target, run));
          runs_n -= 1;
        }
        if (runs.length > 0) for (const changed of [target, runsFolder, folder]) syncFolder(changed);
      });
    },
    discard() {
      if (runs_n > 0 || !isNew) return;
      // `runs` goes last: while it exists, other commands do not treat the folder as empty.
      for (const name of [consolesFolder, 'manifest.json', 'summary.json', 'runs'])
        rmSync(join(folder, name), { recursive: true, force: true });
      // A folder that existed before stays, because it may be a mount point.
      if (!wasThere) removeIfEmpty(folder);
      close();
    },
    writeSummary: (summary) => {
      writeJson('summary.json', bundleSchemas.summary.parse(summary));
    },
    writeObservation(observation, stalls) {
      const runFolder = join(runsFolder, observedRun);
      writing(runFolder, () => {
        createWhole(runFolder, (partial) => {
          writeNew(join(partial, 'stalls.json'), jsonText(bundleSchemas.stalls.parse(stalls)));
        });
      });
      writeJson('observation.json', bundleSchemas.observation.parse(observation));
      runs_n += 1;
    },
    keepConsole(kernel, text) {
      if (runs_n === 0 || !hasBegun) return;
      const consoles = join(folder, consolesFolder);
      writing(join(consoles, `${kernel}.log`), () => {
        if (!existsSync(consoles)) mkdirSync(consoles);
        writeAtomically(freeConsole(consoles, kernel), text);
      });
    },
    writeRun(run, files) {
      const runFolder = join(runsFolder, run.name);
      const runText = jsonText(bundleSchemas.run.parse(run));
      const others = Object.entries(files).map(
        ([name, text]) =>
          [name, name === 'stalls.json' ? jsonText(bundleSchemas.stalls.parse(JSON.parse(text))) : text] as const,
      );
      writing(runFolder, () => {
        createWhole(runFolder, (partial) => {
          for (const [name, text] of [...others, ['run.json', runText] as const]) writeNew(join(partial, name), text);
        });
      });
      runs_n += 1;
    },
  };
}

/** The bundles of an experiment: folders with these names in a folder that is new or empty. */
export function createBundles(path: string, names: readonly string[], { numbered = false } = {}): BundleStore[] {
  const parent = guard(
    resolve(path),
    () => {
      makeFolders(dirname(resolve(path)));
      for (let number = 1; number <= mostNumbers; number += 1) {
        const folder = number === 1 ? resolve(path) : `${resolve(path)}-${number}`;
        if (isMade(folder)) return { folder, wasThere: false };
        if (!numbered) break;
      }
      if (numbered || existsWithContent(resolve(path))) throw taken(path);
      return { folder: resolve(path), wasThere: true };
    },
    '--out',
  );
  const stores: BundleStore[] = [];
  const discardAll = (): void => {
    for (const store of stores) store.discard();
    if (!parent.wasThere) removeIfEmpty(parent.folder);
  };
  try {
    for (const name of names) stores.push(createBundle(join(parent.folder, name)));
  } catch (error) {
    discardAll();
    throw error;
  }
  return stores.map((store, i) => ({
    ...store,
    discard: () => {
      store.discard();
      if (i === stores.length - 1 && !parent.wasThere) removeIfEmpty(parent.folder);
    },
  }));
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

interface Claimed {
  readonly folder: string;
  readonly wasThere: boolean;
}

/** Making `runs` claims the folder: of two commands that find the same empty folder, the second fails here. */
function claim(folder: string, path: string): Claimed {
  makeFolders(dirname(folder));
  const wasThere = !isMade(folder);
  if (wasThere && existsWithContent(folder)) throw taken(path);
  if (!isMade(join(folder, 'runs'))) throw taken(path);
  return { folder, wasThere };
}

const mostNumbers = 1000;

function claimNumbered(folder: string): Claimed {
  makeFolders(dirname(folder));
  for (let number = 1; number <= mostNumbers; number += 1) {
    const name = number === 1 ? folder : `${folder}-${number}`;
    // Another command may find the folder empty and claim it first.
    if (isMade(name) && isMade(join(name, 'runs'))) return { folder: name, wasThere: false };
  }
  throw taken(folder);
}

/** False: the path existed before. */
function isMade(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function taken(path: string): Failure {
  return usage(`the output folder ${path} exists and is not empty; choose another with --out, or remove it`);
}

function gone(folder: string, runs_n: number): Failure {
  const kept =
    runs_n === 0
      ? 'no run had been kept in it'
      : `${runs_n === 1 ? 'the run' : `the ${runs_n} runs`} in it ${runs_n === 1 ? 'is' : 'are'} gone, and only the printed summary remains`;
  return unfit(
    `the output folder ${folder} was removed or renamed while the experiment ran; ${kept}; leave the folder alone until the experiment has ended`,
  );
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another command wrote into the folder, or removed it.
  }
}

/** A run of 100 threads has 0.2 MB. pauselab writes no larger file, and reading one could use up the memory. */
const mostBytes = 64 * 2 ** 20;
/** For what a list of stalls has besides the stalls. */
const besidesStallsBytes = 4096;

/** The longest stalls, as many as their file has room for, in the order given. */
export function fittingStalls(
  stalls: readonly ListedStall[],
  roomBytes = mostBytes - besidesStallsBytes,
): readonly ListedStall[] {
  let leftBytes = roomBytes;
  const kept = new Set<ListedStall>();
  for (const stall of stalls.toSorted((a, b) => b.duration_ns - a.duration_ns)) {
    // The list around it counts for each, and is there once.
    leftBytes -= Buffer.byteLength(jsonText({ stalls: [stall] }));
    if (leftBytes < 0) break;
    kept.add(stall);
  }
  return stalls.filter((stall) => kept.has(stall));
}

/** Largest sum of files of the same kind: many valid files can use up the memory together. */
export interface Budget {
  leftBytes: number;
  readonly mostBytes: number;
}

export function budgetOf(mostBytes: number): Budget {
  return { leftBytes: mostBytes, mostBytes };
}

/** Reads and checks a file of a bundle. A file of an older version is upgraded. */
export function readBundleFile<K extends keyof typeof bundleSchemas>(
  kind: K,
  path: string,
  budget?: Budget,
): z.output<(typeof bundleSchemas)[K]> {
  if (kind === 'manifest' && isMissing(path)) {
    const folder = dirname(path);
    if (isObservation(folder)) throw refusedObservation(folder);
    throw usage(
      `${folder} is no bundle: ${whyNoBundle(folder, 'manifest.json')}; name a folder that \`pauselab run\` wrote`,
    );
  }
  const read: unknown = readJsonFile(path, bundleSchemas[kind], {
    what: `a bundle's ${kind}`,
    short: kind,
    remedy: 'a folder that `pauselab run` wrote',
    version: schemaVersion,
    upgrade: (value) => upgraded(kind, value),
    ...(budget === undefined ? {} : { budget }),
  });
  return read as z.output<(typeof bundleSchemas)[K]>;
}

/** Of a path that lacks what every bundle has. */
export function whyNoBundle(path: string, lacking: 'folder runs' | 'manifest.json'): string {
  const found = isMissing(path) ? undefined : statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'it does not exist';
  return found.isDirectory() ? `it has no ${lacking}` : 'it is a file';
}

export interface JsonFile {
  /** Such as `a bundle's manifest`. */
  readonly what: string;
  readonly short?: string;
  /** What the user should name instead. */
  readonly remedy: string;
  readonly version: number;
  /** Upgrades a file of an older version. Unknown values stay unchanged. */
  readonly upgrade?: (value: unknown) => unknown;
  readonly budget?: Budget;
}

export function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  { what, short = what, remedy, version, upgrade = (value) => value, budget }: JsonFile,
): z.output<Schema> {
  let value: unknown;
  try {
    value = upgrade(parseJson(readWithin(path, budget)));
  } catch (cause) {
    const refused = machineFailure(cause);
    if (refused !== null) throw refused;
    throw usage(`${path} could not be read as ${what} (${oneLine((cause as Error).message)}); name ${remedy}`, {
      cause,
    });
  }
  const found: unknown =
    typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (found !== version)
    throw usage(
      `${path} has schema version ${oneLine(found === undefined ? 'undefined' : JSON.stringify(found))} and this pauselab reads versions up to ${version}; read it with the pauselab that wrote it`,
    );
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw usage(
      `${path} is no valid ${short}: ${oneLine(issue?.path.join('.') ?? '')}: ${issue?.message ?? ''}; it was changed or cut off, or another version wrote it`,
    );
  }
  return result.data;
}

function readWithin(path: string, budget: Budget | undefined): string {
  const bytes = budget !== undefined && budget.leftBytes < 0 ? null : readBytes(path, { mostBytes });
  if (budget !== undefined && bytes !== null) budget.leftBytes -= bytes.length;
  if (bytes === null || (budget !== undefined && budget.leftBytes < 0))
    throw new Error(`it and such files of the runs before have more than ${budget?.mostBytes ?? 0} bytes in sum`);
  return bytes.toString('utf8');
}

/** A stored experiment. A bundle of a version without guests is read as an experiment on its machine's kernel. */
export interface StoredBundle {
  readonly path: string;
  readonly manifest: ManifestFile;
  /** Null if the experiment ended before it wrote a summary. */
  readonly summary: SummaryFile | null;
  /** In the order in which they were made. */
  readonly runs: readonly RunFile[];
  /** Parts that are left out: a sentence each. */
  readonly notes: readonly string[];
}

/** Enough for 100 repetitions of 100 arms. */
const mostRuns = 10_000;
const mostBytesOfRuns = 256 * 2 ** 20;

export function isBundle(path: string): boolean {
  return !isMissing(join(path, 'manifest.json'));
}

/** A bundle of kind `observation` has one run, of this name, without a run.json. */
export const observedRun = 'observed';

export function isObservation(path: string): boolean {
  return !isMissing(join(path, 'observation.json'));
}

/** For commands that read what `pauselab run` measured. */
export function refusedObservation(path: string): Failure {
  return usage(
    `${path} is an observation, which has no arms and no runs; \`pauselab report\`, \`explain\`, \`compare\` and \`export\` take it`,
  );
}

export interface RunFolders {
  readonly names: readonly string[];
  /** Runs without a run.json, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Runs in the order in which they were made. A hidden folder is of a pauselab that was killed while it wrote the run. Old
 * versions left a folder without run.json instead.
 */
export function runFolders(bundle: string): RunFolders {
  const folder = join(bundle, 'runs');
  const all = isMissing(folder)
    ? []
    : readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => name)
        .sort(byRunNumber);
  const names = all.filter((name) => !isMissing(join(folder, name, 'run.json')));
  return {
    names,
    notes: all
      .filter((name) => !names.includes(name))
      .map((name) => `the run ${oneLine(name, 80)} of ${bundle} is unfinished (it has no run.json) and is left out`),
  };
}

/** Reads everything except histogram logs. A broken file is refused, because its content is unknown. */
export function openBundle(path: string): StoredBundle {
  const runsFolder = join(path, 'runs');
  const manifest = readBundleFile('manifest', join(path, 'manifest.json'));
  const { names, notes } = runFolders(path);
  if (names.length > mostRuns)
    throw usage(
      `${runsFolder} holds ${names.length} runs, and this pauselab compares up to ${mostRuns}; leave some out`,
    );
  const summary = join(path, 'summary.json');
  const budget = budgetOf(mostBytesOfRuns);
  const kernels = manifest.kernels.length > 0 ? manifest.kernels : [ownKernel(manifest)];
  refuseOneName(join(path, 'manifest.json'), kernels);
  return {
    path,
    // Code that shows, compares or copies a bundle does not need the secrets that --keep-secrets kept.
    manifest: { ...withoutSecrets(manifest), kernels },
    summary: isMissing(summary) ? null : readBundleFile('summary', summary),
    runs: names.map((name) => {
      const run = readBundleFile('run', join(runsFolder, name, 'run.json'), budget);
      // The other files of the run are found by this name.
      if (run.name !== name)
        throw usage(
          `${join(runsFolder, name, 'run.json')} says that it is the run ${JSON.stringify(run.name.slice(0, 80))}; the folder was renamed or the file changed`,
        );
      const kernel = run.kernel ?? kernels[0]?.name ?? null;
      if (!kernels.some(({ name: known }) => known === kernel))
        throw usage(
          `${join(runsFolder, name, 'run.json')} says that it ran on the kernel ${JSON.stringify(kernel?.slice(0, 80))}, which its manifest lacks: one of the files was changed`,
        );
      return { ...run, kernel };
    }),
    notes,
  };
}

/** Runs name their place, so two places with the same name would mix their runs. */
function refuseOneName(file: string, kernels: readonly KernelRecord[]): void {
  const names = kernels.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw usage(
      `${file} has two kernels with the name ${JSON.stringify(twice.slice(0, 80))}, so their runs are mixed; measure again with a label for each (--kernel one=… --kernel other=…)`,
    );
}

function ownKernel({ host }: ManifestFile): KernelRecord {
  const release = typeof host.kernel === 'string' ? host.kernel : 'unknown';
  return {
    name: release,
    label: null,
    asked: 'host',
    release,
    facts: host,
    differences: [],
    oneTree: null,
    guest: null,
  };
}

export function isEmptyOrAbsent(folder: string): boolean {
  return !existsWithContent(folder);
}

function existsWithContent(folder: string): boolean {
  try {
    return !statSync(folder).isDirectory() || readdirSync(folder).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
