/**
 * An experiment goes on with the kernels and JDKs that its runs so far used, although the mirror has newer ones by now.
 * The mirror, its packages and their contents are made by the test.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { KernelRecord, RunFile } from '../../src/bundle/bundle-schema.js';
import type { Packaged } from '../../src/host/packaged-jdk.js';
import { cachedJdks } from '../../src/jdk/cached-jdks.js';
import { fetchDebJdk } from '../../src/jdk/deb-jdk.js';
import { findFormerJdk, formerJdks, useFormerJdk } from '../../src/jobs/former-jdks.js';
import { formerKernels, resolveFormer } from '../../src/jobs/former-kernels.js';
import { fetchDebKernel } from '../../src/kernel/debian/deb-kernel.js';
import type { KernelImage } from '../../src/kernel/image/kernel.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { fetchedJdk } from '../../src/workload/native/tools.js';
import { jdkDebs, libraryDebs } from '../support/jdk-debs.js';
import { aptEnvironment, imageDeb, makeDeb, publishSuite, signingKey, type SigningKey } from '../support/kernels.js';
import { scratchFolder } from '../support/scratch.js';
import { kernelRecord } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();
const repository = join(scratch.path, 'repository');
const cache = join(scratch.path, 'apt/cache');
let key: SigningKey;

const made = new Map<string, readonly string[]>();

/** Packages are made once: they are what takes long here. */
function debsOf(what: string, make: (folder: string) => readonly string[]): readonly string[] {
  const before = made.get(what);
  if (before !== undefined) return before;
  const folder = scratch.fresh('debs');
  mkdirSync(folder);
  const debs = make(folder);
  made.set(what, debs);
  return debs;
}

/** The mirror has these versions, and no others. */
function publish(kernel: string, jdk: string, libc: string, { keepsIndex = false } = {}): void {
  rmSync(repository, { recursive: true, force: true });
  publishSuite(
    repository,
    'trixie',
    [
      ...debsOf(`kernel ${kernel}`, (folder) => [makeDeb(folder, imageDeb(kernel))]),
      ...debsOf(`jdk ${jdk}`, (folder) => jdkDebs(folder, { feature: Number.parseInt(jdk, 10), version: jdk })),
      ...debsOf(`libc ${libc}`, (folder) => libraryDebs(folder, libc)),
    ],
    key,
  );
  // The lists that apt has kept would be an hour old.
  if (!keepsIndex) rmSync(join(cache, 'apt'), { recursive: true, force: true });
  else
    for (const { name } of readdirSync(join(cache, 'apt'), { withFileTypes: true }).filter((one) => one.isDirectory()))
      rmSync(join(cache, 'apt', name), { recursive: true });
}

beforeAll(() => {
  key = signingKey(join(scratch.path, 'k'));
  const env = aptEnvironment(join(scratch.path, 'apt'), `file:${repository}`, key.keyring);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});

afterAll(() => {
  vi.unstubAllEnvs();
});

function recordOf(asked: string, { release, sha256, origin }: KernelImage): KernelRecord {
  const record = kernelRecord(release);
  if (record.guest === null) throw new Error('a guest');
  return { ...record, asked, guest: { ...record.guest, sha256, origin: { ...origin } } };
}

test.each(['deb:6.16', 'deb:6', 'deb:6.16.12-1'])('the kernel that %s was, from the cache', async (asked) => {
  rmSync(join(cache, 'kernels'), { recursive: true, force: true });
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  const used = await fetchDebKernel(asked, {});
  const manifest = { kernels: [recordOf(asked, used)] };
  publish('6.16.13-1', '26.0.1+8-1', '2.98-1');
  if (asked === 'deb:6.16') expect((await fetchDebKernel(asked, {})).release).not.toBe(used.release);
  const notes: string[] = [];
  const resolve = resolveFormer(await formerKernels(manifest, {}));
  expect(await resolve(asked, { note: (text) => notes.push(text) })).toEqual(used);
  expect(notes).toEqual([
    `${asked} is linux-image-6.16.12+deb13-cloud-amd64 6.16.12-1 of the cache, which the runs so far used`,
  ]);
  // What the experiment does not name is found as ever.
  expect((await resolve('deb:6.16.13', {})).release).toContain('6.16.13');
});

test('a kernel that is gone from the cache comes from the mirror in that version, or is refused in a sentence', async () => {
  rmSync(join(cache, 'kernels'), { recursive: true });
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  const used = await fetchDebKernel('deb:6.16', {});
  const manifest = { kernels: [recordOf('deb:6.16', used)] };
  rmSync(join(cache, 'kernels'), { recursive: true });
  expect(await resolveFormer(await formerKernels(manifest, {}))('deb:6.16')).toEqual(used);
  rmSync(join(cache, 'kernels'), { recursive: true });
  publish('6.16.13-1', '26.0.1+8-1', '2.98-1');
  await expect(resolveFormer(await formerKernels(manifest, {}))('deb:6.16')).rejects.toMatchObject({
    exitCode: 5,
    message:
      'not resumed, because the runs so far used linux-image-6.16.12+deb13-cloud-amd64 6.16.12-1 for deb:6.16, which neither the cache nor the mirror has any more; run the experiment again with `pauselab replay`',
  });
});

test('what the mirror has dropped comes from the cache, with a notice; what is in neither is refused', async () => {
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  const kernel = await fetchDebKernel('deb:6.16', {});
  const jdk = await fetchDebJdk('deb:26', {});
  publish('6.17.13-1', '27~8-1', '2.98-1');
  const notes: string[] = [];
  const sources = { note: (text: string) => notes.push(text) };
  expect(await fetchDebKernel('deb:6.16', sources)).toEqual(kernel);
  expect(await fetchDebJdk('deb:26', sources)).toEqual(jdk);
  expect(notes.filter((text) => text.includes('any more'))).toEqual([
    'the mirror has no deb:6.16 any more; the cached 6.16.12-1 (6.16.12+deb13-cloud-amd64) is used for it',
    'the mirror has no deb:26 any more; the cached openjdk-26-jre-headless 26.0.1+8-1 is used for it',
  ]);
  for (const fetch of [() => fetchDebKernel('deb:6.15', sources), () => fetchDebJdk('deb:25', sources)])
    await expect(fetch()).rejects.toMatchObject({ exitCode: 2 });
  rmSync(join(cache, 'jdks'), { recursive: true });
});

test('a setting that is wrong is no version that the mirror has dropped', async () => {
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  const used = await fetchDebKernel('deb:6.16', {});
  const manifest = { kernels: [recordOf('deb:6.16', used)] };
  const env = { ...process.env, PAUSELAB_KEYRING: '/no/such' };
  const refusal = { exitCode: 2, message: expect.stringContaining('PAUSELAB_KEYRING names /no/such') as string };
  await expect(fetchDebKernel('deb:6.16', { env })).rejects.toMatchObject(refusal);
  rmSync(join(cache, 'kernels'), { recursive: true });
  await expect(resolveFormer(await formerKernels(manifest, { env }))('deb:6.16', { env })).rejects.toMatchObject(
    refusal,
  );
});

test('what the cache has is used where the mirror has only an older one, with a notice', async () => {
  publish('6.16.13-1', '26.0.2+3-1', '2.98-1');
  const kernel = await fetchDebKernel('deb:6.16', {});
  const jdk = await fetchDebJdk('deb:26', {});
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  const notes: string[] = [];
  const sources = { note: (text: string) => notes.push(text) };
  expect(await fetchDebKernel('deb:6.16', sources)).toEqual(kernel);
  expect(await fetchDebJdk('deb:26', sources)).toEqual(jdk);
  expect(notes.filter((text) => text.includes('newer'))).toEqual([
    'the mirror has 6.16.12-1 for deb:6.16; the cached 6.16.13-1 (6.16.13+deb13-cloud-amd64) is newer and is used for it',
    'the mirror has 26.0.1+8-1 for deb:26; the cached openjdk-26-jre-headless 26.0.2+3-1 is newer and is used for it',
  ]);
  for (const shelf of ['kernels', 'jdks']) rmSync(join(cache, shelf), { recursive: true });
});

test('lists that name a file which the mirror has dropped are fetched again', async () => {
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  await fetchDebKernel('deb:6.16', {});
  await fetchDebJdk('deb:26', {});
  for (const shelf of ['kernels', 'jdks']) rmSync(join(cache, shelf), { recursive: true });
  publish('6.16.13-1', '26.0.2+3-1', '2.98-1', { keepsIndex: true });
  expect((await fetchDebKernel('deb:6.16', {})).release).toContain('6.16.13');
  expect((await fetchDebJdk('deb:26', {})).version).toBe('26.0.2+3-1');
  for (const shelf of ['kernels', 'jdks']) rmSync(join(cache, shelf), { recursive: true });
});

test('a record that names no kernel of Debian is refused for its name: the mirror dropped nothing', async () => {
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  const used = await fetchDebKernel('deb:6.16', {});
  const origin = { kind: 'deb', package: 'linux-image-6.16.12+deb13-cloud-amd64', version: '6.16 12', suite: null };
  rmSync(join(cache, 'kernels'), { recursive: true });
  const manifest = { kernels: [recordOf('deb:6.16', { ...used, origin } as KernelImage)] };
  await expect(resolveFormer(await formerKernels(manifest, {}))('deb:6.16')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('deb:6.16 12/cloud-amd64 names no kernel version') as string,
  });
});

const runWith = (arm: string, packaged: unknown): Pick<RunFile, 'arm' | 'jvm'> =>
  ({ arm, jvm: { processes: [{ packaged }] } }) as unknown as Pick<RunFile, 'arm' | 'jvm'>;

test('the JDK that a run recorded, with its C library, from the cache; a record of another shape names none', async () => {
  const { arms } = await loadResolved('thread-churn', [parseSet('jvm.java=deb:26')]);
  const [arm] = arms;
  publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
  const { version, suite, libc, home, package: name } = await fetchDebJdk('deb:26', {});
  const packaged = { package: name, version, suite, libc };
  // Only the C library is newer.
  publish('6.16.12-1', '26.0.1+8-1', '2.99-1');
  expect((await fetchDebJdk('deb:26', {})).libc.version).toBe('2.99-1');
  publish('6.16.12-1', '26.0.2+3-1', '2.99-1');
  const former = formerJdks(arms, [runWith(arm?.name ?? '', packaged)]);
  expect(former).toEqual([{ asked: 'deb:26', packaged }]);
  for (const jdk of former) await useFormerJdk(jdk, {});
  expect((await fetchedJdk('deb:26', {})).home).toBe(home);
  for (const strange of [null, 'x', { ...packaged, libc: null }, { ...packaged, version: 1 }])
    expect(formerJdks(arms, [runWith(arm?.name ?? '', strange)])).toEqual([]);
  rmSync(join(cache, 'jdks'), { recursive: true });
  await expect(useFormerJdk({ asked: 'deb:26', packaged }, {})).rejects.toMatchObject({
    exitCode: 5,
    message:
      'not resumed, because the runs so far used openjdk-26-jre-headless 26.0.1+8-1 with libc6 2.98-1 for deb:26, which neither the cache nor the mirror has any more; run the experiment again with `pauselab replay`',
  });
});

describe('a JDK that is gone from the cache', () => {
  const packagedNow = async (): Promise<Packaged> => {
    const { package: name, version, suite, libc } = await fetchDebJdk('deb:26', {});
    return { package: name, version, suite, libc };
  };
  const lost = (): void => {
    rmSync(join(cache, 'jdks'), { recursive: true, force: true });
  };

  test('is looked for on the mirror, and fetched only to be used', async () => {
    lost();
    publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
    const former = { asked: 'deb:26', packaged: await packagedNow() };
    lost();
    await findFormerJdk(former, {});
    expect(cachedJdks(cache)).toEqual([]);
    await useFormerJdk(former, {});
    expect(cachedJdks(cache)).toMatchObject([former.packaged]);
    const notes: string[] = [];
    await findFormerJdk(former, { note: (text) => notes.push(text) });
    expect(notes).toEqual([
      'deb:26 is openjdk-26-jre-headless 26.0.1+8-1 with libc6 2.98-1 of the cache, which the runs so far used',
    ]);
  });

  test('is gone too where the mirror has it with a newer C library: that JDK is neither fetched nor used', async () => {
    lost();
    publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
    // A name of its own: what a name means stays for the whole process.
    const former = { asked: 'deb:26.0.1', packaged: await packagedNow() };
    lost();
    publish('6.16.12-1', '26.0.1+8-1', '2.99-1');
    const refusal = {
      exitCode: 5,
      message:
        'not resumed, because the runs so far used openjdk-26-jre-headless 26.0.1+8-1 with libc6 2.98-1 for deb:26.0.1, which neither the cache nor the mirror has any more; run the experiment again with `pauselab replay`',
    };
    await expect(findFormerJdk(former, {})).rejects.toMatchObject(refusal);
    await expect(useFormerJdk(former, {})).rejects.toMatchObject(refusal);
    expect(cachedJdks(cache)).toEqual([]);
    // Also where the cache has the newer. If the mirror has the former again, it is fetched beside that one.
    await packagedNow();
    await expect(useFormerJdk(former, {})).rejects.toMatchObject(refusal);
    publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
    await useFormerJdk(former, {});
    expect(cachedJdks(cache).map(({ libc }) => libc.version)).toEqual(expect.arrayContaining(['2.98-1', '2.99-1']));
    expect((await fetchedJdk('deb:26.0.1', {})).libc.version).toBe('2.98-1');
  });

  test('and whose record names no suite is refused for its name: the mirror dropped nothing', async () => {
    lost();
    publish('6.16.12-1', '26.0.1+8-1', '2.98-1');
    const packaged = { ...(await packagedNow()), suite: 'forky' };
    await expect(useFormerJdk({ asked: 'deb:26', packaged }, {})).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('"forky" is no suite with JDKs') as string,
    });
  });
});
