/** Bare machines: the exit code, one line a failure, and its words, which are all in one snapshot. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bareTree, fails, isRoot, writeHeaders, type StandIns } from './bare-tree.js';

/** Hides the JDKs of this machine. */
const noJdk = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
const real = fs.existsSync; fs.existsSync = (path) => !String(path).startsWith('/usr/lib/jvm') && real(path); syncBuiltinESMExports();`;
const noJavaHome = { JAVA_HOME: '' };
const isProgress = (line: string): boolean => line.startsWith('pauselab set-up: making the ');

test('what the main job needs is built, and nothing else is looked at', () => {
  const tree = bareTree({ javac: fails('boom') });
  const { status, said } = tree.setUp(['--part', 'main'], { imports: noJdk, env: noJavaHome });
  expect(said).toEqual(
    ['npm packages', 'TypeScript', 'native parts'].map((title) => `pauselab set-up: making the ${title} ready`),
  );
  expect(status).toBe(0);
  expect(tree.setUp(['--part', 'main'])).toEqual({ status: 0, said: [] });
});

const failures: {
  readonly name: string;
  readonly standIns?: StandIns;
  readonly code: number;
  readonly args?: string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly imports?: string;
}[] = [
  { name: 'no compiler', standIns: { 'g++': null, make: null }, code: 5 },
  { name: 'an old compiler', standIns: { 'g++': `console.log('9');` }, code: 5 },
  { name: 'no npm', standIns: { npm: null }, code: 5 },
  { name: 'no network', standIns: { npm: fails('npm error code ENOTFOUND') }, code: 5 },
  { name: 'a full disk', standIns: { npm: fails('npm error code ENOSPC') }, code: 5 },
  { name: 'an npm cache of another user', standIns: { npm: fails('npm error code EACCES') }, code: 5 },
  { name: 'TypeScript that does not compile', standIns: { tsc: fails('boom') }, code: 1 },
  { name: 'an engine that does not compile', standIns: { 'node-gyp': fails('boom') }, code: 1 },
  { name: 'an unknown part', args: ['--part', 'jvms'], code: 2 },
  { name: 'an unknown need', args: ['--install', 'qemus'], code: 2 },
  { name: 'an unknown option', args: ['--parts'], code: 2 },
];

test.each(failures)(
  '$name: exit $code, and one sentence',
  ({ standIns, code, args = ['--part', 'main'], env, imports }) => {
    const { status, said } = bareTree(standIns).setUp(args, {
      ...(env === undefined ? {} : { env }),
      ...(imports === undefined ? {} : { imports }),
    });
    const sentences = said.filter((line) => line.startsWith('pauselab set-up failed: '));
    expect(sentences).toHaveLength(1);
    expect(said.at(-1)).toBe(sentences[0]);
    expect(sentences[0]).toMatchSnapshot();
    expect(status).toBe(code);
  },
);

const partial: {
  readonly name: string;
  readonly standIns?: StandIns;
  readonly env?: NodeJS.ProcessEnv;
  readonly imports?: string;
}[] = [
  { name: 'no JDK', env: noJavaHome, imports: noJdk },
  { name: 'JVM workloads that do not compile', standIns: { javac: fails('48 errors') } },
  {
    name: 'a tracer that does not compile',
    standIns: {
      'node-gyp': `if (process.argv.includes('pauselab-tracer') && !process.argv.includes('pauselab-guest-init')) { ${fails('boom')} } else require('node:fs').mkdirSync('build', { recursive: true });`,
    },
  },
  {
    name: 'no static libraries',
    standIns: {
      'g++': `const [word = ''] = process.argv.slice(2); console.log(word === '-dumpversion' ? '12' : word.split('=')[1]);`,
    },
  },
];

test.each(partial)('$name: the whole set-up says so in one line, and succeeds', ({ standIns, env, imports }) => {
  const { status, said } = bareTree(standIns).setUp([], {
    ...(env === undefined ? {} : { env }),
    ...(imports === undefined ? {} : { imports }),
  });
  const others = said.filter((line) => !isProgress(line));
  expect(others.filter((line) => line.includes('not work'))).toEqual(others);
  expect(others).toMatchSnapshot();
  expect(others.length).toBeGreaterThan(0);
  expect(status).toBe(0);
});

test('JVM workloads that do not compile fail where they are asked for, and where everything is tested', () => {
  const tree = bareTree({ javac: fails('48 errors') });
  expect(tree.setUp(['--part', 'main']).status).toBe(0);
  const { status, said } = tree.setUp(['--part', 'jvm', '--no-install']);
  expect(said.at(-1)).toMatchSnapshot();
  expect(readFileSync(join(tree.path, '.setup/java.log'), 'utf8')).toContain('48 errors');
  expect(status).toBe(1);
});

test('a part is not built from other sources than pauselab was, and goes when these change', () => {
  const tree = bareTree();
  const jar = join(tree.path, 'jvm-workloads/build/.setup-stamp');
  expect(tree.setUp([]).status).toBe(0);
  expect(existsSync(jar)).toBe(true);

  writeFileSync(join(tree.path, 'jvm-workloads/src/New.java'), '');
  expect(tree.setUp(['--part', 'main'])).toEqual({ status: 0, said: [] });
  expect(existsSync(jar)).toBe(false);

  writeFileSync(join(tree.path, 'src/base/new.ts'), '');
  const { status, said } = tree.setUp(['--part', 'jvm']);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatchSnapshot();
  expect(status).toBe(5);
});

test('without HOME, for a user whom the system does not know, npm and node-gyp get a home folder', () => {
  const hasHome = `require('node:fs').writeFileSync(process.env.HOME + '/written', '');`;
  const tree = bareTree({
    npm: hasHome,
    'node-gyp': `${hasHome} require('node:fs').mkdirSync('build', { recursive: true });`,
  });
  expect(tree.setUp(['--part', 'main'], { env: { HOME: undefined } })).toMatchObject({ status: 0 });
  expect(tree.setUp(['--part', 'trace'], { env: { HOME: '/nonexistent' } })).toMatchObject({ status: 0 });
});

test('a tree that may not be written: exit 5, and one sentence', () => {
  const tree = bareTree();
  expect(tree.setUp(['--part', 'main']).status).toBe(0);
  rmSync(join(tree.path, 'jvm-workloads/build'), { recursive: true, force: true });
  const readOnly = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
    for (const name of ['mkdirSync', 'writeFileSync', 'rmSync']) { fs[name] = (path) => { throw Object.assign(new Error('read-only'), { code: 'EROFS', path }); }; } syncBuiltinESMExports();`;
  const { status, said } = tree.setUp(['--part', 'jvm'], { imports: readOnly });
  expect(said.filter((line) => !isProgress(line))).toMatchSnapshot();
  expect(status).toBe(5);
});

test("Node's headers in a folder with a blank: exit 5, and one sentence", () => {
  const tree = bareTree();
  const nodeDir = join(tree.path, '../my node');
  mkdirSync(nodeDir);
  writeHeaders(nodeDir);
  const { status, said } = tree.setUp(['--part', 'main'], { env: { npm_config_nodedir: nodeDir } });
  expect(said.at(-1)).toMatchSnapshot();
  expect(status).toBe(5);
});

test('as root packages are named, and installed after an update if the first attempt fails', ({ skip }) => {
  skip(!isRoot || !existsSync('/etc/debian_version'), 'needs root on a Debian-like system');
  const apt = `const fs = require('node:fs'); const log = __dirname + '/apt.log'; fs.appendFileSync(log, process.argv.slice(2).join(' ') + '\\n');
    const calls = fs.readFileSync(log, 'utf8').split('\\n').length - 1;
    if (calls === 1) process.exitCode = 100; else if (calls === 3) fs.copyFileSync(__dirname + '/make', __dirname + '/strace');`;
  const tree = bareTree({ 'apt-get': apt });
  const { status, said } = tree.setUp(['--install', 'strace'], { asRoot: true });
  expect(said).toMatchSnapshot();
  expect(status).toBe(0);
  expect(readFileSync(join(tree.path, '../bin/apt.log'), 'utf8')).toBe(
    'install -y --no-install-recommends strace\nupdate\ninstall -y --no-install-recommends strace\n',
  );
});

test('as root with apt that fails: exit 5, and one sentence', ({ skip }) => {
  skip(!isRoot || !existsSync('/etc/debian_version'), 'needs root on a Debian-like system');
  const { status, said } = bareTree({ 'apt-get': fails('E: boom') }).setUp(
    ['--install', 'qemu', '--install', 'jemalloc'],
    { asRoot: true },
  );
  expect(said.at(-1)).toMatchSnapshot();
  expect(status).toBe(5);
});
