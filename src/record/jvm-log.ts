/**
 * The JVM's unified log (JEP 158), as far as it tells of pauses and of memory given back. Its `timenanos` decorator is
 * os::javaTimeNanos, CLOCK_MONOTONIC: the board's clock (test/interop/jvm-log.test.ts compares the two). A line is
 * written when its event has ended, so an event lies before its line's time, as long as the line says it took.
 *
 *   safepoint.total   from the request to the end, in whole ns
 *   safepoint.reach   the part of it in which threads were still running on, in whole ns
 *   gc.pause          a collector's pause, to 1 µs (as HotSpot prints it: 2.718ms)
 *   gc.uncommit       work of giving heap back, to 1 µs: a run of G1's service task (at most 128 MiB), a round of ZGC's
 *                     uncommitter, Shenandoah's concurrent uncommit. Where the log has no length, as from ZGC up to
 *                     JDK 24 and from Serial, it is the time since the line after which the work can only have begun:
 *                     an
 *                     upper bound, and the label ends in `at most`. Parallel's shrinking has not even that: `untimed`.
 *
 * docs/jvm-logs.md has the table of lines per collector.
 */
import type { LogProblem } from '../facts/run-facts.js';
import type { Stated } from '../facts/stated.js';
import { stated } from '../words/run-words.js';
import { usage } from '../base/failure.js';
import { shortLine } from '../base/text/lines.js';

export const jvmEventNames = ['gc.pause', 'safepoint.total', 'safepoint.reach', 'gc.uncommit'] as const;
export type JvmEventName = (typeof jvmEventNames)[number];

export interface JvmEvent {
  /** CLOCK_MONOTONIC. */
  readonly start_ns: bigint;
  readonly end_ns: bigint;
  /** What the log calls it: `Pause Young (Normal) (G1 Evacuation Pause)`. */
  readonly label: string;
}

export interface UntimedEvent {
  readonly time_ns: bigint;
  readonly label: string;
}

export interface JvmLog {
  /** In the order of the log; a name without events is not there. */
  readonly series: ReadonlyMap<JvmEventName, readonly JvmEvent[]>;
  /** Heap given back, of which the log says when and not how long it took: in no series. */
  readonly untimed: readonly UntimedEvent[];
  /** What makes it less than whole. */
  readonly problems: readonly Stated<LogProblem>[];
  /** Lines that are read and mean nothing here. */
  readonly other_n: number;
}

/** Since JDK 17 (JDK-8229517): lines go through a buffer, and what finds it full is dropped and counted. */
const firstWithAsync = 17;

/**
 * The flags that make a JVM write such a log. `path` lies on tmpfs: under writeback a log's write waits for the disk.
 * What only one collector says is asked of that one alone: Shenandoah has 20,000 lines of `gc=debug` for 300 others.
 */
export function jvmLogFlags({ feature }: { readonly feature: number }, path: string, collector?: string): string[] {
  // A colon or a comma would end the name, and % stands for the pid and the like.
  if (/[:,%"\s]/.test(path))
    throw usage(`the JVM cannot write its log to ${path}: give a path without blanks and without : , % and "`);
  const common = ['gc=info', 'gc+phases=info', 'gc+task=debug', 'gc+heap=debug', 'safepoint=info'];
  const own: Record<string, readonly string[]> = {
    g1: ['gc=info', 'gc+task=debug', 'safepoint=info'],
    parallel: ['gc=debug', 'safepoint=info'],
    serial: ['gc=info', 'gc+heap=trace', 'safepoint=info'],
    zgc: ['gc=info', 'gc+phases=info', 'gc+heap=debug', 'safepoint=info'],
    shenandoah: ['gc=info', 'safepoint=info'],
    epsilon: ['gc=info', 'safepoint=info'],
  };
  const selection = (collector === undefined ? undefined : own[collector]) ?? common;
  return [
    ...(feature >= firstWithAsync ? ['-Xlog:async'] : []),
    `-Xlog:${selection.join(',')}:file=${path}:timenanos,level,tags:filecount=0`,
  ];
}

/** `[123ns][info ][gc,start  ] text`: levels and tags are padded, and the level may be left out. */
const lineForm = /^\[(\d+)ns\](?:\[(trace|debug|info|warning|error) *\])?\[([^\]]*)\] ?(.*)$/;
const safepoint = /^Safepoint "([^"]+)", .*Reaching safepoint: (\d+) ns,.* Total: (\d+) ns/;
/**
 * HotSpot prints fractions as the user's locale does. ZGC's generations are Y, y (minor) and O; sizes stand between
 * name and time.
 */
const pause = /^GC\(\d+\) (?:[YyO]: )?(Pause .*?) (?:[^\s-]+->\S+ )?(\d+[.,]\d+)ms$/;
const timedUncommits = [
  // JDK 17: `(run) 1.2ms (cpu: 1.1ms)`; later: `(run: 1.2ms) (cpu: 1.1ms)`.
  /^(G1 Service Thread \(G1 Uncommit Region Task\)) \(run(?:\)|:) (\d+[.,]\d+)ms/,
  /^(Uncommitter \(\d+\) Uncommitted: .*) in (\d+[.,]\d+)ms$/,
  /^(Concurrent uncommit .*?) (\d+[.,]\d+)ms$/,
];
/** ZGC's uncommitter up to JDK 24 says how long it waits, and afterwards what it gave back. */
const zgcWait = /^Uncommit Timeout: (\d+)s$/;
const zgcUncommitted = /^(Uncommitted: \d+M\(\d+%\))$/;
/** Serial computes how much, and then shrinks. */
const serialDecision = /^(GC\(\d+\)) +(?:aggressive )?(?:shrinking|shrink_bytes):/;
const serialShrunk = /^(GC\(\d+\)) (Shrinking \D+ from \d+K to \d+K)$/;
const parallelShrunk = /^GC\(\d+\) (Shrinking \S+ from \d+K by \d+K to \d+K)$/;

export function parseJvmLog(text: string): JvmLog {
  const reading = newReading();
  const lines = text.split('\n').map(shortLine);
  // A JVM that is killed may leave half a line, and half a length is a wrong one.
  const isCut = lines.pop() !== '';
  for (const line of lines) readLine(line, reading);
  const { series, untimed, warnings, other_n, dropped_n, unreadable_n } = reading;
  const problems: LogProblem[] = [
    ...(isCut ? [{ code: 'log-cut' } as const] : []),
    ...(dropped_n > 0 ? [{ code: 'log-dropped', messages_n: dropped_n } as const] : []),
    ...(unreadable_n > 0 ? [{ code: 'log-without-time', lines_n: unreadable_n } as const] : []),
    ...untimed
      .slice(0, 1)
      .map(({ label }) => ({ code: 'uncommit-without-length', events_n: untimed.length, first: label }) as const),
    ...warnings.map((text) => ({ code: 'jvm-warning', text }) as const),
  ];
  return { series, untimed, problems: problems.map(stated), other_n };
}

/**
 * Whether events of this name may be missing for that problem: a warning of the JVM's hides none, and give-backs
 * without a length are no pauses.
 */
export function concernsEvents({ code }: { readonly code: string }, name: JvmEventName): boolean {
  return code !== 'jvm-warning' && (name === 'gc.uncommit' || code !== 'uncommit-without-length');
}

interface Reading {
  readonly series: Map<JvmEventName, JvmEvent[]>;
  readonly untimed: UntimedEvent[];
  readonly warnings: string[];
  other_n: number;
  dropped_n: number;
  unreadable_n: number;
  /** When ZGC's uncommitter began or will begin at the earliest. */
  zgcWaited_ns: bigint | null;
  serialDecided: { readonly gc: string; readonly time_ns: bigint } | null;
}

function newReading(): Reading {
  return {
    series: new Map(),
    untimed: [],
    warnings: [],
    other_n: 0,
    dropped_n: 0,
    unreadable_n: 0,
    zgcWaited_ns: null,
    serialDecided: null,
  };
}

function readLine(line: string, reading: Reading): void {
  const [, time, level, tags = '', message = ''] = lineForm.exec(line) ?? [];
  if (time === undefined) {
    reading.unreadable_n += 1;
    return;
  }
  const time_ns = BigInt(time);
  const drops = /^ *(\d+) messages dropped due to async logging/.exec(message);
  const own = tags.trim();
  if (drops !== null) reading.dropped_n += Number(drops[1]);
  else if (level === 'warning' || level === 'error') reading.warnings.push(message);
  else if (own === 'safepoint' && readSafepoint(message, time_ns, reading)) return;
  else if ((own === 'gc' || own.startsWith('gc,')) && readGc(message, time_ns, reading)) return;
  else reading.other_n += 1;
}

function readSafepoint(message: string, end_ns: bigint, { series }: Reading): boolean {
  const [, label, reach, total] = safepoint.exec(message) ?? [];
  if (label === undefined || reach === undefined || total === undefined) return false;
  const start_ns = end_ns - BigInt(total);
  add(series, 'safepoint.total', { start_ns, end_ns, label });
  add(series, 'safepoint.reach', { start_ns, end_ns: start_ns + BigInt(reach), label });
  return true;
}

/** Whether the line meant something. */
function readGc(message: string, end_ns: bigint, reading: Reading): boolean {
  const { series } = reading;
  const paused = timed(pause.exec(message), end_ns);
  if (paused !== null) {
    add(series, 'gc.pause', paused);
    return true;
  }
  for (const form of timedUncommits) {
    const given = timed(form.exec(message), end_ns);
    if (given === null) continue;
    add(series, 'gc.uncommit', given);
    return true;
  }
  return readUntimed(message, end_ns, reading);
}

/** Give-backs whose lines have no length of their own. */
function readUntimed(message: string, end_ns: bigint, reading: Reading): boolean {
  const waits_s = zgcWait.exec(message)?.[1];
  if (waits_s !== undefined) {
    reading.zgcWaited_ns = end_ns + BigInt(waits_s) * 1_000_000_000n;
    return true;
  }
  const zgc = zgcUncommitted.exec(message)?.[1];
  if (zgc !== undefined) {
    addAtMost(reading, reading.zgcWaited_ns, end_ns, zgc);
    reading.zgcWaited_ns = null;
    return true;
  }
  const decides = serialDecision.exec(message)?.[1];
  if (decides !== undefined) {
    reading.serialDecided = { gc: decides, time_ns: end_ns };
    return true;
  }
  const [, gc, serial] = serialShrunk.exec(message) ?? [];
  if (serial !== undefined) {
    addAtMost(
      reading,
      reading.serialDecided?.gc === gc ? (reading.serialDecided?.time_ns ?? null) : null,
      end_ns,
      serial,
    );
    return true;
  }
  const parallel = parallelShrunk.exec(message)?.[1];
  if (parallel === undefined) return false;
  reading.untimed.push({ time_ns: end_ns, label: parallel });
  return true;
}

function addAtMost({ series, untimed }: Reading, start_ns: bigint | null, end_ns: bigint, label: string): void {
  // A line that came before its time (a wait that was cut short) bounds nothing.
  if (start_ns === null || start_ns > end_ns) untimed.push({ time_ns: end_ns, label });
  else add(series, 'gc.uncommit', { start_ns, end_ns, label: `${label}, at most` });
}

function add(series: Map<JvmEventName, JvmEvent[]>, name: JvmEventName, event: JvmEvent): void {
  const events = series.get(name);
  if (events === undefined) series.set(name, [event]);
  else events.push(event);
}

function timed(match: RegExpExecArray | null, end_ns: bigint): JvmEvent | null {
  const [, label, ms] = match ?? [];
  return label === undefined || ms === undefined
    ? null
    : { start_ns: end_ns - BigInt(Math.round(Number(ms.replace(',', '.')) * 1e6)), end_ns, label };
}
