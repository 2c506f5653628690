/**
 * Stalls in the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing read: JSON, a slice as an event of
 * phase X with `ts` and `dur` in microseconds, names of processes and threads as metadata, phase M. Format: "Trace Event
 * Format", the Chromium project's document. A run is a process, a thread of it a track. Pure.
 */
import type { BlamedThread, ListedStall, StallsFile } from '../bundle/stalls-schema.js';

export interface TraceSlice {
  readonly name: string;
  readonly cat: string;
  readonly ph: 'X' | 'M';
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface ExportedTrace {
  readonly traceEvents: readonly TraceSlice[];
  readonly displayTimeUnit: 'ms';
}

export interface ExportedStall {
  readonly run: string;
  readonly stall: ListedStall;
}

/** Of the run's other slow operations those that lie so near. */
const around_ns = 1_000_000_000;
/** Tracks that are no thread; above every pid that Linux gives (2^22). */
const [chainTrack, callTrack, logTrack, firstSeriesTrack] = [5_000_001, 5_000_002, 5_000_003, 5_000_100];

export function exportTrace(stalls: readonly ExportedStall[], files: ReadonlyMap<string, StallsFile>): ExportedTrace {
  const runs = [...new Set(stalls.map(({ run }) => run))];
  const slices = runs.flatMap((run, i) => sliced(i + 1, run, stalls.filter((one) => one.run === run).map(({ stall }) => stall), files.get(run)));
  return { traceEvents: unique(slices), displayTimeUnit: 'ms' };
}

function sliced(pid: number, run: string, stalls: readonly ListedStall[], file: StallsFile | undefined): TraceSlice[] {
  const slice = (tid: number, name: string, cat: string, start_ns: number, end_ns: number, args: TraceSlice['args'] = {}): TraceSlice => ({ name, cat, ph: 'X', ts: start_ns / 1000, dur: Math.max(0, end_ns - start_ns) / 1000, pid, tid, args });
  const called = (tid: number, name: string): TraceSlice => ({ name: 'thread_name', cat: '__metadata', ph: 'M', ts: 0, pid, tid, args: { name } });
  const thread = (one: BlamedThread): TraceSlice => called(one.tid, `${one.role}: ${one.name}`);
  const near = [...(file?.slow ?? []), ...(file?.stalls ?? [])].filter((one) => stalls.some((stall) => one.start_ns < stall.start_ns + stall.duration_ns + around_ns && one.start_ns + one.duration_ns > stall.start_ns - around_ns));
  const series = [...new Set(near.map((one) => one.series))];
  return [
    { name: 'process_name', cat: '__metadata', ph: 'M', ts: 0, pid, tid: 0, args: { name: `run ${run}` } },
    called(chainTrack, 'chains of blame'),
    called(callTrack, 'calls of holders'),
    called(logTrack, 'the JVM’s log'),
    ...series.map((name, i) => called(firstSeriesTrack + i, `operations: ${name}`)),
    ...near.map((one) => slice(firstSeriesTrack + series.indexOf(one.series), one.series, 'operation', one.start_ns, one.start_ns + one.duration_ns)),
    ...stalls.flatMap((stall) => [
      ...(stall.chain ?? []).map((link) => slice(chainTrack, `${link.cause}${link.thread === null ? '' : `: ${link.thread.name}`}`, 'chain', link.start_ns, link.end_ns, { series: stall.series, grade: link.grade, sentence: link.sentence })),
      ...stall.overlappingHolderCalls.map((call) => slice(callTrack, `${call.holder}${call.crossed ? ' across VMAs' : ''}`, 'call', call.start_ns, call.end_ns, { bytes: call.bytes, runDelayAtMost_ns: call.runDelayAtMost_ns })),
      ...(stall.evidence?.events ?? []).map((event) => slice(logTrack, event.name, 'log', event.start_ns, event.start_ns + event.duration_ns, { label: event.label })),
      ...(stall.evidence?.threads ?? []).flatMap((one) => [thread(one.thread), ...one.spans.map((span) => slice(one.thread.tid, span.activity, 'state', span.start_ns, span.end_ns))]),
    ]),
  ];
}

/** Stalls that overlap each other have the same calls and threads. */
function unique(slices: readonly TraceSlice[]): TraceSlice[] {
  return [...new Map(slices.map((one) => [JSON.stringify(one), one])).values()].sort((a, b) => a.ts - b.ts);
}
