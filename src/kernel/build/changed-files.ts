/**
 * The private copy of a source tree, and which of its files differ from the original. A variant of the sources is made
 * by writing only the files that differ, and every file that is written is newer than the objects made of it. So one
 * object folder serves all variants, and `make` compiles what differs.
 */
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { readBytes } from '../../base/files/read-file.js';

export interface SourceFile {
  readonly bytes: Buffer;
  readonly isProgram: boolean;
}

/** Files of a tree by their path in it; null: there is no such file. */
export type Contents = ReadonlyMap<string, SourceFile | null>;

/** Folders beside each other in the cache. */
export interface TreeFolders {
  readonly tree: string;
  /** Original files, by their path, and empty files below `absent` for files that the original does not have. */
  readonly originals: string;
}

export function treeFolders(folder: string): TreeFolders {
  return { tree: join(folder, 'tree'), originals: join(folder, 'originals') };
}

function places({ tree, originals }: TreeFolders, path: string) {
  return { inTree: join(tree, path), kept: join(originals, 'files', path), absent: join(originals, 'absent', path) };
}

/** Null: the original has no such file. */
export function originalContent(folders: TreeFolders, path: string): SourceFile | null {
  const { inTree, kept, absent } = places(folders, path);
  if (existsSync(kept)) return readSource(kept);
  if (existsSync(absent)) return null;
  return readSource(inTree);
}

/** The largest source of a kernel has 25 MB. */
const mostSourceBytes = 256 << 20;

/** Null: there is no file. */
export function readSource(path: string): SourceFile | null {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return null;
  return { bytes: readBytes(path, { mostBytes: mostSourceBytes }), isProgram: (stats.mode & 0o111) !== 0 };
}

export function writeSource(path: string, { bytes, isProgram }: SourceFile): void {
  makeFolders(dirname(path));
  writeAtomically(path, [bytes]);
  chmodSync(path, isProgram ? 0o755 : 0o644);
}

/** Makes the tree the original with these contents. Returns the paths that were written. */
export function makeVariant(folders: TreeFolders, contents: Contents): string[] {
  const all = [...new Set([...changedPaths(folders), ...contents.keys()])].sort();
  return all.filter((path) => {
    const original = originalContent(folders, path);
    const wanted = contents.has(path) ? (contents.get(path) ?? null) : original;
    keepOriginal(folders, path, original);
    return writeIfOther(places(folders, path).inTree, wanted);
  });
}

/** The tree as it was, without a memory of changes: before the original itself is changed. */
export function forgetVariants(folders: TreeFolders): void {
  makeVariant(folders, new Map());
  rmSync(folders.originals, { recursive: true, force: true });
}

/** Files that differ in some variant. */
function changedPaths({ originals }: TreeFolders): string[] {
  return ['files', 'absent'].flatMap((kind) => {
    const folder = join(originals, kind);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (path) => !path.endsWith('.partial') && lstatSync(join(folder, path)).isFile(),
    );
  });
}

/** Before the file is changed for the first time. */
function keepOriginal(folders: TreeFolders, path: string, original: SourceFile | null): void {
  const { kept, absent } = places(folders, path);
  if (existsSync(kept) || existsSync(absent)) return;
  if (original === null) writeSource(absent, { bytes: Buffer.alloc(0), isProgram: false });
  else writeSource(kept, original);
}

function writeIfOther(path: string, wanted: SourceFile | null): boolean {
  const there = readSource(path);
  if (wanted === null) {
    if (there === null) return false;
    rmSync(path, { force: true });
    return true;
  }
  if (there?.isProgram === wanted.isProgram && there.bytes.equals(wanted.bytes)) return false;
  writeSource(path, wanted);
  return true;
}
