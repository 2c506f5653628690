/** Finds `deb:26`: in the cache, or on the mirror, with its signature checked. Nothing is installed. */
import { lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runChild } from '../base/child.js';
import { unfit } from '../base/failure.js';
import { makeFolders, writeAtomically } from '../base/files/atomic-file.js';
import { formatSize } from '../base/text/units.js';
import { download, type Package } from '../debian/apt.js';
import { cachedOrFilled } from '../debian/cache-entry.js';
import { cacheFolder } from '../debian/cache-folder.js';
import { checksumsOf, sha256OfText } from '../debian/checksum.js';
import { unpackDeb } from '../debian/deb-archive.js';
import { chosenInLists, fetchedOrCached } from '../debian/fetched-or-cached.js';
import { packageIndex, type Collection, type PackageIndex } from '../debian/package-index.js';
import type { Sources } from '../debian/sources.js';
import { packagedFile, type Packaged } from '../host/packaged-jdk.js';
import { cachedJdks, homeIn, jdkShelf, type CachedJdk } from './cached-jdks.js';
import { bestJdk, isExactJdk, jdkSuites, nearJdks, parseJdkSpec, type JdkSpec } from './jdk-spec.js';
import { keepJdk, pointToOwnLibc } from './own-libc.js';

/**
 * Libraries that the JVM and the modules without a desktop load. Fonts, pictures, printers and smart cards need more,
 * which Debian's packages depend on too; a program that uses these gets the libraries of this machine.
 */
const libraries = ['libc6', 'libgcc-s1', 'libstdc++6', 'zlib1g'] as const;

const jreName = /^openjdk-(\d+)-jre-headless$/;

const jdkPackages: Collection = {
  name: 'JDKs',
  called: 'deb: JDKs',
  otherwise: 'name an installed JDK by its folder instead',
  suites: jdkSuites,
  has: (name) => /^openjdk-\d+-(?:jre|jdk)-headless$/.test(name) || libraries.some((library) => library === name),
};

/** A JDK of a suite on the mirror. */
export interface MirroredJdk {
  readonly feature: number;
  readonly version: string;
  readonly suite: string;
  readonly jre: Package;
  /** jcmd, jlink and the modules that it links: in this package. */
  readonly jdk: Package;
}

/** pauselab's Java program is compiled for 17. */
const oldestFeature = 17;

export function jdksOf({ packages }: Pick<PackageIndex, 'packages'>): MirroredJdk[] {
  return packages.flatMap((jre) => {
    const feature = Number(jreName.exec(jre.name)?.[1]);
    const { version, suite } = jre;
    const jdk = packages.find(
      (one) => one.name === `openjdk-${feature}-jdk-headless` && one.version === version && one.suite === suite,
    );
    return jdk === undefined || feature < oldestFeature ? [] : [{ feature, version, suite, jre, jdk }];
  });
}

export function jdkIndex(sources: Sources, atLeast_ms?: number): Promise<PackageIndex> {
  return packageIndex(jdkPackages, sources, atLeast_ms);
}

export async function fetchDebJdk(asked: string, sources: Sources): Promise<CachedJdk> {
  const spec = runnableSpec(asked);
  const kept = await cachedFor(spec, sources);
  if (kept !== null && isExactJdk(spec)) return kept;
  const entry =
    kept === null ? null : { entry: kept, version: kept.version, called: `${kept.package} ${kept.version}` };
  return fetchedOrCached(asked, entry, sources, {
    choose: (atLeast_ms) => choose(spec, sources, atLeast_ms),
    fetch: (choice) => fetchChosen(choice, spec, sources),
  });
}

/** The JDK of these packages, from the cache; null: the cache does not have it. */
export async function cachedDebJdk(
  { package: name, version, suite, libc }: Packaged,
  sources: Sources,
): Promise<CachedJdk | null> {
  const same = cachedJdks(cacheFolder(sources)).filter(
    (jdk) =>
      jdk.package === name &&
      jdk.version === version &&
      jdk.suite === suite &&
      jdk.libc.version === libc.version &&
      jdk.libc.suite === libc.suite,
  );
  for (const jdk of same) if (await jdkShelf.isUndamaged(jdk)) return jdk;
  return null;
}

function runnableSpec(asked: string): JdkSpec {
  const spec = parseJdkSpec(asked);
  if (process.arch !== 'x64')
    throw unfit(`${asked} is for x86-64, but this machine is ${process.arch}; name an installed JDK by its folder`);
  return spec;
}

/** What the mirror has for a name, by its lists. */
export interface FoundOnMirror {
  readonly packaged: Packaged;
  readonly fetch: () => Promise<CachedJdk>;
}

/** Fetches the lists of the mirror, if they are older than a day or `atLeast_ms`, but not the packages. */
export async function onMirror(asked: string, sources: Sources, atLeast_ms?: number): Promise<FoundOnMirror> {
  const spec = runnableSpec(asked);
  const choice = await choose(spec, sources, atLeast_ms);
  return { packaged: packagesOf(choice, spec).packaged, fetch: () => fetchChosen(choice, spec, sources) };
}

async function cachedFor(spec: JdkSpec, sources: Sources): Promise<CachedJdk | null> {
  const fitting = cachedJdks(cacheFolder(sources)).filter(
    ({ suite, libc }) => libc.suite === (spec.libcSuite ?? suite),
  );
  const best = bestJdk(spec, fitting);
  return best !== undefined && (await jdkShelf.isUndamaged(best)) ? best : null;
}

interface Choice {
  readonly index: PackageIndex;
  readonly chosen: MirroredJdk;
}

function choose(spec: JdkSpec, sources: Sources, atLeast_ms?: number): Promise<Choice> {
  const inLists = {
    asked: spec.asked,
    lists: (newer_ms?: number) => jdkIndex(sources, newer_ms),
    match: (index: PackageIndex) => bestJdk(spec, jdksOf(index)),
    noSuch: (index: PackageIndex) => noSuchText(spec, index),
  };
  return chosenInLists(inLists, atLeast_ms);
}

function noSuchText(spec: JdkSpec, index: PackageIndex): string {
  const { uri } = index.mirror;
  const all = jdksOf(index);
  const elsewhere = bestJdk({ ...spec, suite: null }, all);
  if (spec.suite !== null && elsewhere !== undefined)
    return (
      `${spec.asked}: ${spec.suite} of ${uri} has no such JDK, but ${elsewhere.suite} has ` +
      `${elsewhere.version}; name deb:${spec.version}/${elsewhere.suite}`
    );
  const near = nearJdks(spec, all);
  return (
    `${spec.asked}: ${uri} has no such JDK` +
    `${near.length === 0 ? '' : `; near versions: ${near.join(', ')}`} (all: pauselab jdks list --available)`
  );
}

/** The libraries of a suite, in the order of the names above. */
function librariesOf({ packages, mirror }: PackageIndex, suite: string): Package[] {
  return libraries.map((name) => {
    const found = packages.find((one) => one.name === name && one.suite === suite);
    if (found === undefined)
      throw unfit(`${suite} of ${mirror.uri} has no ${name}, which a JDK needs; choose another suite`);
    return found;
  });
}

interface ChosenPackages {
  readonly packages: readonly Package[];
  readonly packaged: Packaged;
}

function packagesOf({ index, chosen }: Choice, spec: JdkSpec): ChosenPackages {
  const { jre, jdk, version, suite } = chosen;
  const libcSuite = spec.libcSuite ?? suite;
  const packages = [jre, jdk, ...librariesOf(index, libcSuite)];
  const libc = { version: packages.find(({ name }) => name === 'libc6')?.version ?? '', suite: libcSuite };
  return { packages, packaged: { package: jre.name, version, suite, libc } };
}

async function fetchChosen(choice: Choice, spec: JdkSpec, sources: Sources): Promise<CachedJdk> {
  const { index, chosen } = choice;
  const { packages, packaged } = packagesOf(choice, spec);
  const cache = cacheFolder(sources);
  const checksums = packages.map(({ sha256 }) => sha256);
  const key = `deb-${sha256OfText(checksums.join('\n')).slice(0, 32)}`;
  return cachedOrFilled(jdkShelf, { cache, key }, sources, async (folder, place) => {
    sources.note?.(
      `fetching ${chosen.jdk.name} ${packaged.version} of ${packaged.suite} with libc6 ${packaged.libc.version}` +
        ` (${formatSize(packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))})`,
    );
    const unpacked = join(folder, 'unpacked');
    makeFolders(unpacked);
    for (const found of packages) {
      const deb = join(folder, basename(found.file));
      await download(index.mirror, found, deb, sources);
      await unpackDeb(deb, unpacked, sources.signal);
      await rm(deb, { force: true });
    }
    await keepJdk(unpacked, folder);
    await rm(unpacked, { recursive: true, force: true });
    writeAtomically(packagedFile(homeIn(folder)), `${JSON.stringify(packaged, null, 1)}\n`);
    await pointToOwnLibc(folder, folder, sources.signal);
    await tryHere(spec, join(homeIn(folder), 'bin/java'), sources.signal);
    await pointToOwnLibc(folder, place, sources.signal);
    const used = ['home/bin/java', 'home/lib/server/libjvm.so', 'home/lib/modules', 'libc/libc.so.6'];
    return {
      ...packaged,
      place,
      bytes: bytesIn(folder),
      checksums: await checksumsOf(folder, used),
      debs: packages.map(({ file, sha256 }) => ({ name: basename(file), sha256 })),
    };
  });
}

/** A JVM that takes longer does not start at all. */
const answerDeadline_ms = 60_000;

async function tryHere({ asked }: JdkSpec, java: string, signal: AbortSignal | undefined): Promise<void> {
  const end = await runChild(java, ['-Xshare:off', '-version'], { deadline_ms: answerDeadline_ms, signal });
  if (end?.code === 0) return;
  const ended = end === null ? 'it cannot be executed' : `it ended with exit code ${String(end.code)}`;
  const text = `${end?.stderr ?? ''}${end?.stdout ?? ''}`.trim() || ended;
  const needsNewer = text.includes('version `GLIBC');
  throw unfit(
    `${asked} was fetched, but its java does not run on this machine (${text.split('\n')[0] ?? ''}); ` +
      (needsNewer
        ? 'it needs a newer C library: name another suite after libc='
        : 'name a JDK of an older suite, such as deb:17/bookworm, or use a machine with a newer kernel'),
  );
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(folder, name)))
    .reduce((sum, { size }) => sum + size, 0);
}
