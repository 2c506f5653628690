/**
 * What a bundle has beside its runs, such as the consoles of its guests. In a merged bundle it lies in a folder for each
 * origin: places of two origins have the same names, and so have their runs.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyNew, makeFolders } from '../base/files/atomic-file.js';
import { usage, type Failure } from '../base/failure.js';
import { consolesFolder, cutShortFolder } from './store.js';

/** In a merged bundle. `i`: in `origins` of its manifest. */
export function originFolder(i: number): string {
  return join('origins', String(i).padStart(3, '0'));
}

export function hasCutShort(folder: string): boolean {
  return isFolder(join(folder, cutShortFolder));
}

/** Copies what there is. */
export function copyBesideRuns(source: string, target: string): void {
  const [consoles, cutShort] = [join(source, consolesFolder), join(source, cutShortFolder)];
  if (isFolder(consoles)) copyFiles(consoles, join(target, consolesFolder));
  if (!isFolder(cutShort)) return;
  for (const name of namesIn(cutShort)) {
    if (!isFolder(join(cutShort, name))) throw unexpected(join(cutShort, name), 'folder');
    copyFiles(join(cutShort, name), join(target, cutShortFolder, name));
  }
}

/** The files of a folder without folders. A file that was being written when pauselab was killed has a hidden name. */
export function copyFiles(source: string, target: string, { except }: { readonly except?: string } = {}): void {
  makeFolders(target);
  for (const name of namesIn(source)) {
    if (!lstatSync(join(source, name)).isFile()) throw unexpected(join(source, name), 'regular file');
    if (name !== except) copyNew(join(source, name), join(target, name));
  }
}

function namesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('.'));
}

/** A link could lead anywhere, and pauselab writes no links. */
function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function unexpected(path: string, what: 'regular file' | 'folder'): Failure {
  return usage(`${path} is no ${what}, and pauselab writes only such there; remove it, or leave the bundle out`);
}
