import { describe, expect, test } from 'vitest';
import { countersOf, parsePerfData } from '../../src/observe/jvm/jvm-perf-data.js';

type Counter = readonly [name: string, value: bigint | string, units?: number];
const ticks = 3;

/** A file as HotSpot writes it: prologue, then entries with name, padding and data. */
function perfData(
  counters: readonly Counter[],
  { little = true, accessible = 1, version = 2, extra = 0 } = {},
): Buffer {
  const entries = counters.map(([name, value, units = 1]) => {
    const data = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.alloc(8);
    const nameAt = 20;
    const dataAt = Math.ceil((nameAt + name.length + 1) / 8) * 8;
    const entry = Buffer.alloc(dataAt + Math.ceil(data.length / 8) * 8);
    const int = (n: number, at: number): number => (little ? entry.writeInt32LE(n, at) : entry.writeInt32BE(n, at));
    int(entry.length, 0);
    int(nameAt, 4);
    int(typeof value === 'string' ? data.length : 0, 8);
    entry.write(typeof value === 'string' ? 'B' : 'J', 12);
    entry[14] = units;
    int(dataAt, 16);
    entry.write(`${name}\0`, nameAt);
    if (typeof value === 'bigint' && little) data.writeBigInt64LE(value);
    if (typeof value === 'bigint' && !little) data.writeBigInt64BE(value);
    data.copy(entry, dataAt);
    return entry;
  });
  const prologue = Buffer.alloc(32);
  prologue.writeUInt32BE(0xcafe_c0c0, 0);
  prologue.set([little ? 1 : 0, version, 0, accessible], 4);
  const int = (n: number, at: number): number => (little ? prologue.writeInt32LE(n, at) : prologue.writeInt32BE(n, at));
  int(32, 24);
  int(entries.length + extra, 28);
  return Buffer.concat([prologue, ...entries]);
}

const some: readonly Counter[] = [
  ['sun.os.hrt.frequency', 500_000_000n],
  ['sun.rt.safepoints', 12n],
  ['sun.rt.safepointTime', 1_000_000n, ticks],
  ['sun.rt.safepointSyncTime', 500_000n, ticks],
  ['java.property.java.vm.version', '17.0.15+6'],
  ['sun.gc.generation.0.space.0.capacity', 100n],
  ['sun.gc.generation.1.space.0.capacity', 23n],
  ['sun.gc.generation.1.space.0.used', 7n],
  ['sun.gc.collector.0.name', 'G1 young collection pauses'],
  ['sun.gc.collector.0.invocations', 3n],
  ['sun.gc.collector.0.time', 2_000_000n, ticks],
  ['sun.gc.collector.1.name', 'without figures'],
];

describe.each([true, false])('performance counters, little-endian %s', (little) => {
  test('are read by name, ticks in ns', () => {
    const data = parsePerfData(perfData(some, { little })) ?? new Map();
    expect(data.get('java.property.java.vm.version')).toBe('17.0.15+6');
    expect(countersOf(data)).toEqual({
      safepoints_n: 12,
      safepoint_ns: 2_000_000,
      safepointReach_ns: 1_000_000,
      heapCommittedBytes: 123,
      heapUsedBytes: 7,
      collections: [{ name: 'G1 young collection pauses', collections_n: 3, total_ns: 4_000_000 }],
    });
  });
});

test('counters that a JVM lacks are null', () => {
  expect(countersOf(new Map())).toEqual({
    safepoints_n: null,
    safepoint_ns: null,
    safepointReach_ns: null,
    heapCommittedBytes: null,
    heapUsedBytes: null,
    collections: [],
  });
});

const whole = perfData(some);

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['another file', Buffer.from('x'.repeat(200))],
  ['a prologue that is cut', whole.subarray(0, 20)],
  ['an entry that is cut', whole.subarray(0, whole.length - 9)],
  ['a JVM that is still starting', perfData(some, { accessible: 0 })],
  ['another version', perfData(some, { version: 3 })],
  ['fewer entries than it says', perfData(some, { extra: 1 })],
  ['ticks without a frequency', perfData([['sun.rt.safepointTime', 1n, ticks]])],
  ['a length below an entry’s', withInt(32, 4)],
  ['a name before its entry', withInt(32 + 4, -8)],
  ['data behind its entry', withInt(32 + 16, 4000)],
  ['a first entry inside the prologue', withInt(24, 8)],
  ['a text behind its entry', withInt(32 + 16, 4000, perfData([['java.property', 'x']]))],
])('%s is not read', (_, bytes) => {
  expect(parsePerfData(bytes)).toBeNull();
});

function withInt(at: number, value: number, file = whole): Buffer {
  const bytes = Buffer.from(file);
  bytes.writeInt32LE(value, at);
  return bytes;
}

test('no damage to any byte is an error', () => {
  for (let at = 0; at < whole.length; at += 1) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    expect(() => parsePerfData(bytes)).not.toThrow();
  }
});
