/**
 * Where a run's board and samples live: a folder on tmpfs, because a page under writeback would stall the very thread
 * that is measured. Its owner holds it (base/held-folder.ts), so that what a killed pauselab left behind is found and
 * removed, whichever PID namespace it was in. The pid in its name is for people alone.
 */
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unfit } from '../base/failure.js';
import { createHeld, removeUnheld, type HeldFolder } from '../base/files/held-folder.js';
import { errorMeaning } from '../base/system-error.js';
import { removeLeftCgroups } from './threads/cpu-max.js';

/** What statfs says of a tmpfs (linux/magic.h). */
export const tmpfsMagic = 0x01021994;
const shared = '/dev/shm';
const prefix = 'pauselab-run-';

export interface RuntimeFolder {
  readonly path: string;
  remove(): void;
}

export function createRuntimeFolder(): RuntimeFolder {
  let type: number;
  try {
    type = statfsSync(shared).type;
  } catch (cause) {
    throw unfit(`${shared} is not there and the board needs a tmpfs; mount one: mount -t tmpfs tmpfs ${shared}`, {
      cause,
    });
  }
  if (type !== tmpfsMagic)
    throw unfit(
      `${shared} is no tmpfs, and a board on a disk would stall the threads that it measures; mount one: mount -t tmpfs tmpfs ${shared}`,
    );
  removeLeftBehind();
  let held: HeldFolder;
  try {
    held = createHeld(() => mkdtempSync(join(shared, `${prefix}${process.pid}-`)));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const { code = '' } = cause as NodeJS.ErrnoException;
    const { what, remedy } = errorMeaning(code);
    throw unfit(`no folder could be made in ${shared} (${code}): ${what}; ${remedy}`, { cause });
  }
  const { path } = held;
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      held.release();
    },
  };
}

function removeLeftBehind(): void {
  for (const name of readdirSync(shared)) if (name.startsWith(prefix)) removeUnheld(join(shared, name), removeLeft);
}

/** A cgroup that is still in use keeps the folder that names it, for the next pauselab. */
function removeLeft(path: string): void {
  if (removeLeftCgroups(path)) rmSync(path, { recursive: true, force: true });
}
