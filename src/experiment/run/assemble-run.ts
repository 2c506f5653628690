/** Makes the figures, the attributed stalls and the files of a run from its recordings. */
import { release } from 'node:os';
import { asListed } from '../../attribution/attribute.js';
import type { AgentSpan, RunEvidence } from '../../attribution/evidence.js';
import { traceModel } from '../../attribution/trace-builder.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { StallsFile, TraceFigures } from '../../bundle/stalls-schema.js';
import { schemaVersion } from '../../bundle/version.js';
import { stealBetween } from '../../host/machine-load.js';
import { hlogLine } from '../../record/histogram/hlog.js';
import { statedMissing } from '../../words/stall-words.js';
import { untimedProblems } from '../../record/jvm-log.js';
import type { AgentUse } from '../../workload/agent.js';
import type { Afterwards } from '../../workload/prepared.js';
import type { WindowResult } from '../../workload/window.js';
import { analyseRun, type RunAnalysis } from './analyse.js';
import { analyseLog, eventsInWindow, type LogRun } from './analyse-log.js';
import { attributeRun } from './attribute-run.js';
import { issuedCalls } from './issued-calls.js';
import type { MeasuredRun } from './measured-run.js';
import { runEvidence } from './run-evidence.js';
import { failuresOf, worthOf } from './run-failures.js';
import { workloadRecord } from './run-record.js';
import type { ExecutedRun, RunRequest } from './run-request.js';

export function assembleRun(request: RunRequest, measured: MeasuredRun): ExecutedRun {
  const { workload, result, sampled, log, trace, machine, startedAt } = measured;
  const { name, profile, arm, kernel, repetition, regionBytes } = request;
  const { board } = workload;
  const after = workload.afterwards();
  const events =
    after.jvm === null ? [] : analyseLog(after.jvm.log, result.go_ns, result.window, board.stallThreshold_ns);
  const tids = board.threadIds().map(({ tid }) => tid);
  const { threads, series, stallThreshold_ns } = board;
  const figures = analyseRun({ threads, series, stallThreshold_ns, tids }, result, sampled.samples);
  const evidence = evidenceIn(request, figures, after, measured);
  const { analysis, stalls, blocked } = attributeRun(figures, evidence, result.window);
  const file: RunFile = {
    schemaVersion,
    name,
    arm: arm.name,
    kernel,
    repetition,
    ...worthOf(failuresOf(analysis, result, board, after), measured, profile.spoiled),
    startedAt,
    trace:
      trace === null ? null : { events_n: trace.events.length, lost_n: trace.lost_n, call_ns: { ...trace.call_ns } },
    window: result.window,
    regionBytes,
    machine: { ...machine, guest: null },
    ...workloadRecord(workload, after, events, measured),
    holder: analysis.holder?.figures ?? null,
    issued: issuedCalls(arm, trace, (tid) => sampled.samples.timelines.get(tid)?.comm, result.window),
    series: analysis.series.map((one) => one.figures),
    blocked,
  };
  const listing: StallsFile = {
    schemaVersion,
    trace: trace === null ? null : traceFigures(trace),
    stalls: stalls.map(asListed),
    slow: analysis.series.flatMap(({ slow }) => slow),
  };
  return {
    file,
    analysis,
    log: events,
    files: {
      ...workload.logs(),
      'histograms.hlog': log.finish(result) + owedLines(analysis, result) + eventLines(events, result),
      'stalls.json': `${JSON.stringify(listing)}\n`,
    },
  };
}

function evidenceIn(
  { arm }: RunRequest,
  analysis: RunAnalysis,
  { jvm, agent }: Afterwards,
  { workload, result, sampled, loads, throttling, trace }: MeasuredRun,
): RunEvidence {
  return runEvidence({
    arm,
    kernelRelease: release(),
    analysis,
    threadIds: workload.board.threadIds(),
    samples: sampled.samples,
    kernelTids: sampled.kernelTids,
    // A stall in the window may begin in the warm-up or end in the drain.
    events:
      jvm === null
        ? []
        : eventsInWindow(jvm.log, result.go_ns, {
            ...result.window,
            windowStart_ns: -Infinity,
            windowEnd_ns: Infinity,
          }),
    steal: stealBetween(loads, result.go_ns),
    cpuCount: loads[0]?.cpus_n ?? 0,
    throttled: new Map([[workload.victimsPid, throttling.times(result.go_ns)]]),
    watched: new Map(jvm?.threads.flatMap(({ tid, actual }) => (actual === null ? [] : [[tid, actual] as const]))),
    missing: [
      ...(jvm === null ? [] : [...jvm.log.problems, ...untimedProblems(jvm.log.untimed)]),
      ...(trace?.missingEvents ?? []).map((event) => statedMissing({ code: 'trace-event-missing', event })),
      ...[trace?.outside.problem ?? []].flat().map(statedMissing),
    ],
    trace: trace === null ? null : tracedEvidence(trace),
    agents: agent?.pid === workload.victimsPid ? agentSpans(agent, result) : [],
  });
}

function agentSpans({ name, nice, starts }: AgentUse, { go_ns }: WindowResult): AgentSpan[] {
  return starts.map(({ pid, start_ns, end_ns }) => ({
    thread: { name, tid: pid, role: 'outside', nice },
    start_ns: Number(start_ns - go_ns),
    end_ns: Number(end_ns - go_ns),
  }));
}

function tracedEvidence(trace: NonNullable<MeasuredRun['trace']>): NonNullable<RunEvidence['trace']> {
  const covered = { start_ns: trace.coveredFrom_ns, end_ns: trace.coveredTo_ns };
  return { ...trace, model: traceModel(trace.events, covered, trace.outside.from_ns) };
}

function traceFigures({
  events,
  lost_n,
  coveredFrom_ns,
  coveredTo_ns,
  missingEvents,
  call_ns,
  stacks,
}: NonNullable<MeasuredRun['trace']>): TraceFigures {
  return {
    events_n: events.length,
    call_ns: { ...call_ns },
    lost_n,
    coveredFrom_ns,
    coveredTo_ns,
    missingEvents: [...missingEvents],
    stacks_n: stacks.length,
  };
}

/** A series of a JVM's log has a single interval: the window. */
function eventLines(events: readonly LogRun[], { window }: WindowResult): string {
  return events
    .filter(({ counts }) => counts.n > 0)
    .map(({ name, counts }) => hlogLine(name, window.windowStart_ns, window.windowEnd_ns, counts))
    .join('');
}

/** Censored response times of operations that were never served. With them the log's sums equal the figures. */
function owedLines({ series }: RunAnalysis, { window }: WindowResult): string {
  return series
    .filter(({ owed }) => owed.n > 0)
    .map(({ name, owed }) => hlogLine(`${name}.owed`, window.windowStart_ns, window.windowEnd_ns, owed))
    .join('');
}
