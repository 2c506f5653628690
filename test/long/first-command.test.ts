/**
 * The first command of the README in the hardest place at once, for real: a clone in a folder with a blank in its name,
 * an ordinary user, umask 077, an empty environment; then again without a network and with npm's cache filled.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { repository } from '../support/pauselab.js';
import { asOrdinaryUser, giveTo, isRoot, ordinaryUser } from '../scripts/bare-tree.js';

const scratch = mkdtempSync(join(tmpdir(), 'pauselab first command '));
const home = join(scratch, 'home');
mkdirSync(home);
giveTo(ordinaryUser, scratch);
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function clone(name: string): string {
  const tree = join(scratch, name);
  execFileSync('git', ['clone', '--quiet', repository, tree]);
  giveTo(ordinaryUser, tree);
  return tree;
}

function start(
  tree: string,
  wrapper: readonly string[] = [],
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const shell = ['-c', 'umask 077; npm start'];
  const [file, ...args] = wrapper;
  const user = file === undefined ? asOrdinaryUser : {};
  return spawnSync(file ?? '/bin/sh', file === undefined ? shell : [...args, '/bin/sh', ...shell], {
    ...user,
    cwd: tree,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home },
    encoding: 'utf8',
  });
}

test('npm start builds and measures', () => {
  const { status, stdout, stderr } = start(clone('a clone'));
  expect(stderr).not.toContain('JVM');
  expect(stdout).toContain('Verdict: ');
  // 4: too much else ran here for a verdict.
  expect([0, 4]).toContain(status);
});

test("without a network, npm's cache is enough", ({ skip }) => {
  skip(!isRoot || ordinaryUser === undefined, 'needs root, to take the network away');
  skip(!existsSync('/usr/bin/unshare') || !existsSync('/usr/bin/setpriv'), 'needs unshare and setpriv');
  const id = String(ordinaryUser);
  const { status, stdout } = start(clone('another clone'), [
    '/usr/bin/unshare',
    '--net',
    '/usr/bin/setpriv',
    '--reuid',
    id,
    '--regid',
    id,
    '--clear-groups',
  ]);
  expect(stdout).toContain('Verdict: ');
  expect([0, 4]).toContain(status);
});
