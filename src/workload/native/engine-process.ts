/** The native engine as a process: started with a plan, ready when its board says so, its end in words. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../base/clock.js';
import { ExitCode, Failure, interruptedBefore, unfit, workloadFailed } from '../../base/failure.js';
import { parseJson } from '../../base/json.js';
import { readText } from '../../base/files/read-file.js';
import { isBoardThere, openBoard, type Board } from '../../record/board/board.js';
import { howEnded, programs, startProgram, type Exit, type Program } from '../programs.js';
import type { RuntimeFolder } from '../runtime-folder.js';

/** Touching a region takes about a second a GiB on a machine whose memory was never used; this is for a slow one. */
const prepareDeadline_ms = 120_000;
const mostOutputBytes = 64 * 2 ** 20;
const poll_ms = 2;

export const boardPath = ({ path }: RuntimeFolder): string => join(path, 'board');
/** `name` tells the engine that makes the board from one that joins it. */
export const enginePaths = ({ path }: RuntimeFolder, name = 'engine') => ({
  plan: join(path, `${name}.plan`),
  stdout: join(path, `${name}.out`),
  stderr: join(path, `${name}.err`),
});

export interface EngineOptions {
  readonly name?: string;
  /** All of its environment; default ours. */
  readonly environment?: Readonly<Record<string, string>>;
}

export function startEngine(
  folder: RuntimeFolder,
  plan: string,
  { name, environment }: EngineOptions = {},
): Promise<Program> {
  const paths = enginePaths(folder, name);
  writeRuntimeFile(paths.plan, plan);
  return startProgram(programs.engine(), ['run', paths.plan], paths.stdout, paths.stderr, { environment });
}

/**
 * What an engine wrote to stdout, a JSON document a line: what it is before `go`; what its churn did and what it uses
 * of memory after the window. Of one that was killed the last line may have no end.
 */
export function printedBy(folder: RuntimeFolder, name?: string): unknown[] {
  return readText(enginePaths(folder, name).stdout, { mostBytes: mostOutputBytes })
    .split('\n')
    .slice(0, -1)
    .map(parseJson);
}

/** The board, once the engine has laid it out. */
export function boardOf(folder: RuntimeFolder, engine: Program, interrupted?: Promise<unknown>): Promise<Board> {
  const path = boardPath(folder);
  return within(engine, interrupted, () => (isBoardThere(path) ? openBoard(path) : null));
}

/** Until the engine says `ready`. `gone` tells of another process that was to take part. */
export async function untilReady(
  board: Board,
  engine: Program,
  interrupted: Promise<unknown> | undefined,
  gone: () => Failure | null = () => null,
): Promise<void> {
  await within(engine, interrupted, () => {
    const failure = gone();
    if (failure !== null) throw failure;
    return board.state() === 'ready' ? board : null;
  });
}

async function within<T>(engine: Program, interrupted: Promise<unknown> | undefined, look: () => T | null): Promise<T> {
  const seen = await waitFor(
    () => {
      const value = look();
      const exit = engine.exit();
      if (value === null && exit !== null) throw engineEnded(exit, engine, 'before its window');
      return value;
    },
    { deadline_ms: prepareDeadline_ms, poll_ms, interrupted },
  );
  if (seen === 'interrupted') throw interruptedBefore('the workload was ready');
  if (seen === 'late')
    throw workloadFailed(
      `the workload was not ready after ${prepareDeadline_ms / 1000} s; a smaller region or heap is touched sooner`,
    );
  return seen.found;
}

/** The engine's own sentence and exit code where it gave them; else what the kernel says of its end. */
export function engineEnded(exit: Exit, engine: Pick<Program, 'complaints' | 'killedWhy'>, when: string): Failure {
  const { code } = exit;
  // The first one: where the foreign holder's process fails, the engine's own sentence about that comes second.
  const [sentence] = engine.complaints();
  const known: Partial<Record<number, ExitCode>> = { 2: 2, 5: 5, 6: 6 };
  const exitCode = code === null ? undefined : known[code];
  if (sentence !== undefined && exitCode !== undefined) return new Failure(exitCode, sentence);
  // Where its file finds no page, its sentence does not either.
  if (exitCode === ExitCode.unfit)
    return unfit(
      `the engine ended ${when} with exit code 5, and its sentence found no room; free some of /dev/shm, where it writes it`,
    );
  return workloadFailed(
    `the engine ended ${when} ${howEnded(exit, engine)}${sentence === undefined ? '' : `, saying "${sentence}"`}; what it had recorded is kept`,
  );
}

export function writeRuntimeFile(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw unfit(`${path} could not be written (${(cause as Error).message}); free some of its file system`, { cause });
  }
}
