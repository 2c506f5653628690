/** Parts that are built when a command first needs them, and packages that --install installs. */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allSteps } from '../../scripts/setup/steps.mjs';
import { ensurePart, partStamps } from '../../src/host/setup.js';
import { expectFault, pauselab, repository, type Ended } from '../support/pauselab.js';
import { isAlive } from '../support/processes.js';
import { until } from '../support/until.js';
import { asOrdinaryUser, bareTree, giveTo, isRoot, ordinaryUser } from '../scripts/bare-tree.js';

test('the command line looks for the stamps that the set-up writes', () => {
  for (const [part, stamps] of Object.entries(partStamps)) {
    expect(
      allSteps('/tree')
        .filter((step) => step.part === part)
        .map(({ stamp }) => stamp.file)
        .sort(),
    ).toEqual(stamps.map((stamp) => join('/tree', stamp)).sort());
  }
});

/** A copy of this tree without JVM workloads, as if it had been built from the sources that it has. */
function treeWithoutJar(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'pauselab first use '));
  onTestFinished(() => {
    rmSync(scratch, { recursive: true, force: true });
  });
  for (const path of [
    'dist',
    'package.json',
    'package-lock.json',
    'profiles',
    'scripts',
    'src',
    'tsconfig.json',
    'native',
    'jvm-workloads',
  ]) {
    cpSync(join(repository, path), join(scratch, path), {
      recursive: true,
      filter: (source) =>
        !/^jvm-workloads\/build|^native\/build\/Release\/(?:obj|\.deps|native-tests)/.test(
          source.slice(repository.length),
        ),
    });
  }
  symlinkSync(join(repository, 'node_modules'), join(scratch, 'node_modules'));
  for (const step of allSteps(scratch)) {
    const { file } = step.stamp;
    if (step.part !== 'tests' && !file.startsWith(join(scratch, 'jvm-workloads')) && !file.includes('node_modules'))
      step.stamp.write(step.input());
  }
  return scratch;
}

describe('JVM workloads', () => {
  test('are built when they are first needed, and then left alone', async () => {
    const tree = pathToFileURL(`${treeWithoutJar()}/`);
    const notes: string[] = [];
    const options = {
      note: (text: string) => {
        notes.push(text);
      },
      install: false,
      tree,
    };
    await ensurePart('jvm', options);
    expect(notes).toEqual(['making the JVM workloads ready']);
    expect(existsSync(new URL('jvm-workloads/build/pauselab.jar', tree))).toBe(true);
    await ensurePart('jvm', options);
    expect(notes).toHaveLength(1);
  });

  test('that do not compile end the command with exit 1 and one sentence, and stdout stays clean', async () => {
    const tree = treeWithoutJar();
    writeFileSync(join(tree, 'jvm-workloads/src/pauselab/Broken.java'), 'class Broken {\n');
    const out = join(tree, 'out');
    const ended = await pauselabOf(tree, ['run', 'smaps-scraper', '--json', '--out', out]);
    expectFault(ended, {
      code: 1,
      says: [`pauselab: the Java sources do not compile; the log is ${join(tree, '.setup/java.log')}`],
      out,
    });
    expect(ended.logs).toEqual(['making the JVM workloads ready']);
    expect(readFileSync(join(tree, '.setup/java.log'), 'utf8')).toContain('Broken.java');
  });

  test('that cannot be built, because the set-up is not there, end it with exit 5', async () => {
    const tree = treeWithoutJar();
    rmSync(join(tree, 'scripts'), { recursive: true });
    const ended = await pauselabOf(tree, ['run', 'smaps-scraper']);
    expectFault(ended, {
      code: 5,
      says: [
        /^pauselab: \S.*scripts\/setup\.mjs, which builds and installs missing parts, does not exist; use a complete copy of pauselab$/,
      ],
    });
  });

  test('that are being built when the command is killed are left, with all that builds them', async () => {
    const tree = bareTree({
      javac: `require('node:fs').writeFileSync('pid', String(process.pid)); setInterval(() => undefined, 1000);`,
    });
    expect(tree.setUp(['--part', 'main']).status).toBe(0);
    const driver = `import { ensurePart } from ${JSON.stringify(join(repository, 'dist/host/setup.js'))};
      await ensurePart('jvm', { note: () => undefined, install: false, tree: new URL(${JSON.stringify(pathToFileURL(`${tree.path}/`).href)}) });`;
    const command = spawn(process.execPath, ['--input-type=module', '--eval', driver], {
      ...asOrdinaryUser,
      stdio: 'ignore',
      env: { JAVA_HOME: join(tree.path, '../jdk'), PATH: join(tree.path, '../bin') },
    });
    const pidFile = join(tree.path, 'jvm-workloads/pid');
    await until('javac runs', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    command.kill('SIGKILL');
    await until('javac is gone', () => !isAlive(pid));
  });
});

describe('--install', () => {
  const deb = (folder: string): string => {
    const file = join(folder, 'kernel.deb');
    // As long as the smallest kernel image that is looked into.
    writeFileSync(file, '!<arch>\n'.padEnd(4096));
    return file;
  };
  /** A PATH without dpkg-deb, and an apt-get that brings one which refuses every file. */
  const folderOfPrograms = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'pauselab-programs-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    chmodSync(folder, 0o755);
    const script = (name: string, text: string): void => {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    };
    script('refuse', 'echo "dpkg-deb: error: no archive" >&2; exit 2');
    script('apt-get', `echo "$@" >> ${folder}/apt.log; /bin/cp ${folder}/refuse ${folder}/dpkg-deb`);
    script('flock', 'exec /usr/bin/flock "$@"');
    script('sh', 'exec /bin/sh "$@"');
    script('cat', 'exec /bin/cat "$@"');
    giveTo(ordinaryUser, folder);
    return folder;
  };
  const fetch = (folder: string, options: readonly string[], wrapper: readonly string[] = []): Promise<Ended> =>
    pauselab(['kernels', 'fetch', deb(folder), ...options], {
      wrapper,
      env: { PATH: folder, PAUSELAB_CACHE: join(folder, 'cache') },
    });

  test('installs what is missing as root, after naming it, and goes on', async ({ skip }) => {
    skip(!isRoot || !existsSync('/etc/debian_version'), 'needs root on a Debian-like system');
    const folder = folderOfPrograms();
    const ended = await fetch(folder, ['--install']);
    expectFault(ended, { code: 2, says: [/could not be read as a Debian package/] });
    expect(ended.logs).toContain('installing system packages: dpkg');
    expect(readFileSync(join(folder, 'apt.log'), 'utf8')).toBe('install -y --no-install-recommends dpkg\n');
  });

  test('says what to do for a user who may not install', async ({ skip }) => {
    skip(isRoot && ordinaryUser === undefined, 'no ordinary user may read this repository');
    const folder = folderOfPrograms();
    const id = String(ordinaryUser ?? '');
    const wrapper =
      ordinaryUser === undefined ? [] : ['/usr/bin/setpriv', '--reuid', id, '--regid', id, '--clear-groups'];
    const ended = await fetch(folder, ['--install'], wrapper);
    expectFault(ended, {
      code: 5,
      says: [/^pauselab: this machine lacks dpkg.*: run `.*dpkg`.* on Fedora.*, then start again$/],
    });
    expect(existsSync(join(folder, 'apt.log'))).toBe(false);
  });

  test('is needed: without it the packages are named, and nothing is installed', async () => {
    const folder = folderOfPrograms();
    const ended = await fetch(folder, []);
    expectFault(ended, {
      code: 5,
      says: [
        /^pauselab: dpkg-deb, which reads \.deb files, is not installed; install it \(.*`dnf install dpkg` on Fedora.*\), or name a kernel image instead$/,
      ],
    });
    expect(existsSync(join(folder, 'apt.log'))).toBe(false);
  });
});

/** The command of another tree. */
function pauselabOf(tree: string, args: readonly string[]): Promise<Ended> {
  return pauselab(args, { main: join(tree, 'dist/main.js'), cwd: tree });
}
