/** The parts of run.json that the workload reports. */
import type { RunFile } from '../../bundle/bundle-schema.js';
import { unprovenOf } from '../../host/allocators/allocator-proof.js';
import { untimedProblems } from '../../record/jvm-log.js';
import type { AgentStart, AgentUse } from '../../workload/agent.js';
import type { Afterwards, ChurnAfterwards, JvmAfterwards, PreparedWorkload } from '../../workload/prepared.js';
import type { WatchedThread } from '../../workload/threads/thread-watch.js';
import type { MemoryMeter } from '../../workload/watch/memory-meter.js';
import type { WindowResult } from '../../workload/window.js';
import { heapReturnsIn, logFigures, untimedInWindow, type LogRun } from './analyse-log.js';
import type { MeasuredRun } from './measured-run.js';
import { collectorIn } from './run-evidence.js';

export type WorkloadRecord = Pick<
  RunFile,
  | 'autogroup'
  | 'memoryLocked'
  | 'layout'
  | 'priorities'
  | 'cpuMax'
  | 'cpuWeights'
  | 'agent'
  | 'memoryUse'
  | 'jvm'
  | 'churn'
  | 'unproven'
>;

export function workloadRecord(
  { autogroup, board, layout, priorities, victimsPid }: PreparedWorkload,
  after: Afterwards,
  events: readonly LogRun[],
  { memory, used, result, sampled }: Pick<MeasuredRun, 'memory' | 'used' | 'result' | 'sampled'>,
): WorkloadRecord {
  return {
    autogroup,
    memoryLocked: board.memoryLocked(),
    layout,
    priorities: priorities.map((one) => ({
      ...one,
      cpus: [...one.cpus],
      problems: [...one.problems],
      actual: one.actual === null ? null : { ...one.actual, cpus: [...one.actual.cpus] },
    })),
    cpuMax: after.cpuMax ?? null,
    ...weightsOf(after),
    agent: after.agent === undefined || after.agent === null ? null : agentFigures(after.agent, result),
    memoryUse: memoryOf(memory, after),
    jvm:
      after.jvm === null
        ? null
        : { ...jvmOf(after.jvm, events, { used, result }), collector: collectorIn(sampled.samples, victimsPid) },
    churn: after.churn === null ? null : churnOf(after.churn),
    unproven: unprovenIn(after),
  };
}

function weightsOf({ cpuWeights = [] }: Afterwards): Pick<RunFile, 'cpuWeights'> {
  const found = cpuWeights.flatMap(({ name, weight }) => (weight === null ? [] : [{ threads: name, weight }]));
  return found.length === 0 ? {} : { cpuWeights: found };
}

function agentFigures(
  { name, pid, starts, lastComplaint }: AgentUse,
  { go_ns, window }: WindowResult,
): RunFile['agent'] {
  const ends: Record<string, number> = {};
  for (const { exit, isCut } of starts) {
    const how = isCut ? 'ended by pauselab after the window' : (exit.signal ?? `exit code ${String(exit.code)}`);
    ends[how] = (ends[how] ?? 0) + 1;
  }
  const isInWindow = ({ start_ns, end_ns }: AgentStart): boolean =>
    Number(start_ns - go_ns) < window.windowEnd_ns && Number(end_ns - go_ns) > window.windowStart_ns;
  return {
    name,
    pid,
    starts_n: starts.length,
    ends,
    window_n: starts.filter(isInWindow).length,
    cpu_ns: starts.reduce((sum, { cpu_ns }) => sum + cpu_ns, 0),
    longest_ns: starts.reduce((most, { start_ns, end_ns }) => Math.max(most, Number(end_ns - start_ns)), 0),
    lastComplaint,
  };
}

function memoryOf(meter: MemoryMeter, { pssBytes }: Afterwards): RunFile['memoryUse'] {
  const use = meter.use(pssBytes);
  return use === null ? null : { ...use, processes: use.processes.map((one) => ({ ...one })) };
}

function jvmOf(
  { processes, threads, tallies, log, loadsLog }: JvmAfterwards,
  events: readonly LogRun[],
  { used: { cpu_ns, over_ns }, result: { go_ns, window } }: Pick<MeasuredRun, 'used' | 'result'>,
): NonNullable<RunFile['jvm']> {
  return {
    processes: processes.map((process) => ({ ...process })),
    threads: threads.map(watchedOf),
    tallies: tallies === null ? null : tallies.map(({ did, ...tally }) => ({ ...tally, did: { ...did } })),
    log: events.map(({ name }) => logFigures(name, events)),
    logProblems: [...log.problems, ...untimedProblems(untimedInWindow(log, go_ns, window))],
    heapReturns_n: heapReturnsIn(loadsLog ?? log, go_ns, window),
    cpu_ns,
    cpuOver_ns: over_ns,
  };
}

function churnOf({ processes, threads, tallies }: ChurnAfterwards): RunFile['churn'] {
  return {
    processes: processes.map((process) => ({ ...process })),
    threads: threads.map(watchedOf),
    tallies: tallies === null ? null : tallies.map((tally) => ({ ...tally })),
  };
}

function watchedOf({
  pattern,
  pid,
  tid,
  name,
  seenAfter_ns,
  delay_ns,
  actual,
  problems,
}: WatchedThread): NonNullable<RunFile['jvm']>['threads'][number] {
  return {
    pattern,
    pid,
    tid,
    name,
    seenAfter_ns,
    delay_ns,
    actual: actual === null ? null : { ...actual, cpus: [...actual.cpus] },
    problems: [...problems],
  };
}

function unprovenIn({ jvm, churn }: Afterwards): RunFile['unproven'] {
  return [...(jvm?.processes ?? []), ...(churn?.processes ?? [])].flatMap(({ name, allocator }) =>
    allocator === null ? [] : unprovenOf(name, allocator),
  );
}
