/**
 * The JVM's unified log (JEP 158), as far as it tells of pauses and of memory given back. Its `timenanos` decorator is
 * os::javaTimeNanos, CLOCK_MONOTONIC: the board's clock. A line is written when its event has ended, so an event lies
 * before its line's time, as long as the line says it took.
 *
 *   safepoint.total   from the request to the end, in whole ns
 *   safepoint.reach   the part of it in which threads were still running on
 *   gc.pause          a collector's pause, to 1 µs (as HotSpot prints it: 2.718ms)
 *   gc.uncommit       work of giving heap back, to 1 µs: G1's service task, ZGC's uncommitter (from JDK 21 on; before, it
 *                     says how much and not how long), Shenandoah's concurrent uncommit. Serial and Parallel give back
 *                     inside a pause and say nothing of it.
 */
export const jvmEventNames = ['gc.pause', 'safepoint.total', 'safepoint.reach', 'gc.uncommit'] as const;
export type JvmEventName = (typeof jvmEventNames)[number];

export interface JvmEvent {
  /** CLOCK_MONOTONIC. */
  readonly start_ns: bigint;
  readonly end_ns: bigint;
  /** What the log calls it: `Pause Young (Normal) (G1 Evacuation Pause)`. */
  readonly label: string;
}

export interface JvmLog {
  /** In the order of the log; a name without events is not there. */
  readonly series: ReadonlyMap<JvmEventName, readonly JvmEvent[]>;
  /** What makes it less than whole, a sentence each. */
  readonly problems: readonly string[];
}

/** The flags that make a JVM write such a log. `path` lies on tmpfs: under writeback a log's write waits for the disk. */
export function jvmLogFlags(_jdk: { readonly feature: number }, path: string): string[] {
  return [`-Xlog:gc=info,gc+phases=info,gc+task=debug,gc+heap=info,safepoint=info:file=${path}:timenanos,tags:filecount=0`];
}

const lineForm = /^\[(\d+)ns\]\[([^\]]*)\] (.*)$/;
const safepoint = /^Safepoint "([^"]+)", .*Reaching safepoint: (\d+) ns,.* Total: (\d+) ns/;
const pause = /^GC\(\d+\) (?:[YyO]: )?(Pause .*?) (?:\S+->\S+ )?(\d+\.\d+)ms$/;
const uncommits = [
  // JDK 17: `(run) 1.2ms (cpu: 1.1ms)`; later: `(run: 1.2ms) (cpu: 1.1ms)`.
  /^(G1 Service Thread \(G1 Uncommit Region Task\)) \(run(?:\)|:) (\d+\.\d+)ms/,
  /^(Uncommitter \(\d+\) Uncommitted: .*) in (\d+\.\d+)ms$/,
  /^(Concurrent uncommit) .* (\d+\.\d+)ms$/,
];

export function parseJvmLog(text: string): JvmLog {
  const series = new Map<JvmEventName, JvmEvent[]>();
  const problems: string[] = [];
  const add = (name: JvmEventName, event: JvmEvent): void => {
    const events = series.get(name);
    if (events === undefined) series.set(name, [event]);
    else events.push(event);
  };
  let unreadable = 0;
  let dropped = 0;
  const lines = text.split('\n');
  // A JVM that is killed may leave half a line.
  if (lines.pop() !== '') problems.push('the last line of the JVM’s log is cut off');
  for (const content of lines) {
    const [, time, tags = '', message = ''] = lineForm.exec(content) ?? [];
    if (time === undefined) {
      unreadable += 1;
      continue;
    }
    const end_ns = BigInt(time);
    const drops = /^\s*(\d+) messages dropped due to async logging/.exec(message);
    if (drops !== null) dropped += Number(drops[1]);
    if (tags.startsWith('safepoint')) {
      const [, label, reach, total] = safepoint.exec(message) ?? [];
      if (label === undefined || reach === undefined || total === undefined) continue;
      const start_ns = end_ns - BigInt(total);
      add('safepoint.total', { start_ns, end_ns, label });
      add('safepoint.reach', { start_ns, end_ns: start_ns + BigInt(reach), label });
    } else if (tags.startsWith('gc')) {
      const one = event(pause.exec(message), end_ns);
      if (one !== null) add('gc.pause', one);
      for (const form of uncommits) {
        const given = event(form.exec(message), end_ns);
        if (given !== null) add('gc.uncommit', given);
      }
    }
  }
  if (dropped > 0) problems.push(`the JVM dropped ${dropped} messages of its log, so pauses may be missing`);
  if (unreadable > 0) problems.push(`${unreadable} lines of the JVM’s log have no time and were left out`);
  return { series, problems };
}

function event(match: RegExpExecArray | null, end_ns: bigint): JvmEvent | null {
  const [, label, ms] = match ?? [];
  return label === undefined || ms === undefined ? null : { start_ns: end_ns - BigInt(Math.round(Number(ms) * 1e6)), end_ns, label };
}
