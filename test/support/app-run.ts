/** Runs of `pauselab run app` with the program Waves, short ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll } from 'vitest';
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
