/**
 * The folder of a run's board and samples. It is on tmpfs, because a page under writeback would stall the measured
 * thread. Its owner holds it (base/files/held-folder.ts), so that folders of killed pauselabs are found and removed,
 * whichever PID namespace they ran in. The pid in its name is only for people.
 */
import { mkdtempSync, openSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUpNow } from '../base/clean-up.js';
import { Failure, unfit } from '../base/failure.js';
import { createHeld, removeUnheld, type HeldFolder } from '../base/files/held-folder.js';
import { errorMeaning } from '../base/system-error.js';
import { restoreLeftFeatures } from './feature-switch.js';
import { removeLeftCgroups } from './threads/cpu-group.js';

/** The type that statfs reports for tmpfs (linux/magic.h). */
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
    throw unfit(
      `${shared} does not exist, and the board needs a tmpfs; create it and mount one: mount -t tmpfs tmpfs ${shared}`,
      {
        cause,
      },
    );
  }
  if (type !== tmpfsMagic)
    throw unfit(
      `${shared} is not a tmpfs, and a board on a disk would stall the measured threads; ` +
        `mount a tmpfs: mount -t tmpfs tmpfs ${shared}`,
    );
  removeLeftBehind();
  let held: HeldFolder;
  try {
    held = createHeld(() => mkdtempSync(join(shared, `${prefix}${process.pid}-`)));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const { code = '' } = cause as NodeJS.ErrnoException;
    const { what, remedy } = errorMeaning(code);
    throw unfit(`no folder could be created in ${shared} (${code}): ${what}; ${remedy}`, { cause });
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

/** `mode`: 0o600 for what contains secrets. The system's refusal says what to do. */
export function writeRuntimeFile(path: string, text: string, { mode }: { readonly mode?: number } = {}): void {
  orRefused(path, () => {
    writeFileSync(path, text, mode === undefined ? {} : { mode });
  });
}

/** For the output of a program; a descriptor. */
export function openRuntimeFile(path: string): number {
  return orRefused(path, () => openSync(path, 'w'));
}

/** Node's error of a write does not name the file. */
function orRefused<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw cause;
    const { what, remedy } = errorMeaning(code, syscall);
    throw unfit(`${path} could not be written (${code}): ${what}; ${remedy}`, { cause });
  }
}

function removeLeftBehind(): void {
  for (const name of readdirSync(shared)) if (name.startsWith(prefix)) removeUnheld(join(shared, name), removeLeft);
}

/** If a cgroup is still in use, its folder stays, for the next pauselab to remove. */
function removeLeft(path: string): void {
  cleanUpNow(() => {
    restoreLeftFeatures(path);
  });
  if (removeLeftCgroups(path)) rmSync(path, { recursive: true, force: true });
}
