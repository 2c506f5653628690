/**
 * Merges several bundles of a profile, measured on the same machine. Runs are renumbered in the order in which they were
 * made, and their files are unchanged. The manifest keeps the manifest of each origin, and the origin of each run; the
 * folder `origins` keeps what each had beside its runs.
 */
import { dirname, join, resolve } from 'node:path';
import { grouped } from '../base/group.js';
import { makeFolders, writeNew } from '../base/files/atomic-file.js';
import { usage } from '../base/failure.js';
import { cleanHidden, createWhole } from '../base/files/new-folder.js';
import { guard } from '../base/files/write-guard.js';
import type { ManifestFile, MeasuredManifest, RunFile, SummaryFile } from './bundle-schema.js';
import { copyBesideRuns, copyFiles, originFolder } from './origin-files.js';
import { isEmptyOrAbsent, type StoredBundle } from './store.js';

export interface MergedRun {
  readonly from: StoredBundle;
  readonly before: RunFile;
  readonly file: RunFile;
}

export interface MergePlan {
  readonly manifest: ManifestFile;
  readonly runs: readonly MergedRun[];
  /** Of each origin of the manifest: the folder with what it has beside its runs. */
  readonly besideRuns: readonly string[];
}

/**
 * Orders bundles by their start. A repetition is a round: its runs were made directly after each other. So the rounds of
 * a bundle come after all rounds of the bundles before it, whatever arms and kernels these have.
 */
export function planMerge(bundles: readonly StoredBundle[]): MergePlan {
  const ordered = bundles.toSorted((a, b) =>
    a.manifest.startedAt < b.manifest.startedAt ? -1 : a.manifest.startedAt > b.manifest.startedAt ? 1 : 0,
  );
  const [first] = ordered;
  if (first === undefined) throw new Error('nothing to merge');
  const width = Math.max(3, String(ordered.reduce((sum, { runs }) => sum + runs.length, 0)).length);
  const runs: MergedRun[] = [];
  let rounds_n = 0;
  for (const from of ordered) {
    const offset = rounds_n;
    for (const before of from.runs) {
      const repetition = before.repetition + offset;
      rounds_n = Math.max(rounds_n, repetition);
      runs.push({
        from,
        before,
        file: {
          ...before,
          name: `${String(runs.length).padStart(width, '0')}-${before.name.replace(/^\d+-/, '')}`,
          repetition,
        },
      });
    }
  }
  return { manifest: mergedManifest(ordered, first, runs), runs, besideRuns: ordered.flatMap(besideRunsOf) };
}

function besideRunsOf({ path, manifest: { origins } }: StoredBundle): string[] {
  return origins.length === 0 ? [path] : origins.map((_, i) => join(path, originFolder(i)));
}

function mergedManifest(
  ordered: readonly StoredBundle[],
  first: StoredBundle,
  runs: readonly MergedRun[],
): ManifestFile {
  // The origins of a merged bundle are the measured bundles, also after another merge.
  const origins = ordered.flatMap((from) => {
    const own = runs
      .filter((run) => run.from === from)
      .map(({ before, file }) => ({ from: before.name, to: file.name }));
    const { origins: earlier, ...manifest } = from.manifest;
    if (earlier.length === 0) return [{ path: from.path, manifest, runs: own }];
    return earlier.map((origin) => ({
      ...origin,
      runs: origin.runs.flatMap(({ from: name, to }) =>
        own.filter((run) => run.from === to).map((run) => ({ from: name, to: run.to })),
      ),
    }));
  });
  // The rounds are renumbered, so they no longer match the rounds of another bundle.
  return {
    ...first.manifest,
    ...ofAllOrigins(
      origins.map(({ manifest }) => manifest),
      runs,
    ),
    turns: null,
    resumed: [],
    order: runs.map(({ file: { arm, kernel, repetition } }) => ({ arm, kernel, repetition })),
    origins,
  };
}

/** Each origin may have other arms of the profile. */
function ofAllOrigins(
  manifests: readonly MeasuredManifest[],
  runs: readonly MergedRun[],
): Pick<MeasuredManifest, 'refusedArms' | 'programs' | 'calibration'> {
  const programs = manifests.flatMap((manifest) => manifest.programs ?? []);
  return {
    // What one origin could not run, another may have run.
    refusedArms: firstOfEach(
      manifests.flatMap(({ refusedArms }) => refusedArms),
      ({ arm }) => arm,
    ).filter(({ arm }) => !runs.some(({ file }) => file.arm === arm)),
    programs: manifests.some((manifest) => manifest.programs === null)
      ? null
      : firstOfEach(programs, ({ path, sha256 }) => JSON.stringify([path, sha256])),
    // The origins have the sizes of their runs.
    calibration: firstOfEach(
      manifests.flatMap(({ calibration }) => calibration),
      ({ operation, pages, target_hold_ns }) => JSON.stringify([operation, pages, target_hold_ns]),
    ),
  };
}

function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return [...grouped(items, keyOf).values()].flatMap(([first]) => first ?? []);
}

export function writeMerged(path: string, plan: MergePlan, summary: SummaryFile): string {
  const folder = resolve(path);
  const taken = () => usage(`the output folder ${path} exists and is not empty; choose another with -o, or remove it`);
  if (!isEmptyOrAbsent(folder)) throw taken();
  guard(
    folder,
    () => {
      makeFolders(dirname(folder));
      cleanHidden(dirname(folder));
      try {
        createWhole(folder, (partial) => {
          writeFiles(partial, plan, summary);
        });
      } catch (error) {
        // Another command filled the folder meanwhile.
        if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw taken();
        throw error;
      }
    },
    '-o',
  );
  return folder;
}

function writeFiles(folder: string, { manifest, runs, besideRuns }: MergePlan, summary: SummaryFile): void {
  writeNew(join(folder, 'manifest.json'), json(manifest));
  for (const { from, before, file } of runs) {
    const source = join(from.path, 'runs', before.name);
    const target = join(folder, 'runs', file.name);
    copyFiles(source, target, { except: 'run.json' });
    writeNew(join(target, 'run.json'), json(file));
  }
  besideRuns.forEach((source, i) => {
    copyBesideRuns(source, join(folder, originFolder(i)));
  });
  writeNew(join(folder, 'summary.json'), json(summary));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
