/**
 * Stalls in the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing read: JSON, a slice as an
 * event of phase X with `name`, `cat`, `ts`, `dur`, `pid`, `tid` and `args`, times in microseconds; names of processes
 * and threads as metadata, phase M. Format: "Trace Event Format", the Chromium project's document, and what Perfetto
 * says of it in docs/getting-started/other-formats.md: slices of a track nest. A run is a process, a thread of it a
 * track. Pure.
 */
import { grouped } from '../base/group.js';
import type { ListedStall, StallsFile } from '../bundle/stalls-schema.js';
import { callText } from '../words/seen-words.js';
import type { Span } from './links.js';

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
/** Tracks that are no thread have numbers above every pid that Linux gives (2^22), and so many for each run. */
const [firstTrack, mostTracks] = [5_000_000, 10_000];

/** A slice before it is on its track. */
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
  const near = [...(file?.slow ?? []), ...(file?.stalls ?? [])].filter((one) =>
    stalls.some(
      (stall) =>
        one.start_ns < stall.start_ns + stall.duration_ns + around_ns &&
        one.start_ns + one.duration_ns > stall.start_ns - around_ns,
    ),
  );
  const seen = stalls.flatMap(({ evidence }) => evidence?.threads ?? []);
  const threads = new Map(seen.map(({ thread }) => [thread.tid, thread]));
  const metadata = (kind: string, tid: number, name: string): TraceSlice => ({
    name: kind,
    cat: '__metadata',
    ph: 'M',
    ts: 0,
    pid,
    tid,
    args: { name },
  });
  let tracks = 0;
  const track = (tid: number, name: string, cat: string, pieces: readonly Piece[]): TraceSlice[] => [
    metadata('thread_name', tid, name),
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
  /** One a name: operations of a series, calls of a holder and links of a victim's chains follow each other. */
  const tracksOf = <T>(
    items: readonly T[],
    cat: string,
    of: (item: T) => readonly [track: string, piece: Piece],
  ): TraceSlice[] =>
    [...grouped(items.map(of), ([name]) => name)].flatMap(([name, own]) =>
      track(
        firstTrack + pid * mostTracks + (tracks += 1),
        name,
        cat,
        own.map(([, piece]) => piece),
      ),
    );
  return [
    metadata('process_name', 0, `run ${run}`),
    ...tracksOf(
      stalls.flatMap(({ series, chain }) => (chain ?? []).map((link) => ({ series, link }))),
      'chain',
      ({ series, link }) => [
        `chain of blame: ${series}`,
        {
          name: `${link.cause}${link.thread === null ? '' : `: ${link.thread.name}`}`,
          start_ns: link.start_ns,
          end_ns: link.end_ns,
          args: { series, grade: link.grade, sentence: link.sentence },
        },
      ],
    ),
    ...tracksOf(
      stalls.flatMap(({ overlappingHolderCalls }) => overlappingHolderCalls),
      'call',
      (call) => [
        `calls: ${call.holder}`,
        {
          name: callText(call),
          start_ns: call.start_ns,
          end_ns: call.end_ns,
          args: { bytes: call.bytes, runDelayAtMost_ns: call.runDelayAtMost_ns },
        },
      ],
    ),
    ...tracksOf(
      stalls.flatMap(({ evidence }) => evidence?.events ?? []),
      'log',
      (event) => [
        `the JVM’s log: ${event.name}`,
        {
          name: event.name,
          start_ns: event.start_ns,
          end_ns: event.start_ns + event.duration_ns,
          args: { label: event.label },
        },
      ],
    ),
    ...tracksOf(near, 'operation', (one) => [
      `operations: ${one.series}`,
      { name: one.series, start_ns: one.start_ns, end_ns: one.start_ns + one.duration_ns },
    ]),
    ...[...threads].flatMap(([tid, thread]) =>
      track(
        tid,
        `${thread.role}: ${thread.name}`,
        'state',
        seen
          .filter((one) => one.thread.tid === tid)
          .flatMap(({ spans }) =>
            spans.map(({ activity, start_ns, end_ns }) => ({ name: activity, start_ns, end_ns })),
          ),
      ),
    ),
  ];
}

/**
 * Slices of a track have to lie in each other or apart; those that overlap are out of the format. Stalls that overlap
 * tell of the same time of the same thread: what has been told is left out.
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
