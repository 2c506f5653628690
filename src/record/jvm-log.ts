/**
 * Reads pauses and returns of memory from the JVM's unified log (JEP 158). Its `timenanos` decorator is
 * os::javaTimeNanos, CLOCK_MONOTONIC: the board's clock (test/interop/jvm-log.test.ts compares the two). A line is
 * written at the end of its event, so the event starts before the line's time, by the length in the line.
 *
 *   safepoint.total   from the request to the end, in whole ns
 *   safepoint.reach   the part of it in which threads were still running, in whole ns
 *   gc.pause          a collector's pause, to 1 µs (as HotSpot prints it: 2.718ms)
 *   gc.uncommit       work of returning heap, to 1 µs: a run of G1's service task (at most 128 MiB), a round of ZGC's
 *                     uncommitter, Shenandoah's concurrent uncommit. Where the log has no length, as for ZGC up to
 *                     JDK 24 and for Serial, it is the time since the line before which the work cannot have started:
 *                     an upper bound, and the label ends in `at most`. Parallel's shrinking has not even that: `untimed`.
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
  /** The event's name in the log: `Pause Young (Normal) (G1 Evacuation Pause)`. */
  readonly label: string;
}

export interface UntimedEvent {
  readonly time_ns: bigint;
  readonly label: string;
}

export interface JvmLog {
  /** In the order of the log. A name without events is absent. */
  readonly series: ReadonlyMap<JvmEventName, readonly JvmEvent[]>;
  /** Returns of heap for which the log has a time but no length; they are in no series. */
  readonly untimed: readonly UntimedEvent[];
  /** Why the log may be incomplete; `untimedProblems` has those of `untimed`. */
  readonly problems: readonly Stated<LogProblem>[];
  /** Lines that were read but do not matter here. */
  readonly other_n: number;
}

/** Since JDK 17 (JDK-8229517), lines go through a buffer. If it is full, lines are dropped and counted. */
const firstWithAsync = 17;

/** With the clock's time, which lineForm expects. */
export const jvmLogDecorators = 'timenanos,level,tags';

/**
 * What is logged. Each collector gets only the tags that it needs: with `gc=debug`, Shenandoah writes 20,000 lines
 * instead of 300.
 */
export function jvmLogSelection(collector: string | undefined): readonly string[] {
  const common = ['gc=info', 'gc+phases=info', 'gc+task=debug', 'gc+heap=debug', 'safepoint=info'];
  const selections: Record<string, readonly string[]> = {
    g1: ['gc=info', 'gc+task=debug', 'safepoint=info'],
    parallel: ['gc=debug', 'safepoint=info'],
    serial: ['gc=info', 'gc+heap=trace', 'safepoint=info'],
    zgc: ['gc=info', 'gc+phases=info', 'gc+heap=debug', 'safepoint=info'],
    shenandoah: ['gc=info', 'safepoint=info'],
    epsilon: ['gc=info', 'safepoint=info'],
  };
  return (collector === undefined ? undefined : selections[collector]) ?? common;
}

/**
 * The flags that make a JVM write the log. `path` is on tmpfs: during writeback, a log's write would wait for the disk.
 */
export function jvmLogFlags({ feature }: { readonly feature: number }, path: string, collector?: string): string[] {
  // A colon or a comma would end the file name, and % starts a placeholder such as %p for the pid.
  if (/[:,%"\s]/.test(path))
    throw usage(`the JVM cannot write its log to ${path}: choose a path without blanks and without : , % and "`);
  return [
    ...(feature >= firstWithAsync ? ['-Xlog:async'] : []),
    `-Xlog:${jvmLogSelection(collector).join(',')}:file=${path}:${jvmLogDecorators}:filecount=0`,
  ];
}

/** `[123ns][info ][gc,start ] text`: levels and tags are padded, and the level may be missing. */
const lineForm = /^\[(\d+)ns\](?:\[(trace|debug|info|warning|error) *\])?\[([^\]]*)\] ?(.*)$/;
const safepoint = /^Safepoint "([^"]+)", .*Reaching safepoint: (\d+) ns,.* Total: (\d+) ns/;
/**
 * HotSpot prints fractions in the user's locale. ZGC's generations are Y, y (minor) and O; sizes are between name and
 * time.
 */
const pause = /^GC\(\d+\) (?:[YyO]: )?(Pause .*?) (?:[^\s-]+->\S+ )?(\d+[.,]\d+)ms$/;
const timedUncommits = [
  // JDK 17: `(run) 1.2ms (cpu: 1.1ms)`; later: `(run: 1.2ms) (cpu: 1.1ms)`.
  /^(G1 Service Thread \(G1 Uncommit Region Task\)) \(run(?:\)|:) (\d+[.,]\d+)ms/,
  /^(Uncommitter \(\d+\) Uncommitted: .*) in (\d+[.,]\d+)ms$/,
  /^(Concurrent uncommit .*?) (\d+[.,]\d+)ms$/,
];
/** Up to JDK 24, ZGC's uncommitter logs how long it will wait, and later what it returned. */
const zgcWait = /^Uncommit Timeout: (\d+)s$/;
const zgcUncommitted = /^(Uncommitted: \d+M\(\d+%\))$/;
/** Serial logs how much it will shrink, and then that it shrank. */
const serialDecision = /^(GC\(\d+\)) +(?:aggressive )?(?:shrinking|shrink_bytes):/;
const serialShrunk = /^(GC\(\d+\)) (Shrinking \D+ from \d+K to \d+K)$/;
const parallelShrunk = /^GC\(\d+\) (Shrinking \S+ from \d+K by \d+K to \d+K)$/;

/** `isWhole`: from the JVM's start on, where every JVM logs something. */
export function parseJvmLog(text: string, { isWhole = true } = {}): JvmLog {
  const reading = newReading();
  const lines = text.split('\n').map(shortLine);
  // A killed JVM may leave half a line, and half a length is wrong.
  const isCut = lines.pop() !== '';
  for (const line of lines) readLine(line, reading);
  const { series, untimed, warnings, other_n, dropped_n, unreadable_n } = reading;
  const problems: LogProblem[] = [
    ...(isWhole && text === '' ? [{ code: 'log-empty' } as const] : []),
    ...(isCut ? [{ code: 'log-cut' } as const] : []),
    ...(dropped_n > 0 ? [{ code: 'log-dropped', messages_n: dropped_n } as const] : []),
    ...(unreadable_n > 0 ? [{ code: 'log-without-time', lines_n: unreadable_n } as const] : []),
    ...warnings.map((text) => ({ code: 'jvm-warning', text }) as const),
  ];
  return { series, untimed, problems: problems.map(stated), other_n };
}

export function untimedProblems(untimed: readonly UntimedEvent[]): Stated<LogProblem>[] {
  return untimed
    .slice(0, 1)
    .map(({ label }) => stated({ code: 'uncommit-without-length', events_n: untimed.length, first: label }));
}

/**
 * Whether events of this name may be missing because of that problem. A JVM's warning hides no events, and returns of
 * heap without a length are not pauses.
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
  /** The earliest time at which ZGC's uncommitter started or will start. */
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
  const tagList = tags.trim();
  if (drops !== null) reading.dropped_n += Number(drops[1]);
  else if (level === 'warning' || level === 'error') reading.warnings.push(message);
  else if (tagList === 'safepoint' && readSafepoint(message, time_ns, reading)) return;
  else if ((tagList === 'gc' || tagList.startsWith('gc,')) && readGc(message, time_ns, reading)) return;
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

/** Whether the line was recognised. */
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

/** Returns of heap whose lines have no length. */
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
  // If the line came before the end of its wait (the wait was cut short), it gives no bound.
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
