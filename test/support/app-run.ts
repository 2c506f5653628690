/** Runs of `pauselab run app` with the program Waves, short ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { compileJava } from './jdks.js';
import { startPauselab, type Running } from './pauselab.js';
import { scratchFolder } from './scratch.js';

export const scratch = scratchFolder();
const source = (name: string): string => fileURLToPath(new URL(`app/${name}`, import.meta.url));
/** Where the program's classes are. */
export let classes = '';

beforeAll(() => {
  classes = compileJava(scratch.fresh('classes'), source('Waves.java'), source('pauselab/plan/Plan.java'));
});

/** Options of a short run. */
export const short = [
  '--runs',
  '1',
  '--duration',
  '1s',
  '--set',
  'warmup=200ms',
  '--set',
  'drain=500ms',
  '--set',
  'spoiled.steal=100%',
];

export function startApp(words: string, ...options: readonly string[]): Running & { readonly out: string } {
  const out = scratch.fresh('out');
  return {
    out,
    ...startPauselab(['run', 'app', ...short, '--java-args', `-cp ${classes} ${words}`, '--out', out, ...options]),
  };
}

export async function runApp(words: string, ...options: readonly string[]) {
  const { out, ...running } = startApp(words, ...options);
  const ended = await running.ended;
  const log = (run: string, name: string): string => readFileSync(join(out, 'runs', run, name), 'utf8');
  return {
    ...ended,
    out,
    log,
    run: (name: string) => readBundleFile('run', join(out, 'runs', name, 'run.json')),
    summary: () => readBundleFile('summary', join(out, 'summary.json')),
  };
}

/** As a server that says when it is ready, beside an arm without probes. */
export async function expectServerMeasured(java: string): Promise<void> {
  const ended = await runApp(
    `Waves quiet start-ms=1500 "two words" x\\"y`,
    '--arm',
    'probes',
    '--arm',
    'probes-off',
    '--set',
    'jvm.app.ready.log=^started',
    '--java',
    java,
  );
  expect({ code: ended.code, sentences: ended.sentences }).toEqual({ code: 0, sentences: [] });
  for (const { jvm } of ended.summary().arms) {
    const run = jvm?.perRun[0]?.run ?? '';
    expect(ended.log(run, 'jvm-out.log').split('\n')).toEqual([
      `directory ${process.cwd()}`,
      'words quiet|start-ms=1500|two words|x"y',
      'stdin -1',
      "the program's own Plan is loaded",
      'started: [waves]',
      '',
    ]);
    expect(ended.run(run)).toMatchObject({
      status: 'complete',
      jvm: { processes: [{ end: { exit: { code: 143 }, killed: false, leftBehind: 0 } }] },
    });
  }
  const { arms, verdict } = ended.summary();
  expect(arms.map(({ name, series }) => [name, series.length])).toEqual([
    ['probes', 5],
    ['probes-off', 0],
  ]);
  // Nobody has a seat there, and the window is as long.
  for (const { jvm } of arms) expect(jvm?.perRun[0]?.over_ns).toBeGreaterThan(0.9e9);
  expect(verdict).toMatch(
    /the program used [\d.]+ % of a CPU in probes-off and [\d.]+ % in probes, a difference of .* that may be chance: .*--runs 4/,
  );
}
