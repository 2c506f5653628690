/** A run that a killed pauselab left unfinished: every command reads the rest, and says that it is left out. */
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { exampleStall } from '../support/stalls.js';
import { stalled, writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();

function bundle(): string {
  const path = scratch.fresh('bundle');
  writeFakeBundle(path, {
    runs: [{ arm: 'idle' }, { arm: 'free', stalls: stalled(2) }, { arm: 'free', stalls: stalled(3) }],
  });
  return path;
}

const unfinished = bundle();
mkdirSync(join(unfinished, 'runs/003-free'));
writeFileSync(join(unfinished, 'runs/003-free/histograms.hlog'), '#[Hist');
const hidden = bundle();
cpSync(join(hidden, 'runs/002-free'), join(hidden, 'runs/.pauselab-0123456789abcdef.partial'), { recursive: true });
const whole = bundle();
const policy = scratch.write('policy.yaml', 'minimumRuns: 2\nrules:\n  - limits: [longest_ns <= 5s]\n');
const note = `the run 003-free of ${unfinished} is unfinished (it has no run.json) and is left out`;
const later = scratch.fresh('later');
writeFakeBundle(later, {
  runs: [{ arm: 'free', run: { startedAt: '2026-01-02T00:00:00.000Z' } }],
  manifest: { startedAt: '2026-01-02T00:00:00.000Z' },
});

const commands = (path: string): [string, string[]][] => [
  ['report', ['report', path]],
  ['compare', ['compare', whole, path]],
  ['gate', ['gate', '--baseline', whole, '--candidate', path, '--policy', policy]],
  ['export', ['export', path, '--format', 'csv']],
  ['baseline', ['baseline', 'save', path, '--in', scratch.fresh('baselines')]],
  ['explain', ['explain', path]],
];

describe('a run without run.json', () => {
  test.each(commands(unfinished))('%s leaves it out and says so', async (_, words) => {
    const { code, stdout, stderr } = await command(...words);
    expect(code).toBeOneOf([0, 4]);
    expect(`${stdout}${stderr}`).toContain(note);
  });
});

describe('a hidden one', () => {
  test.each(commands(hidden))('%s takes no notice of it', async (_, words) => {
    const expected = await command(
      ...words.map((word) => (word === hidden ? whole : word.includes('baselines') ? scratch.fresh('again') : word)),
    );
    const { code, stdout, stderr } = await command(...words);
    expect(code).toBe(expected.code);
    expect(`${stdout}${stderr}`).not.toContain('partial');
  });
});

test('--replace leaves no hidden folder, and a failing one leaves the old baseline', async () => {
  const folder = scratch.fresh('baselines');
  const save = (path: string) => command('baseline', 'save', path, '--as', 'main', '--in', folder, '--replace');
  expect((await save(whole)).code).toBe(0);
  expect((await save(later)).code).toBe(0);
  const saved = readFileSync(join(folder, 'main/baseline.json'), 'utf8');
  expect(saved).toContain('2026-01-02');
  const broken = bundle();
  writeFileSync(join(broken, 'runs/002-free/histograms.hlog'), 'Tag=a b,0,1,1,HISTFAAAA\n');
  expect((await save(broken)).code).toBe(2);
  expect(readdirSync(folder)).toEqual(['main']);
  expect(readFileSync(join(folder, 'main/baseline.json'), 'utf8')).toBe(saved);
});

test('a baseline between the two renames of a killed --replace is found by every command', async () => {
  const folder = scratch.fresh('baselines');
  await command('baseline', 'save', whole, '--as', 'main', '--in', folder);
  cpSync(join(folder, 'main'), join(folder, '.pauselab-0123456789abcdef.replaced-main'), { recursive: true });
  rmSync(join(folder, 'main'), { recursive: true });
  const aside = readdirSync(folder);
  for (const words of [
    ['baseline', 'show', 'main', '--in', folder],
    ['baseline', 'list', '--in', folder],
    ['gate', '--baseline', folder, '--candidate', later],
    ['gate', '--baseline', join(folder, 'main'), '--candidate', later],
  ]) {
    expect(await command(...words)).toMatchObject({ code: expect.toBeOneOf([0, 4]) as number, stderr: '' });
    expect(readdirSync(folder)).toEqual(['main']);
    renameSync(join(folder, 'main'), join(folder, aside[0] ?? ''));
  }
});

describe('what a stranger’s bundle may hold', () => {
  const deep = '['.repeat(20_000) + ']'.repeat(20_000);

  test.each(['manifest.json', 'summary.json', 'runs/001-free/run.json'])(
    '20,000 nested lists in %s are a sentence in every command',
    async (file) => {
      const path = bundle();
      const text = readFileSync(join(path, file), 'utf8');
      writeFileSync(
        join(path, file),
        text.replace(/"(profile|layout|host)": [^]*?,\n/, `"$1": ${deep},\n`).replace('{', `{"more": ${deep},`),
      );
      for (const [name, words] of commands(path)) {
        const { code, stderr } = await command(...words);
        if (name === 'explain' && file !== 'runs/001-free/run.json') continue;
        expect({ name, code: name === 'explain' ? 2 : code, stderr }).toEqual({
          name,
          code: 2,
          stderr:
            name === 'explain'
              ? ''
              : (expect.stringMatching(
                  /^pauselab: \S+ could not be read as a bundle's \w+ \(it is nested more than 100 deep at position \d+\); name a folder [^\n]*\n$/,
                ) as string),
        });
      }
    },
  );

  test('lists of stalls that take too much memory in sum are left out, and said', async () => {
    const path = bundle();
    const list = JSON.stringify({ schemaVersion: 1, trace: null, stalls: [exampleStall], slow: [] });
    for (const name of ['000-idle', '001-free', '002-free']) {
      const file = join(path, 'runs', name, 'stalls.json');
      writeFileSync(file, `${list}${' '.repeat(2 ** 20)}`);
    }
    const { code, stdout } = await command('explain', path);
    expect({ code, left: stdout.includes('Missing') }).toEqual({ code: 0, left: false });
    for (const name of ['000-idle', '001-free', '002-free'])
      writeFileSync(join(path, 'runs', name, 'stalls.json'), `${list}${' '.repeat(60 * 2 ** 20)}`);
    expect((await command('explain', path)).stdout).toMatch(
      /^Missing: .*002-free\/stalls\.json could not be read as a bundle's stalls \(it and such files of the runs before have more than 134217728 bytes in sum\)/m,
    );
  });

  test('a sparse file of a terabyte, a FIFO in place of a file', async () => {
    const path = bundle();
    truncateSync(join(path, 'runs/001-free/run.json'), 2 ** 40);
    expect(await command('report', path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it has 1099511627776 bytes, and the limit is 67108864') as string,
    });
  });
});
