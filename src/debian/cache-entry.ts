/**
 * Entries of the cache: a folder for each kernel or JDK, with a file of facts. An entry is put together in a folder
 * beside its place and renamed into it, so it is there completely or not at all.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders, writeAtomically } from '../base/files/atomic-file.js';
import { cleanUpNow } from '../base/clean-up.js';
import { parseJson } from '../base/json.js';
import { readText } from '../base/files/read-file.js';
import { machineFailure } from '../base/system-error.js';
import { cacheFailure, inCache } from './cache-folder.js';
import { withLock } from './file-lock.js';
import type { Sources } from './sources.js';

/** A kind of entry. `Facts` is what its file says, `Entry` is that with the paths of its parts. */
export interface Shelf<Facts, Entry extends { readonly folder: string }> {
  /** The folder of all entries, below the cache folder. */
  readonly folder: string;
  /** Its file of facts. */
  readonly factsFile: string;
  /** Of the file of facts: an entry of another format is made again. */
  readonly format: number;
  readonly mostFactsBytes: number;
  /** For messages, such as `kernel`. */
  readonly called: string;
  /** Null if a part is missing. */
  readonly entryOf: (facts: Facts, folder: string) => Entry | null;
  readonly isUndamaged: (entry: Entry) => Promise<boolean>;
}

export function entriesOf<Facts, Entry extends { readonly folder: string }>(
  shelf: Shelf<Facts, Entry>,
  cache: string,
): Entry[] {
  const folder = join(cache, shelf.folder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .flatMap((name) => readEntry(shelf, join(folder, name)) ?? []);
}

/** Also null for an entry of another pauselab version, or a damaged one: it is then made again. */
export function readEntry<Facts, Entry extends { readonly folder: string }>(
  shelf: Shelf<Facts, Entry>,
  folder: string,
): Entry | null {
  try {
    const { format, ...facts } = parseJson(
      readText(join(folder, shelf.factsFile), { mostBytes: shelf.mostFactsBytes }),
    ) as Record<string, unknown>;
    return format === shelf.format ? shelf.entryOf(facts as Facts, folder) : null;
  } catch (error) {
    const refused = machineFailure(error);
    if (refused !== null) throw refused;
    return null;
  }
}

/**
 * The entry of this key: the cached one, or what `fill` puts into its folder. `place` is the folder's later path. If two
 * processes ask at once, one fills and the other waits and finds it.
 */
export async function cachedOrFilled<Facts extends object, Entry extends { readonly folder: string }>(
  shelf: Shelf<Facts, Entry>,
  { cache, key }: { readonly cache: string; readonly key: string },
  sources: Sources,
  fill: (folder: string, place: string) => Promise<Facts>,
): Promise<Entry> {
  const entries = join(cache, shelf.folder);
  inCache(cache, () => {
    makeFolders(entries);
  });
  const note = sources.note ?? (() => undefined);
  return withLock(
    join(entries, `.${key}.lock`),
    sources.signal,
    () => {
      note('another pauselab is filling the cache; waiting for it');
    },
    async () => {
      const place = join(entries, key);
      const there = readEntry(shelf, place);
      if (there !== null && (await shelf.isUndamaged(there))) return there;
      if (existsSync(place)) {
        note(`the cached ${shelf.called} in ${place} is damaged and is made again`);
        inCache(cache, () => {
          rmSync(place, { recursive: true, force: true });
        });
      }
      // Only this process works on this key, so these files were left by a killed one.
      for (const name of readdirSync(entries))
        if (name.startsWith(`.${key}.partial-`)) rmSync(join(entries, name), { recursive: true, force: true });
      const partial = inCache(cache, () => mkdtempSync(join(entries, `.${key}.partial-`)));
      try {
        const facts = await fill(partial, place);
        inCache(cache, () => {
          writeAtomically(
            join(partial, shelf.factsFile),
            `${JSON.stringify({ format: shelf.format, ...facts }, null, 1)}\n`,
          );
          renameSync(partial, place);
        });
      } catch (error) {
        throw cacheFailure(cache, error);
      } finally {
        cleanUpNow(() => {
          rmSync(partial, { recursive: true, force: true });
        });
      }
      const made = readEntry(shelf, place);
      if (made === null) throw new Error(`${place} was created but cannot be read`);
      return made;
    },
  );
}
