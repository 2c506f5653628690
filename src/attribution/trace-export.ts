/**
 * Stalls in the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing read: JSON, with an event of
 * phase X per slice (`name`, `cat`, `ts`, `dur`, `pid`, `tid` and `args`, times in microseconds), and an event of phase
 * M per name of a process or thread. Format: "Trace Event Format" of the Chromium project, and Perfetto's
 * docs/getting-started/other-formats.md, which requires that slices of a track nest. A run is a process; a thread is a
 * track. Pure.
 */
import { grouped } from '../base/group.js';
import type { ListedStall, StallsFile } from '../bundle/stalls-schema.js';
import { callText, userFramesText } from '../words/seen-words.js';
import type { Span } from './link-draft.js';

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

/** Other slow operations of the run are exported if they lie within this time of a stall. */
const around_ns = 1_000_000_000;
/** Tracks that are not threads have numbers above every pid of Linux (2^22), in a range for each run. */
const [firstTrack, mostTracks] = [5_000_000, 10_000];

/** A slice without its track. */
interface Piece extends Span {
  readonly name: string;
  readonly args?: TraceSlice['args'];
}

export function exportTrace(stalls: readonly ExportedStall[], files: ReadonlyMap<string, StallsFile>): ExportedTrace {
  const runs = [...new Set(stalls.map(({ run }) => run))];
  const slices = runs.flatMap((run, i) =>
    sliced(
      i + 1,
      run,
      stalls.filter((one) => one.run === run).map(({ stall }) => stall),
      files.get(run),
    ),
  );
  return { traceEvents: slices.sort((a, b) => a.ts - b.ts), displayTimeUnit: 'ms' };
}

function sliced(pid: number, run: string, stalls: readonly ListedStall[], file: StallsFile | undefined): TraceSlice[] {
  const named = [
    ...chainTracks(stalls),
    ...callTracks(stalls),
    ...logTracks(stalls),
    ...stackTracks(stalls),
    ...operationTracks([...(file?.slow ?? []), ...(file?.stalls ?? [])].filter((one) => isNear(one, stalls))),
  ].map((track, i): Track => ({ ...track, tid: firstTrack + pid * mostTracks + i + 1 }));
  return [
    metadata({ kind: 'process_name', pid, tid: 0, name: `run ${run}` }),
    ...[...named, ...threadTracks(stalls)].flatMap((track) => slicesOf(pid, track)),
  ];
}

/** Slices under one name: operations of a series, calls of a holder and links of a victim's chains do not overlap. */
interface NamedTrack {
  readonly name: string;
  readonly cat: string;
  readonly pieces: readonly Piece[];
}

interface Track extends NamedTrack {
  readonly tid: number;
}

function chainTracks(stalls: readonly ListedStall[]): NamedTrack[] {
  const links = stalls.flatMap(({ series, chain }) => (chain ?? []).map((link) => ({ series, link })));
  return tracksBy(
    links,
    'chain',
    ({ series }) => `chain of blame: ${series}`,
    ({ series, link }) => ({
      name: `${link.cause}${link.thread === null ? '' : `: ${link.thread.name}`}`,
      start_ns: link.start_ns,
      end_ns: link.end_ns,
      args: { series, grade: link.grade, sentence: link.sentence },
    }),
  );
}

/** Where programs had called the kernel, beside the links that blame them. */
function stackTracks(stalls: readonly ListedStall[]): NamedTrack[] {
  const links = stalls.flatMap(({ chain, evidence }) =>
    (chain ?? []).flatMap((link) =>
      (evidence?.userStacks ?? [])
        .filter(({ thread }) => thread.tid === link.thread?.tid)
        .slice(-1)
        .map((stack) => ({ link, stack })),
    ),
  );
  return tracksBy(
    links,
    'stack',
    ({ stack }) => `program of ${stack.thread.name}`,
    ({ link, stack }) => ({
      name: stack.frames[0]?.function ?? stack.frames[0]?.module ?? 'not known',
      start_ns: link.start_ns,
      end_ns: link.end_ns,
      args: { moment: stack.moment, stack: userFramesText(stack) },
    }),
  );
}

function callTracks(stalls: readonly ListedStall[]): NamedTrack[] {
  const calls = stalls.flatMap(({ overlappingHolderCalls }) => overlappingHolderCalls);
  return tracksBy(
    calls,
    'call',
    ({ holder }) => `calls: ${holder}`,
    (call) => ({
      name: callText(call),
      start_ns: call.start_ns,
      end_ns: call.end_ns,
      args: { bytes: call.bytes, runDelayAtMost_ns: call.runDelayAtMost_ns },
    }),
  );
}

function logTracks(stalls: readonly ListedStall[]): NamedTrack[] {
  const events = stalls.flatMap(({ evidence }) => evidence?.events ?? []);
  return tracksBy(
    events,
    'log',
    ({ name }) => `the JVM’s log: ${name}`,
    ({ name, label, start_ns, duration_ns }) => ({
      name,
      start_ns,
      end_ns: start_ns + duration_ns,
      args: { label },
    }),
  );
}

function operationTracks(operations: readonly Operation[]): NamedTrack[] {
  return tracksBy(
    operations,
    'operation',
    ({ series }) => `operations: ${series}`,
    (one) => ({
      name: one.series,
      start_ns: one.start_ns,
      end_ns: one.start_ns + one.duration_ns,
    }),
  );
}

function threadTracks(stalls: readonly ListedStall[]): Track[] {
  const seen = stalls.flatMap(({ evidence }) => evidence?.threads ?? []);
  return [...grouped(seen, ({ thread }) => thread.tid)].flatMap(([tid, all]) => {
    const thread = all.at(-1)?.thread;
    if (thread === undefined) return [];
    const spans = all.flatMap((one) => one.spans);
    return [
      {
        tid,
        name: `${thread.role}: ${thread.name}`,
        cat: 'state',
        pieces: spans.map(({ activity, start_ns, end_ns }) => ({ name: activity, start_ns, end_ns })),
      },
    ];
  });
}

type Operation = StallsFile['slow'][number] | ListedStall;

function isNear({ start_ns, duration_ns }: Operation, stalls: readonly ListedStall[]): boolean {
  return stalls.some(
    (stall) =>
      start_ns < stall.start_ns + stall.duration_ns + around_ns && start_ns + duration_ns > stall.start_ns - around_ns,
  );
}

function tracksBy<T>(
  items: readonly T[],
  cat: string,
  trackOf: (item: T) => string,
  pieceOf: (item: T) => Piece,
): NamedTrack[] {
  return [...grouped(items, trackOf)].map(([name, all]) => ({ name, cat, pieces: all.map(pieceOf) }));
}

function slicesOf(pid: number, { tid, name, cat, pieces }: Track): TraceSlice[] {
  return [
    metadata({ kind: 'thread_name', pid, tid, name }),
    ...apart(pieces).map(({ name: slice, start_ns, end_ns, args = {} }): TraceSlice => ({
      name: slice,
      cat,
      ph: 'X',
      ts: start_ns / 1000,
      dur: (end_ns - start_ns) / 1000,
      pid,
      tid,
      args,
    })),
  ];
}

function metadata({
  kind,
  pid,
  tid,
  name,
}: {
  readonly kind: 'process_name' | 'thread_name';
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
}): TraceSlice {
  return { name: kind, cat: '__metadata', ph: 'M', ts: 0, pid, tid, args: { name } };
}

/**
 * The format requires that slices of a track nest or lie apart. Stalls that overlap show the same time of the same
 * thread: only the first slice of that time is kept.
 */
function apart(pieces: readonly Piece[]): Piece[] {
  const kept: Piece[] = [];
  let told_ns = -Infinity;
  for (const piece of pieces.toSorted((a, b) => a.start_ns - b.start_ns || b.end_ns - a.end_ns)) {
    const start_ns = Math.max(piece.start_ns, told_ns);
    if (piece.end_ns <= start_ns) continue;
    kept.push({ ...piece, start_ns });
    told_ns = piece.end_ns;
  }
  return kept;
}
