/** What commands do with a bundle of `pauselab observe`, in the folder that has it; the documentation's examples too. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Comparison } from '../../src/verdict/compare/compared.js';
import { commandIn } from '../support/command.js';
import { writeObservation, type FakeStall } from '../support/observation.js';
import { readPage } from '../support/page.js';
import { expectFault, type Ended } from '../support/pauselab.js';
import { comparisonSchema } from '../verdict/compare-schema.js';
import { writeFakeBundle } from '../verdict/fake-bundle.js';

const cwd = mkdtempSync(join(tmpdir(), 'pauselab-observation-cli-'));
afterAll(() => {
  rmSync(cwd, { recursive: true });
});

/** Every two seconds, without order; the last is cut by the end. */
const every = (step_ms: number, length_ms: number): FakeStall[] =>
  Array.from({ length: Math.floor(60_000 / step_ms) }, (_, i) => ({
    at_ms: i * step_ms + ((i * 7919) % 400),
    length_ms: length_ms + ((i * 31) % 17),
    givesBack: i % 3 !== 0,
  }));
writeObservation(join(cwd, 'results', 'before'), { stalls: every(700, 90) });
writeObservation(join(cwd, 'results', 'after'), { stalls: every(6000, 30) });
writeObservation(join(cwd, 'results', 'other'), { stalls: every(700, 90), threshold_ns: 5e7 });
writeObservation(join(cwd, 'results', 'today'), {
  stalls: [
    { at_ms: 0, length_ms: 300, thread: '=worker (7)' },
    { at_ms: 59_900, length_ms: 100, givesBack: false, stillRunning: true },
  ],
});
writeObservation(join(cwd, 'results', 'quiet'));
writeObservation(join(cwd, 'results', 'unseen'), { stalls: [{ at_ms: 0, length_ms: 300, givesBack: null }] });
writeFakeBundle(join(cwd, 'results', 'experiment'), { runs: [{}, {}] });

const run = (...words: string[]): Promise<Ended> => commandIn(cwd, ...words);

describe('pauselab compare', () => {
  test('begins with the answer, and says what a value is of', async () => {
    const { code, stdout } = await run('compare', 'results/before', 'results/after');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^after against before: improved in \d of 6 metrics, most of all stalls /);
    expect(stdout).toContain('A: results/before (Linux 6.18.1)');
    expect(stdout).toMatch(/^observed$/m);
    expect(stdout).toMatch(/^ {2}stalls of any reason +stalled seconds per minute +24, 24 /m);
    expect(stdout).toContain('A and B: means over the slices, a value per slice.');
    expect(stdout).toContain('Note: A value is of a slice of 2.50 s');
    expect(stdout).not.toMatch(/\bruns?\b/);
  });

  test('--json has the form that experiments have', async () => {
    const { stdout } = await run('compare', 'results/before', 'results/after', '--json');
    const document: unknown = JSON.parse(stdout);
    expect(comparisonSchema.parse(document)).toEqual(document);
    const { reference, rows } = document as Comparison;
    expect(reference).toMatchObject({ kind: 'observation', measured_ns: { observed: 60e9 } });
    expect(rows).toHaveLength(6);
  });

  test('--markdown has a table', async () => {
    const { stdout } = await run('compare', 'results/before', 'results/after', '--markdown');
    expect(stdout).toMatch(/^\| series +\| metric +\| +slices \|/m);
  });

  test('ends with 4 where nothing can be compared, and says why', async () => {
    const { code, stdout } = await run('compare', 'results/before', 'results/other');
    expect(code).toBe(4);
    expect(stdout).toMatch(/^other against before: nothing could be compared/);
    expect(stdout).toContain('the two sides have different thresholds of what is a stall');
  });

  test('takes margins, and no option that is about runs', async () => {
    const both = ['compare', 'results/before', 'results/after'];
    const { rows } = JSON.parse((await run(...both, '--margin', 'longest_ns=1s', '--json')).stdout) as Comparison;
    expect(rows.map(({ margin }) => margin.absolute)).toEqual([0.1, 0.5, 1e9, 0.1, 0.5, 1e9]);
    expectFault(await run(...both, '--margin', 'service.p99_ns=1s'), {
      code: 2,
      says: [
        'observations have no metric service.p99_ns; they have stalled_seconds_per_minute, stalls_per_minute, longest_ns',
      ],
    });
    for (const [option, value] of [
      ['quantile', '99'],
      ['metric', 'longest_ns'],
      ['arm', 'a'],
      ['threshold', '10ms'],
      ['unit', 'us'],
    ] as const)
      expectFault(await run(...both, `--${option}`, value), { code: 2, says: [`--${option}: these are observations`] });
  });

  test('takes no observation alone, and none beside an experiment', async () => {
    expectFault(await run('compare', 'results/before'), { code: 2, says: ['expected two observations or more'] });
    expectFault(await run('compare', 'results/before', 'results/experiment'), {
      code: 2,
      says: ['results/before is an observation of a process that ran already, and results/experiment is not'],
    });
    expectFault(await run('compare', 'results/before', 'results/none'), {
      code: 2,
      says: ['results/none does not exist'],
    });
  });
});

describe('pauselab export', () => {
  test('has a row for each stall, the longest first, that no spreadsheet runs', async () => {
    const { code, stdout, stderr } = await run('export', 'results/today', '--format', 'csv');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('A thread that sleeps is not') as string,
    });
    expect(stdout.split('\r\n').map((line) => line.split(',').slice(0, 12).join(','))).toEqual([
      'stall,thread,tid,start_ns,duration_ns,began_before,still_going_on,thread_ended,cause,grade,lock,by_thread',
      '1,writer.mprotect,11,0,300000000,true,false,false,mmap-lock-reader,likely,mmap_lock read,holder',
      '2,writer.mprotect,11,59900000000,100000000,false,true,false,not-scheduled,likely,,',
      '',
    ]);
    expect(stdout).toContain(",12,madvise.FREE,true,'=worker (7) waited for `holder`\r\n");
  });

  test('has the figures of each reason as OpenMetrics', async () => {
    const { stdout } = await run('export', 'results/today', '--format', 'openmetrics');
    expect(stdout).toContain('pauselab_observed_time_seconds{target="java"} 60\n');
    expect(stdout).toContain(
      'pauselab_observed_stalled_seconds{target="java",cause="mmap-lock-reader",thread="holder",role="holder",call="madvise.FREE",gives_back="true"} 0.3\n',
    );
    expect(stdout).toMatch(/# EOF\n$/);
    expect((await run('export', 'results/quiet', '--format', 'openmetrics')).stdout).not.toMatch(
      /^pauselab_observed_stalls\{/m,
    );
  });

  test('does not say that a call gives nothing back where it was not seen', async () => {
    const inFormat = async (format: string): Promise<string> =>
      (await run('export', 'results/unseen', '--format', format)).stdout;
    expect(await inFormat('csv')).toMatch(/,mmap-lock-holder,likely,mmap_lock,holder,\d+,,,/);
    expect(await inFormat('openmetrics')).toContain(
      'cause="mmap-lock-holder",thread="holder",role="holder",call="",gives_back="unknown"} 1\n',
    );
  });

  test.each(['bencher', 'github-action-benchmark'])('has nothing for %s, and names what there is', async (format) => {
    expectFault(await run('export', 'results/today', '--format', format), {
      code: 2,
      says: [
        /^pauselab: --format \S+: results\/today is an observation, .*; the formats of an observation are csv and openmetrics/,
      ],
    });
  });
});

test.each([
  ['gate', '--baseline', 'results/today', '--candidate', 'results/experiment'],
  ['merge', 'results/today', 'results/experiment', '--out', 'merged'],
])('%s says who takes an observation', async (...words) => {
  expectFault(await run(...words), {
    code: 2,
    says: ['`pauselab report`, `explain`, `compare` and `export` take it'],
  });
});

const examples = ['docs/observe.md'].flatMap((page) =>
  [...readPage(page).matchAll(/^```sh observed\n([^]*?)^```$/gm)].flatMap(([, text = '']) =>
    text
      .trim()
      .split('\n')
      .map((command) => [page, command] as const),
  ),
);

test('the documentation has examples', () => {
  expect(examples.length).toBeGreaterThan(4);
});

test.each(examples)('%s: %s', async (_, command) => {
  const [program, ...words] = command.replace(/\s+#.*$/, '').split(/\s+/);
  expect(program).toBe('pauselab');
  const { code, stdout } = await run(...words);
  expect(code).toBe(0);
  const out = words.indexOf('-o');
  const written = words[out < 0 ? words.indexOf('--trace-export') + 1 : out + 1] ?? '';
  expect(out < 0 ? stdout : readFileSync(join(cwd, written), 'utf8')).not.toBe('');
});
