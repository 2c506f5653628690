/**
 * A busy machine: two programs of normal priority, each in a session of its own, use all the CPU time that they get.
 * What stalls, and why, is found all the same. How long it takes is the machine's affair.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { release } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostFacts } from '../../src/host/facts.js';
import { armOf, readBundle, type Bundle } from '../support/bundle.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();
const crossing = 'free-across-vmas';
const oneVma = 'free-one-vma';

/** Ends with its parent, however that ends. */
const program = 'for (const parent = process.ppid; process.ppid === parent;) for (let i = 0; i < 1e7; i += 1);';
const programs: ChildProcess[] = [];
beforeAll(() => {
  for (let n = 0; n < 2; n += 1)
    programs.push(spawn(process.execPath, ['-e', program], { stdio: 'ignore', detached: true }));
});
afterAll(() => {
  for (const one of programs) one.kill('SIGKILL');
});

let bundle: Bundle;
let logs: readonly string[] = [];

beforeAll(async () => {
  await withinTries(3, 'beside two busy programs the crossing arm is named, and its cause', async () => {
    const out = scratch.fresh('busy');
    const ended = await pauselab([
      'run',
      'priority-inversion',
      '--arm',
      crossing,
      '--arm',
      oneVma,
      '--set',
      'spoiled.retries=0',
      '--out',
      out,
    ]);
    logs = ended.logs;
    expect(ended.sentences).toEqual([]);
    bundle = readBundle(out);
    noisy(() => {
      expect(bundle.summary.findings).toContainEqual(
        expect.objectContaining({ arm: crossing, outcome: 'stalls', level: 'under-load' }),
      );
    });
  });
}, 300_000);

test('what it costs is said before anything is measured', () => {
  expect(
    logs.some((text) => /^other programs use .* of the CPU time \(limit 25 %\): runs will be disturbed\./.test(text)),
  ).toBe(true);
});

test('every run is spoiled by load, and by nothing else', () => {
  for (const { file } of bundle.runs)
    expect(file).toMatchObject({ status: 'complete', disturbances: ['foreign-load'] });
  expect(armOf(bundle.summary, crossing)).toMatchObject({ runs: 0, underLoad: { runs: 2 } });
});

test('the verdict names the holder and its call, and says that it rests on runs under load', () => {
  expect(bundle.summary.verdict).toContain('a hold of `holder` (madvise_free across VMAs)');
  expect(bundle.summary.verdict).toContain('rests on runs under load');
});

test('release inside one VMA is not said to stall by the lock', ({ skip }) => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  skip(major < 6 || (major === 6 && minor < 17) || hostFacts().perVmaLocks === false, 'here it takes mmap_lock too');
  expect(bundle.summary.findings.filter(({ arm, outcome }) => arm === oneVma && outcome === 'stalls')).toEqual([]);
});

expectNothingLeft();
