/** A workload that only waits for `go`, whatever it is made of, as the run loop sees it. */
import type { SchedulingProblem } from '../facts/run-facts.js';
import type { Stated } from '../facts/stated.js';
import type { StatedFailure } from '../words/failure-words.js';
import { ExitCode, Failure, workloadFailed } from '../base/failure.js';
import type { AllocatorProof } from '../host/allocators/allocator-proof.js';
import type { CpuTopology } from '../host/cpus.js';
import type { ResolvedArm } from '../profile/resolved/resolved.js';
import type { Jdk } from '../host/jdks.js';
import type { JvmLog } from '../record/jvm-log.js';
import type { Board } from '../record/board/board.js';
import type { CpuMaxUse } from './threads/cpu-max.js';
import type { ThreadPriority } from './threads/priorities.js';
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
  /** Resolves when the run is not wanted any more. */
  readonly interrupted?: Promise<unknown> | undefined;
}

/** A workload that failed before `go`, with the text of what it had written until then, for the bundle. */
export class FailedStart extends Failure {
  readonly files: Readonly<Record<string, string>>;

  constructor({ code, message, cause }: Failure, files: Readonly<Record<string, string>>) {
    super(code, message, { cause });
    this.files = files;
  }
}

/**
 * What the machine refused to a process or thread that has ended is not the machine's fault. `tids` should all be
 * there, and are 0 before they register; of a process that is being killed its threads go first. To be asked before the
 * rest of the workload is ended.
 */
export function orEndOf(tids: readonly number[], error: unknown): unknown {
  if (!(error instanceof Failure) || error.exitCode !== ExitCode.unfit) return error;
  const gone = tids.find((tid) => tid !== 0 && startTimeOf(tid) === null);
  return gone === undefined
    ? error
    : workloadFailed(
        `process or thread ${gone} of the workload ended before its window; look at what it wrote, and whether something killed it`,
        { cause: error },
      );
}

/** The same while a workload is prepared: of `programs` that we started one that has ended has said why itself. */
export function orEndOfPrograms(
  programs: readonly Pick<Program, 'pid' | 'exit'>[],
  board: Pick<Board, 'threadIds'> | undefined,
  error: unknown,
): unknown {
  if (programs.some((program) => program.exit() !== null)) return error;
  return orEndOf([...programs.map(({ pid }) => pid), ...(board?.threadIds() ?? []).map(({ tid }) => tid)], error);
}

/** Of a workload that failed; what the user or the machine did wrong is said in full by its sentence. */
export function withFiles(error: unknown, files: () => Readonly<Record<string, string>>): unknown {
  if (!(error instanceof Failure) || error instanceof FailedStart || error.exitCode !== ExitCode.workload) return error;
  try {
    return new FailedStart(error, files());
  } catch {
    // Why it failed says more than why that could not be read.
    return new FailedStart(error, {});
  }
}

export interface PreparedWorkload {
  readonly board: Board;
  /** All processes of the workload. */
  readonly pids: readonly number[];
  /** The process that has the victims, and in all arms but the foreign control what holds them up. */
  readonly victimsPid: number;
  readonly folder: RuntimeFolder;
  readonly priorities: readonly ThreadPriority[];
  /** Null where autogroup is off. */
  readonly autogroup: string | null;
  /** What the engine proved in /proc/self/maps; JSON as it printed it. */
  readonly layout: unknown;
  /** What could not be applied. */
  readonly degraded: readonly Stated<SchedulingProblem>[];
  /** Why a process is gone that should be there; null if none is. */
  earlyEnd(): Failure | null;
  kill(): void;
  /** After the window: ends what would go on by itself, and waits until nothing of it runs. */
  end(): Promise<void>;
  /** What is known only after its end. */
  afterwards(): Afterwards;
  /** Text of its plan and of what it wrote, for the bundle. */
  logs(): Record<string, string>;
  /** Ends what still runs and removes the runtime folder. */
  dispose(): Promise<void>;
}

export interface Afterwards {
  /** Null for a native workload. */
  readonly jvm: JvmAfterwards | null;
  /** Null for an arm without a churn. */
  readonly churn: ChurnAfterwards | null;
  /** Proportional share of memory by pid, of the processes that it is known of. */
  readonly pssBytes: ReadonlyMap<number, number>;
  /** Of a holder with a limit on its CPU time. */
  readonly cpuMax?: CpuMaxUse | null;
  /** What makes the run failed. */
  readonly failures: readonly StatedFailure[];
}

export interface JvmAfterwards {
  readonly processes: readonly JvmProcess[];
  /** Its own threads whose scheduling was set. */
  readonly threads: readonly WatchedThread[];
  /** What its unified log told: pauses, safepoints, memory given back. */
  readonly log: JvmLog;
}

/** A process on an allocator of the profile's. */
interface AllocatorProcess {
  readonly name: string;
  readonly pid: number;
  /** That it runs on the allocator asked for. */
  readonly allocator: AllocatorProof | null;
  /** Variables of our environment that it did not get. */
  readonly removedFromEnvironment: readonly string[];
}

export interface JvmProcess extends Jdk, AllocatorProcess {
  /** What it said of itself: versions, its allocator. */
  readonly report: Readonly<Record<string, unknown>>;
  /** How it ended; null while it runs. */
  readonly end: { readonly exit: Exit; readonly killed: boolean; readonly leftBehind: number } | null;
}

export interface ChurnAfterwards {
  readonly processes: readonly AllocatorProcess[];
  /** Threads whose scheduling was set by name. */
  readonly threads: readonly WatchedThread[];
  /** What its threads did; empty in the idle control, null if the process ended too early to say. */
  readonly tallies: readonly ChurnTally[] | null;
}

/** As the engine prints it (native/engine/churn.h). */
export interface ChurnTally {
  readonly thread: string;
  readonly blocks: number;
  readonly allocatedBytes: number;
  /** Times that malloc returned null. */
  readonly refused: number;
  readonly ticks: number;
  /** Not made up for. */
  readonly droppedTicks: number;
}
