// (d) Resident memory of the engine and of the command line, late in a long run beside early in it.
//
// `pauselab run` with one arm and one long window. At both times it reads /proc/<pid>/status from outside for some
// seconds. It interrupts the run after the last reading. The command line also logs its heap (heap-probe.mjs).
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runOrder } from '../dist/experiment/plan/order.js';
import { median } from '../dist/stats/median.js';
import { findChild, memoryOf } from './lib/process-memory.mjs';
import { ratioOf, ratiosOf } from './lib/ratio.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const arm = 'free-one-vma';
const readEvery_ms = 250;
/** Readings are taken from this long before a time to this long after it, because garbage collections come and go. */
const around_ms = 2_500;
const settle_ms = 2_000;

export async function measureMemory({ quick }) {
  const [early_s, late_s] = quick ? [10, 40] : [30, 180];
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-bench-'));
  const cli = startRun(folder, late_s);
  try {
    const engine = await measuredEngine(cli);
    const since_ms = Date.now();
    const early = await readAround(early_s * 1000, since_ms, cli, engine);
    const late = await readAround(late_s * 1000, since_ms, cli, engine);
    const heap = readHeap(folder);
    const notes = quick
      ? [`--quick: after ${late_s} s beside after ${early_s} s, not after 3 min beside after 30 s`]
      : [];
    return {
      notes: [
        ...notes,
        `heap and buffers of the command line after garbage collection: ${heapText(heap, since_ms, [early_s, late_s])}`,
      ],
      ratios: [growth('engine', early.engine, late.engine), growth('command line', early.cli, late.cli)],
    };
  } finally {
    if (cli.exitCode === null && cli.signalCode === null) {
      cli.kill('SIGINT');
      await new Promise((resolve) => cli.once('exit', resolve));
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function startRun(folder, late_s) {
  const log = openSync(join(folder, 'log'), 'w');
  const args = [
    'run',
    file('memory.yaml'),
    '--arm',
    arm,
    '--runs',
    '1',
    '--duration',
    `${late_s + 20}s`,
    '--seed',
    seedThatBeginsWith(arm),
  ];
  const cli = spawn(
    process.execPath,
    ['--import', file('lib/heap-probe.mjs'), file('../dist/main.js'), ...args, '--out', join(folder, 'bundle')],
    {
      env: { ...process.env, PAUSELAB_BENCH_HEAP: join(folder, 'heap') },
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  cli.said = () => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').at(-1);
  return cli;
}

/** The controls come with every arm, in a seeded order. Only the first run is measured. */
function seedThatBeginsWith(name) {
  for (let seed = 1; ; seed += 1) {
    if (runOrder(['idle-control', 'foreign-control', name], ['host'], 1, seed)[0].arm === name) return String(seed);
  }
}

/** Sizing the region starts engines that live for a fraction of a second. The engine to measure is the one that stays. */
async function measuredEngine(cli) {
  for (;;) {
    if (cli.exitCode !== null) throw new Error(`pauselab ended early, saying "${cli.said()}"`);
    const pid = findChild(cli.pid, 'pauselab-engine');
    await sleep(settle_ms);
    if (pid !== null && findChild(cli.pid, 'pauselab-engine') === pid) return pid;
  }
}

async function readAround(time_ms, since_ms, cli, engine) {
  const readings = { engine: [], cli: [] };
  await sleep(Math.max(0, since_ms + time_ms - around_ms - Date.now()));
  while (Date.now() < since_ms + time_ms + around_ms) {
    if (cli.exitCode !== null) throw new Error(`pauselab ended early, saying "${cli.said()}"`);
    readings.engine.push(memoryOf(engine));
    readings.cli.push(memoryOf(cli.pid));
    await sleep(readEvery_ms);
  }
  return readings;
}

function growth(name, early, late) {
  const pairs = Math.min(early.length, late.length);
  const of = (readings, key) => readings.slice(0, pairs).map((reading) => reading[key]);
  return ratioOf(`${name}, resident`, ratiosOf(of(late, 'resident_bytes'), of(early, 'resident_bytes')), {
    atMost: 1.05,
    dependent: true,
    figures: {
      early_bytes: median(of(early, 'resident_bytes')),
      late_bytes: median(of(late, 'resident_bytes')),
      early_peak_bytes: Math.max(...of(early, 'peak_bytes')),
      late_peak_bytes: Math.max(...of(late, 'peak_bytes')),
    },
  });
}

function readHeap(folder) {
  return readFileSync(join(folder, 'heap'), 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
}

/** The least of ten seconds, which is what a garbage collection left. */
function heapText(heap, since_ms, times_s) {
  const floor = (time_s) => {
    const near = heap.filter(({ at_ms }) => Math.abs(at_ms - since_ms - time_s * 1000) <= 5_000);
    return Math.min(...near.map(({ used_bytes }) => used_bytes));
  };
  return times_s.map((time_s) => `${(floor(time_s) / 2 ** 20).toFixed(1)} MiB after ${time_s} s`).join(', ');
}
