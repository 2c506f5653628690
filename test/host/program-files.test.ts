import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { programFiles } from '../../src/host/program-files.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function filesOf(...args: readonly string[]) {
  const { arms } = await loadResolved('app', [parseSet(`jvm.app.args=${JSON.stringify(args)}`)]);
  return programFiles(arms);
}

test('a jar is known by its contents, whichever arms run it', async () => {
  const jar = join(scratch.path, 'my app.jar');
  writeFileSync(jar, 'version 1');
  expect(await filesOf('-Xmx1g', '-jar', jar, 'serve')).toEqual([{ path: jar, bytes: 9, sha256: sha256('version 1') }]);
});

test('of a class path each file is, a folder is not, and a star stands for the jars of a folder', async () => {
  const [lib, classes] = [join(scratch.path, 'lib'), join(scratch.path, 'classes')];
  for (const folder of [lib, classes]) mkdirSync(folder);
  for (const [name, text] of [
    ['b.jar', 'b'],
    ['a.jar', 'a'],
    ['notes.txt', 'x'],
  ] as const)
    writeFileSync(join(lib, name), text);
  expect(await filesOf('-cp', `${classes}:${lib}/*:/nowhere.jar`, 'Main')).toEqual([
    { path: classes, bytes: 0, sha256: null },
    { path: `${lib}/a.jar`, bytes: 1, sha256: sha256('a') },
    { path: `${lib}/b.jar`, bytes: 1, sha256: sha256('b') },
  ]);
});

test('a profile without a program has none', async () => {
  expect(programFiles((await loadResolved('priority-inversion')).arms)).toEqual([]);
});
