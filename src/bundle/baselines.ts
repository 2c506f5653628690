/**
 * Baselines in a folder that can be committed. A baseline is a bundle with manifest, summary, the figures of every run,
 * and histograms of whole runs. It lacks histograms per second, lists of stalls and logs of the workload. Code that
 * reads bundles reads baselines too.
 */
import { lstatSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hiddenName, makeFolders, writeNew } from '../base/files/atomic-file.js';
import { usage } from '../base/failure.js';
import { isMissing } from '../base/files/is-missing.js';
import { didYouMean } from '../base/text/near-miss.js';
import { cleanHidden, createWhole, recoverReplaced, replaceWhole } from '../base/files/new-folder.js';
import { quoted } from '../base/text/printable.js';
import { guard } from '../base/files/write-guard.js';
import { hlogHead, hlogLine, isTag } from '../record/histogram/hlog.js';
import { sumHlog } from '../record/histogram/hlog-sum.js';
import { baselineSchema, baselineVersion, type BaselineFile } from './baseline-schema.js';
import type { RunFile } from './bundle-schema.js';
import { isBundle, readJsonFile, type StoredBundle } from './store.js';

export const defaultBaselines = 'pauselab-baselines';

const file = 'baseline.json';
/** pauselab gives baselines only these names. A committed folder may have any name. */
const nameRule = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const mostBaselines = 1000;

export function isBaseline(path: string): boolean {
  return !isMissing(join(path, file)) && isBundle(path);
}

export function checkBaselineName(name: string): string {
  if (!nameRule.test(name))
    throw usage(
      `${quoted(name)} cannot name a baseline; use letters, digits, dots, dashes and underscores, at most 100, the first a letter or a digit`,
    );
  return name;
}

/** Refuses a baseline whose name is not that of its folder. */
export function readBaseline(path: string): BaselineFile {
  return readJsonFile(join(path, file), baselineSchema, {
    what: "a baseline's facts",
    short: 'baseline',
    remedy: 'a folder that `pauselab baseline save` wrote',
    version: baselineVersion,
  });
}

export interface Listed {
  readonly path: string;
  readonly baseline: BaselineFile;
}

export interface BaselineList {
  readonly baselines: readonly Listed[];
  /** Folders that are no baselines: a sentence each. */
  readonly notes: readonly string[];
}

/** Baselines by name. A broken baseline is refused, because its profile and machine are unknown. */
export function listBaselines(folder: string): BaselineList {
  recoverReplaced(folder);
  const entries = isMissing(folder) ? [] : readdirSync(folder, { withFileTypes: true });
  if (entries.length > mostBaselines)
    throw usage(
      `${folder} holds ${entries.length} entries, and at most ${mostBaselines} are read; name a baseline in it`,
    );
  const folders = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  const own = folders.filter((name) => nameRule.test(name) && isBaseline(join(folder, name)));
  return {
    baselines: own.map((name) => {
      const path = join(folder, name);
      const baseline = readBaseline(path);
      if (baseline.name !== name)
        throw usage(
          `${join(path, file)} says that it is the baseline ${quoted(baseline.name)}; the folder was renamed or the file changed`,
        );
      return { path, baseline };
    }),
    notes: folders
      .filter((name) => !own.includes(name))
      .map((name) => `${quoted(name)} in ${folder} is no baseline, and is left alone`),
  };
}

export function findBaseline(folder: string, name: string): Listed {
  checkBaselineName(name);
  const { baselines } = listBaselines(folder);
  const found = baselines.find(({ baseline }) => baseline.name === name);
  if (found !== undefined) return found;
  const names = baselines.map(({ baseline }) => baseline.name);
  throw usage(
    `${folder} has no baseline ${name}${didYouMean(name, names)}${names.length === 0 ? '; it has none' : `; it has ${names.join(', ')}`}`,
  );
}

export interface SaveOptions {
  readonly folder: string;
  readonly baseline: BaselineFile;
  readonly bundle: StoredBundle;
  readonly replace: boolean;
}

/** Readers never see half a baseline. A baseline that is replaced is the old or the new baseline at every moment. */
export function saveBaseline({ folder, baseline, bundle, replace }: SaveOptions): string {
  const path = join(folder, checkBaselineName(baseline.name));
  cleanHidden(folder);
  const isThere = !isMissing(path);
  const isOther = isThere && !isBaseline(path);
  // What cannot be looked at is not replaced: the system tells why.
  if (isThere && !isOther) statSync(join(path, file));
  if (isOther || (isThere && !replace))
    throw usage(
      !isOther
        ? `${folder} has a baseline ${baseline.name} already; replace it with --replace, or give this one another name with --as`
        : `${path} exists and is no baseline; choose another name with --as`,
    );
  if (isThere) refuseLink(path);
  guard(
    folder,
    () => {
      makeFolders(folder);
    },
    '--in',
  );
  const fill = (place: string): void => {
    writeFiles(place, baseline, bundle);
  };
  guard(
    path,
    () => {
      if (isThere) replaceWhole(path, fill);
      else createWhole(path, fill);
    },
    '--in',
  );
  return path;
}

function writeFiles(folder: string, baseline: BaselineFile, { path, manifest, summary, runs }: StoredBundle): void {
  const writeJson = (name: string, value: unknown): void => {
    writeNew(join(folder, name), `${JSON.stringify(value)}\n`);
  };
  writeJson('manifest.json', manifest);
  if (summary !== null) writeJson('summary.json', summary);
  for (const run of runs) {
    makeFolders(join(folder, 'runs', run.name));
    writeJson(join('runs', run.name, 'run.json'), run);
    writeNew(
      join(folder, 'runs', run.name, 'histograms.hlog'),
      wholeRunLog(join(path, 'runs', run.name, 'histograms.hlog'), run),
    );
  }
  writeNew(join(folder, file), `${JSON.stringify(baseline, null, 1)}\n`);
}

/** The same counts, in a single interval per tag. */
function wholeRunLog(log: string, { startedAt, window }: RunFile): string {
  const { tags } = sumHlog(log);
  const started_ms = Date.parse(startedAt);
  const bad = tags.find(({ tag }) => tag !== null && !isTag(tag));
  if (bad !== undefined)
    throw usage(`${log} has the tag ${quoted(bad.tag ?? '')}, which no log of pauselab has; it was changed`);
  return (
    hlogHead(Number.isFinite(started_ms) ? started_ms : 0) +
    tags
      .flatMap(({ tag, counts }) =>
        tag === null ? [] : [hlogLine(tag, window.windowStart_ns, window.windowEnd_ns, counts)],
      )
      .join('')
  );
}

export function removeBaseline(folder: string, name: string): string {
  const { path } = findBaseline(folder, name);
  refuseLink(path);
  // Commands that read baselines would refuse a half-removed baseline.
  const hidden = join(folder, hiddenName());
  guard(path, () => {
    renameSync(path, hidden);
    rmSync(hidden, { recursive: true });
  });
  return path;
}

function refuseLink(path: string): void {
  if (lstatSync(path).isSymbolicLink()) throw usage(`${path} is a symbolic link; remove it by hand`);
}
