/**
 * The set-up of a bare tree, in a folder with a blank in its name, by an ordinary user with an empty environment and
 * umask 077. All that it starts is a stand-in, so that each way to fail takes a moment; what is real is in
 * test/long/real-tree.test.ts.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { repository } from '../support/pauselab.js';

/** What each program does instead; null: it does not exist. */
export type StandIns = Partial<
  Record<'npm' | 'tsc' | 'node-gyp' | 'g++' | 'make' | 'python3' | 'apt-get' | 'javac' | 'jar', string | null>
>;

const usual: Required<StandIns> = {
  npm: '',
  tsc: `require('node:fs').mkdirSync('dist', { recursive: true });`,
  'node-gyp': `require('node:fs').mkdirSync('build', { recursive: true });`,
  'g++': `const [word = ''] = process.argv.slice(2); console.log(word === '-dumpversion' ? '12' : '/usr/lib/' + word.split('=')[1]);`,
  make: '',
  python3: '',
  'apt-get': null,
  javac: '',
  jar: `require('node:fs').writeFileSync('build/pauselab.jar', '');`,
};

export const fails = (says: string): string => `console.error(${JSON.stringify(says)}); process.exitCode = 1;`;

export interface BareTree {
  readonly path: string;
  setUp(
    args: readonly string[],
    how?: { readonly env?: NodeJS.ProcessEnv; readonly imports?: string; readonly asRoot?: boolean },
  ): { readonly status: number | null; readonly said: string[] };
}

export const isRoot = process.getuid?.() === 0;
/** Known to no passwd file. Undefined where tests run as an ordinary user, or where none may read this repository. */
export const ordinaryUser =
  isRoot && spawnSync('/bin/ls', [join(repository, 'node_modules')], { uid: 64_123, gid: 64_123 }).status === 0
    ? 64_123
    : undefined;

/** To be spread into the options of spawn. */
export const asOrdinaryUser = ordinaryUser === undefined ? {} : { uid: ordinaryUser, gid: ordinaryUser };

export function bareTree(standIns: StandIns = {}): BareTree {
  const scratch = mkdtempSync(join(tmpdir(), 'pauselab set-up '));
  onTestFinished(() => {
    rmSync(scratch, { recursive: true, force: true });
  });
  chmodSync(scratch, 0o755);
  const path = join(scratch, 'a tree');
  for (const part of ['scripts', 'src/base', 'package-lock.json', 'native/binding.gyp', 'jvm-workloads/MANIFEST.MF'])
    cpSync(join(repository, part), join(path, part), { recursive: true });
  mkdirSync(join(path, 'jvm-workloads/src'), { recursive: true });
  const program = (file: string, text: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!${process.execPath}\n${text}\n`, { mode: 0o755 });
  };
  const scripts = { ...usual, ...standIns };
  const home = join(scratch, 'home');
  mkdirSync(home);
  // Node finds its packages below the tree, and npm ci is the one who puts them there.
  const installed = { tsc: 'typescript/bin/tsc', 'node-gyp': 'node-gyp/bin/node-gyp.js' } as const;
  for (const [name, file] of Object.entries(installed))
    program(join(scratch, 'registry', file), scripts[name as keyof typeof installed] ?? '');
  program(
    join(scratch, 'bin/npm'),
    `${scripts.npm ?? ''}\nif (process.exitCode === undefined) require('node:fs').cpSync(${JSON.stringify(join(scratch, 'registry'))}, 'node_modules', { recursive: true });`,
  );
  if (scripts.npm === null) rmSync(join(scratch, 'bin/npm'));
  for (const name of ['g++', 'make', 'python3', 'apt-get'] as const)
    if (scripts[name] !== null) program(join(scratch, 'bin', name), scripts[name]);
  for (const name of ['javac', 'jar'] as const)
    if (scripts[name] !== null) program(join(scratch, 'jdk/bin', name), scripts[name]);
  mkdirSync(join(scratch, 'jdk/include/linux'), { recursive: true });
  writeFileSync(join(scratch, 'jdk/include/linux/jni_md.h'), '');
  writeFileSync(join(scratch, 'jdk/release'), 'JAVA_VERSION="17.0.1"\n');
  // Without a blank, which make could not use.
  const node = mkdtempSync(join(tmpdir(), 'pauselab-node-'));
  onTestFinished(() => {
    rmSync(node, { recursive: true });
  });
  chmodSync(node, 0o755);
  writeHeaders(node);
  for (const file of [path, home]) giveTo(ordinaryUser, file);
  return {
    path,
    setUp(args, { env = {}, imports, asRoot = false } = {}) {
      const words = [
        ...(imports === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(imports)}`]),
        join(path, 'scripts/setup.mjs'),
        ...args,
      ];
      const bare = {
        PATH: join(scratch, 'bin'),
        HOME: home,
        JAVA_HOME: join(scratch, 'jdk'),
        npm_config_nodedir: node,
        ...env,
      };
      const { status, stderr, stdout } = spawnSync(
        '/bin/sh',
        ['-c', 'umask 077; exec "$0" "$@"', process.execPath, ...words],
        { ...(asRoot ? {} : asOrdinaryUser), env: bare, cwd: path, encoding: 'utf8' },
      );
      const said = `${stdout}${stderr}`
        .replaceAll(process.version, 'vNODE')
        .replaceAll(process.versions.node, 'NODE')
        .replaceAll(scratch, 'SCRATCH')
        .replaceAll(node, 'NODEDIR');
      // Which distribution comes first is the machine's.
      return {
        status,
        said: said
          .replace(/run `[^,]*, `[^,]*(?=, then start again)/g, 'run HOW-TO-INSTALL')
          .split('\n')
          .filter((line) => line !== ''),
      };
    },
  };
}

export function writeHeaders(folder: string): void {
  mkdirSync(join(folder, 'include/node'), { recursive: true });
  writeFileSync(
    join(folder, 'include/node/node_version.h'),
    `#define NODE_MAJOR_VERSION ${process.versions.node.split('.')[0] ?? ''}\n`,
  );
  writeFileSync(join(folder, 'include/node/node_api.h'), '');
}

export function giveTo(user: number | undefined, path: string): void {
  if (user === undefined) return;
  lchownSync(path, user, user);
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveTo(user, join(path, name));
}
