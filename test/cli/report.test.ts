import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';
import { scratchFolder } from '../support/scratch.js';
import { exampleStall } from '../support/stalls.js';
import { writeFakeBundle } from '../verdict/fake-bundle.js';
import { readPage } from '../support/page.js';

const scratch = scratchFolder();

afterEach(() => {
  vi.restoreAllMocks();
});

async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const spied = (['stdout', 'stderr'] as const).map((name) => vi.spyOn(process[name], 'write').mockReturnValue(true));
  const code = await runCommandLine(['node', 'pauselab', 'report', ...words]);
  const [stdout = '', stderr = ''] = spied.map((write) => write.mock.calls.map(([text]) => String(text)).join(''));
  return { code, stdout, stderr };
}

function bundle(): string {
  const path = scratch.fresh('bundle');
  writeFakeBundle(path, { runs: [{}, {}] });
  return path;
}

test('the page goes to stdout, or whole into the file that -o names', async () => {
  const path = bundle();
  const { code, stdout } = await run(path);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
  vi.restoreAllMocks();
  const file = `${scratch.fresh('folder')}/report.html`;
  expect(await run(path, '-o', file)).toEqual({ code: 0, stdout: '', stderr: `pauselab: wrote ${file}\n` });
  expect(readFileSync(file, 'utf8')).toBe(stdout);
});

test('a folder that is no bundle is a sentence and exit code 2, and no file is written', async () => {
  const file = scratch.fresh('report.html');
  const { code, stderr } = await run(scratch.path, '-o', file);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^pauselab: .*name a folder that `pauselab run` wrote\n$/);
  expect(existsSync(file)).toBe(false);
});

test('the examples of docs/report.md work', async () => {
  const page = readPage('docs/report.md');
  const commands = [...page.matchAll(/^```sh report\n([^]*?)^```$/gm)].flatMap(([, text = '']) =>
    text.trim().split('\n'),
  );
  expect(commands.length).toBeGreaterThan(3);
  const results = scratch.fresh('results');
  const arm = 'free-across-vmas';
  for (const name of ['today', 'before', 'after']) writeFakeBundle(`${results}/${name}`, { runs: [{ arm }, { arm }] });
  writeFileSync(
    `${results}/today/runs/000-${arm}/stalls.json`,
    JSON.stringify({ schemaVersion: 1, trace: null, stalls: [exampleStall], slow: [] }),
  );
  for (const command of commands) {
    const words = command
      .split(' ')
      .slice(2)
      .map((word) => word.replace(/^results(?=\/)/, results).replace(/^(?=\w+\.(html|svg)$)/, `${results}/`));
    expect({ command, ...(await run(...words)) }).toMatchObject({ command, code: 0 });
    vi.restoreAllMocks();
  }
  for (const name of ['report.html', 'compared.html', 'figure.svg', 'stall.svg'])
    expect(existsSync(`${results}/${name}`)).toBe(true);
});
