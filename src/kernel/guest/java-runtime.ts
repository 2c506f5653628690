/**
 * A Java runtime that is small enough for a guest's memory: the modules that our jar needs, linked by the JDK and
 * cached per JDK.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runChild, saysDiskFull } from '../../base/child.js';
import { unfit } from '../../base/failure.js';
import { readPart } from '../../base/files/read-file.js';
import type { Jdk } from '../../host/jdks.js';
import { missing } from '../../host/missing.js';
import { libcIn } from '../../jdk/cached-jdks.js';
import { useProgramsOf } from '../../jdk/own-libc.js';
import type { GuestFile } from './guest-image.js';
import { cachedOrFilled, readEntry, type Shelf } from '../../debian/cache-entry.js';
import { cacheFolder, diskFull } from '../../debian/cache-folder.js';
import { checksumsOf, hasChecksums, pathsOf, sha256OfText, type Checksums } from '../../debian/checksum.js';

/** Modules from `jdeps --print-module-deps` of our jar, those of the agent, and those that the JVM's settings need. */
const modules = [
  'java.base',
  'java.instrument',
  'java.logging',
  'java.management',
  'jdk.management',
  'jdk.unsupported',
];

/** Changes with what is made of a JDK. */
const form = 'without debuginfo, with checksums';

interface RuntimeFacts {
  /** Of all its files. */
  readonly checksums: Checksums;
}

interface CachedRuntime extends RuntimeFacts {
  readonly folder: string;
  readonly runtime: string;
}

const runtimeIn = (folder: string): string => join(folder, 'runtime');

const shelf: Shelf<RuntimeFacts, CachedRuntime> = {
  folder: 'java-runtimes',
  factsFile: 'runtime.json',
  format: 1,
  mostFactsBytes: 1 << 20,
  called: 'Java runtime',
  entryOf: (facts, folder) => ({ ...facts, folder, runtime: runtimeIn(folder) }),
  // A guest with a damaged file would fail again and again, and seem to show a fault of its kernel or its JVM.
  isUndamaged: ({ folder, checksums }) => hasChecksums(folder, checksums),
};

/**
 * A runtime made from this JDK, at the path of the JDK: it has the same version, collectors and flags. A JDK that was
 * fetched brings its C library.
 */
export async function javaRuntime(jdk: Jdk, signal?: AbortSignal): Promise<GuestFile[]> {
  const { home, packaged } = jdk;
  const from = await runtimeFolder(jdk, signal);
  if (packaged === null) return [{ from, to: home }];
  const libc = libcIn(dirname(home));
  return [
    { from, to: home, isComplete: true },
    { from: libc, to: libc, isComplete: true },
  ];
}

async function runtimeFolder({ home, version, vendor, packaged }: Jdk, signal?: AbortSignal): Promise<string> {
  const jlink = join(home, 'bin/jlink');
  if (!existsSync(jlink) || !existsSync(join(home, 'jmods')))
    throw missing(`${home} has no jlink or no jmods, which are needed to make a Java runtime for a guest`, ['jlink'], {
      otherwise: 'name a whole JDK with --java',
    });
  const release = existsSync(join(home, 'release')) ? readPart(join(home, 'release'), 0, 2 ** 16).toString('utf8') : '';
  const key = sha256OfText(
    [form, home, version, vendor, release, ...modules, ...(packaged === null ? [] : [JSON.stringify(packaged)])].join(
      '\n',
    ),
  ).slice(0, 32);
  const cache = cacheFolder({});
  // Without the lock of a writer, so that a cache works that this user can only read.
  const there = readEntry(shelf, join(cache, shelf.folder, key));
  if (there !== null && (await shelf.isUndamaged(there))) return there.runtime;
  const { runtime } = await cachedOrFilled(
    shelf,
    { cache, key },
    { ...(signal === undefined ? {} : { signal }) },
    async (folder) => {
      const made = runtimeIn(folder);
      await run(
        jlink,
        ['--add-modules', modules.join(','), '--strip-debug', '--no-header-files', '--no-man-pages', '--output', made],
        signal,
      );
      removeDebugInfo(made);
      if (packaged !== null) useProgramsOf(home, made);
      // Class data sharing: without its archive, a JVM takes twice as long to start in emulation.
      await run(join(made, 'bin/java'), ['-Xshare:dump'], signal);
      return { checksums: await checksumsOf(folder, pathsOf(folder, basename(made))) };
    },
  );
  return runtime;
}

/** Modules of Debian's JDK 28 have such files of 750 MB, which jlink keeps in spite of --strip-debug. */
function removeDebugInfo(runtime: string): void {
  for (const path of readdirSync(runtime, { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.debuginfo')) rmSync(join(runtime, path));
}

/** It takes about ten seconds on an idle machine. */
const deadline_ms = 10 * 60_000;

async function run(program: string, args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const end = await runChild(program, args, { deadline_ms, signal });
  if (end?.code === 0) return;
  if (end !== null && saysDiskFull(`${end.stderr}${end.stdout}`)) throw diskFull(cacheFolder({}));
  const why =
    end === null
      ? 'it does not exist'
      : end.isLate
        ? `it was still running after ${deadline_ms / 60_000} min`
        : (`${end.stderr}${end.stdout}`.trim().split('\n')[0] ?? '');
  throw unfit(`${program} could not make a Java runtime for a guest (${why}); name another JDK with --java`);
}
