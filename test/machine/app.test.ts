/** A program of the user's own by the command: when its window opens, how its end is told, what it meets, what is left of it. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { compileJava } from '../support/jdks.js';
import { testJdks } from '../support/java.js';
import { expectNothingLeft, pauselab } from '../support/pauselab.js';
import { isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { withinTries } from '../support/tries.js';

const scratch = scratchFolder();
const source = (name: string): string => fileURLToPath(new URL(`app/${name}`, import.meta.url));
const jdks = await testJdks();
let classes = '';

beforeAll(() => {
  classes = compileJava(scratch.fresh('classes'), source('Waves.java'), source('pauselab/plan/Plan.java'));
});

const short = ['--runs', '1', '--duration', '1s', '--set', 'warmup=200ms', '--set', 'drain=500ms', '--set', 'spoiled.steal=100%'];

async function runApp(words: string, ...options: readonly string[]) {
  const out = scratch.fresh('out');
  const ended = await pauselab(['run', 'app', ...short, '--java-args', `-cp ${classes} ${words}`, '--out', out, ...options]);
  const log = (run: string, name: string): string => readFileSync(join(out, 'runs', run, name), 'utf8');
  return { ...ended, out, log, run: (name: string) => readBundleFile('run', join(out, 'runs', name, 'run.json')), summary: () => readBundleFile('summary', join(out, 'summary.json')) };
}

describe.each(jdks.map(({ feature, java }) => ({ feature, java })))('JDK $feature', ({ java }) => {
  test('a server is measured once it says that it is ready, where it was started, without what is ours, and ended by SIGTERM', async () => {
    const ended = await runApp(`Waves quiet start-ms=1500 "two words" x\\"y`, '--arm', 'probes', '--arm', 'probes-off', '--set', 'jvm.app.ready.log=^started', '--java', java);
    expect({ code: ended.code, sentences: ended.sentences }).toEqual({ code: 0, sentences: [] });
    for (const { jvm } of ended.summary().arms) {
      const run = jvm?.perRun[0]?.run ?? '';
      expect(ended.log(run, 'jvm-out.log').split('\n')).toEqual([`directory ${process.cwd()}`, 'words quiet|start-ms=1500|two words|x"y', 'stdin -1', 'the program\'s own Plan is loaded', 'started: [waves]', '']);
      expect(ended.run(run)).toMatchObject({ status: 'complete', jvm: { processes: [{ end: { exit: { code: 143 }, killed: false, leftBehind: 0 } }] } });
    }
    const { arms, verdict } = ended.summary();
    expect(arms.map(({ name, series }) => [name, series.length])).toEqual([['probes', 5], ['probes-off', 0]]);
    // Nobody has a seat there, and the window is as long.
    for (const { jvm } of arms) expect(jvm?.perRun[0]?.over_ns).toBeGreaterThan(0.9e9);
    expect(verdict).toMatch(/the program used [\d.]+ % of a CPU in probes-off and [\d.]+ % in probes, a difference of .* that may be chance: .*--runs 4/);
  });
});

test('two configurations of a program, as docs/app.md has them: each runs as its arm says, the second is compared with the first', async () => {
  const folder = scratch.fresh('service');
  mkdirSync(folder);
  symlinkSync(classes, join(folder, 'classes'));
  writeFileSync(join(folder, 'service.yaml'), /^```yaml app\n([^]*?)^```$/m.exec(readFileSync(new URL('../../docs/app.md', import.meta.url), 'utf8'))?.[1] ?? '');
  const ended = await pauselab(['run', './service.yaml', ...short, '--out', 'out'], { cwd: folder });
  expect({ code: ended.code, sentences: ended.sentences }).toEqual({ code: 0, sentences: [] });
  const { arms, verdict } = readBundleFile('summary', join(folder, 'out/summary.json'));
  expect(arms.map(({ name }) => name)).toEqual(['g1', 'serial']);
  const collectors = arms.map(({ jvm }) => readBundleFile('run', join(folder, 'out/runs', jvm?.perRun[0]?.run ?? '', 'run.json')).jvm?.processes[0]?.report);
  expect(collectors).toMatchObject([{ collectors: ['G1 Young Generation', expect.anything()] }, { collectors: ['Copy', 'MarkSweepCompact'] }]);
  expect(verdict).toContain('whether serial is stalled more or less than g1; use --runs 6');
});

test('a holder inside the program stalls what maps memory in it', async () => {
  await withinTries(4, 'mmap+munmap beside a holder in the program stalls', async () => {
    const { code, out } = await runApp('Waves quiet', '--arm', 'holder', '--duration', '8s');
    expect(code).toBe(0);
    const arm = readBundleFile('summary', join(out, 'summary.json')).arms[0];
    expect(arm?.holder?.name).toBe('holder.madvise_free');
    expect(arm?.holder?.crossed_calls).toBeGreaterThan(0);
    expect(arm?.series.find(({ name }) => name === 'writer.mmap_munmap')?.stalls.blocked_count).toBeGreaterThan(0);
  });
});

describe('what goes otherwise', () => {
  const probes = ['--arm', 'probes'];
  test.each([
    ['a program that is never ready', 'Waves quiet', ['--set', 'jvm.app.ready={log: nothing, deadline: 1s}'], 6, /^pauselab: the program printed no line that matches \/nothing\/ within 1\.00 s of its start \(jvm\.app\.ready\); its last line is "started: \[waves\]"; correct it, or give it longer with jvm\.app\.ready\.deadline$/],
    ['a program that ends before it is ready', 'Waves quiet exit-ms=100', ['--set', 'jvm.app.ready.port=1'], 6, /^pauselab: the program ended by itself before it was ready with exit code 0, its last lines being .*"the end of the waves"; a program that is measured has to run until it is told to end/],
    ['a program that ends inside its window', 'Waves quiet exit-ms=700 code=3', ['--duration', '20s'], 6, /^pauselab: run 000-probes failed: the program ended by itself inside its window with exit code 3, .*"the end of the waves"; correct what it says; what had been recorded is kept$/],
    ['a class that is not there', 'Nowhere', [], 2, /^pauselab: (run 000-probes failed: )?java did not find its program: Could not find or load main class Nowhere/],
    ['no program', '-Xmx1g', [], 2, /expected -jar FILE, a main class or -m MODULE/],
  ] as const)('%s', async (_, words, options, code, says) => {
    const ended = await runApp(words, ...probes, ...options);
    expect({ code: ended.code, sentences: ended.sentences }).toEqual({ code, sentences: [expect.stringMatching(says) as string] });
  });

  test('one that ignores SIGTERM is killed, and what it leaves behind ends with it', async () => {
    const ended = await runApp('Waves quiet hang fork', ...probes);
    expect(ended.code).toBe(0);
    expect(ended.run('000-probes').jvm?.processes[0]).toMatchObject({ end: { killed: true, leftBehind: 1 } });
    const child = Number(/^child (\d+)$/m.exec(ended.log('000-probes', 'jvm-out.log'))?.[1]);
    expect(isAlive(child)).toBe(false);
  });

  test('its own collector and JAVA_TOOL_OPTIONS, as far as the profile gives them', async () => {
    const ended = await runApp('-XX:+UseSerialGC Waves quiet', ...probes, '--set', 'jvm.app.environment.JAVA_TOOL_OPTIONS=-Dx=y');
    expect(ended.code).toBe(0);
    expect(ended.run('000-probes').jvm?.processes[0]).toMatchObject({ report: { collectors: ['Copy', 'MarkSweepCompact'] } });
    expect(ended.log('000-probes', 'jvm-err.log')).toContain('Picked up JAVA_TOOL_OPTIONS: -Dx=y');
  });
});

expectNothingLeft();
