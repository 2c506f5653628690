/**
 * HotSpot's performance counters (hsperfdata): a file that each JVM maps and writes, in /tmp/hsperfdata_USER/PID. Its
 * layout is that of src/hotspot/share/runtime/perfMemory.hpp, version 2, which JDK 5 and all later ones write. Pure.
 */

/** A number, or a text. Ticks are in ns. */
export type PerfData = ReadonlyMap<string, number | string>;

const magic = 0xcafe_c0c0;
/** PerfDataPrologue: magic, byte order, version, accessible, used, overflow, time stamp, entry offset, entries. */
const prologueBytes = 32;
/** PerfDataEntry: length, offset of the name, vector length, type, flags, units, variability, offset of the data. */
const entryBytes = 20;
const unitsTicks = 3;

/** Null for what is not such a file, or not a whole one: a JVM that is still starting, or a damaged file. */
export function parsePerfData(bytes: Buffer): PerfData | null {
  if (bytes.length < prologueBytes || bytes.readUInt32BE(0) !== magic) return null;
  const isLittle = bytes[4] === 1;
  const isAccessible = bytes[7] === 1;
  if (!isAccessible || bytes[5] !== 2) return null;
  const int = (at: number): number => (isLittle ? bytes.readInt32LE(at) : bytes.readInt32BE(at));
  const counters = new Map<string, number | string>();
  const ticks: string[] = [];
  let at = int(24);
  for (let left = int(28); left > 0; left -= 1) {
    if (at < prologueBytes || at + entryBytes > bytes.length) return null;
    const [length, name, count, data] = [int(at), at + int(at + 4), int(at + 8), at + int(at + 16)];
    const end = at + length;
    if (length < entryBytes || end > bytes.length || name < at || name > end || data < at || data > end) return null;
    const key = textAt(bytes, name, end);
    const type = String.fromCharCode(bytes[at + 12] ?? 0);
    if (type === 'J' && count === 0) {
      if (data + 8 > end) return null;
      counters.set(key, Number(isLittle ? bytes.readBigInt64LE(data) : bytes.readBigInt64BE(data)));
      if (bytes[at + 14] === unitsTicks) ticks.push(key);
    } else if (type === 'B' && count > 0) counters.set(key, textAt(bytes, data, Math.min(end, data + count)));
    at = end;
  }
  return inNanoseconds(counters, ticks);
}

/** Up to the first NUL. */
function textAt(bytes: Buffer, start: number, end: number): string {
  const nul = bytes.indexOf(0, start);
  return bytes.toString('utf8', start, nul < 0 ? end : Math.min(nul, end));
}

function inNanoseconds(counters: Map<string, number | string>, ticks: readonly string[]): PerfData | null {
  const frequency = counters.get('sun.os.hrt.frequency');
  if (typeof frequency !== 'number' || frequency <= 0) return ticks.length === 0 ? counters : null;
  for (const key of ticks) counters.set(key, Math.round(Number(counters.get(key)) * (1e9 / frequency)));
  return counters;
}

/** The counters of an instant. A counter that this JVM lacks is null. */
export interface JvmCounters {
  readonly safepoints_n: number | null;
  /** In safepoints, from the moment at which all threads had stopped. */
  readonly safepoint_ns: number | null;
  /** Until they had. */
  readonly safepointReach_ns: number | null;
  /** Heap that the JVM has from the system, and what was used of it after its last collection. */
  readonly heapCommittedBytes: number | null;
  readonly heapUsedBytes: number | null;
  /** As the JVM divides its collections: `G1 young collection pauses`. */
  readonly collections: readonly {
    readonly name: string;
    readonly collections_n: number;
    readonly total_ns: number;
  }[];
}

export function countersOf(data: PerfData): JvmCounters {
  const number = (key: string): number | null => {
    const value = data.get(key);
    return typeof value === 'number' ? value : null;
  };
  const sum = (form: RegExp): number | null => {
    const parts = [...data].flatMap(([key, value]) => (form.test(key) && typeof value === 'number' ? [value] : []));
    return parts.length === 0 ? null : parts.reduce((all, part) => all + part, 0);
  };
  return {
    safepoints_n: number('sun.rt.safepoints'),
    // By the logs of JDK 17 and 25, safepointTime is the whole without safepointSyncTime.
    safepoint_ns: number('sun.rt.safepointTime'),
    safepointReach_ns: number('sun.rt.safepointSyncTime'),
    heapCommittedBytes: sum(/^sun\.gc\.generation\.\d+\.space\.\d+\.capacity$/),
    heapUsedBytes: sum(/^sun\.gc\.generation\.\d+\.space\.\d+\.used$/),
    collections: [...data].flatMap(([key, name]) => {
      const [, collector] = /^(sun\.gc\.collector\.\d+)\.name$/.exec(key) ?? [];
      const collections_n = number(`${collector ?? ''}.invocations`);
      const total_ns = number(`${collector ?? ''}.time`);
      return typeof name !== 'string' || collections_n === null || total_ns === null
        ? []
        : [{ name, collections_n, total_ns }];
    }),
  };
}
