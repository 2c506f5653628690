/** A workload that only waits for `go`, of any kind, as the run loop sees it. */
import type { SchedulingProblem } from '../facts/run-facts.js';
import type { Stated } from '../facts/stated.js';
import type { StatedFailure } from '../words/failure-words.js';
import type { LoadTally } from './jvm/load-tallies.js';
import { ExitCode, Failure, isInterruption, workloadFailed } from '../base/failure.js';
import type { AllocatorProof } from '../host/allocators/allocator-proof.js';
import type { CpuTopology } from '../host/cpus.js';
import type { ResolvedArm } from '../profile/resolved/resolved.js';
import type { FlagRead } from '../host/jdk-flags.js';
import type { Jdk } from '../host/jdks.js';
import type { JvmLog } from '../record/jvm-log.js';
import type { Board } from '../record/board/board.js';
import type { CpuGroup, CpuMaxUse } from './threads/cpu-group.js';
import type { ThreadPriority } from './threads/priorities.js';
import type { AgentUse } from './agent.js';
import { startTimeOf } from './process-identity.js';
import type { Exit, Program } from './programs.js';
import type { RuntimeFolder } from './runtime-folder.js';
import type { WatchedThread } from './threads/thread-watch.js';

export interface WorkloadInput<Arm extends ResolvedArm = ResolvedArm> {
  readonly arm: Arm;
  readonly regionBytes: number;
  readonly threshold_ns: number;
  readonly warmup_ns: number;
  readonly duration_ns: number;
  readonly topology: CpuTopology;
  /** Resolves when the run is no longer wanted. */
  readonly interrupted?: Promise<unknown> | undefined;
}

/** A workload that failed before `go`, with everything that it had written until then, for the bundle. */
export class FailedStart extends Failure {
  readonly files: Readonly<Record<string, string>>;

  constructor({ code, message, cause }: Failure, files: Readonly<Record<string, string>>) {
    super(code, message, { cause });
    this.files = files;
  }
}

/**
 * If the machine refused something for a process or thread that has ended, the machine is not at fault. All `tids`
 * should exist; they are 0 before they register. When a process is killed, its threads go first. Call this before the
 * rest of the workload is ended.
 */
export function orEndOf(tids: readonly number[], error: unknown): unknown {
  if (!(error instanceof Failure) || error.exitCode !== ExitCode.unfit) return error;
  const gone = tids.find((tid) => tid !== 0 && startTimeOf(tid) === null);
  return gone === undefined
    ? error
    : workloadFailed(
        `process or thread ${gone} of the workload ended before its window; ` +
          'check its output, and whether something killed it',
        { cause: error },
      );
}

/** The same while a workload is prepared: if one of our `programs` has ended, its own message says why. */
export function orEndOfPrograms(
  programs: readonly Pick<Program, 'pid' | 'exit'>[],
  board: Pick<Board, 'threadIds'> | undefined,
  error: unknown,
): unknown {
  if (programs.some((program) => program.exit() !== null)) return error;
  return orEndOf([...programs.map(({ pid }) => pid), ...(board?.threadIds() ?? []).map(({ tid }) => tid)], error);
}

/**
 * For a workload that failed. If the user or the machine is at fault, the sentence says everything, and no files are
 * added. But if a program of the workload (`started`) ended by itself, whatever its reason, the start of this arm
 * failed: under another JDK or kernel it may succeed.
 */
export function withFiles(
  error: unknown,
  files: () => Readonly<Record<string, string>>,
  started: readonly Pick<Program, 'exit'>[] = [],
): unknown {
  if (!(error instanceof Failure) || error instanceof FailedStart) return error;
  const hasEnded = !isInterruption(error) && started.some((program) => hasFailed(program.exit()));
  if (error.exitCode !== ExitCode.workload && !hasEnded) return error;
  try {
    return new FailedStart(error, files());
  } catch {
    // The reason of the failure matters more than why the files could not be read.
    return new FailedStart(error, {});
  }
}

function hasFailed(exit: Exit | null): boolean {
  return exit !== null && exit.code !== 0;
}

export interface PreparedWorkload {
  readonly board: Board;
  /** All processes of the workload. */
  readonly pids: readonly number[];
  /** The process with the victims. In all arms but the foreign control it also contains what delays them. */
  readonly victimsPid: number;
  readonly folder: RuntimeFolder;
  readonly priorities: readonly ThreadPriority[];
  /** Null if autogroup is off. */
  readonly autogroup: string | null;
  /** What the engine proved from /proc/self/maps, as JSON. */
  readonly layout: unknown;
  /**
   * CPU time so far of programs that come and go, and are not among `pids`: an agent. Null while one has ended and its
   * time is not known yet.
   */
  besideCpu_ns?(): number | null;
  /** Settings that could not be applied. */
  readonly degraded: readonly Stated<SchedulingProblem>[];
  /** Why a process that should be running is gone; null if none is. */
  earlyEnd(): Failure | null;
  kill(): void;
  /** After the window: ends everything that would go on, and waits until nothing of it runs. */
  end(): Promise<void>;
  /** Known only after the end. */
  afterwards(): Afterwards;
  /** Text of its plan and its output, for the bundle. */
  logs(): Record<string, string>;
  /** Ends everything that still runs and removes the runtime folder. */
  dispose(): Promise<void>;
}

export interface Afterwards {
  /** Null for a native workload. */
  readonly jvm: JvmAfterwards | null;
  /** Null for an arm without a churn. */
  readonly churn: ChurnAfterwards | null;
  /** Proportional set size by pid, for processes for which it is known. */
  readonly pssBytes: ReadonlyMap<number, number>;
  /** Of a holder with a limit on its CPU time. */
  readonly cpuMax?: CpuMaxUse | null;
  /** Groups of threads of which each is scheduled with a weight of its own. */
  readonly cpuWeights?: readonly Pick<CpuGroup, 'name' | 'weight'>[];
  /** Of an arm with an agent; null: the agent does nothing in this arm. */
  readonly agent?: AgentUse | null;
  /** Facts that make the run failed. */
  readonly failures: readonly StatedFailure[];
}

export interface JvmAfterwards {
  readonly processes: readonly JvmProcess[];
  /** Its threads whose scheduling was set. */
  readonly threads: readonly WatchedThread[];
  /** The work of its loads; empty for a program of the user, null if a JVM ended too early to report it. */
  readonly tallies: readonly LoadTally[] | null;
  /** Events from its unified log: pauses, safepoints, memory given back. */
  readonly log: JvmLog;
  /** Of the second JVM, which has the loads; null: there is none. */
  readonly loadsLog: JvmLog | null;
}

/** A process that runs on an allocator of the profile. */
interface AllocatorProcess {
  readonly name: string;
  readonly pid: number;
  /** Proof that it runs on the requested allocator. */
  readonly allocator: AllocatorProof | null;
  /** Variables of our environment that it did not get. */
  readonly removedFromEnvironment: readonly string[];
}

export interface JvmProcess extends Jdk, AllocatorProcess {
  /** The values that the JDK gives to the flags that the arm sets; null if they could not be read. */
  readonly flags: readonly FlagRead[] | null;
  /** Its report about itself: versions, its allocator. */
  readonly report: Readonly<Record<string, unknown>>;
  /** How it ended; null while it runs. */
  readonly end: { readonly exit: Exit; readonly killed: boolean; readonly leftBehind: number } | null;
}

export interface ChurnAfterwards {
  readonly processes: readonly AllocatorProcess[];
  /** Threads whose scheduling was set by name. */
  readonly threads: readonly WatchedThread[];
  /** The work of its threads; empty in the idle control, null if the process ended too early to report it. */
  readonly tallies: readonly ChurnTally[] | null;
}

/** As the engine prints it (native/engine/churn.h). */
export interface ChurnTally {
  readonly thread: string;
  readonly blocks: number;
  readonly allocatedBytes: number;
  /** How often malloc returned null. */
  readonly refused: number;
  readonly ticks: number;
  /** Ticks that were missed and not made up for. */
  readonly droppedTicks: number;
}
