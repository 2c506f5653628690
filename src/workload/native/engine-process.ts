/** The native engine as a process: starts it with a plan, waits until its board says ready, and explains its end. */
import { join } from 'node:path';
import { waitFor } from '../../base/clock.js';
import { ExitCode, interruptedBefore, unfit, workloadFailed, type Failure } from '../../base/failure.js';
import { parseJson } from '../../base/json.js';
import { readText } from '../../base/files/read-file.js';
import { isBoardThere, openBoard, type Board } from '../../record/board/board.js';
import { ownFailure } from '../launched.js';
import { howEnded, programs, startProgram, type Exit, type Program } from '../programs.js';
import { writeRuntimeFile, type RuntimeFolder } from '../runtime-folder.js';

/**
 * On a machine whose memory was never used, touching a region takes about a second per GiB. This is enough for a slow
 * machine.
 */
const prepareDeadline_ms = 120_000;
const mostOutputBytes = 64 * 2 ** 20;
const poll_ms = 2;

export const boardPath = ({ path }: RuntimeFolder): string => join(path, 'board');
/** `name` distinguishes the engine that creates the board from an engine that joins it. */
export const enginePaths = ({ path }: RuntimeFolder, name = 'engine') => ({
  plan: join(path, `${name}.plan`),
  stdout: join(path, `${name}.out`),
  stderr: join(path, `${name}.err`),
});

export interface EngineOptions {
  readonly name?: string;
  /** The whole environment; ours by default. */
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
 * The JSON documents that an engine wrote to stdout, one per line: what it is, before `go`; its churn's work and its
 * memory use, after the window. The last line of a killed engine may be incomplete.
 */
export function printedBy(folder: RuntimeFolder, name?: string): unknown[] {
  return readText(enginePaths(folder, name).stdout, { mostBytes: mostOutputBytes })
    .split('\n')
    .slice(0, -1)
    .map(parseJson);
}

/** The board, once the engine has created it. */
export function boardOf(folder: RuntimeFolder, engine: Program, interrupted?: Promise<unknown>): Promise<Board> {
  const path = boardPath(folder);
  return within(engine, interrupted, () => (isBoardThere(path) ? openBoard(path) : null));
}

/** Waits until the engine says `ready`. `gone` reports the end of another process that should take part. */
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
      `the workload was not ready after ${prepareDeadline_ms / 1000} s; choose a smaller region or heap`,
    );
  return seen.found;
}

/** The engine's message and exit code if it gave them; otherwise what the kernel knows about its end. */
export function engineEnded(exit: Exit, engine: Pick<Program, 'complaints' | 'killedWhy'>, when: string): Failure {
  const { code } = exit;
  // The first message: if the foreign holder's process fails, the engine's message about that comes second.
  const [sentence] = engine.complaints();
  const own = ownFailure(code, sentence);
  if (own !== null) return own;
  // If its file gets no page, its message gets none either.
  if (code === ExitCode.unfit)
    return unfit(
      `the engine ended ${when} with exit code 5, and had no space to write its message; ` +
        'free some space in /dev/shm, where it writes',
    );
  return workloadFailed(
    `the engine ended ${when} ${howEnded(exit, engine)}${sentence === undefined ? '' : `, with the message "${sentence}"`}; ` +
      'its recordings are kept',
  );
}
