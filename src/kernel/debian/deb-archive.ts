/** Reads .deb files with dpkg-deb: their fields, and the files that a guest needs. Nothing of them is run. */
import { lstatSync, readdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { usage } from '../../base/failure.js';
import { machineFailure } from '../../base/system-error.js';
import { makeFolders } from '../../base/files/atomic-file.js';
import { lastComplaint, runChild, saysDiskFull, type ChildEnd } from '../../base/child.js';
import { readPart } from '../../base/files/read-file.js';
import { missing } from '../../host/missing.js';

export interface DebFields {
  readonly package: string;
  readonly version: string;
  readonly architecture: string;
  readonly depends: string;
}

export function isDebArchive(path: string): boolean {
  try {
    return readPart(path, 0, 8).toString('latin1') === '!<arch>\n';
  } catch (cause) {
    throw (
      machineFailure(cause) ??
      usage(
        `${path} could not be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}); ` +
          'name a file that you have permission to read',
        { cause },
      )
    );
  }
}

export async function debFields(path: string, signal?: AbortSignal): Promise<DebFields> {
  const { stdout } = await dpkgDeb(
    ['--field', path, 'Package', 'Version', 'Architecture', 'Depends', 'Pre-Depends'],
    path,
    signal,
  );
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(stdout)?.[1] ?? '';
  return {
    package: field('Package'),
    version: field('Version'),
    architecture: field('Architecture'),
    depends: `${field('Depends')}, ${field('Pre-Depends')}`,
  };
}

/** Folders with a subfolder per release in an unpacked package, before or after the move of /lib into /usr. */
const moduleRoots = ['usr/lib/modules', 'lib/modules'];

export interface Unpacked {
  /** Release names: folders below lib/modules, or what follows `vmlinuz-` in boot. A kernel's package has one. */
  readonly images: readonly { readonly release: string; readonly path: string }[];
  config(release: string): string | null;
  modules(release: string): string[];
}

/** Extracts every file of the package below `folder`. Several packages may share a folder, as on a machine. */
export async function unpackDeb(path: string, folder: string, signal?: AbortSignal): Promise<void> {
  await dpkgDeb(['--extract', path, folder], path, signal);
}

/** Links are ignored: their targets do not belong to the package. */
export function lookThrough(folder: string): Unpacked {
  const names = (path: string): string[] => {
    try {
      return readdirSync(join(folder, path)).sort();
    } catch {
      return [];
    }
  };
  const isFile = (path: string): boolean => {
    try {
      return lstatSync(join(folder, path)).isFile();
    } catch {
      return false;
    }
  };
  const inBoot = names('boot')
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => ({ release: name.slice('vmlinuz-'.length), path: `boot/${name}` }));
  const inModules = moduleRoots.flatMap((root) =>
    names(root).map((release) => ({ release, path: `${root}/${release}/vmlinuz` })),
  );
  return {
    images: [...inBoot, ...inModules]
      .filter(({ path }) => isFile(path))
      .map(({ release, path }) => ({ release, path: join(folder, path) })),
    config: (release) =>
      [`boot/config-${release}`, ...moduleRoots.map((root) => `${root}/${release}/config`)]
        .filter(isFile)
        .map((path) => join(folder, path))[0] ?? null,
    modules: (release) =>
      moduleRoots
        .filter((root) => names(`${root}/${release}`).includes('kernel'))
        .map((root) => join(folder, root, release)),
  };
}

/** Turns unpacked packages into the files that the cache keeps: vmlinuz, config, lib/modules/<release>. */
export async function keepKernel(unpacked: string, folder: string, called: string): Promise<void> {
  const found = lookThrough(unpacked);
  const [image, another] = found.images;
  if (image === undefined)
    throw usage(
      `${called} contains no kernel image (boot/vmlinuz-* or usr/lib/modules/*/vmlinuz); ` +
        'name a linux-image or linux-binary package',
    );
  if (another !== undefined)
    throw usage(
      `${called} contains several kernel images (${found.images.map(({ release }) => release).join(', ')}); ` +
        'name a package with a single image',
    );
  const config = found.config(image.release);
  if (config !== null) await rename(config, join(folder, 'config'));
  const [modules] = found.modules(image.release);
  await rename(image.path, join(folder, 'vmlinuz'));
  if (modules !== undefined) {
    makeFolders(join(folder, 'lib/modules'));
    await rename(modules, join(folder, 'lib/modules', image.release));
  }
  await rm(unpacked, { recursive: true, force: true });
}

async function dpkgDeb(args: readonly string[], path: string, signal: AbortSignal | undefined): Promise<ChildEnd> {
  const end = await runChild('dpkg-deb', args, { signal });
  if (end === null)
    throw missing('dpkg-deb, which reads .deb files, is not installed', ['dpkg'], {
      otherwise: 'name a kernel image instead',
    });
  if (saysDiskFull(end.stderr)) throw Object.assign(new Error(end.stderr), { code: 'ENOSPC' });
  if (end.code !== 0)
    throw usage(`${path} could not be read as a Debian package (${lastComplaint(end)}); it is cut off or damaged`);
  return end;
}
