/** From when on a thread waited for a CPU only to be stopped, by what happened to the other threads of its process. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { signalBefore } from '../../src/attribution/stops.js';
import type { Segment, TraceModel } from '../../src/attribution/trace-model.js';

const ms = 1_000_000;
const segment = (scheduling: Segment['scheduling'], from: number, to: number): Segment => ({
  ...{ scheduling, cpu: 0, wokenBy: null, start_ns: from * ms, end_ns: to * ms },
});
const empty = new Map<never, never>();
const modelOf = (segments: TraceModel['segments']): TraceModel => ({
  ...{ holds: empty, waitsOn: empty, waits: empty, otherWaits: empty, mutexWaits: empty, mutexWaitsOn: empty },
  ...{ segments, calls: empty, wakings: empty, ran: empty, names: empty, ranIsWhole: false, outsideFrom_ns: 0 },
});

test('it is the first of the stops that overlap its wait and its own stop', () => {
  const tens = (min: number, max: number) => fc.integer({ min, max }).map((n) => n * 10);
  const others = fc.array(fc.record({ from: tens(0, 5), length: tens(1, 4) }), { maxLength: 4 });
  fc.assert(
    fc.property(others, (stops) => {
      const own = [segment('runnable', 20, 40), segment('stopped', 40, 50)];
      const segments = new Map<number, readonly Segment[]>([
        [1, own],
        ...stops.map(({ from, length }, i) => [i + 2, [segment('stopped', from, from + length)]] as const),
      ]);
      const [waited] = own;
      const found =
        waited === undefined
          ? undefined
          : signalBefore(waited, 1, { model: modelOf(segments), processTids: [...segments.keys()] });
      const starts = stops.filter(({ from, length }) => from < 50 && from + length > 20).map(({ from }) => from);
      const first = Math.min(...starts, 40);
      expect(found).toBe(first < 40 ? Math.max(20, first) * ms : null);
    }),
  );
});
