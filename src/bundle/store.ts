/**
 * The result folder of an experiment. Every file is written beside its place, synced and renamed into it, so that a
 * reader, a crash or a full disk never sees half of one. JSON is checked against its schema before it is written.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { makeFolders, writeAtomically } from '../base/atomic-file.js';
import { unfit, usage, type Failure } from '../base/failure.js';
import { oneLine } from '../base/printable.js';
import { machineFailure } from '../base/system-error.js';
import { withoutSecrets } from '../profile/secrets.js';
import { bundleSchemas, schemaVersion, type KernelRecord, type ManifestFile, type MeasuredManifest, type RunFile, type SummaryFile } from './schema.js';

export interface BundleStore {
  readonly path: string;
  writeManifest(manifest: MeasuredManifest): void;
  /** run.json and the run's other files, by name. */
  writeRun(run: RunFile, files: Readonly<Record<string, string>>): void;
  writeSummary(summary: SummaryFile): void;
  /** What a guest's kernel printed, beside the runs; nothing where there is no run. */
  keepConsole(kernel: string, text: string): void;
  /** Removes a bundle that holds no run; one that does stays. */
  discard(): void;
}

/** A folder that does not exist yet, or an empty one: results are never mixed or overwritten. */
export function createBundle(path: string): BundleStore {
  const folder = resolve(path);
  const runsFolder = join(folder, 'runs');
  const wasThere = existsSync(folder);
  let hasRuns = false;
  guard(folder, () => { makeFolders(runsFolder); }, () => {
    if (existsWithContent(folder)) throw usage(`the output folder ${path} exists and is not empty; choose another with --out, or remove it`);
  });
  const writeJson = (file: string, value: unknown): void => { write(join(folder, file), `${JSON.stringify(value, null, 1)}\n`); };
  return {
    path: folder,
    writeManifest: (manifest) => { writeJson('manifest.json', bundleSchemas.manifest.parse(manifest)); },
    discard() {
      if (hasRuns) return;
      for (const name of ['runs', 'consoles', 'manifest.json', 'summary.json']) rmSync(join(folder, name), { recursive: true, force: true });
      // One that was there before is not ours to remove; it may be a mount point.
      if (!wasThere) rmSync(folder, { recursive: true, force: true });
    },
    writeSummary: (summary) => { writeJson('summary.json', bundleSchemas.summary.parse(summary)); },
    keepConsole(kernel, text) {
      if (!hasRuns) return;
      guard(folder, () => { makeFolders(join(folder, 'consoles')); });
      writeAtomically(join(folder, 'consoles', `${kernel}.log`), text);
    },
    writeRun(run, files) {
      const runFolder = join(runsFolder, run.name);
      try {
        guard(runFolder, () => { makeFolders(runFolder); });
        for (const [name, text] of Object.entries(files)) write(join(runFolder, name), name === 'stalls.json' ? `${JSON.stringify(bundleSchemas.stalls.parse(JSON.parse(text)), null, 1)}\n` : text);
        writeJson(join('runs', run.name, 'run.json'), bundleSchemas.run.parse(run));
      } catch (error) {
        rmSync(runFolder, { recursive: true, force: true });
        throw error;
      }
      hasRuns = true;
    },
  };
}

/** A run of 100 threads has 0.2 MB: what is larger is none of ours, and reading it could take all memory. */
const mostBytes = 64 * 2 ** 20;

/** Reads and checks one file of a bundle. */
export function readBundleFile<K extends keyof typeof bundleSchemas>(kind: K, path: string): z.output<(typeof bundleSchemas)[K]> {
  const read: unknown = readJsonFile(path, `a bundle's ${kind}`, 'a folder that `pauselab run` wrote', schemaVersion, bundleSchemas[kind], kind);
  return read as z.output<(typeof bundleSchemas)[K]>;
}

/** `what`: `a bundle's manifest`; `remedy`: what to name instead. */
export function readJsonFile<Schema extends z.ZodType>(path: string, what: string, remedy: string, version: number, schema: Schema, short = what): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(readBounded(path));
  } catch (cause) {
    const refused = machineFailure(cause);
    if (refused !== null) throw refused;
    throw usage(`${path} could not be read as ${what} (${oneLine((cause as Error).message)}); name ${remedy}`, { cause });
  }
  const found: unknown = typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (found !== version) throw usage(`${path} has schema version ${oneLine(found === undefined ? 'undefined' : JSON.stringify(found))} and this pauselab reads ${version}; read it with the pauselab that wrote it`);
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw usage(`${path} is no valid ${short}: ${oneLine(issue?.path.join('.') ?? '')}: ${issue?.message ?? ''}; it was changed or cut off`);
  }
  return result.data;
}

function readBounded(path: string): string {
  const file = statSync(path);
  if (!file.isFile()) throw new Error('it is no file');
  if (file.size > mostBytes) throw new Error(`it has ${file.size} bytes, and no such file more than ${mostBytes}`);
  return readFileSync(path, 'utf8');
}

/** An experiment as it was left; one of a version without guests reads as one on this kernel of its machine's. */
export interface StoredBundle {
  readonly path: string;
  readonly manifest: ManifestFile;
  /** Null where the experiment ended before it wrote one. */
  readonly summary: SummaryFile | null;
  /** In the order in which they were made. */
  readonly runs: readonly RunFile[];
}

/** 100 repetitions of 100 arms. */
const mostRuns = 10_000;

export function isBundle(path: string): boolean {
  return existsSync(join(path, 'manifest.json'));
}

/** Everything but the histogram logs; any file that is broken is refused, since what it held is not known. */
export function openBundle(path: string): StoredBundle {
  const runsFolder = join(path, 'runs');
  const manifest = readBundleFile('manifest', join(path, 'manifest.json'));
  const names = existsSync(runsFolder) ? readdirSync(runsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort() : [];
  if (names.length > mostRuns) throw usage(`${runsFolder} holds ${names.length} runs, and this pauselab compares up to ${mostRuns}; leave some out`);
  const summary = join(path, 'summary.json');
  const kernels = manifest.kernels.length > 0 ? manifest.kernels : [ownKernel(manifest)];
  return {
    path,
    // What shows, compares or copies a bundle has no use for the secrets of one that was made with --keep-secrets.
    manifest: { ...withoutSecrets(manifest), kernels },
    summary: existsSync(summary) ? readBundleFile('summary', summary) : null,
    runs: names.map((name) => {
      const run = readBundleFile('run', join(runsFolder, name, 'run.json'));
      // Its other files are found by this name.
      if (run.name !== name) throw usage(`${join(runsFolder, name, 'run.json')} says that it is the run ${JSON.stringify(run.name.slice(0, 80))}; the folder was renamed or the file changed`);
      const kernel = run.kernel ?? kernels[0]?.name ?? null;
      if (!kernels.some(({ name: known }) => known === kernel)) throw usage(`${join(runsFolder, name, 'run.json')} says that it ran on the kernel ${JSON.stringify(kernel?.slice(0, 80))}, which its manifest does not have; one of them was changed`);
      return { ...run, kernel };
    }),
  };
}

function ownKernel({ host }: ManifestFile): KernelRecord {
  const release = typeof host.kernel === 'string' ? host.kernel : 'unknown';
  return { name: release, asked: 'host', release, facts: host, differences: [], oneTree: null, guest: null };
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

/** Whole or not at all, and a failure that says what to do. */
export function write(path: string, text: string): void {
  guard(path, () => { writeAtomically(path, text); });
}

const remedies: Record<string, string> = {
  ENOSPC: 'its disk is full: free some, or choose another place with --out',
  EDQUOT: 'the disk quota is used up: free some, or choose another place with --out',
  EACCES: 'no permission to write there: choose another place with --out',
  EPERM: 'no permission to write there: choose another place with --out',
  EROFS: 'its file system is read-only: choose another place with --out',
  ENOTDIR: 'a part of the path is a file: choose another place with --out',
};

export function guard(path: string, write: () => void, before: () => void = () => undefined): void {
  try {
    before();
    write();
  } catch (error) {
    if (error instanceof Error && error.name === 'Failure') throw error;
    throw unwritable(path, error as NodeJS.ErrnoException);
  }
}

function unwritable(path: string, cause: NodeJS.ErrnoException): Failure {
  return unfit(`${path} could not be written (${cause.code ?? cause.message}): ${remedies[cause.code ?? ''] ?? 'look at the path and choose another with --out'}`, { cause });
}
