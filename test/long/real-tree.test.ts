/**
 * What stand-ins cannot show: real compilers, in a folder with a blank in its name, by an ordinary user without a home
 * folder, with umask 077 and an empty environment. The cheapest real target of each kind; all of it is in first-command.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { repository } from '../support/pauselab.js';
import { asOrdinaryUser, giveTo, ordinaryUser } from '../scripts/bare-tree.js';

/** Of compilers on a busy machine. */
const deadline_ms = 180_000;

function realTree(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'pauselab set-up '));
  onTestFinished(() => {
    rmSync(scratch, { recursive: true, force: true });
  });
  const tree = join(scratch, 'a tree');
  for (const part of ['scripts', 'src/base', 'package.json', 'package-lock.json', 'native', 'jvm-workloads']) {
    cpSync(join(repository, part), join(tree, part), {
      recursive: true,
      filter: (source) => !/^(?:native|jvm-workloads)\/build/.test(source.slice(repository.length)),
    });
  }
  symlinkSync(join(repository, 'node_modules'), join(tree, 'node_modules'));
  giveTo(ordinaryUser, scratch);
  return tree;
}

/** Runs a step of the set-up; resolves to what it wrote. */
function run(tree: string, step: string): { readonly status: number | null; readonly stderr: string } {
  const driver = `import { make } from './scripts/setup/steps.mjs'; import { nativeStep } from './scripts/setup/native.mjs'; import { javaStep } from './scripts/setup/java.mjs';
    await make(${step});`;
  writeFileSync(join(tree, 'driver.mjs'), driver);
  return spawnSync('/bin/sh', ['-c', 'umask 077; exec "$0" driver.mjs', process.execPath], {
    ...asOrdinaryUser,
    cwd: tree,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    encoding: 'utf8',
  });
}

test(
  'the addon, with the headers of Node and of an npm package',
  () => {
    const tree = realTree();
    expect(
      run(tree, "nativeStep(process.cwd(), { part: 'main', title: 'addon', targets: ['pauselab'] })"),
    ).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(tree, 'native/build/Release/pauselab.node'))).toBe(true);
  },
  deadline_ms,
);

test(
  'the JVM workloads, whose sources are UTF-8, with the locale C',
  () => {
    const tree = realTree();
    expect(run(tree, 'javaStep(process.cwd())')).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(tree, 'jvm-workloads/build/pauselab.jar'))).toBe(true);
  },
  deadline_ms,
);
