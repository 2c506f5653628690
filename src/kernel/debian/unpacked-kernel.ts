/** The files of unpacked packages that make a kernel: image, .config and modules. */
import { lstatSync, readdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { usage } from '../../base/failure.js';
import { makeFolders } from '../../base/files/atomic-file.js';

/** Folders with a subfolder per release in an unpacked package, before or after the move of /lib into /usr. */
const moduleRoots = ['usr/lib/modules', 'lib/modules'];

export interface Unpacked {
  /** Release names: folders below lib/modules, or what follows `vmlinuz-` in boot. A kernel's package has one. */
  readonly images: readonly { readonly release: string; readonly path: string }[];
  config(release: string): string | null;
  modules(release: string): string[];
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
