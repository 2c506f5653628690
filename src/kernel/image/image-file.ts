/** A user's kernel image: a bzImage, a vmlinux, or the tree in which it was built. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { usage } from '../../base/failure.js';
import { machineFailure } from '../../base/system-error.js';
import { readPart, streamOf } from '../../base/files/read-file.js';
import { headBytes, readImageHead } from './boot-image.js';
import { cacheFolder, writeInCache } from '../../debian/cache-folder.js';
import { mostKernelBytes, sha256OfFile, sha256OfText } from '../../debian/checksum.js';
import { readConfig } from './config-file.js';
import { configOfBzImage, searchVmlinux } from './ikconfig.js';
import type { KernelImage, KernelSources } from './kernel.js';

export interface FileSpec {
  readonly path: string;
  readonly config: string | null;
}

/** `PATH` or `PATH,config=PATH`. `otherwise`: what the text is not, if it could be more than a path. */
export function parseFileSpec(asked: string, otherwise?: string): FileSpec {
  const [, image = asked, named] = /^(.+),config=(.+)$/s.exec(asked) ?? [];
  let path = resolve(image);
  if (!existsSync(path)) {
    const version = /^\d+(\.\d+)*$/.test(image) ? `; did you mean deb:${image}?` : '';
    throw usage(
      version === ''
        ? `${image} is ${otherwise ?? 'not a file'}; name a kernel as deb:<version>, a .deb, a bzImage or a vmlinux`
        : `${image} is not a file${version}`,
    );
  }
  if (statSync(path).isDirectory()) {
    const built = join(path, 'arch/x86/boot/bzImage');
    if (!existsSync(built))
      throw usage(
        `${image} is a folder without arch/x86/boot/bzImage, so no x86 kernel was built there; name the image itself`,
      );
    path = built;
  }
  if (!statSync(path).isFile()) throw usage(`${image} is not a regular file; name a kernel image`);
  if (named !== undefined && !(existsSync(named) && statSync(named).isFile()))
    throw usage(`${named}, the config of ${image}, is not a file; name the .config that the kernel was built with`);
  return { path, config: named === undefined ? null : resolve(named) };
}

export async function kernelOfFile(
  asked: string,
  { path, config: named }: FileSpec,
  sources: KernelSources = {},
): Promise<KernelImage> {
  const { release, carried } = await examineImage(path);
  const sha256 = await sha256OfFile(path);
  if (named !== null) refuseForeignConfig(named, release, asked);
  const config = named ?? configBeside(path, release) ?? keptConfig(await carried(), sources);
  return { asked, release, image: path, config, modules: null, sha256, origin: { kind: 'file' } };
}

/** Its release, and the .config inside it, for which it must be unpacked. */
export async function examineImage(
  path: string,
  called = path,
): Promise<{ release: string; carried: () => Promise<string | null> }> {
  const { head, sizeBytes, payloadHead } = readHead(path);
  const image = readImageHead(head, sizeBytes);
  switch (image.kind) {
    case 'bzImage': {
      const { release, payload } = image;
      return { release, carried: () => configOfBzImage(path, payload, payloadHead(payload.offset)) };
    }
    case 'vmlinux': {
      const { release, config } = await searchVmlinux(streamOf(path, { mostBytes: mostKernelBytes }));
      if (release === undefined)
        throw usage(
          `${called} cannot be booted: it is an ELF file for x86-64, but not a Linux kernel; ` +
            'name a vmlinux or a bzImage',
        );
      return { release, carried: () => Promise.resolve(config) };
    }
    case 'deb':
      throw usage(`${called} cannot be booted: it is a package inside a package; name the .deb itself`);
    case 'refused':
      throw usage(`${called} cannot be booted: it is ${image.because}`);
  }
}

function readHead(path: string): { head: Buffer; sizeBytes: number; payloadHead: (offset: number) => Buffer } {
  try {
    return {
      head: readPart(path, 0, headBytes),
      sizeBytes: statSync(path).size,
      payloadHead: (offset) => readPart(path, offset, 8),
    };
  } catch (cause) {
    throw (
      machineFailure(cause) ??
      usage(
        `${path} could not be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}); ` +
          'name a kernel image that you have permission to read',
        { cause },
      )
    );
  }
}

/**
 * Where distributions, `make install` and a build tree put it. A .config of another version belongs to another kernel
 * and is ignored.
 */
function configBeside(path: string, release: string): string | null {
  const folder = dirname(path);
  const candidates = [
    `${path}.config`,
    join(folder, `config-${release}`),
    ...(basename(path).startsWith('vmlinuz-') ? [join(folder, basename(path).replace('vmlinuz-', 'config-'))] : []),
    ...(path.endsWith('/arch/x86/boot/bzImage') ? [join(path, '../../../../.config')] : []),
    join(folder, '.config'),
    join(folder, 'config'),
  ];
  for (const candidate of candidates) {
    if (existsSync(candidate) && statSync(candidate).isFile() && belongsTo(readConfig(candidate), release))
      return candidate;
  }
  return null;
}

function refuseForeignConfig(path: string, release: string, asked: string): void {
  const text = readConfig(path);
  if (!/^CONFIG_\w+=/m.test(text))
    throw usage(`${asked}: ${path} is not a kernel's .config: it sets no CONFIG_ option`);
  if (!belongsTo(text, release))
    throw usage(
      `${asked}: ${path} is the .config of Linux ${configVersion(text) ?? 'of an unknown version'}, ` +
        `but the image is ${release}; name the .config that it was built with`,
    );
}

/** Major and minor version only: Debian's 6.1.0-50 is built from 6.1.176. */
function belongsTo(config: string, release: string): boolean {
  const minor = (version: string | undefined): string | undefined => /^\d+\.\d+/.exec(version ?? '')?.[0];
  const version = configVersion(config);
  // An edited .config may have lost its heading.
  return /^CONFIG_\w+=/m.test(config) && (version === undefined || minor(version) === minor(release));
}

/** From `# Linux/x86 6.16.12 Kernel Configuration`. */
export function configVersion(config: string): string | undefined {
  return /^# Linux\/\S+ (\S+) Kernel Configuration/m.exec(config)?.[1];
}

/** Whether this file was extracted from an image: if two images share it, it still belongs to each of them. */
export function wasCarried(config: string, sources: KernelSources = {}): boolean {
  return dirname(config) === carriedConfigs(sources);
}

function carriedConfigs(sources: KernelSources): string {
  return join(cacheFolder(sources), 'configs');
}

/** Writes a .config from inside an image to a file, because others read it by its path. */
function keptConfig(text: string | null, sources: KernelSources): string | null {
  if (text === null) return null;
  const path = join(carriedConfigs(sources), sha256OfText(text));
  if (!existsSync(path)) writeInCache(path, text);
  return path;
}
