/**
 * A profile on several JDKs by the command: an arm per JDK with controls of its own, and an arm that a JDK cannot run is
 * left out and said, in every output. Also the short form of `jdk-matrix` and of the count of Shenandoah's calls.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { findJdks } from '../../src/host/jdks.js';
import { expectNothingLeft, pauselab, type Ended } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const { jdks } = await findJdks();
const [real] = jdks.filter(({ feature }) => feature >= 17);
const anyLoad = ['--set', 'spoiled.foreignLoad=100%', '--set', 'spoiled.steal=100%', '--set', 'spoiled.retries=0'];

/** The real JDK without ZGC. */
function withoutZgc(): string {
  const home = scratch.fresh('no-zgc');
  mkdirSync(join(home, 'bin'), { recursive: true });
  const script = `#!/bin/sh\ncase "$*" in *UseZGC*) exit 1;; esac\nexec ${real?.java ?? ''} "$@"\n`;
  writeFileSync(join(home, 'bin/java'), script, { mode: 0o755 });
  return home;
}

const bundle = join(scratch.fresh('matrix'), 'bundle');
let ended: Ended;
beforeAll(async () => {
  expect(real).toBeDefined();
  ended = await pauselab([
    ...['run', 'jdk-matrix', '--kernel', 'host', '--set', 'preempt=[]', ...anyLoad],
    ...['--jdk', `whole=${real?.home ?? ''}`, '--jdk', `part=${withoutZgc()}`, '--arm', 'zgc', '--arm', 'g1-uncommit'],
    ...['--set', 'warmup=500ms', '--duration', '1s', '--runs', '1', '--set', 'drain=1s', '--out', bundle],
  ]);
}, 300_000);

test('arms and controls are measured under each JDK, and the arm that a JDK cannot run is said', () => {
  expect(ended.stderr).not.toContain('internal error');
  expect(ended.code).toBe(0);
  const { arms, conclusions, verdict } = readBundleFile('summary', join(bundle, 'summary.json'));
  expect(arms.map(({ name, jdk, control, runs }) => [name, jdk, control, runs])).toEqual([
    ['idle-control@whole', 'whole', 'idle', 1],
    ['idle-control@part', 'part', 'idle', 1],
    ['foreign-control@whole', 'whole', 'foreign', 1],
    ['foreign-control@part', 'part', 'foreign', 1],
    ['g1-uncommit@whole', 'whole', null, 1],
    ['g1-uncommit@part', 'part', null, 1],
    ['zgc@whole', 'whole', null, 1],
  ]);
  expect(verdict).toMatch(/1 arm was not run: zgc@part, because JDK [\d.]+ has no zgc collector/);
  expect(conclusions).toContainEqual(expect.objectContaining({ code: 'arms-not-run' }));
  const { refusedArms, order } = readBundleFile('manifest', join(bundle, 'manifest.json'));
  expect(refusedArms).toMatchObject([{ arm: 'zgc@part', code: 'jdk-without-collector', collector: 'zgc' }]);
  expect(order.map(({ arm }) => arm)).not.toContain('zgc@part');
});

describe('the JDK of a cell is named', () => {
  test('in the report', async () => {
    const page = join(scratch.fresh('page'), 'report.html');
    expect((await pauselab(['report', bundle, '-o', page])).code).toBe(0);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('g1-uncommit@part');
    expect(text).toContain('1 arm was not run: zgc@part');
  });

  test.each([['csv'], ['bencher'], ['openmetrics']])('in an export as %s', async (format) => {
    const out = await pauselab(['export', bundle, '--format', format]);
    expect(out.code).toBe(0);
    expect(out.stdout).toContain('g1-uncommit@part');
  });

  test('in a comparison', async () => {
    const out = await pauselab(['compare', bundle, bundle, '--arm', 'g1-uncommit@whole=g1-uncommit@part', '--json']);
    expect(out.stdout).toContain('g1-uncommit@part');
  });

  test('in the plan of a replay, which tries the arm again', async () => {
    const out = await pauselab(['replay', bundle, '--dry-run', '--trust']);
    expect(out.code).toBe(0);
    expect(out.stdout).toContain('g1-uncommit@part');
    expect(out.stdout).toContain('zgc@part');
  });
});

test('profile verify counts what each JDK can run, and says what one cannot', async () => {
  const out = await pauselab([
    ...['profile', 'verify', 'jdk-matrix', '--arm', 'zgc', '--duration', '6s'],
    ...['--jdk', `whole=${real?.home ?? ''}`, '--jdk', `part=${withoutZgc()}`],
  ]);
  expect(out.stdout).toContain('as declared: ');
  expect(out.stdout).toMatch(/^zgc@part: not run, because JDK [\d.]+ has no zgc collector$/m);
});

test('a list of JDKs of which none can run an arm ends the command', async () => {
  const out = await pauselab([
    ...['run', 'zgc-uncommit', '--jdk', `part=${withoutZgc()}`, '--out', join(scratch.fresh('none'), 'bundle')],
  ]);
  expect(out.code).toBe(5);
  expect(out.stderr).toMatch(/none of the arms can run under its JDK \(.*@part: JDK [\d.]+ has no zgc collector\)/);
});

test('the trace counts the calls by which Shenandoah gives heap back', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'needs root');
  const out = join(scratch.fresh('calls'), 'bundle');
  const run = await pauselab([
    ...['run', 'shenandoah-calls', '--jdk', `whole=${real?.home ?? ''}`, ...anyLoad],
    ...['--arm', 'uncommit', '--runs', '1', '--trace', '--out', out],
  ]);
  expect(run.code).toBe(0);
  const { arms } = readBundleFile('summary', join(out, 'summary.json'));
  const [counted] = arms.find(({ name }) => name === 'uncommit@whole')?.issued ?? [];
  expect(counted).toMatchObject({ call: 'mmap.NONE', by: 'Shen*' });
  // Heap of 256 KiB a region, and its part of the mark bitmap.
  expect(counted?.n).toBeGreaterThan(100);
  expect((counted?.bytes ?? 0) / (counted?.n ?? 1)).toBeGreaterThan(64 * 1024);
  expect(run.stdout).toMatch(/uncommit@whole: in 1 window the trace has \d+ mmap\.NONE of [\d.]+ [MG]iB by "Shen\*"/);
});

expectNothingLeft();
