/** Calls that this kernel refuses, tried on their own before any trial, by errno name. */
import { spawnSync } from 'node:child_process';
import { workloadFailed } from '../base/failure.js';
import { programs } from '../workload/programs.js';
import { seriesOf, type Probe } from './trial.js';

/** Tried often enough that operations which take turns (SEQUENTIAL and NORMAL) are each made. */
const tries = 2;

export function refusedProbes(probes: readonly Probe[]): Map<string, string> {
  const refused = new Map<string, string>();
  for (const probe of probes) {
    const { status, stderr, error } = spawnSync(programs.engine(), ['exercise', probe.operation, String(tries), ...(probe.layout === 'crossing' ? ['crossing'] : [])], { encoding: 'utf8' });
    if (status === 0) continue;
    const errno = /\b(E[A-Z0-9]+)$/m.exec(stderr)?.[1];
    if (errno === undefined) throw workloadFailed(`${probe.operation} could not be tried: ${error?.message ?? stderr.trim()}`);
    refused.set(seriesOf(probe), errno);
  }
  return refused;
}
