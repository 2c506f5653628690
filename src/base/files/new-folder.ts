/**
 * Folders that others see whole or not at all: filled under a hidden name beside their place, synced, and renamed. The
 * hidden one is held (held-folder.ts), so that what a killed writer left is told from what is being written.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hiddenName, removeQuietly, syncFolder } from './atomic-file.js';
import { Failure } from '../failure.js';
import { createHeld, removeUnheld, type HeldFolder } from './held-folder.js';
import { nativeAddon } from '../native.js';

/** `fill` syncs its files; folders are synced here. An empty folder at the place is replaced, anything else refused. */
export function createWhole(place: string, fill: (folder: string) => void): void {
  withFilled(place, fill, (filled) => {
    renameSync(filled, place);
  });
}

/**
 * The same for a place that has a folder: at every moment the old one or the new one is there, or both are found by
 * `recoverReplaced`.
 */
export function replaceWhole(
  place: string,
  fill: (folder: string) => void,
  exchange: (one: string, other: string) => void = inOneStep,
): void {
  withFilled(place, fill, (filled) => {
    try {
      exchange(filled, place);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      inTwoSteps(filled, place);
      return;
    }
    // Under the hidden name is the old one now.
    syncFolder(dirname(place));
    removeQuietly(filled);
  });
}

/**
 * What killed writers left in this folder: a replaced folder whose successor never came is put back, all else is
 * removed.
 */
export function cleanHidden(folder: string): void {
  for (const name of namesIn(folder))
    if (/^\.pauselab-[0-9a-f]{16}\.partial$/.test(name))
      removeUnheld(join(folder, name), (path) => {
        rmSync(path, { recursive: true, force: true });
      });
  recoverReplaced(folder);
}

/** Safe beside a writer that is alive: where it finds its place taken again, it begins anew. */
export function recoverReplaced(folder: string): void {
  for (const name of namesIn(folder)) {
    const place = asideForm.exec(name)?.[1];
    if (place === undefined) continue;
    try {
      if (existsSync(join(folder, place))) rmSync(join(folder, name), { recursive: true, force: true });
      else renameSync(join(folder, name), join(folder, place));
    } catch {
      // The folder is read-only, or its writer was quicker.
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
    // Without the addon nothing is held, and nothing is cleaned either.
    if (error instanceof Failure) return { path: make(), release: () => undefined };
    throw error;
  }
}

function syncFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) syncFolders(join(folder, entry.name));
  syncFolder(folder);
}

function inOneStep(one: string, other: string): void {
  nativeAddon().exchange(one, other);
}

/** The file system or the kernel cannot exchange names, or there is no addon to ask it. */
function isUnknown(error: unknown): boolean {
  return (
    error instanceof Failure ||
    ['EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')
  );
}

/** A reader may put the old one back in between. */
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
