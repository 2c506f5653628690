/** Finds the calls that this kernel refuses, by errno name: each is tried alone before any trial. */
import { runChild } from '../base/child.js';
import { unfit, workloadFailed } from '../base/failure.js';
import type { Interruption } from '../experiment/interruption.js';
import { programs } from '../workload/programs.js';
import { stopIfInterrupted } from './interrupted.js';
import { seriesOf, type Probe } from './trial.js';

/** Enough tries that both halves of alternating operations (SEQUENTIAL and NORMAL) are made. */
const tries = 2;

export async function findRefusals(probes: readonly Probe[], interruption: Interruption): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  for (const probe of probes) {
    stopIfInterrupted(interruption);
    const errno = await refusalOf(probe);
    if (errno !== null) refused.set(seriesOf(probe), errno);
  }
  return refused;
}

/** An operation that hangs cannot be measured. */
const tryDeadline_ms = 20_000;

async function refusalOf({ operation, layout }: Probe): Promise<string | null> {
  const engine = programs.engine();
  const end = await runChild(
    engine,
    ['exercise', operation, String(tries), ...(layout === 'crossing' ? ['crossing'] : [])],
    { deadline_ms: tryDeadline_ms },
  );
  if (end === null)
    throw unfit(`${engine} could not be started (it does not exist); run \`npm run setup\` to build it`);
  if (end.code === 0) return null;
  // A seccomp filter may answer with a signal instead of an errno.
  const refusal = end.signal === 'SIGSYS' ? 'SIGSYS' : /: (E[A-Z0-9]{2,})\b/.exec(end.stderr)?.[1];
  if (refusal !== undefined) return refusal;
  const how = end.isLate
    ? `it was still running after ${tryDeadline_ms / 1000} s`
    : `the engine ended ${end.signal === null ? `with exit code ${String(end.code)}` : `by ${end.signal}`}`;
  throw workloadFailed(`${operation} could not be tried: ${end.stderr.trim() || how}`);
}
