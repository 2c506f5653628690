/** The export is in the Trace Event Format: what Perfetto and Chrome ask of each event. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { grouped } from '../../src/base/group.js';
import { exportTrace } from '../../src/attribution/trace-export.js';
import { exampleLink, exampleStall } from '../support/stalls.js';

const event = z.discriminatedUnion('ph', [
  z.strictObject({
    ph: z.literal('X'),
    name: z.string().min(1),
    cat: z.string().min(1),
    ts: z.number(),
    dur: z.number().nonnegative(),
    pid: z.int().positive(),
    tid: z.int().positive(),
    args: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    ph: z.literal('M'),
    name: z.enum(['process_name', 'thread_name']),
    cat: z.literal('__metadata'),
    ts: z.literal(0),
    pid: z.int().positive(),
    tid: z.int().nonnegative(),
    args: z.strictObject({ name: z.string().min(1) }),
  }),
]);
const format = z.strictObject({ traceEvents: z.array(event), displayTimeUnit: z.enum(['ms', 'ns']) });

const slow = [
  {
    series: 'reader.first_fault',
    start_ns: 1e9,
    duration_ns: 5e6,
    intended_ns: 1e9,
    stillRunning: false,
    threadEnded: false,
    recorded: true,
  },
  {
    series: 'far.away',
    start_ns: 9e9,
    duration_ns: 5e6,
    intended_ns: 9e9,
    stillRunning: false,
    threadEnded: false,
    recorded: true,
  },
];
const trace = exportTrace(
  [
    { run: '000-a', stall: exampleStall },
    { run: '001-b', stall: exampleStall },
  ],
  new Map([['000-a', { schemaVersion: 2, trace: null, stalls: [exampleStall], slow }]]),
);

test('every event is valid, as JSON', () => {
  expect(format.parse(JSON.parse(JSON.stringify(trace))).traceEvents.length).toBeGreaterThan(10);
});

test('slices of a track lie apart, as the format asks, though stalls overlap', () => {
  const later = {
    ...exampleStall,
    series: 'reader.first_fault',
    start_ns: 1.2e9,
    duration_ns: 4e8,
    chain: [{ ...exampleLink, start_ns: 1.2e9, end_ns: 1.6e9 }],
    evidence:
      exampleStall.evidence === null
        ? null
        : {
            ...exampleStall.evidence,
            threads: exampleStall.evidence.threads.map((one) => ({
              ...one,
              spans: [{ start_ns: 1.2e9, end_ns: 1.6e9, activity: 'blocked' as const }],
            })),
            events: [
              { name: 'gc.pause', label: 'a', start_ns: 1.2e9, duration_ns: 2e8 },
              { name: 'gc.pause', label: 'b', start_ns: 1.3e9, duration_ns: 2e8 },
            ],
          },
  };
  const { traceEvents } = exportTrace(
    [
      { run: '000-a', stall: exampleStall },
      { run: '000-a', stall: later },
    ],
    new Map(),
  );
  const tracks = grouped(
    traceEvents.filter(({ ph }) => ph === 'X'),
    ({ pid, tid }) => `${pid} ${tid}`,
  );
  expect(tracks.size).toBeGreaterThan(4);
  for (const slices of tracks.values()) {
    for (const [i, { ts, dur = 0 }] of slices.entries())
      expect(Math.round((ts + dur) * 1000)).toBeLessThanOrEqual(Math.round((slices[i + 1]?.ts ?? Infinity) * 1000));
  }
  // Nothing is lost by it: the thread's states reach from the first stall to the end of the second.
  expect(traceEvents.filter(({ cat, tid }) => cat === 'state' && tid === 12).map(({ ts, dur }) => [ts, dur])).toEqual([
    [1_000_000, 500_000],
    [1_500_000, 100_000],
  ]);
});

test('times are microseconds, a run is a process, and the chain, the states and what was slow beside it are there', () => {
  const slices = trace.traceEvents.filter(({ ph, pid }) => ph === 'X' && pid === 1);
  expect(slices).toContainEqual({
    name: 'mmap-lock-reader: holder',
    cat: 'chain',
    ph: 'X',
    ts: 1_000_000,
    dur: 500_000,
    pid: 1,
    tid: expect.any(Number) as number,
    args: { series: 'writer.mprotect', grade: 'likely', sentence: exampleLink.sentence },
  });
  expect(slices).toContainEqual({
    name: 'blocked',
    cat: 'state',
    ph: 'X',
    ts: 1_000_000,
    dur: 500_000,
    pid: 1,
    tid: 11,
    args: {},
  });
  expect(slices.map(({ name }) => name)).toContain('reader.first_fault');
  expect(slices.map(({ name }) => name)).not.toContain('far.away');
  expect(new Set(trace.traceEvents.map(({ pid }) => pid))).toEqual(new Set([1, 2]));
});
