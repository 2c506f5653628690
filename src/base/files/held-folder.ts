/**
 * Folders that belong to a process while it lives: the process holds their flock(2), which the kernel releases however
 * the process ends. A pid would not do: two PID namespaces that share a file system use the same pids.
 */
import { closeSync, constants, fstatSync, openSync, rmdirSync, statSync } from 'node:fs';
import { cleanUpNow } from '../clean-up.js';
import { nativeAddon } from '../native.js';

export interface HeldFolder {
  readonly path: string;
  release(): void;
}

/** Creates a folder and holds it. If a cleaner mistook the new folder for an abandoned one, `make` is called again. */
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
 * Calls `remove` for a folder of this user that nobody holds, and holds it meanwhile. Another user's folder is left
 * alone: while root removes a tree, its owner could insert a link to somebody else's files.
 */
export function removeUnheld(path: string, remove: (path: string) => void): void {
  let held: HeldFolder | null;
  try {
    held = hold(path, process.geteuid?.());
  } catch {
    // It has disappeared, is not a folder, or cannot be opened: it only takes some space, and blocks nobody.
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

/** Holds a folder that exists; null if another process holds it. */
export function holdFolder(path: string): HeldFolder | null {
  return hold(path);
}

/** Null if another process holds it, it no longer exists, or it belongs to somebody else. */
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
    // A cleaner that held it before us may have removed it.
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
