/** A process of ours beside the workload, the sampler or the tracer: ended with a limit to patience. */
import { monotonic_ms, settlesWithin, waitFor } from '../../base/clock.js';
import type { HelperEndFact } from '../../facts/run-facts.js';
import { statOf } from '../process-identity.js';
import { killAll, type Exit, type Program } from '../programs.js';

const poll_ms = 5;
/** Enough for a helper that is well. */
const moment_ms = 2_000;

export interface HelperEnd {
  /** Null if not even SIGKILL ended it: it hangs in the kernel. */
  readonly exit: Exit | null;
  /** How it came to an end that was not its own; null if it ended as it should. */
  readonly problem: HelperEndFact | null;
}

export interface Grace {
  /** For it to end by itself once it was told to. */
  readonly grace_ms: number;
  /**
   * It has something to take back, so one that is stopped (SIGSTOP, a debugger) is told to go on first. Others are
   * killed as they are.
   */
  readonly takesBack?: boolean;
  readonly interrupted?: Promise<unknown> | undefined;
}

/** SIGTERM, and SIGKILL after the grace, or a moment after somebody has interrupted. */
export async function endHelper(
  program: Program,
  { grace_ms, takesBack = false, interrupted }: Grace,
): Promise<HelperEnd> {
  const early = program.exit();
  if (early !== null) return { exit: early, problem: problemOf(early, program) };
  const wasStopped = isStopped(program.pid);
  const stopped = wasStopped ? ({ end: 'was-stopped' } as const) : null;
  if (!wasStopped || takesBack) {
    program.kill('SIGTERM');
    program.kill('SIGCONT');
    const begun_ms = monotonic_ms();
    const ended = await waitFor(() => program.exit(), { deadline_ms: grace_ms, poll_ms, interrupted });
    if (ended === 'interrupted')
      await settlesWithin(program.exited, Math.max(0, Math.min(grace_ms, moment_ms) - (monotonic_ms() - begun_ms)));
    const exit = program.exit();
    if (exit !== null) return { exit, problem: problemOf(exit, program) ?? stopped };
  }
  await killAll([program]);
  return { exit: program.exit(), problem: stopped ?? { end: 'was-killed' } };
}

function problemOf({ code, signal }: Exit, program: Pick<Program, 'complaints'>): HelperEndFact | null {
  if (code === 0) return null;
  return { end: 'exited', exitCode: code, signal, saying: program.complaints().at(-1) ?? null };
}

function isStopped(pid: number): boolean {
  return ['T', 't'].includes(statOf(pid)?.[0] ?? '');
}
