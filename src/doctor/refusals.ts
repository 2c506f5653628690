/** Calls that this kernel refuses, tried on their own before any trial, by errno name. */
import { runChild } from '../base/child.js';
import { unfit, workloadFailed } from '../base/failure.js';
import type { Interruption } from '../experiment/interruption.js';
import { programs } from '../workload/programs.js';
import { stopIfInterrupted } from './interrupted.js';
import { seriesOf, type Probe } from './trial.js';

/** Tried often enough that operations which take turns (SEQUENTIAL and NORMAL) are each made. */
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

/** An operation that hangs is none that can be measured. */
const tryDeadline_ms = 20_000;

async function refusalOf({ operation, layout }: Probe): Promise<string | null> {
  const engine = programs.engine();
  const end = await runChild(
    engine,
    ['exercise', operation, String(tries), ...(layout === 'crossing' ? ['crossing'] : [])],
    { deadline_ms: tryDeadline_ms },
  );
  if (end === null)
    throw unfit(`${engine} could not be started (there is no such file); run \`npm run setup\` to build it`);
  if (end.code === 0) return null;
  // A seccomp filter may answer with a signal instead of an errno.
  const refusal = end.signal === 'SIGSYS' ? 'SIGSYS' : /: (E[A-Z0-9]{2,})\b/.exec(end.stderr)?.[1];
  if (refusal !== undefined) return refusal;
  const how = end.isLate
    ? `it had not ended after ${tryDeadline_ms / 1000} s`
    : `the engine ended ${end.signal === null ? `with exit code ${String(end.code)}` : `by ${end.signal}`}`;
  throw workloadFailed(`${operation} could not be tried: ${end.stderr.trim() || how}`);
}
