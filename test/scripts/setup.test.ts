import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockTree } from '../../scripts/setup/lock.mjs';
import { hashOf } from '../../scripts/setup/stamp.mjs';

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
let tree = '';

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'pauselab-setup-'));
  chmodSync(tree, 0o755);
});

afterEach(() => {
  rmSync(tree, { recursive: true });
});

describe('the hash of sources', () => {
  function write(path: string, content: string): void {
    mkdirSync(join(tree, path, '..'), { recursive: true });
    writeFileSync(join(tree, path), content);
  }

  test('changes with a content, a name and a new file, and with nothing else', () => {
    write('native/a.cc', 'a');
    write('native/build/out.o', '1');
    const hash = (): string => hashOf(tree, ['native', 'absent'], ['native/build']);
    const before = hash();

    write('native/build/out.o', '2');
    utimesSync(join(tree, 'native/a.cc'), 1, 1);
    expect(hash()).toBe(before);

    write('native/a.cc', 'b');
    const changed = hash();
    write('native/deep/b.cc', '');
    const added = hash();
    expect(new Set([before, changed, added]).size).toBe(3);
  });

  test('tells where one file ends and the next begins', () => {
    write('one/a', 'xb');
    write('two/a', 'x');
    write('two/b', '');
    expect(hashOf(join(tree, 'one'), ['a', 'b'])).not.toBe(hashOf(join(tree, 'two'), ['a', 'b']));
  });
});

describe('the lock of a tree', () => {
  test('is given to one at a time', async () => {
    const order: string[] = [];
    const release = await lockTree(tree, () => order.push('first waits'));
    const second = lockTree(tree, () => {
      order.push('second waits');
      release();
    });
    (await second)();
    expect(order).toEqual(['second waits']);
  });

  test('is free again when its owner is killed', async () => {
    const owner = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { lockTree } from ${JSON.stringify(join(scripts, 'setup/lock.mjs'))};
       await lockTree(${JSON.stringify(tree)}, () => {});
       process.stdout.write('locked');`,
    ]);
    await once(owner.stdout, 'data');
    let hasWaited = false;
    const release = await lockTree(tree, () => {
      hasWaited = true;
      owner.kill('SIGKILL');
    });
    release();
    expect(hasWaited).toBe(true);
  });
});

describe('a machine that lacks something', () => {
  /** Starts the set-up of a bare tree as a user who may install nothing. */
  function setUp(...nodeOptions: string[]): { status: number | null; stderr: string } {
    cpSync(scripts, join(tree, 'scripts'), { recursive: true });
    cpSync(join(scripts, '../src/base'), join(tree, 'src/base'), { recursive: true });
    const args = [...nodeOptions, join(tree, 'scripts/setup.mjs'), '--test'];
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const env = { PATH: tree };
    return spawnSync(process.execPath, args, { ...nobody, env, encoding: 'utf8' });
  }

  test('is told the packages of what the tests need, and exits 5', () => {
    const { status, stderr } = setUp();
    expect(stderr).toMatch(/lacks g\+\+, make, python3, strace, default-jre-headless/);
    expect(stderr).toMatch(/`apt-get install g\+\+ make python3 strace default-jre-headless [^`]*`/);
    expect(stderr).toMatch(/`dnf install gcc-c\+\+ make python3 glibc-static /);
    expect(status).toBe(5);
  });

  test('is told which Node is needed in one sentence, and exits 5', () => {
    const old = "Object.defineProperty(process, 'versions', { value: { node: '20.16.0' } })";
    const { status, stderr } = setUp('--import', `data:text/javascript,${encodeURIComponent(old)}`);
    expect(stderr).toMatch(/^pauselab needs Node 20\.19 or newer and this is 20\.16\.0: .*\n$/);
    expect(status).toBe(5);
  });
});
