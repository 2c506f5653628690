/** Cached JDKs: each with its C library beside it, by the checksums of its packages. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf, type Shelf } from '../debian/cache-entry.js';
import { hasChecksums, type Checksums } from '../debian/checksum.js';

/** jdk.json of a cached JDK. */
export interface CachedJdkFacts {
  /** Of openjdk-N-jre-headless. */
  readonly package: string;
  readonly version: string;
  readonly suite: string;
  /** The version of libc6, and its suite. */
  readonly libc: { readonly version: string; readonly suite: string };
  /** Where its programs look for their loader: they work in no other folder. */
  readonly place: string;
  /** Of all its files. */
  readonly bytes: number;
  /** Of files that every run uses. The modules are missing in an entry of an older pauselab. */
  readonly checksums: Checksums;
  readonly debs: readonly { readonly name: string; readonly sha256: string }[];
}

export interface CachedJdk extends CachedJdkFacts {
  readonly folder: string;
  readonly home: string;
  /** The folder of its C library. */
  readonly libcFolder: string;
}

/** Parts of an entry. */
export const homeIn = (folder: string): string => join(folder, 'home');
export const libcIn = (folder: string): string => join(folder, 'libc');

export const jdkShelf: Shelf<CachedJdkFacts, CachedJdk> = {
  folder: 'jdks',
  factsFile: 'jdk.json',
  format: 1,
  mostFactsBytes: 1 << 20,
  called: 'JDK',
  entryOf: (facts, folder) =>
    // A cache that was moved has programs whose loader is elsewhere.
    facts.place === folder && statSync(join(homeIn(folder), 'bin/java')).isFile()
      ? { ...facts, folder, home: homeIn(folder), libcFolder: libcIn(folder) }
      : null,
  isUndamaged: ({ folder, checksums }) => hasChecksums(folder, checksums),
};

export function cachedJdks(cache: string): CachedJdk[] {
  return entriesOf(jdkShelf, cache);
}
