import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sha256OfFile } from '../../src/debian/checksum.js';
import type { KernelImage } from '../../src/kernel/image/kernel.js';
import { resolveKernel } from '../../src/kernel/image/kernel-image.js';
import { bzImage, config, elf } from '../support/kernels.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const release = '6.16.12-mine';

/** Files of one test, in a folder of its own. */
function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = scratch.fresh('kernels');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function resolved(asked: string): Promise<KernelImage> {
  return resolveKernel(asked, { cache: join(scratch.path, 'cache') });
}

test('an image is known by its release and checksum', async () => {
  const image = join(folderWith({ bzImage: bzImage(release) }), 'bzImage');
  expect(await resolved(image)).toEqual({
    asked: image,
    release,
    image,
    config: null,
    modules: null,
    sha256: await sha256OfFile(image),
    origin: { kind: 'file' },
  });
});

test.each([
  { beside: 'config-6.16.12-mine', image: 'vmlinuz-6.16.12-mine' },
  { beside: 'config-renamed', image: 'vmlinuz-renamed' },
  { beside: 'bzImage.config', image: 'bzImage' },
  { beside: '.config', image: 'bzImage' },
  { beside: '.config', image: 'arch/x86/boot/bzImage' },
])('the config $beside beside $image is taken', async ({ beside, image }) => {
  const folder = folderWith({ [image]: bzImage(release), [beside]: config('6.16.12') });
  expect((await resolved(join(folder, image))).config).toBe(join(folder, beside));
});

test('a config beside it of another version is not its own', async () => {
  const folder = folderWith({ bzImage: bzImage(release), '.config': config('6.12.1') });
  expect((await resolved(join(folder, 'bzImage'))).config).toBeNull();
});

test('a built tree is named by its folder', async () => {
  const folder = folderWith({ 'arch/x86/boot/bzImage': bzImage(release), '.config': config('6.16.12') });
  expect(await resolved(folder)).toMatchObject({
    release,
    image: join(folder, 'arch/x86/boot/bzImage'),
    config: join(folder, '.config'),
  });
});

test('a config that is named comes before one beside it', async () => {
  const folder = folderWith({ bzImage: bzImage(release), '.config': config('6.16.12'), 'mine,1': config('6.16.12') });
  expect((await resolved(`${folder}/bzImage,config=${folder}/mine,1`)).config).toBe(join(folder, 'mine,1'));
});

const carried = config('6.16.12', { HZ: '1000' });
const vmlinux = elf(
  Buffer.concat([
    Buffer.alloc(3 << 20, 1),
    Buffer.from(`IKCFG_ST and IKCFG_ED are only marks here. Linux version ${release} (x)\0IKCFG_ST`),
    gzipSync(carried),
    Buffer.from('IKCFG_ED'),
    Buffer.alloc(1 << 20),
  ]),
);
const packed = (program: string, ...args: string[]): Buffer =>
  execFileSync(program, args, { input: vmlinux, maxBuffer: 1 << 26 });

test.each([
  { what: 'a vmlinux', image: () => vmlinux },
  { what: 'a bzImage packed by gzip', image: () => bzImage(release, { payload: gzipSync(vmlinux) }) },
  // As the kernel's build packs it, with its unpacked size behind.
  {
    what: 'a bzImage packed by xz',
    image: () =>
      bzImage(release, { payload: Buffer.concat([packed('xz', '-c', '--check=crc32'), Buffer.from([1, 2, 3, 4])]) }),
  },
])('the config inside $what is found', async ({ image }) => {
  const folder = folderWith({ image: image() });
  const kernel = await resolved(join(folder, 'image'));
  expect(kernel.release).toBe(release);
  expect(readFileSync(kernel.config ?? '', 'utf8')).toBe(carried);
});

test('an image that carries none, or is packed in an unknown way, has none', async () => {
  const folder = folderWith({
    none: bzImage(release, { payload: gzipSync(elf(Buffer.from('nothing'))) }),
    unknown: bzImage(release, { payload: Buffer.from('????????') }),
    damaged: bzImage(release, { payload: gzipSync(vmlinux).subarray(0, 500) }),
  });
  for (const name of ['none', 'unknown', 'damaged']) expect((await resolved(join(folder, name))).config).toBeNull();
});

test.each([
  {
    what: 'no file',
    asked: (folder: string) => `${folder}/none`,
    says: /none is not a file; name a kernel as deb:<version>, a \.deb, a bzImage or a vmlinux/,
  },
  {
    what: 'a version without deb:',
    asked: () => '6.16.12',
    says: /^6\.16\.12 is not a file; did you mean deb:6\.16\.12\?$/,
  },
  { what: 'the host', asked: () => 'host', says: /is not booted/ },
  {
    what: 'a folder without a kernel',
    asked: (folder: string) => folder,
    says: /is a folder without arch\/x86\/boot\/bzImage, so/,
  },
  { what: 'a device', asked: () => '/dev/null', says: /not a regular file/ },
  {
    what: 'a text',
    asked: (folder: string) => `${folder}/text`,
    says: /text cannot be booted: it is not a kernel image/,
  },
  {
    what: 'an image that is cut off',
    asked: (folder: string) => `${folder}/cut`,
    says: /cut cannot be booted: it is cut off: it has \d+ bytes, but its header/,
  },
  {
    what: 'a program',
    asked: (folder: string) => `${folder}/program`,
    says: /program cannot be booted: it is an ELF file for x86-64, but not a Linux kernel/,
  },
  {
    what: 'a config that is none',
    asked: (folder: string) => `${folder}/image,config=${folder}/text`,
    says: /text is not a kernel's \.config/,
  },
  {
    what: 'a config of another version',
    asked: (folder: string) => `${folder}/image,config=${folder}/other`,
    says: /other is the \.config of Linux 6\.12\.1, but the image is 6\.16\.12-mine/,
  },
  {
    what: 'a config that is not there',
    asked: (folder: string) => `${folder}/image,config=${folder}/none`,
    says: /none, the config of .*image, is not a file/,
  },
])('$what is refused in one sentence', async ({ asked, says }) => {
  const folder = folderWith({
    image: bzImage(release),
    text: 'hello\n'.repeat(500),
    cut: bzImage(release).subarray(0, -4),
    program: elf(Buffer.from('hello')),
    other: config('6.12.1'),
  });
  await expect(resolved(asked(folder))).rejects.toMatchObject({
    name: 'Failure',
    exitCode: 2,
    message: expect.stringMatching(says) as string,
  });
});
