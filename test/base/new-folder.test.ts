/** Folders that are there whole or not at all, and what a killed writer leaves. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeNew } from '../../src/base/files/atomic-file.js';
import { cleanHidden, createWhole, recoverReplaced, replaceWhole } from '../../src/base/files/new-folder.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

function folder(): string {
  const path = scratch.fresh('folder');
  mkdirSync(path);
  return path;
}

const holding =
  (text: string) =>
  (path: string): void => {
    mkdirSync(join(path, 'deep'));
    writeNew(join(path, 'deep/file'), text);
  };
const failing = (path: string): void => {
  holding('half')(path);
  throw new Error('the disk is full');
};
const textIn = (path: string): string => readFileSync(join(path, 'deep/file'), 'utf8');

/** As a file system answers that cannot exchange names. */
const unknown = (): void => {
  throw Object.assign(new Error('not here'), { code: 'EINVAL' });
};

describe('a new folder', () => {
  test('is there once it is whole', () => {
    const parent = folder();
    createWhole(join(parent, 'new'), (path) => {
      holding('text')(path);
      expect(existsSync(join(parent, 'new'))).toBe(false);
    });
    expect(textIn(join(parent, 'new'))).toBe('text');
    expect(readdirSync(parent)).toEqual(['new']);
  });

  test('is not there if it failed, and takes the place of an empty one alone', () => {
    const parent = folder();
    expect(() => {
      createWhole(join(parent, 'new'), failing);
    }).toThrow('the disk is full');
    expect(readdirSync(parent)).toEqual([]);
    mkdirSync(join(parent, 'empty'));
    createWhole(join(parent, 'empty'), holding('text'));
    expect(() => {
      createWhole(join(parent, 'empty'), holding('another'));
    }).toThrow(/ENOTEMPTY|EEXIST/);
    expect(textIn(join(parent, 'empty'))).toBe('text');
  });
});

describe.each([
  ['in one step', undefined],
  ['where names cannot be exchanged', unknown],
] as const)('a folder that is replaced %s', (_, exchange) => {
  const there = (): { parent: string; place: string } => {
    const parent = folder();
    createWhole(join(parent, 'main'), holding('old'));
    return { parent, place: join(parent, 'main') };
  };

  test('is the new one', () => {
    const { parent, place } = there();
    replaceWhole(place, holding('new'), exchange);
    expect(textIn(place)).toBe('new');
    expect(readdirSync(parent)).toEqual(['main']);
  });

  test('is the old one if anything failed', () => {
    const { parent, place } = there();
    expect(() => {
      replaceWhole(place, failing, exchange);
    }).toThrow('the disk is full');
    expect(textIn(place)).toBe('old');
    expect(readdirSync(parent)).toEqual(['main']);
  });
});

test('an exchange that fails for another reason leaves the old one', () => {
  const parent = folder();
  createWhole(join(parent, 'main'), holding('old'));
  expect(() => {
    replaceWhole(join(parent, 'main'), holding('new'), () => {
      throw Object.assign(new Error('I/O'), { code: 'EIO' });
    });
  }).toThrow('I/O');
  expect(readdirSync(parent)).toEqual(['main']);
  expect(textIn(join(parent, 'main'))).toBe('old');
});

describe('what a killed writer left', () => {
  const aside = '.pauselab-0123456789abcdef.replaced-main';

  test('between two renames is put back, by whoever comes next', () => {
    const parent = folder();
    createWhole(join(parent, 'main'), holding('old'));
    renameSync(join(parent, 'main'), join(parent, aside));
    recoverReplaced(parent);
    expect(textIn(join(parent, 'main'))).toBe('old');
  });

  test('after them is removed: the new one is in its place', () => {
    const parent = folder();
    createWhole(join(parent, 'main'), holding('new'));
    createWhole(join(parent, aside), holding('old'));
    recoverReplaced(parent);
    expect(readdirSync(parent)).toEqual(['main']);
    expect(textIn(join(parent, 'main'))).toBe('new');
  });

  test('while it wrote is removed; what a living one writes is not, and nothing else either', async () => {
    const parent = folder();
    const script = `
      const { createWhole } = await import(${JSON.stringify(new URL('../../dist/base/files/new-folder.js', import.meta.url).href)});
      createWhole(process.argv[1], () => { process.stdout.write('filling'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); });`;
    const writer = spawn(process.execPath, ['--input-type=module', '-e', script, join(parent, 'new')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => {
      writer.stdout.once('data', resolve);
    });
    for (const name of ['.hidden', '.pauselab-mine', 'file.partial']) writeFileSync(join(parent, name), 'mine');
    const [partial = ''] = readdirSync(parent).filter(
      (name) => name.endsWith('.partial') && name.startsWith('.pauselab-'),
    );
    cleanHidden(parent);
    expect(readdirSync(parent)).toContain(partial);
    const ended = new Promise((resolve) => {
      writer.once('close', resolve);
    });
    writer.kill('SIGKILL');
    await ended;
    cleanHidden(parent);
    expect(readdirSync(parent)).toEqual(['.hidden', '.pauselab-mine', 'file.partial']);
  });
});
