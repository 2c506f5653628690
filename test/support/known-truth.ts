/**
 * One run of the test engine, whose operations do something known at a known operation: through the same modules as
 * any run, but for the plan, since a profile cannot name these operations.
 */
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { executeRun, type ExecutedRun } from '../../src/experiment/run/one-run.js';
import { cpuTopology } from '../../src/host/cpus.js';
import type { NativeArm, ResolvedProfile } from '../../src/profile/resolved/resolved.js';
import { countsByTagOf } from './bundle.js';
import { untilMeasuring, type LiveRun } from './live-run.js';

export const injectEngine = fileURLToPath(
  new URL('../../native/build/Release/pauselab-engine-inject', import.meta.url),
);

export const interval_ns = 1_000_000;
export const warmup_ns = 200_000_000;

export interface Injection {
  readonly operation: 'inject_pause' | 'inject_hang' | 'inject_crash' | 'inject_refusal';
  /** Operation of the window, from 0. */
  readonly at: number;
  readonly duration_ns: number;
  readonly for_ns?: number;
  readonly drain_ns?: number;
  /** Another program that ends up as the test engine. */
  readonly engine?: string;
  /** Called while it measures. */
  readonly meanwhile?: (run: LiveRun) => Promise<void>;
}

export async function runInjected({
  operation,
  at,
  duration_ns,
  for_ns = 0,
  drain_ns = 1_000_000_000,
  engine = injectEngine,
  meanwhile,
}: Injection): Promise<ExecutedRun & { readonly counts: Readonly<Record<string, number>> }> {
  vi.stubEnv('PAUSELAB_ENGINE', engine);
  vi.stubEnv('PAUSELAB_INJECT_AT', String(warmup_ns / interval_ns + at));
  vi.stubEnv('PAUSELAB_INJECT_FOR_NS', String(for_ns));
  try {
    const arm = armWith(operation);
    let interrupt = (): void => undefined;
    const interrupted = new Promise<void>((resolve) => {
      interrupt = resolve;
    });
    const input = {
      name: '000-known-truth',
      kernel: 'host',
      profile: profileWith(arm, duration_ns, drain_ns),
      arm,
      repetition: 1,
      regionBytes: 2 * 1024 * 1024,
      topology: cpuTopology(),
      allowDegraded: false,
      trace: false,
      interrupted,
      onPhase: () => undefined,
      onSnapshot: () => undefined,
    };
    const beside = meanwhile === undefined ? Promise.resolve() : untilMeasuring(process.pid).then(meanwhile);
    // The run ends first in any case: its programs must not outlive the test, nor the environment change under it.
    beside.catch(interrupt);
    const output = await executeRun(input, cpuTopology()).finally(() => beside.catch(() => undefined));
    await beside;
    return { ...output, counts: countsByTagOf(output.files['histograms.hlog'] ?? '') };
  } finally {
    vi.unstubAllEnvs();
  }
}

function armWith(operation: Injection['operation']): NativeArm {
  const thread = { nice: 0, policy: 'other', cpus: { kind: 'second' } } as const;
  const first = { ...thread, cpus: { kind: 'first' } } as const;
  return {
    kind: 'native',
    name: 'known-truth',
    title: 'A victim that pauses when it is told to',
    control: null,
    stall: { aim_ns: 1, leastHold_ns: 1 },
    layout: 'isolated',
    holder: {
      ...first,
      operation: 'madvise_free',
      pause_ns: 0,
      region: { kind: 'calibrated' },
      pages: 'small',
      toucher: null,
      process: 'same',
      active: false,
    },
    hogs: { ...first, count: 0, burst: null },
    victims: [{ ...thread, series, role: 'control', operation: operation as 'noop', layout: 'isolated', interval_ns }],
    series: [series],
  };
}

export const series = 'control.injected';

function profileWith(arm: NativeArm, duration_ns: number, drain_ns: number): ResolvedProfile {
  return {
    name: 'known-truth',
    title: '',
    description: '',
    runs: 1,
    seed: 1,
    warmup_ns,
    duration_ns,
    drain_ns,
    threshold_ns: 100_000_000,
    spoiled: { steal_share: 1, foreignLoad_share: 1, retries: 0 },
    kernels: [],
    preempt: [],
    arms: [arm],
  };
}
