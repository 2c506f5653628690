/**
 * Folders that belong to a process for as long as it lives: it holds their flock(2), and the kernel gives that back
 * however the process ends. A pid would not do: two PID namespaces that share a file system have the same pids.
 */
import { closeSync, constants, fstatSync, openSync, rmdirSync, statSync } from 'node:fs';
import { cleanUpNow } from '../clean-up.js';
import { nativeAddon } from '../native.js';

export interface HeldFolder {
  readonly path: string;
  release(): void;
}

/**
 * Makes a folder and holds it; `make` is asked again where a cleaner took the new folder for one that was left behind.
 */
export function createHeld(make: () => string): HeldFolder {
  nativeAddon();
  for (;;) {
    const path = make();
    try {
      const held = hold(path);
      if (held !== null) return held;
    } catch (error) {
      cleanUpNow(() => {
        rmdirSync(path);
      });
      throw error;
    }
  }
}

/**
 * Calls `remove` for a folder of this user's that nobody holds, and holds it meanwhile. Another user's is left alone:
 * while root removes a tree, its owner could put a link to somebody's files into it.
 */
export function removeUnheld(path: string, remove: (path: string) => void): void {
  let held: HeldFolder | null;
  try {
    held = hold(path, process.geteuid?.());
  } catch {
    // Gone meanwhile, no folder, or not to be opened: it takes some memory and stops nobody.
    return;
  }
  if (held === null) return;
  try {
    remove(path);
  } catch {
    // As above.
  } finally {
    held.release();
  }
}

/** Null: another process holds it, or it is not there any more, or it is not the owner's. */
function hold(path: string, owner?: number): HeldFolder | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  let isOurs = false;
  try {
    const folder = fstatSync(fd);
    // A cleaner that held it before us has removed it.
    isOurs =
      (owner === undefined || folder.uid === owner) &&
      nativeAddon().tryLock(fd) &&
      statSync(path, { throwIfNoEntry: false })?.ino === folder.ino;
  } finally {
    if (!isOurs) closeSync(fd);
  }
  if (!isOurs) return null;
  let isHeld = true;
  return {
    path,
    release() {
      if (isHeld) closeSync(fd);
      isHeld = false;
    },
  };
}
