/**
 * Makes a JDK of unpacked packages that runs from any folder with the C library of its suite. Each of its programs gets
 * the path of that library's loader, and of the folder where the loader searches first (DT_RPATH, which also holds for
 * what the JVM loads later, and for libraries that LD_PRELOAD names). Nothing else on the machine sees that library.
 */
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lastComplaint, runChild } from '../base/child.js';
import { elfNeedsOf } from '../base/elf.js';
import { unfit } from '../base/failure.js';
import { missing } from '../host/missing.js';
import { packagedFile } from '../host/packaged-jdk.js';
import { homeIn, libcIn } from './cached-jdks.js';

/** Where Debian's packages have libraries, before and after the move of /lib into /usr. */
const libraryFolders = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'];
const loader = 'ld-linux-x86-64.so.2';

/** Moves the JDK and its libraries from the unpacked packages into the entry's folder. */
export async function keepJdk(unpacked: string, folder: string): Promise<void> {
  const jvms = join(unpacked, 'usr/lib/jvm');
  const [home, another] = existsSync(jvms)
    ? readdirSync(jvms).filter((name) => existsSync(join(jvms, name, 'bin/java')) && !isLink(join(jvms, name)))
    : [];
  if (home === undefined || another !== undefined)
    throw unfit(`the packages contain ${home === undefined ? 'no' : 'more than one'} JDK below usr/lib/jvm`);
  replaceLinks(join(jvms, home), unpacked);
  await rename(join(jvms, home), homeIn(folder));
  mkdirSync(libcIn(folder));
  for (const from of libraryFolders.map((name) => join(unpacked, name)).filter((name) => existsSync(name)))
    for (const name of readdirSync(from).filter((file) => /\.so(?:\.|$)/.test(file)))
      cpSync(realpathSync(join(from, name)), join(libcIn(folder), name));
  if (!existsSync(join(libcIn(folder), loader))) throw unfit(`the package of the C library contains no ${loader}`);
}

const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();

/**
 * Debian's JDK has its settings in /etc, behind absolute links, which on this machine are those of another JDK, or
 * nothing. A link to what no package contains (certificates, documentation) is removed.
 */
function replaceLinks(folder: string, unpacked: string): void {
  for (const { name, parentPath } of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(parentPath, name);
    if (!isLink(path)) continue;
    const target = readlinkSync(path);
    const from = target.startsWith('/') ? join(unpacked, target) : join(dirname(path), target);
    if (existsSync(from) && !target.startsWith('/') && join(from).startsWith(`${folder}/`)) continue;
    rmSync(path);
    if (existsSync(from)) cpSync(from, path, { recursive: true, dereference: true });
  }
}

/** Programs of the JDK: its tools, and those that the JVM starts. */
function programsIn(home: string): string[] {
  return ['bin', 'lib']
    .flatMap((name) => readdirSync(join(home, name)).map((file) => join(home, name, file)))
    .filter((path) => lstatSync(path).isFile() && (lstatSync(path).mode & 0o111) !== 0)
    .filter((path) => (elfNeedsOf(path)?.interpreter ?? null) !== null);
}

/** Rewrites the programs in `folder` so that they find their libraries once the folder is at `place`. */
export async function pointToOwnLibc(folder: string, place: string, signal?: AbortSignal): Promise<void> {
  const programs = programsIn(homeIn(folder));
  const end = await runChild(
    'patchelf',
    [
      ...['--set-interpreter', join(libcIn(place), loader)],
      ...['--force-rpath', '--set-rpath', `$ORIGIN/../lib:${libcIn(place)}`],
      ...programs,
    ],
    { signal },
  );
  if (end === null)
    throw missing(
      'patchelf, which makes a JDK find the C library that was fetched with it, is not installed',
      ['patchelf'],
      { otherwise: 'name an installed JDK' },
    );
  if (end.code !== 0)
    throw unfit(`patchelf could not rewrite the programs of the JDK in ${folder} (${lastComplaint(end)})`);
}

/**
 * jlink takes programs and libraries from the modules' files. There they search this machine's C library, and Debian's
 * have debugging data of hundreds of MB. Those of the JDK's folder have neither.
 */
export function useProgramsOf(home: string, runtime: string): void {
  for (const path of readdirSync(runtime, { recursive: true, encoding: 'utf8' })) {
    const file = join(home, path);
    if (/^bin\/|\.so$|^lib\/j\w+$/.test(path) && existsSync(file) && elfNeedsOf(file) !== null)
      cpSync(file, join(runtime, path));
  }
  cpSync(packagedFile(home), packagedFile(runtime));
}
