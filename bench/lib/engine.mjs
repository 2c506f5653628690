import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isBoardThere, openBoard } from '../../dist/record/board/board.js';
import { takeSnapshot } from '../../dist/record/board/snapshot.js';
import { programs, startProgram } from '../../dist/workload/programs.js';
import { createRuntimeFolder } from '../../dist/workload/runtime-folder.js';

const usage = fileURLToPath(new URL('../build/Release/pauselab-bench-usage', import.meta.url));
const warmup_ns = 100_000_000n;
const lead_ns = 20_000_000n;
const drain_ns = 100_000_000n;
const poll_ms = 2;

/**
 * Runs the engine with one thread for one window, on one CPU, and calls `onGo` when it begins. Resolves to the board's
 * counts, and to the CPU time of warm-up and window (with the process's end, and the main thread's 20 heartbeats a
 * second).
 */
export async function runEngine({ cpu, planLine, window_ns, onGo }) {
  const folder = createRuntimeFolder();
  const at = (name) => join(folder.path, name);
  let engine;
  try {
    writeFileSync(at('plan'), `board path=${at('board')} threshold_ns=100000000\n${planLine}\n`);
    engine = await startProgram(
      'taskset',
      ['-c', cpu, usage, at('usage'), programs.engine(), 'run', at('plan')],
      at('out'),
      at('err'),
    );
    const board = await readyBoard(at('board'), engine);
    const cpuBefore_ns = cpuTimeOf(board.threadIds()[0].pid);
    const go_ns = process.hrtime.bigint() + lead_ns;
    const windowStart_ns = go_ns + warmup_ns;
    const windowEnd_ns = windowStart_ns + BigInt(window_ns);
    board.go({ go_ns, windowStart_ns, windowEnd_ns, drainEnd_ns: windowEnd_ns + drain_ns });
    onGo();
    const { code } = await engine.exited;
    if (code !== 0) throw ended(engine);
    const { threads, series } = takeSnapshot(board);
    const [{ warmup_n, refused_n, refused_errno }] = threads;
    if (refused_n > 0) throw new Error(`the kernel refused operations of the engine with ${refused_errno}`);
    return {
      n: series[0].service.n,
      warmup_n,
      cpu_ns: JSON.parse(readFileSync(at('usage'), 'utf8')).cpu_ns - cpuBefore_ns,
    };
  } finally {
    if (engine?.exit() === null) engine.kill('SIGKILL');
    folder.remove();
  }
}

/** The board, once its state is ready: every thread then waits for `go`. */
export async function readyBoard(path, engine) {
  let board;
  for (;;) {
    if (board === undefined && isBoardThere(path)) board = openBoard(path);
    if (board?.state() === 'ready') return board;
    if (engine.exit() !== null) throw ended(engine);
    await sleep(poll_ms);
  }
}

/** Of all threads, while they wait for `go`: a running thread's time since the last tick would be missing. */
function cpuTimeOf(pid) {
  const folder = `/proc/${pid}/task`;
  const used = readdirSync(folder).map((tid) =>
    Number(readFileSync(`${folder}/${tid}/schedstat`, 'utf8').split(' ')[0]),
  );
  return used.reduce((sum, ns) => sum + ns, 0);
}

function ended(engine) {
  return new Error(`the engine ended early, saying "${engine.complaints().at(-1) ?? 'nothing'}"`);
}
