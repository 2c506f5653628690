/** The engine beside a JVM: it makes the board, whose seats threads of other processes take, and ends with them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { isBoardThere, openBoard, type Board } from '../../src/record/board/board.js';
import { nativeProgram } from '../native/programs.js';
import { until } from './until.js';

export interface JoinedEngine {
  readonly board: Board;
  readonly engine: ChildProcess;
  /** On tmpfs. */
  readonly folder: string;
  readonly boardPath: string;
  /** Ends what is left of it. */
  readonly remove: () => Promise<void>;
}

/** Of lines `joined …` and others of the engine's plan. */
export async function startJoinedEngine(lines: readonly string[]): Promise<JoinedEngine> {
  const folder = mkdtempSync('/dev/shm/pauselab-test-joined-');
  const boardPath = join(folder, 'board');
  writeFileSync(join(folder, 'plan'), [`board path=${boardPath} threshold_ns=100000000`, ...lines, ''].join('\n'));
  const engine = spawn(nativeProgram('pauselab-engine'), ['run', join(folder, 'plan')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until('the board', () => isBoardThere(boardPath));
  return {
    board: openBoard(boardPath),
    engine,
    folder,
    boardPath,
    async remove() {
      engine.kill('SIGKILL');
      if (engine.exitCode === null && engine.signalCode === null) await once(engine, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Gone when the test is. */
export async function joinedEngineOfTest(lines: readonly string[]): Promise<JoinedEngine> {
  const started = await startJoinedEngine(lines);
  onTestFinished(started.remove);
  return started;
}
