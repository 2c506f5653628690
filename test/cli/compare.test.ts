/** The command on bundles made by hand, in the folder that has them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import type { Comparison, ShownComparison } from '../../src/verdict/compare/compared.js';
import { commandIn } from '../support/command.js';
import { writeObservation } from '../support/observation.js';
import { expectFault, type Ended } from '../support/pauselab.js';
import {
  kernelRecord,
  kernelRuns,
  stalled,
  valuesWithP99,
  writeFakeBundle,
  type FakeRun,
} from '../verdict/fake-bundle.js';
import { writeFakeBoot } from '../verdict/fake-boots.js';
import { readPage } from '../support/page.js';
import { said } from '../support/stated.js';

const cwd = mkdtempSync(join(tmpdir(), 'pauselab-compare-cli-'));
afterAll(() => {
  rmSync(cwd, { recursive: true });
});

const arms = (stalls: number): FakeRun[] =>
  Array.from({ length: 16 }, (_, i) => ({
    arm: i % 2 === 0 ? 'free-one-vma' : 'free-across-vmas',
    values_ns: valuesWithP99(20_000 + i * 100),
    stalls: stalled(i % 2 === 0 ? 0 : stalls),
  }));
for (const [name, stalls] of [
  ['before', 2],
  ['after', 6],
  ['today', 2],
  ['6.16', 2],
  ['6.17', 2],
] as const)
  writeFakeBundle(join(cwd, 'results', name), { runs: arms(stalls) });
writeFakeBundle(join(cwd, 'results', 'two-kernels'), {
  runs: ['6.16', '6.17'].flatMap((kernel) => kernelRuns(6, { kernel })),
  manifest: { kernels: ['6.16', '6.17'].map((release) => kernelRecord(release)) },
});
for (let i = 0; i < 8; i += 1) {
  const label = i % 2 === 0 ? 'stock' : 'patched';
  writeFakeBoot(join(cwd, `${label}-${1 + Math.floor(i / 2)}`), { label }, i);
}
for (const name of ['observed-before', 'observed-after']) writeObservation(join(cwd, 'results', name));
writeFakeBundle(join(cwd, 'results', 'evil'), {
  runs: arms(2).map((run) => ({ ...run, series: 'a|b\u001b[2J\n# <script>' })),
});
writeFakeBundle(join(cwd, 'results', 'spoiled'), {
  runs: arms(2).map((run) => ({ ...run, run: { disturbances: [said('steal')] } })),
});
for (const [name, value_ns] of [
  ['before', 1000],
  ['after', 1500],
] as const) {
  writeFileSync(
    join(cwd, `${name}.hlog`),
    hlogHead(0) + hlogLine('app', 0, 60e9, countsOfValues(Array.from({ length: 5000 }, (_, i) => value_ns + i))),
  );
}

const compare = (...words: string[]): Promise<Ended> => commandIn(cwd, 'compare', ...words);

describe('pauselab compare', () => {
  test('--unit wants a unit, and a log', async () => {
    expectFault(await compare('before.hlog', 'after.hlog', '--unit', 'hours'), {
      code: 2,
      says: ['--unit hours: expected one of ns, us, ms, s'],
    });
    expectFault(await compare('results/before', 'results/after', '--unit', 'us'), {
      code: 2,
      says: ['--unit: all inputs are bundles'],
    });
  });

  test('begins with the answer, then has the table, then the notes; exit code 0 though something regressed', async () => {
    const { code, stdout, stderr } = await compare('results/before', 'results/after');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toMatch(
      /^after against before: regressed in 3 of 12 metrics, most of all free-across-vmas, writer\.mprotect: stalls per minute 12 → 36 \(difference \+24, 95 % interval \[\+24, \+24\], 8 and 8 runs, p = 0\.00016\); 9 are equivalent\.$/,
    );
    expect(stdout).toMatch(
      /\n {2}writer\.mprotect +stalled share +8, 8 +10 % +30\.0 % +\+20\.0 pp \[\+20\.0 pp, \+20\.0 pp\] +×3\.00 \[3\.00, 3\.00\] +0\.00016 +\S+ +regressed\n/,
    );
    expect(stdout).toContain(
      '0 in every run of both: stalled share, stalls per minute, longest stall, blocked stalls per minute of writer.mprotect (equivalent)',
    );
  });

  test('as JSON is one document with every value', async () => {
    const { code, stdout } = await compare(
      'results/before',
      'results/after',
      '--json',
      '--arm',
      'free-across-vmas',
      '--metric',
      'stalls_per_minute',
    );
    const { schemaVersion, verdict, rows } = JSON.parse(stdout) as Comparison;
    expect({ code, schemaVersion }).toEqual({ code: 0, schemaVersion: 2 });
    expect(verdict).toContain('regressed in 1 of 1 metric');
    expect(rows).toMatchObject([
      {
        series: 'writer.mprotect',
        metric: 'stalls_per_minute',
        verdict: 'regressed',
        runs: { a: 8, b: 8 },
        values: { a: Array(8).fill(12), b: Array(8).fill(36) },
      },
    ]);
  });

  test('lets no name of a bundle reach the terminal or break a table', async () => {
    const text = await compare('results/evil', 'results/evil');
    const markdown = await compare('results/evil', 'results/evil', '--markdown');
    expect(text.stdout).not.toContain('\u001b');
    expect(text.stdout).not.toMatch(/^# <script>/m);
    expect(markdown.stdout).not.toMatch(/^# |<script>/m);
    expect(markdown.stdout).toContain('a\\|b');
    for (const line of markdown.stdout.split('\n').filter((one) => one.startsWith('|')))
      expect(line.match(/(?<!\\)\|/g)).toHaveLength(11);
  });

  test('exits with 4 if nothing could be compared, and says why', async () => {
    const { code, stdout } = await compare('results/before', 'results/spoiled');
    expect(code).toBe(4);
    expect(stdout).toMatch(/^spoiled against before: nothing could be compared/);
    expect(stdout).toContain('spoiled: 16 runs of 16 are disturbed by other activity on the machine, and left out.');
    expect((await compare('results/before', 'before.hlog')).code).toBe(2);
  });

  test.each<[string[], RegExp]>([
    [['results/before'], /compare results\/before: expected two bundles or more/],
    [['results/before', 'results/gone'], /results\/gone does not exist/],
    [['results/before', 'results/after', '--json', '--markdown'], /choose one of them/],
    [['results/before', 'results/after', '--metric', 'stals'], /there is no metric stals; did you mean stalls\?/],
    [
      ['results/before', 'results/after', '--quantile', '100'],
      /--quantile 100: expected a percentile above 0 and below 100/,
    ],
    [['results/before', 'results/after', '--margin', 'NaN%'], /--margin NaN%: expected a share such as 5%/],
    [
      ['results/before', 'results/after', '--margin', 'longest_ns=5 parsecs'],
      /expected a duration such as 20ms.*, or a share such as 5%/,
    ],
    [
      ['results/before', 'results/after', '--arm', 'free-one-vme'],
      /has no run of an arm free-one-vme; did you mean free-one-vma\?/,
    ],
    [['results/before', 'results/after', '--arm', '=x'], /--arm =x: expected an arm/],
    [['before.hlog', 'after.hlog', '--threshold', '0ms'], /--threshold 0ms: expected more than 0/],
  ])('%j is refused in a sentence', async (words, sentence) => {
    expectFault(await compare(...words), { code: 2, says: [sentence] });
  });

  test('takes margins of a metric', async () => {
    const { stdout } = await compare(
      'results/before',
      'results/after',
      '--json',
      '--margin',
      'stalls_per_minute=30',
      '--margin',
      'stalled_share=25%',
      '--arm',
      'free-across-vmas',
    );
    const { rows } = JSON.parse(stdout) as Comparison;
    expect(Object.fromEntries(rows.map(({ metric, verdict }) => [metric, verdict]))).toMatchObject({
      stalls_per_minute: 'equivalent',
      stalled_share: 'equivalent',
      blocked_per_minute: 'regressed',
    });
  });
});

describe('the examples work', async () => {
  const page = readPage('docs/statistics.md');
  const documented = [...page.matchAll(/^```sh compare\n([^]*?)^```$/gm)]
    .flatMap(([, text = '']) => text.trim().split('\n'))
    .map((line) => line.replace(/\s+#.*$/, ''));
  const { stdout } = await commandIn(cwd, 'compare', '--help');
  const helped = [...stdout.matchAll(/^ {2}\$ (pauselab compare .*)$/gm)].map(([, words = '']) => words);

  test('of the help and of docs/statistics.md, all marked as tested', () => {
    expect(helped.length).toBeGreaterThan(3);
    expect(documented.length).toBeGreaterThan(4);
    expect(page.match(/^```sh/gm)).toHaveLength(page.match(/^```sh compare$/gm)?.length ?? 0);
  });

  test.each([...helped, ...documented])('%s', async (command) => {
    const ended = await commandIn(cwd, ...command.split(' ').slice(1));
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('says of each bundle whether the roots came back that its profile expects', async () => {
  const path = join(cwd, 'results', 'repeats');
  writeFakeBundle(path, { runs: arms(2) });
  const file = join(path, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { profile: object };
  const expects = [{ arm: 'free-one-vma', cause: 'mmap-lock-reader', by: 'holder', median_ns: null }];
  const order = [{ arm: 'free-one-vma', kernel: null, repetition: 0 }];
  writeFileSync(file, JSON.stringify({ ...manifest, profile: { ...manifest.profile, expects }, order }));
  const line = 'results/repeats: not known: no run of free-one-vma was recorded';
  expect((await compare('results/before', 'results/repeats')).stdout).toContain(`Expected: ${line}`);
  const { stdout } = await compare('results/repeats', 'results/repeats', '--json');
  expect((JSON.parse(stdout) as ShownComparison).expected).toMatchObject([
    { path: 'results/repeats', roots: [{ code: 'no-run' }] },
  ]);
});
