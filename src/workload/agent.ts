/**
 * A command of the user's that looks at a process of the run, as a monitoring agent does. Each start is a program under a
 * keeper (native/launcher/keeper.h), so everything that it starts ends with us. Its first start is before `go`: a command
 * that cannot work is found before the window. No start begins after the window.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { settlesWithin, waitFor } from '../base/clock.js';
import { Failure, interruptedBefore, unfit, workloadFailed } from '../base/failure.js';
import { formatDuration } from '../base/text/units.js';
import { resolveCpus, type CpuTopology } from '../host/cpus.js';
import { readIfThere } from '../host/files.js';
import { cpuTimeOf } from '../host/machine-load.js';
import { programInPath } from '../host/program-in-path.js';
import { pidPlace } from '../profile/check/check-agent.js';
import type { ResolvedAgent } from '../profile/resolved/resolved.js';
import type { Board } from '../record/board/board.js';
import { keptEnd, type KeptEnd } from './kept-end.js';
import { launchFile } from './launch-file.js';
import { launcherFailure } from './launched.js';
import { printedLines } from './printed.js';
import { startTimeOf } from './process-identity.js';
import { programs, startProgram, type Exit, type Program } from './programs.js';
import { writeRuntimeFile, type RuntimeFolder } from './runtime-folder.js';

export interface AgentInput {
  readonly agent: ResolvedAgent;
  /** Of the process that it looks at. */
  readonly pid: number;
  readonly folder: RuntimeFolder;
  readonly board: Pick<Board, 'window'>;
  readonly topology: CpuTopology;
  readonly interrupted?: Promise<unknown> | undefined;
}

/** A start of the command. Times are those of CLOCK_MONOTONIC. */
export interface AgentStart {
  readonly pid: number;
  readonly start_ns: bigint;
  readonly end_ns: bigint;
  readonly exit: Exit;
  readonly cpu_ns: number;
  /** pauselab ended it, because the run was over. */
  readonly isCut: boolean;
}

export interface AgentUse {
  /** The program without its folder. */
  readonly name: string;
  /** Of the process that it looked at. */
  readonly pid: number;
  readonly nice: number;
  readonly starts: readonly AgentStart[];
  /** The last line that it wrote to stderr; null: none. */
  readonly lastComplaint: string | null;
}

export interface RunningAgent {
  /** Why it is not doing what it should; null: it is. */
  failure(): Failure | null;
  /** CPU time so far. */
  cpu_ns(): number | null;
  use(): AgentUse;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
}

/** For the first end of a command that should end by itself. */
const firstEnd_ms = 10_000;
/** For preparation and exec. */
const startDeadline_ms = 20_000;
const poll_ms = 2;
/** After SIGTERM. */
const grace_ms = 2_000;
const killDeadline_ms = 10_000;
const mostLines = 3;
/** In sentences of its launcher. */
const called = 'the agent';

/** Path of its program; fails if this machine has none. */
export function agentProgram({ command: [program = ''] }: Pick<ResolvedAgent, 'command'>): string {
  const path = programInPath(program);
  if (path === null)
    throw unfit(
      `the agent's program ${program} is not on this machine, or cannot be executed; install it, or give agent.command the path of another`,
    );
  return path;
}

interface Running {
  readonly keeper: Program;
  readonly start_ns: bigint;
}

export async function startAgent(input: AgentInput): Promise<RunningAgent> {
  const { agent, pid, folder, board, interrupted } = input;
  const at = (suffix: string): string => join(folder.path, `agent.${suffix}`);
  const shown = agent.command.join(' ');
  const program = agentProgram(agent);
  writeRuntimeFile(at('launch'), launchText(input, program, at));

  const starts: AgentStart[] = [];
  const over = { isWanted: true, wake: (): void => undefined };
  const stopped = new Promise<void>((resolve) => {
    over.wake = resolve;
  });
  let current: Running | null = null;
  let failure: Failure | null = null;
  let lastComplaint: string | null = null;

  const isWindowOver = (): boolean => {
    const { windowEnd_ns } = board.window();
    return windowEnd_ns > 0n && process.hrtime.bigint() >= windowEnd_ns;
  };
  const pidNow = (): number => Number((readIfThere(at('pid')) ?? '').split('\n')[0] ?? 0);
  const endNow = (): KeptEnd | null => keptEnd(printedLines(at('end')));
  const linesNow = (): string[] => [...printedLines(at('err')), ...printedLines(at('keeper.err'))];

  const begin = async (): Promise<Running> => {
    for (const suffix of ['pid', 'end', 'err']) rmSync(at(suffix), { force: true });
    const start_ns = process.hrtime.bigint();
    const keeper = await startProgram(
      programs.launcher(),
      [`-Dpauselab.launch=${at('launch')}`],
      '/dev/null',
      at('keeper.err'),
    );
    return (current = { keeper, start_ns });
  };
  /** Records the end of a start, and what is wrong with it. */
  const finish = async ({ keeper, start_ns }: Running): Promise<void> => {
    const byKeeper = await keeper.exited;
    const end_ns = process.hrtime.bigint();
    const kept = endNow();
    const lines = linesNow();
    const begun = pidNow();
    lastComplaint = lines.at(-1) ?? lastComplaint;
    current = null;
    const exit = kept?.exit ?? byKeeper;
    const refused = launcherFailure({ program, called, isPrepared: begun > 0, printed: lines, exit: byKeeper });
    const isCut = !over.isWanted;
    if (refused === null) starts.push({ pid: begun, start_ns, end_ns, exit, cpu_ns: kept?.cpu_ns ?? 0, isCut });
    // When the run is over, the process that it looks at ends too.
    if (isCut || isWindowOver() || startTimeOf(pid) === null) return;
    const lasted = formatDuration(Number(end_ns - start_ns));
    if (refused !== null) failure = refused;
    else if (exit.code !== 0) failure = workloadFailed(endedBadly(shown, exit, lasted, lines));
    else if (agent.mode === 'stay')
      failure = workloadFailed(
        `the agent \`${shown}\` ended by itself after ${lasted}${quoted(lines)}; in mode stay it should run until the end of the run, so use \`mode: repeat\` to start it again after each end`,
      );
  };
  const repeat = async (): Promise<void> => {
    while (over.isWanted && failure === null) {
      if (current === null) {
        await settlesWithin(stopped, agent.pause_ns / 1e6);
        // stop() may have come meanwhile.
        if (!isWanted(over) || isWindowOver()) return;
        await begin();
      }
      const running = currentOf(() => current);
      if (running !== null) await finish(running);
    }
  };
  let loop: Promise<void> = Promise.resolve();
  const stop = async (): Promise<void> => {
    over.isWanted = false;
    over.wake();
    const running = currentOf(() => current);
    if (running !== null) {
      running.keeper.kill('SIGTERM');
      if (!(await settlesWithin(running.keeper.exited, killDeadline_ms))) running.keeper.kill('SIGKILL');
    }
    await settlesWithin(loop, killDeadline_ms);
  };

  try {
    const first = await begin();
    const isStay = agent.mode === 'stay';
    const seen = await waitFor(() => (first.keeper.exit() !== null || (isStay && pidNow() > 0) ? true : null), {
      deadline_ms: isStay ? startDeadline_ms : firstEnd_ms,
      poll_ms,
      interrupted,
    });
    if (seen === 'interrupted') throw interruptedBefore('the agent was started');
    if (seen === 'late')
      throw workloadFailed(
        isStay
          ? `the agent \`${shown}\` was not started after ${startDeadline_ms / 1000} s; check the file system of its program`
          : `the agent \`${shown}\` did not end within ${firstEnd_ms / 1000} s${quoted(linesNow())}; in mode repeat it should end by itself, so use \`mode: stay\` for a program that keeps running`,
      );
    if (first.keeper.exit() !== null) await finish(first);
    const early = failureOf(() => failure);
    if (early !== null) throw early;
  } catch (error) {
    await stop();
    throw error;
  }
  loop = repeat();
  // The only errors are those of the machine, such as no memory for a process.
  loop.catch((error: unknown) => {
    failure = error instanceof Failure ? error : workloadFailed(`the agent failed (${(error as Error).message})`);
  });
  return {
    failure: () => failure,
    cpu_ns() {
      const ended_ns = starts.reduce((sum, { cpu_ns }) => sum + cpu_ns, 0);
      const pid = current === null ? 0 : pidNow();
      if (pid === 0) return ended_ns;
      // Between its end and ours, its keeper may still end what it left.
      const now_ns = cpuTimeOf(pid) ?? endNow()?.cpu_ns;
      return now_ns === undefined ? null : ended_ns + now_ns;
    },
    use: () => ({
      name: (agent.command[0] ?? '').replace(/^.*\//, ''),
      pid,
      nice: agent.nice,
      starts,
      lastComplaint,
    }),
    stop,
  };
}

// Functions, because the compiler does not know that others change the value during an `await`.
const isWanted = ({ isWanted: is }: { readonly isWanted: boolean }): boolean => is;
const currentOf = (current: () => Running | null): Running | null => current();
const failureOf = (failure: () => Failure | null): Failure | null => failure();

function launchText({ agent, pid, topology }: AgentInput, program: string, at: (suffix: string) => string): string {
  return launchFile({
    program,
    called,
    remedy: 'give agent.command the path of a program of this machine',
    parentPid: process.pid,
    pidFile: at('pid'),
    keep: { grace_ms, endFile: at('end') },
    // Nobody reads it, and it may be long.
    stdout: '/dev/null',
    stderr: at('err'),
    nice: agent.nice,
    policy: agent.policy,
    slice_ns: agent.slice_ns,
    cpus: resolveCpus(agent.cpus, topology),
    args: agent.command.slice(1).map((word) => word.replaceAll(pidPlace, String(pid))),
  });
}

function endedBadly(shown: string, { code, signal }: Exit, lasted: string, lines: readonly string[]): string {
  return (
    `the agent \`${shown}\` ended ${signal === null ? `with exit code ${String(code)}` : `by ${signal}`} after ${lasted}${quoted(lines)}; ` +
    `run it by hand with the pid of a process in place of ${pidPlace}, and correct agent.command`
  );
}

function quoted(lines: readonly string[]): string {
  return lines.length === 0 ? ', without a message' : `, with the message "${lines.slice(-mostLines).join(' | ')}"`;
}
