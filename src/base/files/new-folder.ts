/**
 * Folders that others see complete or not at all: filled under a hidden name beside the target, synced and renamed. The
 * hidden folder is held (held-folder.ts), so that remains of a killed writer differ from work in progress.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hiddenName, removeQuietly, syncFolder } from './atomic-file.js';
import { Failure } from '../failure.js';
import { createHeld, removeUnheld, type HeldFolder } from './held-folder.js';
import { nativeAddon } from '../native.js';

/**
 * `fill` syncs its files; this function syncs the folders. It replaces an empty folder at `place` and refuses anything
 * else.
 */
export function createWhole(place: string, fill: (folder: string) => void): void {
  withFilled(place, fill, (filled) => {
    renameSync(filled, place);
  });
}

/**
 * The same for a place that already has a folder: at any moment the old or the new folder is there, or
 * `recoverReplaced` finds both.
 */
export function replaceWhole(
  place: string,
  fill: (folder: string) => void,
  exchange: (first: string, second: string) => void = inOneStep,
): void {
  withFilled(place, fill, (filled) => {
    try {
      exchange(filled, place);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      inTwoSteps(filled, place);
      return;
    }
    // The hidden name now refers to the old folder.
    syncFolder(dirname(place));
    removeQuietly(filled);
  });
}

/**
 * Handles what killed writers left in this folder: puts back a replaced folder whose successor never came, and removes
 * all else.
 */
export function cleanHidden(folder: string): void {
  for (const name of namesIn(folder))
    if (/^\.pauselab-[0-9a-f]{16}\.partial$/.test(name))
      removeUnheld(join(folder, name), (path) => {
        rmSync(path, { recursive: true, force: true });
      });
  recoverReplaced(folder);
}

/** Safe beside a living writer: if that finds its place taken again, it starts anew. */
export function recoverReplaced(folder: string): void {
  for (const name of namesIn(folder)) {
    const place = asideForm.exec(name)?.[1];
    if (place === undefined) continue;
    try {
      if (existsSync(join(folder, place))) rmSync(join(folder, name), { recursive: true, force: true });
      else renameSync(join(folder, name), join(folder, place));
    } catch {
      // The folder is read-only, or its writer was faster.
    }
  }
}

const asideForm = /^\.pauselab-[0-9a-f]{16}\.replaced-(.+)$/;

function asideName(place: string): string {
  return `${hiddenName().replace(/\.partial$/, '')}.replaced-${basename(place)}`;
}

function withFilled(place: string, fill: (folder: string) => void, finish: (filled: string) => void): void {
  const hidden = hiddenFolder(dirname(place));
  const { path } = hidden;
  try {
    fill(path);
    syncFolders(path);
    finish(path);
  } catch (error) {
    removeQuietly(path);
    throw error;
  } finally {
    hidden.release();
  }
  syncFolder(dirname(place));
}

function hiddenFolder(parent: string): HeldFolder {
  const make = (): string => {
    const path = join(parent, hiddenName());
    mkdirSync(path);
    return path;
  };
  try {
    return createHeld(make);
  } catch (error) {
    // Without the addon nothing is held, and so nothing is cleaned.
    if (error instanceof Failure) return { path: make(), release: () => undefined };
    throw error;
  }
}

function syncFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) syncFolders(join(folder, entry.name));
  syncFolder(folder);
}

function inOneStep(first: string, second: string): void {
  nativeAddon().exchange(first, second);
}

/** The file system or the kernel cannot exchange names, or the addon is missing. */
function isUnknown(error: unknown): boolean {
  return (
    error instanceof Failure ||
    ['EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')
  );
}

/** A reader may put the old folder back in between. */
const mostTries = 100;

function inTwoSteps(filled: string, place: string): void {
  const aside = join(dirname(place), asideName(place));
  for (let tries = 1; ; tries += 1) {
    renameSync(place, aside);
    try {
      renameSync(filled, place);
      break;
    } catch (error) {
      if (!existsSync(place)) renameSync(aside, place);
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '') || tries === mostTries)
        throw error;
    }
  }
  syncFolder(dirname(place));
  removeQuietly(aside);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
