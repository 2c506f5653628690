/** The export is in the Trace Event Format: what Perfetto and Chrome ask of each event. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { exportTrace } from '../../src/attribution/trace-export.js';
import { exampleLink, exampleStall } from '../support/stalls.js';

const event = z.discriminatedUnion('ph', [
  z.strictObject({ ph: z.literal('X'), name: z.string().min(1), cat: z.string().min(1), ts: z.number(), dur: z.number().nonnegative(), pid: z.int().positive(), tid: z.int().positive(), args: z.record(z.string(), z.unknown()) }),
  z.strictObject({ ph: z.literal('M'), name: z.enum(['process_name', 'thread_name']), cat: z.literal('__metadata'), ts: z.literal(0), pid: z.int().positive(), tid: z.int().nonnegative(), args: z.strictObject({ name: z.string().min(1) }) }),
]);
const format = z.strictObject({ traceEvents: z.array(event), displayTimeUnit: z.enum(['ms', 'ns']) });

const slow = [{ series: 'reader.first_fault', start_ns: 1e9, duration_ns: 5e6, intended_ns: 1e9, stillRunning: false, recorded: true }, { series: 'far.away', start_ns: 9e9, duration_ns: 5e6, intended_ns: 9e9, stillRunning: false, recorded: true }];
const trace = exportTrace([{ run: '000-a', stall: exampleStall }, { run: '001-b', stall: exampleStall }], new Map([['000-a', { schemaVersion: 1, trace: null, stalls: [exampleStall], slow }]]));

test('every event is valid, as JSON', () => {
  expect(format.parse(JSON.parse(JSON.stringify(trace))).traceEvents.length).toBeGreaterThan(10);
});

test('times are microseconds, a run is a process, and the chain, the states and what was slow beside it are there', () => {
  const slices = trace.traceEvents.filter(({ ph, pid }) => ph === 'X' && pid === 1);
  expect(slices).toContainEqual({ name: 'mmap-lock-reader: holder', cat: 'chain', ph: 'X', ts: 1_000_000, dur: 500_000, pid: 1, tid: expect.any(Number) as number, args: { series: 'writer.mprotect', grade: 'likely', sentence: exampleLink.sentence } });
  expect(slices).toContainEqual({ name: 'blocked', cat: 'state', ph: 'X', ts: 1_000_000, dur: 500_000, pid: 1, tid: 11, args: {} });
  expect(slices.map(({ name }) => name)).toContain('reader.first_fault');
  expect(slices.map(({ name }) => name)).not.toContain('far.away');
  expect(new Set(trace.traceEvents.map(({ pid }) => pid))).toEqual(new Set([1, 2]));
});
