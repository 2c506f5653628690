/**
 * Bringing a native workload to the point where only `go` is missing: board made, memory mapped and touched, layout
 * proven, threads waiting, priorities set and read back, one autogroup.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unfit, workloadFailed, type ExitCode } from '../base/failure.js';
import { commonAutogroup } from '../host/autogroup.js';
import { resolveCpus, type CpuTopology } from '../host/cpus.js';
import type { ResolvedArm, ResolvedThread } from '../profile/resolved.js';
import { isBoardThere, openBoard, type Board, type ThreadId } from '../record/board.js';
import { enginePlan } from './plan.js';
import { applyPriority, type ThreadPriority, type ThreadRequest } from './priorities.js';
import { programs, startProgram, type Exit, type Program } from './programs.js';
import { createRuntimeFolder, type RuntimeFolder } from './runtime-folder.js';

export interface WorkloadInput {
  readonly arm: ResolvedArm;
  readonly regionBytes: number;
  readonly threshold_ns: number;
  readonly warmup_ns: number;
  readonly duration_ns: number;
  readonly topology: CpuTopology;
}

export interface PreparedWorkload {
  readonly board: Board;
  readonly engine: Program;
  /** The workload's processes: the engine and, for a foreign holder, its second one. */
  readonly pids: readonly number[];
  readonly folder: RuntimeFolder;
  readonly priorities: readonly ThreadPriority[];
  /** Null where autogroup is off. */
  readonly autogroup: string | null;
  /** What the engine proved in /proc/self/maps; JSON as it printed it. */
  readonly layout: unknown;
  /** What could not be applied, a sentence each. */
  readonly degraded: readonly string[];
  /** Text of the engine's plan, stdout and stderr, for the bundle. */
  logs(): Record<string, string>;
  /** Ends what still runs and removes the runtime folder. */
  dispose(): Promise<void>;
}

/** Touching a region takes about a second a GiB on a machine whose memory was never used; this is for a slow one. */
const prepareDeadline_ms = 120_000;
const poll_ms = 2;

export async function prepareWorkload(input: WorkloadInput): Promise<PreparedWorkload> {
  const folder = createRuntimeFolder();
  const at = (name: string): string => join(folder.path, name);
  let engine: Program | undefined;
  const dispose = async (): Promise<void> => {
    if (engine?.exit() === null) {
      engine.kill('SIGKILL');
      await engine.exited;
    }
    folder.remove();
  };
  try {
    const { arm, regionBytes, threshold_ns, warmup_ns, duration_ns, topology } = input;
    const plan = enginePlan({ arm, regionBytes, boardPath: at('board'), parentPid: process.pid, threshold_ns, warmup_ns, duration_ns });
    writeRuntimeFile(at('plan'), plan);
    engine = await startProgram(programs.engine(), ['run', at('plan')], at('engine.out'), at('engine.err'));
    const board = await readyBoard(at('board'), engine);
    const threads = board.threadIds();
    const pids = [...new Set(threads.map(({ pid }) => pid))];
    const autogroup = commonAutogroup([process.pid, ...pids]);
    const priorities = threads.map((thread) => applyPriority(requestFor(thread, arm, topology)));
    const started = engine;
    return {
      board,
      engine,
      pids,
      folder,
      priorities,
      autogroup,
      layout: JSON.parse(readFileSync(at('engine.out'), 'utf8')) as unknown,
      degraded: priorities.flatMap(({ problems }) => problems),
      logs: () => ({ 'engine-plan.txt': plan, 'engine.json': readFileSync(at('engine.out'), 'utf8'), 'engine.log': started.complaints().map((text) => `${text}\n`).join('') }),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function readyBoard(path: string, engine: Program): Promise<Board> {
  const deadline = Date.now() + prepareDeadline_ms;
  let board: Board | undefined;
  for (;;) {
    if (board === undefined && isBoardThere(path)) board = openBoard(path);
    if (board?.state() === 'ready') return board;
    const exit = engine.exit();
    if (exit !== null) throw engineEnded(exit, engine, 'before its window');
    if (Date.now() > deadline) throw workloadFailed(`the engine was not ready after ${prepareDeadline_ms / 1000} s; a smaller region is touched sooner`);
    await new Promise((resolve) => setTimeout(resolve, poll_ms));
  }
}

/** The engine's own sentence and exit code where it gave them; else what the kernel says of its end. */
export function engineEnded({ code, signal }: Exit, engine: Program, when: string): Failure {
  // The first one: where the foreign holder's process fails, the engine's own sentence about that comes second.
  const [sentence] = engine.complaints();
  const known: Partial<Record<number, ExitCode>> = { 2: 2, 5: 5, 6: 6 };
  const exitCode = code === null ? undefined : known[code];
  if (sentence !== undefined && exitCode !== undefined) return new Failure(exitCode, sentence);
  const how = signal === null ? `with exit code ${String(code)}` : `by ${signal}`;
  return workloadFailed(`the engine ended ${when} ${how}${sentence === undefined ? '' : `, saying "${sentence}"`}; what it had recorded is kept`);
}

function requestFor({ name, role, tid }: ThreadId, arm: ResolvedArm, topology: CpuTopology): ThreadRequest {
  const settings = settingsFor(name, role, arm);
  return { name, tid, nice: settings.nice, policy: settings.policy, cpus: resolveCpus(settings.cpus, topology) };
}

function settingsFor(name: string, role: ThreadId['role'], arm: ResolvedArm): ResolvedThread {
  if (role === 'holder') return arm.holder;
  if (role === 'toucher') return arm.holder.toucher ?? arm.holder;
  if (role === 'hog') return arm.hogs;
  const victim = arm.victims.find(({ series }) => series === name);
  if (victim === undefined) throw workloadFailed(`the board names a victim ${name} that the plan does not have; run \`npm run setup\` so that engine and pauselab are built from the same sources`);
  return victim;
}

function writeRuntimeFile(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw unfit(`${path} could not be written (${(cause as Error).message}); free some of its file system`, { cause });
  }
}
