import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

/** An editor writes a file in several steps, and a change of branch writes many files. */
const quiet_ms = 50;

/**
 * Calls `work` at once and after changes of sources in a folder, never twice at a time. A change during the first call,
 * which can take a minute, starts the next. Returns a function that ends it.
 * @param {string} root
 * @param {string} folder
 * @param {() => Promise<unknown>} work
 */
export function watchSources(root, folder, work) {
  let timer;
  let isStale = true;
  let isWorking = false;
  const watchers = new Map();

  const start = async () => {
    if (isWorking) return;
    isWorking = true;
    while (isStale) {
      isStale = false;
      await work();
    }
    isWorking = false;
  };
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isStale = true;
      watchFolders();
      void start();
    }, quiet_ms);
  };
  // Folder by folder, because a recursive watch would also watch what is built. The next change finds new folders.
  const watchFolders = () => {
    for (const path of foldersIn(join(root, folder)).filter((found) => !watchers.has(found))) {
      const watcher = watch(path, (_, name) => {
        if (name === null || isSource(name)) changed();
      });
      watcher.on('error', () => {
        watchers.delete(path);
        watcher.close();
      });
      watchers.set(path, watcher);
    }
  };
  watchFolders();
  void start();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

/** False for an editor's temporary files. */
export function isSource(name) {
  return /^[\w-]+(?:\.(?:cc|h|gyp))?$/.test(name);
}

export function foldersIn(path) {
  const inside = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'build')
    .flatMap((entry) => foldersIn(join(path, entry.name)));
  return [path, ...inside];
}
