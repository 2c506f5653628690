/** A kernel in a user's .deb files. No signature is checked: users are responsible for their files. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { usage } from '../../base/failure.js';
import { makeFolders } from '../../base/files/atomic-file.js';
import { cacheFolder } from '../../debian/cache-folder.js';
import { cachedKernelOrFilled, cacheKey } from './cache.js';
import { sha256OfFile, sha256OfText } from '../../debian/checksum.js';
import { debFields, unpackDeb, type DebFields } from '../../debian/deb-archive.js';
import { keepKernel } from './unpacked-kernel.js';
import { parseImageName } from './deb-spec.js';
import { examineImage, type FileSpec } from '../image/image-file.js';
import type { KernelImage, KernelSources } from '../image/kernel.js';
import { dependedParts } from '../guest/parts.js';

export async function kernelOfDebFile(
  asked: string,
  { path, config }: FileSpec,
  sources: KernelSources,
): Promise<KernelImage> {
  const fields = await debFields(path, sources.signal);
  if (fields.architecture !== 'amd64')
    throw usage(`${path} is a package for ${fields.architecture}, but guests are x86-64; name a package for amd64`);
  const debs = [path, ...(await partsBeside(path, fields))];
  const checksums = await Promise.all(debs.map(sha256OfFile));
  const kept = await cachedKernelOrFilled(
    cacheFolder(sources),
    cacheKey('file', checksums, sha256OfText),
    sources,
    async (folder) => {
      const unpacked = join(folder, 'unpacked');
      makeFolders(unpacked);
      for (const deb of debs) await unpackDeb(deb, unpacked, sources.signal);
      await keepKernel(unpacked, folder, debs.map((deb) => basename(deb)).join(' with '));
      const image = join(folder, 'vmlinuz');
      return {
        release: (await examineImage(image, `the kernel in ${path}`)).release,
        sha256: await sha256OfFile(image),
        package: fields.package,
        version: fields.version,
        flavour: parseImageName(fields.package)?.flavour ?? null,
        suite: null,
        debs: debs.map((deb, i) => ({ name: basename(deb), sha256: checksums[i] ?? '' })),
      };
    },
  );
  const { release, image, modules, sha256 } = kept;
  return {
    asked,
    release,
    image,
    config: config ?? kept.config,
    modules,
    sha256,
    origin: { kind: 'deb', package: fields.package, version: fields.version, suite: null },
  };
}

/** Since 6.19 the image package is empty: its parts are in packages beside it, as after `apt-get download`. */
async function partsBeside(path: string, fields: DebFields): Promise<string[]> {
  const wanted = dependedParts(fields);
  if (wanted.length === 0) return [];
  const folder = dirname(path);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
  const found: string[] = [];
  for (const part of wanted) {
    const candidates = names.filter((name) => name.startsWith(`${part.name}_`));
    let match: string | undefined;
    for (const name of candidates)
      if ((await debFields(join(folder, name))).version === fields.version) match = join(folder, name);
    if (match !== undefined && existsSync(match)) found.push(match);
    else if (part.holdsImage)
      throw usage(
        `${path} contains no kernel: since Linux 6.19 the image is in ${part.name} (version ${fields.version}); ` +
          'put that .deb into the same folder, or name it instead',
      );
  }
  return found;
}
