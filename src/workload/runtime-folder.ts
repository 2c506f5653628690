/**
 * Where a run's board and samples live: a folder on tmpfs, because a page under writeback would stall the very thread
 * that is measured. Named after our pid, so that what a killed pauselab left behind is found and removed.
 */
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { unfit } from '../base/failure.js';
import { meaningOf } from '../base/system-error.js';

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
    throw unfit(`${shared} is not there and the board needs a tmpfs; mount one: mount -t tmpfs tmpfs ${shared}`, { cause });
  }
  if (type !== tmpfsMagic) throw unfit(`${shared} is no tmpfs, and a board on a disk would stall the threads that it measures; mount one: mount -t tmpfs tmpfs ${shared}`);
  removeLeftBehind();
  let path: string;
  try {
    path = mkdtempSync(join(shared, `${prefix}${process.pid}-`));
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const { what, remedy } = meaningOf(code);
    throw unfit(`no folder could be made in ${shared} (${code}): ${what}; ${remedy}`, { cause });
  }
  return { path, remove: () => { rmSync(path, { recursive: true, force: true }); } };
}

function removeLeftBehind(): void {
  for (const name of readdirSync(shared)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) removeIfOurs(join(shared, name));
  }
}

function removeIfOurs(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Another user's: it takes some memory and stops nobody.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
