/** The packages that a fetched JDK was made of, in a file that stays with the JDK, also in a guest. */
import { join } from 'node:path';
import { parseJson } from '../base/json.js';
import { readText } from '../base/files/read-file.js';

export interface Packaged {
  /** Such as openjdk-26-jre-headless. */
  readonly package: string;
  readonly version: string;
  readonly suite: string;
  /** Of the C library that it runs on. */
  readonly libc: { readonly version: string; readonly suite: string };
}

export const packagedFile = (home: string): string => join(home, 'pauselab-package.json');

/** Null for a JDK that pauselab did not fetch. */
export function packagedOf(home: string): Packaged | null {
  try {
    return parseJson(readText(packagedFile(home), { mostBytes: 1 << 16 })) as Packaged;
  } catch {
    return null;
  }
}
