/** `deb:` against a repository that the test makes and signs: no network, apt as it is. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { cachedKernels } from '../../src/kernel/debian/cache.js';
import type { KernelImage, KernelSources } from '../../src/kernel/image/kernel.js';
import { resolveKernel } from '../../src/kernel/image/kernel-image.js';
import {
  aptEnvironment,
  imageDeb,
  makeDeb,
  mirrorOf,
  publishSuite,
  signingKey,
  splitDebs,
  type SigningKey,
} from '../support/kernels.js';
import { processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const debs = scratch.fresh('debs');
let key: SigningKey;
let older: string[] = [];
let newer: string[] = [];

beforeAll(() => {
  mkdirSync(debs);
  key = signingKey(join(scratch.path, 'k'));
  older = ['6.12.9-1', '6.12.10-1', '6.16.12-1'].map((version) => makeDeb(debs, imageDeb(version)));
  older.push(makeDeb(debs, imageDeb('6.12.10-1', { flavour: 'amd64' })));
  newer = Object.values(splitDebs('7.3.4-1')).map((deb) => makeDeb(debs, deb));
});

interface Repository {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly notes: string[];
  readonly resolve: (asked: string, sources?: KernelSources) => Promise<KernelImage>;
}

function repository(
  options: {
    uri?: string;
    signedBy?: SigningKey | null;
    keyring?: string;
    suites?: Readonly<Record<string, readonly string[]>>;
  } = {},
): Repository {
  const folder = scratch.fresh('repository');
  for (const [suite, packages] of Object.entries(options.suites ?? { trixie: older, sid: newer }))
    publishSuite(folder, suite, packages, options.signedBy === undefined ? key : options.signedBy);
  const env = {
    ...process.env,
    ...aptEnvironment(scratch.fresh('apt'), options.uri ?? `file:${folder}`, options.keyring ?? key.keyring),
  } as Record<string, string>;
  const notes: string[] = [];
  return {
    folder,
    env,
    notes,
    resolve: (asked, sources = {}) =>
      resolveKernel(asked, {
        env,
        note: (sentence) => {
          notes.push(sentence);
        },
        ...sources,
      }),
  };
}

const cacheOf = ({ env }: Repository): string => env.PAUSELAB_CACHE ?? '';
/** What careless machines are configured for. */
function takeAnything({ env }: Repository): void {
  appendFileSync(
    env.APT_CONFIG ?? '',
    'Acquire::AllowInsecureRepositories "true";\nAPT::Get::AllowUnauthenticated "true";\nAcquire::AllowWeakRepositories "true";\n',
  );
}

const refused = (code: number, says: RegExp): object => ({
  name: 'Failure',
  exitCode: code,
  message: expect.stringMatching(says) as string,
});

test('a version is found in the suite that has it, unpacked, and kept', async () => {
  const one = repository();
  const kernel = await one.resolve('deb:6.16.12');
  const release = '6.16.12+deb13-cloud-amd64';
  expect(kernel).toMatchObject({
    asked: 'deb:6.16.12',
    release,
    origin: { kind: 'deb', package: `linux-image-${release}`, version: '6.16.12-1', suite: 'trixie' },
  });
  expect(existsSync(join(kernel.modules ?? '', 'kernel/fs/nothing.ko'))).toBe(true);
  expect(await one.resolve('deb:6.12')).toMatchObject({ release: '6.12.10+deb13-cloud-amd64' });
  expect(await one.resolve('deb:6.12/amd64')).toMatchObject({ release: '6.12.10+deb13-amd64' });
  // With the repository gone, what was fetched still answers: the exact one without a word, the newest with one.
  rmSync(one.folder, { recursive: true });
  one.notes.length = 0;
  expect(await one.resolve('deb:6.16.12')).toEqual(kernel);
  expect(one.notes).toEqual([]);
});

test('an image package that is empty brings its parts', async () => {
  const one = repository();
  expect(await one.resolve('deb:7')).toMatchObject({
    release: '7.3.4+deb13-cloud-amd64',
    config: expect.any(String) as string,
    modules: expect.any(String) as string,
    origin: { suite: 'sid' },
  });
});

test('parts that the mirror has dropped: what they held is said to be unknown, and without a kernel it is not offered', async () => {
  const [image = '', binary = ''] = newer;
  const one = repository({ suites: { trixie: older, sid: [image, binary] } });
  expect(await one.resolve('deb:7.3.4')).toMatchObject({ config: null, modules: null });
  expect(one.notes.filter((note) => note.includes('is no longer in'))).toHaveLength(2);
  const none = repository({ suites: { trixie: older, sid: [image] } });
  await expect(none.resolve('deb:7.3.4')).rejects.toMatchObject(refused(2, /has no such kernel/));
});

test('a version that is not there: near ones are listed', async () => {
  await expect(repository().resolve('deb:6.13')).rejects.toMatchObject(
    refused(
      2,
      /^deb:6\.13: file:.* has no such kernel of the flavour cloud-amd64; near versions: deb:6\.12\.9, deb:6\.12\.10, deb:6\.16\.12, deb:7\.3\.4 /,
    ),
  );
});

test.each([
  {
    what: 'by another key',
    options: () => ({ keyring: signingKey(join(scratch.path, `o${readdirSync(scratch.path).length}`)).keyring }),
  },
  { what: 'not at all', options: () => ({ signedBy: null }) },
])('a repository that is signed $what is refused, though apt is told to take anything', async ({ options }) => {
  const one = repository(options());
  takeAnything(one);
  await expect(one.resolve('deb:6.16.12')).rejects.toMatchObject(
    refused(5, /the suite \S+ of file:.* was refused, because its signature could not be checked with .*\.gpg/),
  );
  expect(cachedKernels(cacheOf(one))).toEqual([]);
});

test('a suite that was changed after it was signed is refused, though apt is told to take anything; the others are used', async () => {
  const one = repository();
  takeAnything(one);
  const signed = join(one.folder, 'dists/sid/InRelease');
  writeFileSync(signed, readFileSync(signed, 'utf8').replace('Suite: sid', 'Suite: sid2'));
  await expect(one.resolve('deb:7')).rejects.toMatchObject(
    refused(5, /deb:7 is in none of the suites of file:.* that could be read; the suite sid .* was refused/),
  );
  expect(await one.resolve('deb:6.16.12')).toMatchObject({ origin: { suite: 'trixie' } });
});

test('a suite that could not be had is asked for again long before the day is over', async () => {
  const one = repository({ suites: { trixie: older, sid: [makeDeb(debs, imageDeb('6.17.13-1'))] } });
  const signed = join(one.folder, 'dists/sid/InRelease');
  const right = readFileSync(signed, 'utf8');
  writeFileSync(signed, right.replace('Suite: sid', 'Suite: sid2'));
  expect(await one.resolve('deb:6')).toMatchObject({ release: '6.16.12+deb13-cloud-amd64' });
  expect(one.notes.join('\n')).toMatch(/the suite sid .* was refused.*; its kernels are left out/);
  writeFileSync(signed, right);
  expect(await one.resolve('deb:6')).toMatchObject({ release: '6.16.12+deb13-cloud-amd64' });
  const lists = join(cacheOf(one), 'apt');
  const index = join(lists, readdirSync(lists).find((name) => name.endsWith('.json')) ?? '');
  const kept = JSON.parse(readFileSync(index, 'utf8')) as { fetchedAt_ms: number };
  writeFileSync(index, JSON.stringify({ ...kept, fetchedAt_ms: kept.fetchedAt_ms - 11 * 60_000 }));
  expect(await one.resolve('deb:6')).toMatchObject({ release: '6.17.13+deb13-cloud-amd64' });
});

test('lists that do not have a kernel are fetched again before it is refused', async () => {
  const one = repository();
  await expect(one.resolve('deb:6.17.13')).rejects.toMatchObject(refused(2, /has no such kernel/));
  publishSuite(one.folder, 'sid', [makeDeb(debs, imageDeb('6.17.13-1'))], key);
  expect(await one.resolve('deb:6.17.13')).toMatchObject({ release: '6.17.13+deb13-cloud-amd64' });
});

test('lists that apt fetched and does not name are an error, and no empty lists', async () => {
  const one = repository();
  const bin = scratch.fresh('bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'apt-get'),
    `#!/bin/sh\ncase "$*" in *'$(FILENAME)'*) exit 100;; esac\nexec /usr/bin/apt-get "$@"\n`,
    { mode: 0o755 },
  );
  await expect(
    one.resolve('deb:6.16.12', { env: { ...one.env, PATH: `${bin}:${process.env.PATH ?? ''}` } }),
  ).rejects.toMatchObject(refused(5, /names none of them/));
  expect(await one.resolve('deb:6.16.12')).toMatchObject({ origin: { suite: 'trixie' } });
});

test('lists in the cache that an apt left damaged are fetched anew', async () => {
  const one = repository();
  await one.resolve('deb:6.16.12');
  const apt = join(cacheOf(one), 'apt');
  const lists = readdirSync(apt, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('Packages'));
  expect(lists.length).toBeGreaterThan(0);
  for (const name of lists) writeFileSync(join(apt, name), 'Version: 1\n\ngarbage');
  for (const name of readdirSync(apt).filter((file) => file.endsWith('.json'))) rmSync(join(apt, name));
  expect(await one.resolve('deb:6.12.9')).toMatchObject({ release: '6.12.9+deb13-cloud-amd64' });
});

test('a list or a package that is not the signed one is refused', async () => {
  const list = repository({ suites: { trixie: older } });
  appendFileSync(join(list.folder, 'dists/trixie/main/binary-amd64/Packages'), '\n');
  await expect(list.resolve('deb:6.16.12')).rejects.toMatchObject(refused(5, /was refused|could not be fetched/));
  const deb = repository();
  const path = join(deb.folder, 'pool/main/linux-image-6.16.12+deb13-cloud-amd64_6.16.12-1_amd64.deb');
  const bytes = readFileSync(path);
  bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await expect(deb.resolve('deb:6.16.12')).rejects.toMatchObject(
    refused(5, /was refused: its checksum differs from the signed list of trixie/),
  );
  expect(cachedKernels(cacheOf(deb))).toEqual([]);
  expect(readdirSync(join(cacheOf(deb), 'kernels')).filter((name) => !name.endsWith('.lock'))).toEqual([]);
});

test('without a network it says so, and what is cached works with a word of warning', async () => {
  const one = repository();
  await one.resolve('deb:6.12');
  const offline = {
    ...one.env,
    ...aptEnvironment(scratch.fresh('apt'), 'http://127.0.0.1:1/debian', key.keyring),
    PAUSELAB_CACHE: cacheOf(one),
  };
  await expect(one.resolve('deb:6.16.12', { env: offline })).rejects.toMatchObject(
    refused(5, /could not be fetched \(.*127\.0\.0\.1.*\).*check the network/),
  );
  one.notes.length = 0;
  expect(await one.resolve('deb:6.12', { env: offline })).toMatchObject({ release: '6.12.10+deb13-cloud-amd64' });
  expect(one.notes.at(-1)).toMatch(
    /check the network.*; the cached 6\.12\.10-1 \(6\.12\.10\+deb13-cloud-amd64\) is used for deb:6\.12; there may be a newer one$/,
  );
});

test('a machine whose apt knows no mirror of Debian is told what is possible', async () => {
  const one = repository();
  writeFileSync(
    (one.env.APT_CONFIG ?? '').replace('apt.conf', 'sources.list'),
    'deb [arch=amd64] http://127.0.0.1:1/ubuntu noble main\n',
  );
  await expect(one.resolve('deb:6.16.12')).rejects.toMatchObject(
    refused(5, /has no mirror of Debian's main archive.*name a \.deb or a kernel image instead/),
  );
});

test('two that ask at once: one fetches, both have it', async () => {
  const one = repository();
  const [first, second] = await Promise.all([one.resolve('deb:6.16.12'), one.resolve('deb:6.16.12')]);
  expect(second).toEqual(first);
  expect(one.notes.filter((note) => note.startsWith('fetching linux-image'))).toHaveLength(1);
  expect(one.notes.filter((note) => note.startsWith('fetching the package lists'))).toHaveLength(1);
});

test('what one that was killed left behind goes away, and its lock holds nobody up', async () => {
  const one = repository();
  const { image } = await one.resolve('deb:6.16.12');
  const entry = join(image, '..');
  const left = join(entry, `../.${entry.split('/').at(-1) ?? ''}.partial-dead`);
  mkdirSync(left);
  rmSync(join(entry, 'kernel.json'));
  await one.resolve('deb:6.16.12');
  expect(existsSync(left)).toBe(false);
  expect(cachedKernels(cacheOf(one))).toHaveLength(1);
});

test('over HTTP, and ended by a signal in the middle of it: the cache is as it was', async () => {
  const mirror = await mirrorOf((url) => url.includes('6.16.12'));
  const one = repository({ uri: mirror.uri });
  mirror.serve(one.folder);
  expect(await one.resolve('deb:6.12')).toMatchObject({ release: '6.12.10+deb13-cloud-amd64' });
  const abort = new AbortController();
  const fetching = one.resolve('deb:6.16.12', { signal: abort.signal });
  const ended = expect(fetching).rejects.toThrow('enough');
  await until('the package is being fetched', () => mirror.stalled());
  abort.abort(new Error('enough'));
  await ended;
  expect(cachedKernels(cacheOf(one)).map(({ release }) => release)).toEqual(['6.12.10+deb13-cloud-amd64']);
  expect(readdirSync(join(cacheOf(one), 'kernels')).filter((name) => name.includes('partial'))).toEqual([]);
  expect(processesWith(join(cacheOf(one), 'kernels'))).toEqual([]);
});
