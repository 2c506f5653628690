/** `pauselab explain`, as a user calls it, on a bundle of two runs. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';
import { exampleStall } from '../support/stalls.js';
import { scratchFolder } from '../support/scratch.js';
import { writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();

afterEach(() => {
  vi.restoreAllMocks();
});

async function explain(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  vi.restoreAllMocks();
  const spied = (['stdout', 'stderr'] as const).map((name) => vi.spyOn(process[name], 'write').mockReturnValue(true));
  const code = await runCommandLine(['node', 'pauselab', 'explain', ...words]);
  const [stdout = '', stderr = ''] = spied.map((write) => write.mock.calls.map(([text]) => String(text)).join(''));
  return { code, stdout, stderr };
}

const longer = {
  ...exampleStall,
  duration_ns: 900e6,
  chain: [{ ...exampleStall.chain?.[0], end_ns: 1900e6, duration_ns: 900e6 }],
};
const older = { ...exampleStall, thread: null, chain: null, cause: null, evidence: null };

/** Stalls per run; a run without its stalls.json is one of which it was lost. */
function bundle(perRun: readonly (readonly unknown[] | null)[] = [[exampleStall], [longer, exampleStall]]): string {
  const path = scratch.fresh('bundle');
  writeFakeBundle(path, { runs: perRun.map((_, i) => ({ arm: i === 0 ? 'idle' : 'free' })) });
  for (const [i, stalls] of perRun.entries()) {
    if (stalls !== null)
      writeFileSync(
        join(path, 'runs', runName(i), 'stalls.json'),
        JSON.stringify({ schemaVersion: 1, trace: null, stalls, slow: [] }),
      );
  }
  return path;
}

function runName(i: number): string {
  return `${String(i).padStart(3, '0')}-${i === 0 ? 'idle' : 'free'}`;
}

test('lists the stalls, the longest first, and the stalled time of each arm', async () => {
  const { code, stdout, stderr } = await explain(bundle());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^1 +001-free +writer\.mprotect +900 ms +mmap-lock-reader +likely +holder\n2 +00[01]-\w+ +writer\.mprotect +500 ms/m,
  );
  expect(stdout).toMatch(/^free +mmap-lock-reader by holder +2 +1\.40 s$/m);
  expect(stdout).not.toContain('Missing');
  expect(stdout).not.toContain('window');
});

test('says whether the roots came back that the profile expects', async () => {
  const path = bundle([[exampleStall], [longer]]);
  const file = join(path, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { profile: object; order: object[] };
  const expects = [{ arm: 'free', cause: 'mmap-lock-reader', by: 'holder', median_ns: null }];
  const order = [{ arm: 'free', kernel: null, repetition: 0 }];
  writeFileSync(file, JSON.stringify({ ...manifest, profile: { ...manifest.profile, expects }, order }));
  const sentence =
    'in free the observed root mmap-lock-reader by holder has 1 of 1 stall and 100 % of the stalled time; the median stall takes 900 ms';
  expect((await explain(path)).stdout).toMatch(new RegExp(`^Repeated: ${sentence}\\.$`, 'm'));
  const { expected } = JSON.parse((await explain(path, '--json')).stdout) as { expected: { code: string }[] };
  expect(expected).toMatchObject([{ code: 'repeated', sentence: `repeated: ${sentence}` }]);
  // A run of another arm is no evidence.
  expect((await explain(path, '--run', '000-idle')).stdout).not.toContain('epeated');
});

test('stalls of the warm-up and the drain are marked as not counted', async () => {
  const { stdout } = await explain(
    bundle([[exampleStall], [longer, { ...exampleStall, start_ns: 20e9, recorded: false }]]),
  );
  expect(stdout).toMatch(
    /^1 of them was due before or after the measured window and does not reach into it: the counts of `pauselab run` do not include it\.$/m,
  );
});

test('a stall that was due in the window and began after it is counted, and marked', async () => {
  const { stdout } = await explain(bundle([[exampleStall], [longer, { ...exampleStall, start_ns: 20e9 }]]));
  expect(stdout).toMatch(
    /^1 of them was due in the measured window and began after it, because the thread was late: the counts of `pauselab run` include it, but it has no part in the share of the window that is stalled\.$/m,
  );
  expect(stdout).not.toContain('do not include');
});

test('--run keeps to one run, and numbers its stalls', async () => {
  const path = bundle();
  const { code, stdout } = await explain(path, '--run', '000-idle');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^1 +000-idle +writer\.mprotect +500 ms/m);
  expect(stdout).not.toContain('001-free');
  expect(await explain(path, '--run', '000-idle', '--stall', '2')).toEqual({
    code: 2,
    stdout: '',
    stderr: `pauselab: --stall 2: there is 1 stall in run 000-idle; \`pauselab explain ${path}\` lists them\n`,
  });
});

test('--stall has the chain of one, and what was seen', async () => {
  const { code, stdout } = await explain(bundle(), '--stall', '1');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Stall 1: writer\.mprotect in run 001-free, 900 ms from 1\.00 s after go on\n/);
  expect(stdout).toMatch(/^chain\n +\+0\.0 ms {2}writer\.mprotect waited .* \[likely\]$/m);
  expect(stdout).toMatch(/^ +holder +holder +nice 19 +ran 20\.0 ms +waited for a CPU 480 ms +R×50$/m);
});

describe('--json', () => {
  test('writes all stalls, whole, as one document', async () => {
    const { code, stdout } = await explain(bundle(), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      missing: [],
      stalls: [
        { number: 1, run: '001-free', arm: 'free', stall: { duration_ns: 900e6, cause: exampleStall.cause } },
        { number: 2, stall: exampleStall },
        { number: 3 },
      ],
    });
  });

  test('writes the one of --stall, and what is missing', async () => {
    const { stdout } = await explain(bundle([null, [exampleStall]]), '--json', '--stall', '1');
    expect(JSON.parse(stdout)).toMatchObject({
      stalls: [{ number: 1, run: '001-free' }],
      missing: [
        {
          code: 'no-stalls-file',
          run: '000-idle',
          sentence: 'run 000-idle has no stalls.json: which stalls it had is not known',
        },
      ],
    });
  });
});

describe('--trace-export', () => {
  const exported = (file: string): { name: string; ph: string; dur?: number }[] =>
    (JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: { name: string; ph: string; dur?: number }[] })
      .traceEvents;

  test('writes the longest stalls of all runs, or the one of --stall', async () => {
    const path = bundle();
    const [all, one] = [scratch.fresh('all.json'), scratch.fresh('one.json')];
    expect(await explain(path, '--trace-export', all)).toMatchObject({ code: 0, stderr: '' });
    expect(await explain(path, '--stall', '1', '--trace-export', one)).toMatchObject({ code: 0, stderr: '' });
    const processes = (file: string): number => exported(file).filter(({ name }) => name === 'process_name').length;
    expect([all, one].map(processes)).toEqual([2, 1]);
    expect(
      exported(one)
        .filter(({ ph, name }) => ph === 'X' && name === 'mmap-lock-reader: holder')
        .map(({ dur }) => dur),
    ).toEqual([900_000]);
  });

  test('replaces a file whole, makes the folder, and says where it could not write', async () => {
    const path = bundle();
    const file = scratch.write('there.json', 'mine');
    expect(await explain(path, '--trace-export', file)).toMatchObject({ code: 0, stderr: '' });
    expect(exported(file).length).toBeGreaterThan(0);
    const deep = join(scratch.fresh('new'), 'folder.json');
    expect(await explain(path, '--trace-export', deep)).toMatchObject({ code: 0 });
    expect(exported(deep).length).toBeGreaterThan(0);
    const below = join(file, 'export.json');
    expect(await explain(path, '--trace-export', below)).toEqual({
      code: 5,
      stdout: '',
      stderr: `pauselab: ${below} could not be written (ENOTDIR): a part of the path is not a folder: choose another place\n`,
    });
  });
});

describe('what is missing is said, and the rest is shown', () => {
  test('no stalls.json, a broken run.json', async () => {
    const path = bundle([null, [exampleStall]]);
    writeFileSync(join(path, 'runs', '001-free', 'run.json'), '{"schemaVersion":1');
    const { code, stdout } = await explain(path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 +001-free +writer\.mprotect +500 ms/m);
    expect(stdout).toContain('Missing: run 000-idle has no stalls.json: which stalls it had is not known.');
    expect(stdout).toMatch(/^Missing: .*001-free\/run\.json could not be read/m);
  });

  test('a folder without a finished run is refused, because nothing is known of its stalls', async () => {
    const path = bundle();
    for (const name of ['000-idle', '001-free']) rmSync(join(path, 'runs', name), { recursive: true });
    expect(await explain(path)).toEqual({
      code: 2,
      stdout: '',
      stderr: `pauselab: ${path} has no finished run or observation, so its stalls are not known: pauselab ended before it wrote one; name another folder\n`,
    });
  });

  test('a run that was cut short or spoiled', async () => {
    const path = bundle([[], [exampleStall]]);
    const file = join(path, 'runs', '001-free', 'run.json');
    writeFileSync(
      file,
      JSON.stringify({
        ...(JSON.parse(readFileSync(file, 'utf8')) as object),
        status: 'partial',
        disturbances: [{ code: 'steal', sentence: 'steal of 30 %' }],
      }),
    );
    const { code, stdout } = await explain(path);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'Missing: run 001-free is partial: it holds what was recorded until then.\nMissing: run 001-free was disturbed: steal of 30 %.',
    );
  });

  test('a run of a version without attribution: its stalls have no chain', async () => {
    const path = bundle([[], [older]]);
    const { code, stdout } = await explain(path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 +001-free +writer\.mprotect +500 ms +not attributed$/m);
    expect(stdout).toContain(
      'Missing: a version of pauselab without attribution wrote run 001-free: its stalls have no chain.',
    );
    expect((await explain(path, '--stall', '1')).stdout).toContain('It has no chain');
    const file = scratch.fresh('older.json');
    expect(await explain(path, '--trace-export', file)).toMatchObject({ code: 0 });
    expect(existsSync(file)).toBe(true);
  });
});

describe('bad input is one sentence and exit code 2', () => {
  test.each([
    [
      'a folder that is no bundle',
      [scratch.path],
      /^pauselab: .* is no bundle: it has no folder runs; name a folder that `pauselab run` or `pauselab observe` wrote\n$/,
    ],
    ['a folder that is not there', [join(scratch.path, 'nowhere')], /^pauselab: .* is no bundle/],
    [
      'a stall that is not there',
      [bundle(), '--stall', '4'],
      /^pauselab: --stall 4: there are 3 stalls; `pauselab explain .*` lists them\n$/,
    ],
    ['a stall that is no number', [bundle(), '--stall', 'first'], /expected the number of a stall, from 1, got first/],
    ['the stall 0', [bundle(), '--stall', '0'], /expected the number of a stall, from 1, got 0/],
    [
      'a run that is not there',
      [bundle(), '--run', 'x'],
      /^pauselab: --run x: the bundle has no such run; it has 000-idle, 001-free\n$/,
    ],
    ['no bundle', [], /missing required argument 'bundle'/],
  ])('%s', async (_name, words, sentence) => {
    const { code, stdout, stderr } = await explain(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
