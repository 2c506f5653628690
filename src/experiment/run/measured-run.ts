/** The recordings of a run, before their analysis. */
import type { Degradation } from '../../facts/run-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { StackReading } from '../../record/stacks.js';
import type { Trace } from '../../record/trace/trace.js';
import type { PreparedWorkload } from '../../workload/prepared.js';
import type { Sampled } from '../../workload/watch/sampler.js';
import type { WindowResult } from '../../workload/window.js';
import type { RunLog } from './run-log.js';
import type { MeterReadings } from './run-meters.js';

export interface MeasuredRun extends MeterReadings {
  readonly startedAt: string;
  readonly workload: PreparedWorkload;
  readonly result: WindowResult;
  readonly sampled: Sampled;
  readonly log: RunLog;
  readonly trace: (Trace & { readonly stacks: readonly StackReading[] }) | null;
  /** Why a requested trace is missing. */
  readonly untraced: Stated<Degradation> | null;
}
