// What the profile g1-uncommit reaches: stalls of map+unmap in 20 s with `G1 Service` at nice 19, and no stall that is
// blocked in the kernel with -Xms = -Xmx, beside the timer series.
//
//   node bench/g1-uncommit.mjs                          five tries on each JDK of this machine, in about nine minutes
//   node bench/g1-uncommit.mjs --tries 1 --java PATH    one try, on one JDK
//
// A try is two runs, of the arms service-nice-19 and fixed-heap, as `pauselab run g1-uncommit` makes them. The seed is
// chosen so that the controls, which that command also runs, come after them. An interruption then leaves them out.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runOrder } from '../dist/experiment/plan/order.js';
import { findJdks } from '../dist/host/jdks.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const arms = ['service-nice-19', 'fixed-heap'];
const wanted_n = 5;
const poll_ms = 200;

const { values } = parseArgs({
  options: { tries: { type: 'string', default: '5' }, java: { type: 'string', multiple: true } },
});
const { jdks } = await findJdks();
const chosen =
  values.java ??
  jdks
    .filter(({ feature }, i) => feature >= 17 && jdks.findIndex((jdk) => jdk.feature === feature) === i)
    .map(({ java }) => java);

for (const java of chosen) {
  let reached = 0;
  for (let number = 1; number <= Number(values.tries); number += 1) {
    const runs = await makeTry(java, number);
    for (const arm of arms)
      process.stdout.write(`${java}  try ${number}  ${arm.padEnd(16)} ${describe(runs.get(arm))}\n`);
    if (seriesOf(runs.get(arms[0]), 'writer.mmap_munmap').stalls.count >= wanted_n) reached += 1;
  }
  process.stdout.write(`${java}  ${reached} of ${values.tries} tries with at least ${wanted_n} stalls of map+unmap\n`);
}

async function makeTry(java, number) {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-bench-g1-'));
  const out = join(folder, 'bundle');
  try {
    const seed = String(seedThatBeginsWithArms(number));
    const args = [
      'run',
      'g1-uncommit',
      ...arms.flatMap((arm) => ['--arm', arm]),
      '--runs',
      '1',
      '--seed',
      seed,
      '--java',
      java,
      '--out',
      out,
    ];
    const cli = spawn(process.execPath, [main, ...args, '--set', 'spoiled.retries=0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    cli.stderr.on('data', (text) => {
      said += text;
    });
    const ended = new Promise((resolve) => {
      cli.once('close', resolve);
    });
    while (cli.exitCode === null && cli.signalCode === null && readRuns(out).size < arms.length) await sleep(poll_ms);
    if (cli.exitCode === null) cli.kill('SIGINT');
    await ended;
    const runs = readRuns(out);
    if (!arms.every((arm) => runs.has(arm)))
      throw new Error(`pauselab ended early, saying "${said.trim().split('\n').at(-1)}"`);
    return runs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seeds with which the arms come first: `number` of them. */
function seedThatBeginsWithArms(number) {
  const all = ['idle-control', 'foreign-control', ...arms];
  for (let seed = 1, found = 0; ; seed += 1) {
    const first = runOrder(all, ['host'], 1, seed)
      .slice(0, arms.length)
      .map(({ arm }) => arm);
    if (arms.every((arm) => first.includes(arm)) && (found += 1) === number) return seed;
  }
}

function readRuns(out) {
  const runs = join(out, 'runs');
  const files = existsSync(runs)
    ? readdirSync(runs)
        .map((name) => join(runs, name, 'run.json'))
        .filter(existsSync)
    : [];
  return new Map(files.map((file) => JSON.parse(readFileSync(file, 'utf8'))).map((run) => [run.arm, run]));
}

function seriesOf(run, name) {
  return run.series.find((series) => series.name === name);
}

function describe(run) {
  const figures = ['writer.mmap_munmap', 'reader.first_fault', 'control.timer'].map((name) => {
    const { stalls } = seriesOf(run, name);
    return `${name}: ${stalls.count} stalls, ${stalls.blocked_count} blocked in the kernel, longest ${stalls.longest_ns === null ? '-' : `${Math.round(stalls.longest_ns / 1e6)} ms`}`;
  });
  return [
    ...figures,
    ...(run.disturbances.length === 0
      ? []
      : [`spoiled: ${run.disturbances.map(({ sentence }) => sentence).join(', ')}`]),
  ].join('; ');
}
