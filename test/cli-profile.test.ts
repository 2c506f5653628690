import { afterEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { profileCommand } from '../src/cli/commands/profile-command.js';
import { loadResolved } from '../src/profile/written/load.js';
import { folderWith, linesOf, valid } from './profile/files.js';

afterEach(() => {
  vi.restoreAllMocks();
});

async function run(...argv: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await profileCommand(() => undefined).parseAsync(argv, { from: 'user' });
  return write.mock.calls.map(([text]) => String(text)).join('');
}

test('list names every profile on a line, or in JSON', async () => {
  expect(await run('list')).toMatch(/^convoy {2,}A holds.*\n(.*\n)*priority-inversion {2,}Giving/m);
  vi.restoreAllMocks();
  expect(JSON.parse(await run('list', '--json'))).toMatchObject({
    profiles: expect.arrayContaining([{ name: 'convoy', title: expect.any(String) as string }]) as object[],
  });
});

test('show prints the file with its comments', async () => {
  expect(await run('show', 'convoy')).toContain('# A. COLD drops nothing');
});

test('show --json prints what is written', async () => {
  expect(JSON.parse(await run('show', 'convoy', '--json'))).toMatchObject({
    name: 'convoy',
    duration: '4s',
  });
});

test.each([['--json'], []])('show --resolved prints what is run %s', async (...more) => {
  const text = await run('show', 'convoy', '--resolved', ...more);
  expect(more.length > 0 ? JSON.parse(text) : parse(text)).toEqual(await loadResolved('convoy'));
  expect(text).not.toMatch(/[&*]a\d/);
});

test('check says what is valid', async () => {
  const folder = folderWith({ 'p.yaml': valid() });
  expect(await run('check', `${folder}/p.yaml`)).toBe(
    `${folder}/p.yaml: the profile p is valid; its arms are idle-control, foreign-control, a\n`,
  );
});

test('check and show refuse what is not', async () => {
  const folder = folderWith({ 'p.yaml': valid('runs: 0') });
  const problem = 'p.yaml:5:7 runs: expected a whole number from 1 to 1000, got 0';
  expect(await linesOf(run('check', `${folder}/p.yaml`), folder)).toEqual([problem]);
  expect(await linesOf(run('show', `${folder}/p.yaml`), folder)).toEqual([problem]);
});
