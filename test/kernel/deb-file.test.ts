import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { cachedKernels } from '../../src/kernel/debian/cache.js';
import { resolveKernel } from '../../src/kernel/image/kernel-image.js';
import { imageDeb, makeDeb, splitDebs } from '../support/kernels.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

function folder(): string {
  const path = scratch.fresh('debs');
  mkdirSync(path);
  return path;
}

const refused = (code: number, says: RegExp): object => ({
  name: 'Failure',
  exitCode: code,
  message: expect.stringMatching(says) as string,
});

test('a package of the older layout holds image, config and modules', async () => {
  const cache = scratch.fresh('cache');
  const deb = makeDeb(folder(), imageDeb('6.16.12-1'));
  const kernel = await resolveKernel(deb, { cache });
  const release = '6.16.12+deb13-cloud-amd64';
  expect(kernel).toMatchObject({
    asked: deb,
    release,
    origin: { kind: 'deb', package: `linux-image-${release}`, version: '6.16.12-1', suite: null },
  });
  expect(readFileSync(kernel.config ?? '', 'utf8')).toContain('Linux/x86 6.16.12 Kernel');
  expect(readFileSync(join(kernel.modules ?? '', 'kernel/fs/nothing.ko'), 'utf8')).toBe('no module');
  expect(basename(kernel.modules ?? '')).toBe(release);
  // Found again by its checksum, and made again if somebody damaged it.
  writeFileSync(kernel.image, 'damaged');
  const notes: string[] = [];
  expect(
    await resolveKernel(deb, {
      cache,
      note: (sentence) => {
        notes.push(sentence);
      },
    }),
  ).toEqual(kernel);
  expect(notes).toEqual([expect.stringMatching(/is damaged and is made again/)]);
  expect(cachedKernels(cache)).toHaveLength(1);
});

test('of the newer layout the parts lie beside the image package, or the part with the kernel is named', async () => {
  const [place, cache] = [folder(), scratch.fresh('cache')];
  const split = splitDebs('7.3.4-1');
  const [image, binary, base, modules] = [split.image, split.binary, split.base, split.modules].map((deb) =>
    makeDeb(place, deb),
  );
  const whole = await resolveKernel(image ?? '', { cache });
  expect(whole).toMatchObject({
    release: '7.3.4+deb13-cloud-amd64',
    config: expect.any(String) as string,
    modules: expect.any(String) as string,
  });
  for (const path of [base, modules]) rmSync(path ?? '');
  expect(await resolveKernel(image ?? '', { cache })).toMatchObject({
    release: whole.release,
    config: null,
    modules: null,
  });
  expect(await resolveKernel(binary ?? '', { cache })).toMatchObject({ release: whole.release, config: null });
  rmSync(binary ?? '');
  await expect(resolveKernel(image ?? '', { cache })).rejects.toMatchObject(
    refused(
      2,
      /contains no kernel: since Linux 6\.19 the image is in linux-binary-7\.3\.4\+deb13-cloud-amd64 \(version 7\.3\.4-1\); put that \.deb into the same folder/,
    ),
  );
});

test('a part of another version is not taken for it', async () => {
  const place = folder();
  const image = makeDeb(place, splitDebs('7.3.4-2').image);
  makeDeb(place, splitDebs('7.3.4-1').binary);
  await expect(resolveKernel(image, { cache: scratch.fresh('cache') })).rejects.toMatchObject(
    refused(2, /contains no kernel/),
  );
});

test.each([
  {
    what: 'no kernel',
    deb: { name: 'hello', version: '1', files: { 'usr/bin/hello': 'x' } },
    says: /hello_1_amd64\.deb contains no kernel image/,
  },
  {
    what: 'another architecture',
    deb: { ...imageDeb('6.16.12-1'), architecture: 'arm64' },
    says: /is a package for arm64, but guests are x86-64/,
  },
  {
    what: 'a kernel that is none',
    deb: { name: 'linux-image-1', version: '1', files: { 'boot/vmlinuz-1': 'x'.repeat(5000) } },
    says: /the kernel in .*linux-image-1.* cannot be booted: it is not a kernel image/,
  },
])('a package with $what is refused, and nothing stays in the cache', async ({ deb, says }) => {
  const cache = scratch.fresh('cache');
  await expect(resolveKernel(makeDeb(folder(), deb), { cache })).rejects.toMatchObject(refused(2, says));
  expect(cachedKernels(cache)).toEqual([]);
});

test('a package that is cut off is refused', async () => {
  const deb = makeDeb(folder(), imageDeb('6.16.12-1', { padding: 100_000 }));
  truncateSync(deb, 60_000);
  await expect(resolveKernel(deb, { cache: scratch.fresh('cache') })).rejects.toMatchObject(
    refused(2, /could not be read as a Debian package \(.*\); it is cut off or damaged/),
  );
});

test('without dpkg-deb it says what is missing', async () => {
  const deb = makeDeb(folder(), imageDeb('6.16.12-1'));
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    await expect(resolveKernel(deb, { cache: scratch.fresh('cache') })).rejects.toMatchObject(
      refused(5, /dpkg-deb, which reads \.deb files, is not installed; install it \(.*install dpkg/),
    );
  } finally {
    process.env.PATH = path;
  }
});
