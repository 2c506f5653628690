/** Calls that this kernel refuses, tried on their own before any trial, by errno name. */
import { execFile } from 'node:child_process';
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

function refusalOf({ operation, layout }: Probe): Promise<string | null> {
  const engine = programs.engine();
  return new Promise((resolve, reject) => {
    execFile(engine, ['exercise', operation, String(tries), ...(layout === 'crossing' ? ['crossing'] : [])], (error, _, stderr) => {
      if (error === null) {
        resolve(null);
        return;
      }
      if (typeof error.code === 'string') {
        reject(unfit(`${engine} could not be started (${error.message}); run \`npm run setup\` to build it`, { cause: error }));
        return;
      }
      // A seccomp filter may answer with a signal instead of an errno.
      const refusal = error.signal === 'SIGSYS' ? 'SIGSYS' : /: (E[A-Z0-9]{2,})\b/.exec(stderr)?.[1];
      if (refusal === undefined) reject(workloadFailed(`${operation} could not be tried: ${stderr.trim() || error.message}`));
      else resolve(refusal);
    });
  });
}
