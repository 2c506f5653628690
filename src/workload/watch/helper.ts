/** Ends a helper process beside the workload (sampler or tracer) within a time limit. */
import { monotonic_ms, settlesWithin, waitFor } from '../../base/clock.js';
import type { HelperEndFact } from '../../facts/run-facts.js';
import { statOf } from '../../host/process-stat.js';
import { killAll, type Exit, type Program } from '../programs.js';

const poll_ms = 5;
/** Enough for a healthy helper. */
const moment_ms = 2_000;

export interface HelperEnd {
  /** Null if not even SIGKILL ended it: it hangs in the kernel. */
  readonly exit: Exit | null;
  /** How it ended, if not as it should have; null if it did. */
  readonly problem: HelperEndFact | null;
}

export interface Grace {
  /** Time to end by itself after SIGTERM. */
  readonly grace_ms: number;
  /**
   * It has something to restore, so if it is stopped (SIGSTOP, a debugger) it first gets SIGCONT. Others are killed as
   * they are.
   */
  readonly takesBack?: boolean;
  readonly interrupted?: Promise<unknown> | undefined;
}

/** SIGTERM, then SIGKILL after the grace time, or a moment after an interruption. */
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
