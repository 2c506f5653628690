/** `pauselab kernels` as a user calls it, against a repository that the test makes. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import {
  aptEnvironment,
  bzImage,
  config,
  imageDeb,
  makeDeb,
  mirrorOf,
  publishSuite,
  signingKey,
  type SigningKey,
} from '../support/kernels.js';
import { expectFault, mainFile, pauselab, shell, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();
const repository = join(scratch.path, 'repository');
let key: SigningKey;
let env: Record<string, string>;

beforeAll(() => {
  key = signingKey(join(scratch.path, 'k'));
  const debs = scratch.fresh('debs');
  mkdirSync(debs);
  const small = makeDeb(debs, imageDeb('6.16.12-1'));
  publishSuite(
    repository,
    'trixie',
    [
      small,
      makeDeb(debs, imageDeb('6.17.13-1', { padding: 6 << 20 })),
      makeDeb(debs, imageDeb('6.17.13-1', { flavour: 'rt-amd64' })),
    ],
    key,
  );
  env = aptEnvironment(scratch.fresh('apt'), `file:${repository}`, key.keyring);
});

/** As the user nobody, or as who we are. */
const withoutRoot = process.geteuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
const nobodyCannot =
  spawnSync('env', [...withoutRoot, process.execPath, '-e', `require('fs').accessSync(${JSON.stringify(mainFile)})`])
    .status !== 0;

interface Shown {
  readonly kernel: { readonly release: string; readonly image: string };
  readonly facts: { readonly hz: number };
}

test('fetches, lists and shows', async () => {
  const fetched = await pauselab(['kernels', 'fetch', 'deb:6.16.12', 'deb:6.17'], { env });
  expect(fetched).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^deb:6\.16\.12: 6\.16\.12\+deb13-cloud-amd64, \/.*vmlinuz\ndeb:6\.17: 6\.17\.13\+deb13-cloud-amd64, /,
    ) as string,
  });
  expect(fetched.logs.join('\n')).toMatch(/fetching the package lists of [\s\S]*fetching linux-image-6\.16\.12/);
  const listed = JSON.parse((await pauselab(['kernels', 'list', '--json'], { env })).stdout) as {
    kernels: { release: string; suite: string }[];
  };
  expect(listed.kernels.map(({ release, suite }) => `${release} ${suite}`).sort()).toEqual([
    '6.16.12+deb13-cloud-amd64 trixie',
    '6.17.13+deb13-cloud-amd64 trixie',
  ]);
  const available = await pauselab(['kernels', 'list', '--available'], { env });
  expect(available.stdout).toMatch(/^deb:6\.17\.13 +6\.17\.13-1 +trixie +cloud-amd64, rt-amd64$/m);
  const shown = JSON.parse((await pauselab(['kernels', 'show', 'deb:6.16.12', '--json'], { env })).stdout) as Shown;
  expect(shown).toMatchObject({
    kernel: { release: '6.16.12+deb13-cloud-amd64' },
    facts: { hz: 250, perVmaLocks: true },
  });
  const both = await pauselab(['kernels', 'show', 'deb:6.16.12', 'deb:6.17'], { env });
  expect(both.stdout).toMatch(/what differs:\n {2}version: 6\.16\.12 against 6\.17\.13, which could explain anything/);
});

test('shows a file without fetching anything', async () => {
  const folder = scratch.fresh('built');
  mkdirSync(folder);
  writeFileSync(join(folder, 'bzImage'), bzImage('6.16.0-mine'));
  writeFileSync(join(folder, 'my.config'), config('6.16.0', { HZ: '1000' }));
  const shown = await pauselab(['kernels', 'show', `${folder}/bzImage,config=${folder}/my.config`], {
    env: { PAUSELAB_CACHE: scratch.fresh('none'), PATH: '/nowhere' },
  });
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^HZ +1000$/m) as string });
});

test('no such version is invalid input, with near ones', async () => {
  expectFault(await pauselab(['kernels', 'fetch', 'deb:6.16.13'], { env }), {
    code: 2,
    says: [/^pauselab: deb:6\.16\.13: .*near versions: deb:6\.16\.12, deb:6\.17\.13 /],
  });
});

test('show of two images says whether they are probably builds of the same tree', async () => {
  const image = (name: string, options: Readonly<Record<string, string>> = {}): string => {
    const path = scratch.fresh(name);
    writeFileSync(path, bzImage(`6.17.0-rc3-${name}`, { payload: Buffer.from(name) }));
    writeFileSync(`${path}.config`, config('6.17.0-rc3', { LOCALVERSION: `"-${name}"`, ...options }));
    return path;
  };
  const [before, after, other] = [image('before'), image('after'), image('other', { KSM: 'y' })];
  expect(await pauselab(['kernels', 'show', before, after])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /\nno known difference\nprobably builds of the same tree: Linux 6\.17\.0-rc3, the same 3 options, the same compiler; an image does not name its sources\n$/,
    ) as string,
  });
  expect(await pauselab(['kernels', 'show', before, other])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /\nwhat differs:\n {2}options: 1 of the configuration differs \(KSM\)[^\n]*\n$/,
    ) as string,
  });
});

test('no network is the machine, and cached kernels go on working', async () => {
  const offline = {
    ...env,
    ...aptEnvironment(scratch.fresh('apt'), 'http://127.0.0.1:1/debian', key.keyring),
    PAUSELAB_CACHE: env.PAUSELAB_CACHE ?? '',
  };
  expectFault(
    await pauselab(['kernels', 'list', '--available'], { env: { ...offline, PAUSELAB_CACHE: scratch.fresh('empty') } }),
    { code: 5, says: [/could not be fetched .*check the network/] },
  );
  expect(await pauselab(['kernels', 'show', 'deb:6.16.12'], { env: offline })).toMatchObject({ code: 0, stderr: '' });
});

test('a cache that nobody can write is said', async () => {
  const file = scratch.write('file', '');
  expectFault(
    await pauselab(['kernels', 'fetch', 'deb:6.16.12'], { env: { ...env, PAUSELAB_CACHE: join(file, 'cache') } }),
    {
      code: 5,
      says: [
        /cache folder .* cannot be written \(ENOTDIR\): a part of the path is not a folder; name another folder with PAUSELAB_CACHE/,
      ],
    },
  );
});

test('needs no root', async ({ skip }) => {
  skip(nobodyCannot, 'the user nobody cannot read this folder, or there is no setpriv');
  const own = aptEnvironment(scratch.fresh('apt'), `file:${repository}`, key.keyring);
  mkdirSync(own.PAUSELAB_CACHE ?? '');
  chmodSync(own.PAUSELAB_CACHE ?? '', 0o777);
  chmodSync(key.home, 0o755);
  expect(await pauselab(['kernels', 'fetch', 'deb:6.16.12'], { env: own, wrapper: withoutRoot })).toMatchObject({
    code: 0,
  });
});

test('a disk that fills up leaves what was cached, and nothing of what was not', async ({ skip }) => {
  skip(process.geteuid?.() !== 0, 'needs root');
  const [disk, kept] = [scratch.fresh('disk'), scratch.fresh('kept')];
  mkdirSync(disk);
  mkdirSync(kept);
  const script =
    'disk=$1 kept=$2; shift 2; mount -t tmpfs -o size=4m tmpfs "$disk" || exit 99; "$@"; code=$?; cp -a "$disk/." "$kept"; exit $code';
  const ended = await pauselab(['kernels', 'fetch', 'deb:6.16.12', 'deb:6.17.13'], {
    env: { ...env, PAUSELAB_CACHE: disk },
    wrapper: ['unshare', '-m', ...shell(script, [disk, kept])],
  });
  expect(ended.stdout).toMatch(/^deb:6\.16\.12: .*\n$/);
  expectFault(
    { ...ended, stdout: '' },
    {
      code: 5,
      says: [
        /the disk of the cache folder .* is full, and nothing was added to it; free some .* or name another folder with PAUSELAB_CACHE/,
      ],
    },
  );
  expect(readdirSync(join(kept, 'kernels')).filter((name) => !name.endsWith('.lock'))).toHaveLength(1);
  const listed = JSON.parse(
    (await pauselab(['kernels', 'list', '--json'], { env: { ...env, PAUSELAB_CACHE: kept } })).stdout,
  ) as { kernels: { release: string }[] };
  expect(listed.kernels).toMatchObject([{ release: '6.16.12+deb13-cloud-amd64' }]);
  const offline = { APT_CONFIG: '/dev/null', PAUSELAB_CACHE: kept };
  expect(await pauselab(['kernels', 'show', 'deb:6.16.12'], { env: offline })).toMatchObject({ code: 0 });
});

test.each([
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
  { signal: 'SIGKILL', code: null },
] as const)('$signal in the middle of a download: the next one has a clean cache', async ({ signal, code }) => {
  const mirror = await mirrorOf((url) => url.includes('6.16.12') && !url.includes('dists') && isSlow);
  let isSlow = true;
  const served = scratch.fresh('served');
  cpSync(repository, served, { recursive: true });
  mirror.serve(served);
  const own = aptEnvironment(scratch.fresh('apt'), mirror.uri, key.keyring);
  const running = startPauselab(['kernels', 'fetch', 'deb:6.16.12'], { env: own });
  await until('the package is being fetched', () => mirror.stalled());
  running.kill(signal);
  const ended = await running.ended;
  if (code === null) expect(ended.signal).toBe(signal);
  else expectFault(ended, { code, says: [/nothing was added to the cache/] });
  expect(await pauselab(['kernels', 'list'], { env: own })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^no kernels in /) as string,
  });
  isSlow = false;
  expect(await pauselab(['kernels', 'fetch', 'deb:6.16.12'], { env: own })).toMatchObject({ code: 0 });
  expect(readdirSync(join(own.PAUSELAB_CACHE ?? '', 'kernels')).filter((name) => !name.endsWith('.lock'))).toHaveLength(
    1,
  );
  expect(existsSync(join(own.PAUSELAB_CACHE ?? '', 'apt'))).toBe(true);
});
