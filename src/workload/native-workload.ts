/**
 * Bringing a native workload to the point where only `go` is missing: board made, memory mapped and touched, layout
 * proven, threads waiting, priorities set and read back, one autogroup.
 */
import { readFileSync } from 'node:fs';
import { commonAutogroup } from '../host/autogroup.js';
import type { NativeArm } from '../profile/resolved.js';
import { boardOf, boardPath, engineEnded, enginePaths, startEngine, untilReady } from './engine-process.js';
import { enginePlan } from './plan.js';
import type { PreparedWorkload, WorkloadInput } from './prepared.js';
import { killAll, type Program } from './programs.js';
import { createRuntimeFolder } from './runtime-folder.js';
import { applySeats } from './seats.js';

export async function prepareNative(input: WorkloadInput<NativeArm>): Promise<PreparedWorkload> {
  const folder = createRuntimeFolder();
  let engine: Program | undefined;
  const dispose = async (): Promise<void> => {
    await killAll(engine === undefined ? [] : [engine]);
    folder.remove();
  };
  try {
    const { arm, topology } = input;
    const plan = enginePlan({ ...input, boardPath: boardPath(folder), parentPid: process.pid });
    const started = (engine = await startEngine(folder, plan));
    const board = await boardOf(folder, started);
    await untilReady(board, started);
    const threads = board.threadIds();
    const pids = [...new Set(threads.map(({ pid }) => pid))];
    const autogroup = commonAutogroup([process.pid, ...pids]);
    const priorities = applySeats(threads, arm, topology);
    const printed = readFileSync(enginePaths(folder).stdout, 'utf8');
    return {
      board,
      pids,
      jvmPid: null,
      folder,
      priorities,
      autogroup,
      layout: JSON.parse(printed) as unknown,
      degraded: priorities.flatMap(({ problems }) => problems),
      earlyEnd() {
        const exit = started.exit();
        return exit === null ? null : engineEnded(exit, started, 'inside its window');
      },
      kill() { started.kill('SIGKILL'); },
      async end() { await started.exited; },
      afterwards: () => ({ jvm: null, failures: [] }),
      logs: () => ({ 'engine-plan.txt': plan, 'engine.json': printed, 'engine.log': started.complaints().map((text) => `${text}\n`).join('') }),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
