// (b) The engine's rate of operations, back to back, beside a bare loop of the same system calls.
//
// The speed of a virtual CPU may change by a third from one second to the next, so measuring one run after another
// would compare the machine with itself. So the engine and the bare loop of a pair run at the same time on one CPU,
// where the scheduler makes them take turns of a few milliseconds. Each is counted by its CPU time: operations per
// second of a whole CPU. The engine's CPU time is that of all its threads.
//
// The engine is driven as the run loop drives it: a plan file, the board, `go`.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../dist/stats/median.js';
import { lastCpu } from './lib/cpu.mjs';
import { runEngine } from './lib/engine.mjs';
import { ratioOf, ratiosOf } from './lib/ratio.mjs';

const bareProgram = fileURLToPath(new URL('build/Release/pauselab-bench-bare', import.meta.url));
const pairs = 15;
const window_s = 0.7;

const victim = (operation) =>
  `victim name=writer.${operation} operation=${operation} placement=isolated interval_ns=0 offset_ns=0 pool=0`;
const planLines = {
  mmap_munmap: victim('mmap_munmap'),
  mprotect: victim('mprotect'),
  madvise_dontneed: 'holder operation=madvise_dontneed bytes=4096 vmas=1 pages=small pause_ns=0 active=1 toucher=0',
};

export async function measureRate() {
  const ratios = [];
  for (const operation of Object.keys(planLines)) ratios.push(await compare(operation));
  return { notes: [], ratios };
}

async function compare(operation) {
  await runPair(operation); // files into the page cache
  const rates = [];
  while (rates.length < pairs) rates.push(await runPair(operation));
  const engine = rates.map((pair) => pair.engine_per_s);
  const bare = rates.map((pair) => pair.bare_per_s);
  const figures = { engine_per_s: Math.round(median(engine)), bare_per_s: Math.round(median(bare)) };
  return ratioOf(operation, ratiosOf(engine, bare), { atLeast: 0.97, figures });
}

async function runPair(operation) {
  const cpu = lastCpu();
  let bare;
  const onGo = () => {
    bare = promisify(execFile)('taskset', ['-c', cpu, bareProgram, operation, window_s]);
    bare.catch(() => undefined); // its failure is thrown below, once the engine has ended
  };
  const engine = await runEngine({ cpu, planLine: planLines[operation], window_ns: window_s * 1e9, onGo });
  const { n, cpu_ns } = JSON.parse((await bare).stdout);
  return { engine_per_s: ((engine.n + engine.warmup_n) * 1e9) / engine.cpu_ns, bare_per_s: (n * 1e9) / cpu_ns };
}
