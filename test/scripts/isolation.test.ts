/** Which unit tests share their processes: those that change nothing of them and of the modules of src. */
import { expect, test } from 'vitest';
import { needsOwnProcess, testFiles } from '../../scripts/test/isolation.mjs';

const needs = (files: Readonly<Record<string, string>>): boolean =>
  needsOwnProcess('test/base/a.test.ts', (path: string) => files[path] ?? null);

test.each([
  ["vi.mock('node:fs');", true],
  ["  vi.spyOn(process, 'kill');", true],
  ["vi.stubEnv('HOME', folder);", true],
  ["process.env.PATH = '';", true],
  ['process.chdir(folder);', true],
  ["process.once('SIGINT', stop);", true],
  ['tellCleanUpFailures((sentence) => told.push(sentence));', true],
  ["createLogger({ format: 'text', level: 'info' });", true],
  ["import type { Logger } from '../../src/cli/text/logger.js';", false],
  ['const look = vi.fn(() => 1);', false],
  ['afterAll(() => undefined);', false],
  ['const scratch = scratchFolder();', false],
  ['expect(process.pid).toBe(1);', false],
])('by its text: %s', (text, isIsolated) => {
  expect(needs({ 'test/base/a.test.ts': text })).toBe(isIsolated);
});

test.each([
  ["process.env.HOME = '/';", true],
  ['afterEach(() => undefined);', true],
  ['export const scratch = scratchFolder();', true],
  ['export const one = 1;', false],
])('by what it imports through another file: %s', (text, isIsolated) => {
  const files = {
    'test/base/a.test.ts': "import { one } from '../support/b.js';",
    'test/support/b.ts': "export * from './c.js';\nimport '../base/a.test.js';",
    'test/support/c.ts': text,
  };
  expect(needs(files)).toBe(isIsolated);
});

test('of the real files, a few', () => {
  const unit = testFiles(['test/command', 'test/machine', 'test/long']);
  expect(unit.filter((file) => /^test\/(?:command|machine|long)\//.test(file))).toEqual([]);
  expect(unit).toEqual(expect.arrayContaining(['test/docs.test.ts', 'test/stats/golden.test.ts']));
  expect(needsOwnProcess('test/docs.test.ts')).toBe(true);
  expect(needsOwnProcess('test/cli/environment.test.ts')).toBe(true);
  expect(needsOwnProcess('test/stats/golden.test.ts')).toBe(false);
});
