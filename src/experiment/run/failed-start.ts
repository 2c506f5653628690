/** The record of a run that failed before its window: no figures, and all files that were written until then. */
import type { Failure } from '../../base/failure.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { StallsFile } from '../../bundle/stalls-schema.js';
import { schemaVersion } from '../../bundle/version.js';
import { loadBetween, readLoad } from '../../host/machine-load.js';
import { hlogHead } from '../../record/histogram/hlog.js';
import { sayFailure } from '../../words/failure-words.js';
import type { ExecutedRun, RunRequest } from './run-request.js';

export interface FailedStartInput {
  readonly request: Pick<RunRequest, 'name' | 'arm' | 'kernel' | 'repetition' | 'regionBytes'>;
  readonly startedAt: string;
  readonly failure: Pick<Failure, 'message' | 'code'>;
  readonly files: Readonly<Record<string, string>>;
}

export function failedStart({
  request: { name, arm, kernel, repetition, regionBytes },
  startedAt,
  failure: { message, code },
  files,
}: FailedStartInput): ExecutedRun {
  // Over no time all shares are 0.
  const now = readLoad(null);
  const file: RunFile = {
    schemaVersion,
    name,
    arm: arm.name,
    kernel,
    repetition,
    status: 'failed',
    // For readers of the record a bug in pauselab is a failed workload.
    failures: [sayFailure({ message, code: code === 'internal' ? 'workload' : code })],
    trace: null,
    disturbances: [],
    degraded: [],
    startedAt,
    window: { windowStart_ns: 0, windowEnd_ns: 0, drainEnd_ns: 0 },
    regionBytes,
    machine: { ...loadBetween(now, now), guest: null },
    autogroup: null,
    memoryLocked: false,
    layout: null,
    priorities: [],
    holder: null,
    issued: null,
    cpuMax: null,
    agent: null,
    memoryUse: null,
    jvm: null,
    churn: null,
    unproven: [],
    series: [],
    blocked: null,
  };
  const nothing: StallsFile = { schemaVersion, trace: null, stalls: [], slow: [] };
  return {
    file,
    analysis: { window_ns: 0, series: [], holder: null, holderCalls: [] },
    log: [],
    files: {
      ...files,
      'histograms.hlog': hlogHead(Date.parse(startedAt)),
      'stalls.json': `${JSON.stringify(nothing)}\n`,
    },
  };
}
