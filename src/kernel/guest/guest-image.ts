/**
 * The first and only file system of a guest: this Node, this build of pauselab, and the libraries that they need. Equal
 * content gives equal bytes, so it is cached by its digest. It is not compressed: an emulated CPU takes longer to
 * unpack it than the host to hand it over (docs/kernels.md).
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, rmSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { monotonic_ms } from '../../base/clock.js';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { unfit } from '../../base/failure.js';
import { nativePart } from '../../base/native.js';
import { packagePath } from '../../base/package-path.js';
import { parseJson } from '../../base/json.js';
import { eachChunk, readBytes, readText } from '../../base/files/read-file.js';
import { cacheFolder, inCache } from '../../debian/cache-folder.js';
import { cpioArchive, type CpioEntry } from './cpio.js';
import { libraryClosure } from './libraries.js';

const root = packagePath('');
const inGuest = '/pauselab';

/** The packages that the guest's side imports; their dependencies are added. */
export const guestPackages = ['hdr-histogram-js', 'java-caller'];
const programs = ['pauselab-engine', 'pauselab-sampler', 'pauselab-tracer', 'pauselab-launcher', 'pauselab.node'];

export interface GuestImage {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Null if it already existed, undamaged. */
  readonly built_ms: number | null;
}

/** A file of the host, and its path in the guest. */
export interface GuestFile {
  readonly from: string;
  readonly to: string;
  /** It brings its loader and its libraries, so that none of this machine's are added for it. */
  readonly isComplete?: boolean;
}

/** `more`: files and folders beyond those of every guest, such as a Java runtime. */
export function guestImage(more: readonly GuestFile[] = []): GuestImage {
  const started = monotonic_ms();
  const entries = [...entriesOf([...ownFiles(), ...more].flatMap(withFolders))];
  const sha256 = digestOf(entries);
  let built = false;
  const cache = cacheFolder({});
  const path = join(cache, 'guest-images', `${sha256.slice(0, 32)}.cpio`);
  // A damaged image would boot again and again, and seem to show a fault of its kernel.
  if (!existsSync(path) || sha256Of(path) !== sha256) {
    built = true;
    inCache(cache, () => {
      makeFolders(dirname(path));
      // If two processes build it at once, each writes the same complete file.
      writeAtomically(path, cpioArchive(entries));
      keepLastUsed(dirname(path));
    });
  } else {
    noteUse(path);
  }
  return { path, bytes: statSync(path).size, sha256, built_ms: built ? monotonic_ms() - started : null };
}

function sha256Of(path: string): string {
  const hash = createHash('sha256');
  eachChunk(path, {}, (chunk) => {
    hash.update(chunk);
  });
  return hash.digest('hex');
}

/** Each build of pauselab has its own images, of 100 MB and more. */
const mostKept = 8;

function noteUse(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // A cache that this user can only read works as well.
  }
}

export function keepLastUsed(folder: string): void {
  const images = readdirSync(folder)
    .filter((name) => name.endsWith('.cpio'))
    .flatMap((name) => {
      const path = join(folder, name);
      // Another pauselab may have removed it meanwhile.
      const usedAt_ms = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      return usedAt_ms === undefined ? [] : [{ path, usedAt_ms }];
    });
  for (const { path } of images.sort((a, b) => b.usedAt_ms - a.usedAt_ms).slice(mostKept))
    rmSync(path, { force: true });
}

/** `partOf`: finds a native part, and refuses that of another version. */
export function ownFiles(partOf: typeof nativePart = nativePart): GuestFile[] {
  const init = partOf('pauselab-guest-init');
  const parts = programs.map((name) => partOf(name));
  const needed = [init, ...parts, join(root, 'dist/guest/main.js')];
  const missing = needed.find((file) => !existsSync(file));
  if (missing !== undefined)
    throw unfit(`${missing} does not exist, and a guest needs it; run \`npm run setup\` to build it`);
  // Only arms of JVMs need these: the job built them before, and the guest looks at their version.
  const jvm = [join(dirname(init), 'libpauselab-jvm.so'), join(root, 'jvm-workloads/build/pauselab.jar')].filter(
    (path) => existsSync(path),
  );
  const built = [...parts, ...jvm, ...['dist', 'package.json'].map((path) => join(root, path))];
  return [
    { from: init, to: '/init' },
    { from: realpathSync(process.execPath), to: `${inGuest}/node` },
    ...built.map((path) => ({ from: path, to: `${inGuest}/${relative(root, path)}` })),
    ...packageFolders(guestPackages).map((folder) => ({ from: folder, to: `${inGuest}/${relative(root, folder)}` })),
  ];
}

/** The folders of packages and of their dependencies. */
function packageFolders(names: readonly string[]): string[] {
  const require = createRequire(join(root, 'package.json'));
  const folders = new Set<string>();
  const visit = (name: string, from: NodeJS.Require): void => {
    const folder = from.resolve
      .paths(name)
      ?.map((path) => join(path, name))
      .find((path) => existsSync(join(path, 'package.json')));
    if (folder === undefined)
      throw unfit(`the package ${name} is not installed, and a guest needs it; run \`npm run setup\``);
    if (folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {} } = parseJson(readText(join(folder, 'package.json'), { mostBytes: 2 ** 20 })) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(dependencies)) visit(dependency, createRequire(join(folder, 'package.json')));
  };
  for (const name of names) visit(name, require);
  return [...folders];
}

/** Of our code and of packages, only the files that Node loads. */
const isLoaded = (path: string): boolean => !/(?:\.map|\.ts|\.mts|\.cts|\.md|\.setup-stamp)$/.test(path);

function withFolders({ from, to, isComplete = false }: GuestFile): GuestFile[] {
  if (!statSync(from).isDirectory()) return [{ from, to, isComplete }];
  return readdirSync(from, { withFileTypes: true })
    .filter(({ name }) => isLoaded(name) && name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name }) => withFolders({ from: join(from, name), to: `${to}/${name}`, isComplete }));
}

function* entriesOf(files: readonly GuestFile[]): Generator<CpioEntry> {
  // The kernel opens the console before process 1 mounts anything.
  yield { kind: 'character-device', path: '/dev/console', major: 5, minor: 1 };
  for (const path of ['/proc', '/sys', '/tmp', '/run', '/boot']) yield { kind: 'folder', path };
  const libraries = libraryClosure(
    files
      .filter(({ isComplete = false }) => !isComplete)
      .map(({ from }) => from)
      .filter((file) => /(?:^[^.]+|\.node|\.so(?:\.\d+)*)$/.test(file.slice(dirname(file).length + 1))),
  );
  const configuration = ['/etc/ld.so.cache'].filter(existsSync).map((path): [string, string] => [path, path]);
  for (const { from, to } of files) yield fileEntry(from, to);
  for (const [to, from] of [...libraries, ...configuration].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield fileEntry(from, to);
}

function fileEntry(from: string, to: string): CpioEntry {
  return {
    kind: 'file',
    path: to,
    executable: (statSync(from).mode & 0o111) !== 0,
    content: readBytes(from, { mostBytes: 2 ** 30 }),
  };
}

function digestOf(entries: readonly CpioEntry[]): string {
  const hash = createHash('sha256');
  for (const piece of cpioArchive(entries)) hash.update(piece);
  return hash.digest('hex');
}
