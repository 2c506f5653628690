/**
 * The result folder of an experiment. Every file is written beside its place, synced and renamed into it, so that a
 * reader, a crash or a full disk never sees half of one. JSON is checked against its schema before it is written.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolders, writeAtomically } from '../base/atomic-file.js';
import { unfit, usage, type Failure } from '../base/failure.js';
import { bundleSchemas, schemaVersion, type ManifestFile, type RunFile, type SummaryFile } from './schema.js';
import type { StallsFile } from './stalls-schema.js';

export interface BundleStore {
  readonly path: string;
  writeManifest(manifest: ManifestFile): void;
  /** run.json, stalls.json and the run's other files, by name. */
  writeRun(run: RunFile, stalls: StallsFile, files: Readonly<Record<string, string>>): void;
  writeSummary(summary: SummaryFile): void;
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
      for (const name of ['runs', 'manifest.json', 'summary.json']) rmSync(join(folder, name), { recursive: true, force: true });
      // One that was there before is not ours to remove; it may be a mount point.
      if (!wasThere) rmSync(folder, { recursive: true, force: true });
    },
    writeSummary: (summary) => { writeJson('summary.json', bundleSchemas.summary.parse(summary)); },
    writeRun(run, stalls, files) {
      const runFolder = join(runsFolder, run.name);
      try {
        guard(runFolder, () => { makeFolders(runFolder); });
        for (const [name, text] of Object.entries(files)) write(join(runFolder, name), text);
        write(join(runFolder, 'stalls.json'), `${JSON.stringify(bundleSchemas.stalls.parse(stalls), null, 1)}\n`);
        writeJson(join('runs', run.name, 'run.json'), bundleSchemas.run.parse(run));
      } catch (error) {
        rmSync(runFolder, { recursive: true, force: true });
        throw error;
      }
      hasRuns = true;
    },
  };
}

/** Reads and checks one file of a bundle. */
export function readBundleFile<K extends keyof typeof bundleSchemas>(kind: K, path: string): ReturnType<(typeof bundleSchemas)[K]['parse']> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw usage(`${path} could not be read as a bundle's ${kind} (${(cause as Error).message}); name a folder that \`pauselab run\` wrote`, { cause });
  }
  const found = typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (found !== schemaVersion) throw usage(`${path} has schema version ${String(found)} and this pauselab reads ${schemaVersion}; read it with the pauselab that wrote it`);
  const result = bundleSchemas[kind].safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw usage(`${path} is no valid ${kind}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}; it was changed or cut off`);
  }
  return result.data as ReturnType<(typeof bundleSchemas)[K]['parse']>;
}

function existsWithContent(folder: string): boolean {
  try {
    return !statSync(folder).isDirectory() || readdirSync(folder).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function write(path: string, text: string): void {
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

function guard(path: string, write: () => void, before: () => void = () => undefined): void {
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
