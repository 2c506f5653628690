/** `pauselab jdks` as a user calls it, against a repository that the test makes. Its java is a program that ends with 0. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { elfNeedsOf } from '../../src/base/elf.js';
import { packagedOf } from '../../src/host/packaged-jdk.js';
import { jdkDebs, libraryDebs } from '../support/jdk-debs.js';
import { aptEnvironment, publishSuite, signingKey, type SigningKey } from '../support/kernels.js';
import { expectFault, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const repository = join(scratch.path, 'repository');
let key: SigningKey;
let env: Record<string, string>;

beforeAll(() => {
  key = signingKey(join(scratch.path, 'k'));
  const debs = scratch.fresh('debs');
  mkdirSync(debs);
  publishSuite(
    repository,
    'trixie',
    [
      ...jdkDebs(debs, { feature: 26, version: '26.0.1+8-1' }),
      ...jdkDebs(debs, { feature: 27, version: '27.0.1+3-1', program: '/usr/bin/false' }),
      ...libraryDebs(debs, '2.99-1'),
    ],
    key,
  );
  env = aptEnvironment(scratch.fresh('apt'), `file:${repository}`, key.keyring);
});

interface Listed {
  readonly jdks: readonly { readonly spec: string; readonly home: string; readonly isCached?: boolean }[];
}

const listed = async (...args: string[]): Promise<Listed['jdks']> =>
  (JSON.parse((await pauselab(['jdks', 'list', '--json', ...args], { env })).stdout) as Listed).jdks;

test('fetches a JDK that runs on its own C library, lists it, and finds it without a mirror', async () => {
  expect(await listed('--available')).toMatchObject([
    { spec: 'deb:26.0.1/trixie', isCached: false },
    { spec: 'deb:27.0.1/trixie', isCached: false },
  ]);
  const fetched = await pauselab(['jdks', 'fetch', 'deb:26'], { env });
  expect(fetched).toMatchObject({ code: 0, stdout: expect.stringContaining('of trixie, glibc 2.99-1, /') as string });
  const [jdk] = await listed();
  expect(jdk).toMatchObject({ spec: 'deb:26.0.1/trixie', libc: { version: '2.99-1', suite: 'trixie' } });
  const home = jdk?.home ?? '';
  const libcFolder = join(home, '../libc');
  expect(elfNeedsOf(join(home, 'bin/java'))).toMatchObject({
    interpreter: join(libcFolder, 'ld-linux-x86-64.so.2'),
    runPath: ['$ORIGIN/../lib', libcFolder],
  });
  execFileSync(join(home, 'bin/java'));
  // Its settings are those of the package, not those of this machine.
  expect(readFileSync(join(home, 'conf/net.properties'), 'utf8')).toBe('of the package');
  expect(packagedOf(home)).toMatchObject({ package: 'openjdk-26-jre-headless', suite: 'trixie' });
  expect(await listed('--available')).toMatchObject([{ isCached: true }, { isCached: false }]);

  const offline = await pauselab(['jdks', 'fetch', 'deb:26'], { env: { ...env, APT_CONFIG: '/dev/null/none' } });
  expect(offline).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/the cached openjdk-26\S* .* is used/) as string,
  });

  for (const file of [join(libcFolder, 'libc.so.6'), join(home, 'lib/modules')]) {
    appendFileSync(file, 'damage');
    const repaired = await pauselab(['jdks', 'fetch', 'deb:26'], { env });
    expect(repaired).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is damaged and is made again') as string,
    });
  }
  execFileSync(join(home, 'bin/java'));
});

test('a cache that was moved has no JDK, because its programs look for their loader elsewhere', async () => {
  await pauselab(['jdks', 'fetch', 'deb:26'], { env });
  const moved = join(scratch.path, 'moved');
  renameSync(env.PAUSELAB_CACHE ?? '', moved);
  const { stdout } = await pauselab(['jdks', 'list'], { env: { ...env, PAUSELAB_CACHE: moved } });
  expect(stdout).toMatch(/^no JDKs in /);
  rmSync(moved, { recursive: true });
});

test('what cannot be fetched is said in a sentence', async () => {
  const fault = async (asked: string, code: number, sentence: RegExp, more: Record<string, string> = {}) => {
    expectFault(await pauselab(['jdks', 'fetch', asked], { env: { ...env, ...more } }), { code, says: [sentence] });
  };
  await fault('deb:25', 2, /has no such JDK; near versions: deb:26\.0\.1, deb:27\.0\.1/);
  await fault('deb:26/sid', 2, /sid of \S+ has no such JDK, but trixie has 26\.0\.1\+8-1; name deb:26\/trixie/);
  await fault('deb:26,libc=sid', 5, /sid of \S+ has no libc6, which a JDK needs/);
  await fault(
    'deb:27',
    5,
    /deb:27 was fetched, but its java does not run on this machine \(it ended with exit code 1\); name a JDK of an older suite/,
  );
  await fault('deb:26', 5, /deb: JDKs come through apt, and this machine has no apt-get/, {
    PATH: '/nonexistent',
    PAUSELAB_CACHE: scratch.fresh('empty'),
  });
});
