import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readSamples, sampleReader, type SampleStream } from '../../src/record/samples.js';
import { lowerBound } from '../../src/base/sorted.js';
import { stateLettersDuring } from '../../src/record/states.js';

const go_ns = 2n ** 60n;
const ms = 1_000_000;
const period_ns = 10 * ms;

function header(version = 1n): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(new TextEncoder().encode('PLSAMPLE'));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, version, true);
  view.setBigUint64(16, BigInt(period_ns), true);
  view.setBigUint64(24, 56n, true);
  return bytes;
}

function record(kind: number, time_ns: number, tid = 0, state = '-', comm = ''): Uint8Array {
  const bytes = new Uint8Array(56);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, go_ns + BigInt(time_ns), true);
  view.setUint32(8, tid === 0 ? 0 : 7, true);
  view.setUint32(12, tid, true);
  view.setBigUint64(16, 5n, true);
  view.setBigUint64(24, 6n, true);
  view.setUint8(32, state.charCodeAt(0));
  view.setUint8(33, kind);
  bytes.set(new TextEncoder().encode(comm), 40);
  return bytes;
}
const tick = (time_ns: number): Uint8Array => record(2, time_ns);
const sample = (time_ns: number, tid: number, state: string, comm = 'victim'): Uint8Array =>
  record(0, time_ns, tid, state, comm);
const gone = (time_ns: number, tid: number): Uint8Array => record(1, time_ns, tid);

function streamOf(...parts: Uint8Array[]): SampleStream {
  const reader = sampleReader('samples', go_ns);
  reader.append(header());
  for (const part of parts) reader.append(part);
  return reader.stream;
}

/** Ticks at 0, 10, 20, … ms; the thread's letter at each, a record only where it changes. */
function lettersOf(letters: string, from_ns = 0): Uint8Array[] {
  return Array.from(letters).flatMap((letter, i) => [
    ...(letter === letters[i - 1] ? [] : [sample(from_ns + i * period_ns - ms, 42, letter)]),
    tick(from_ns + i * period_ns),
  ]);
}

describe('reading the sampler', () => {
  test('gives the same whatever pieces the file comes in', () => {
    const parts = [
      header(),
      ...lettersOf('SSDDDRS'),
      sample(70 * ms, 43, 'R', 'other'),
      gone(75 * ms, 42),
      tick(80 * ms),
    ];
    const whole = new Uint8Array(parts.flatMap((part) => [...part]));
    const expected = streamOf(...parts.slice(1));
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const reader = sampleReader('samples', go_ns);
        edges.slice(1).forEach((end, i) => {
          reader.append(whole.subarray(edges[i], end));
        });
        expect(reader.stream.ticks_ns).toEqual(expected.ticks_ns);
        expect([...reader.stream.timelines]).toEqual([...expected.timelines]);
      }),
    );
    expect(expected.timelines.get(42)).toMatchObject({ pid: 7, comm: 'victim' });
    expect(expected.timelines.get(42)?.changes.map(({ state, tick: at }) => [state, at])).toEqual([
      ['S', 0],
      ['D', 2],
      ['R', 5],
      ['S', 6],
      ['X', 7],
    ]);
    expect(expected.timelines.get(43)?.changes).toEqual([
      { tick: 7, time_ns: 70 * ms, state: 'R', onCpu_ns: 5, runDelay_ns: 6, systemCall: null },
    ]);
  });

  const folder = mkdtempSync(join(tmpdir(), 'pauselab-samples-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('leaves out a last record that is not complete, and takes no file for nothing observed', () => {
    const path = join(folder, 'cut');
    writeFileSync(
      path,
      [header(), tick(1), tick(2).subarray(0, 40)].reduce((all, part) => Buffer.concat([all, part]), Buffer.alloc(0)),
    );
    expect(readSamples(path, go_ns)).toMatchObject({ stream: { ticks_ns: [1] }, cut: null });
    expect(readSamples(join(folder, 'nowhere'), go_ns)).toMatchObject({
      stream: { ticks_ns: [], period_ns: 0 },
      cut: null,
    });
  });

  test('reads only the first looks of a file that is larger than memory, and says how much that is', () => {
    const path = join(folder, 'large');
    const records = Array.from({ length: 100_000 }, (_, i) => tick(i + 1));
    writeFileSync(path, Buffer.concat([header(), ...records]));
    const fileBytes = 32 + 100_000 * 56;
    // It comes in pieces of 4 MiB.
    const whole = readSamples(path, go_ns);
    expect(whole.cut).toBeNull();
    expect(whole.stream.ticks_ns).toEqual(records.map((_, i) => i + 1));
    const readBytes = 32 + 90_000 * 56 + 10;
    const { stream, cut } = readSamples(path, go_ns, readBytes);
    expect(cut).toEqual({ fileBytes, readBytes });
    expect(stream.ticks_ns.length).toBe(90_000);
  });

  test('refuses another version and another file', () => {
    expect(() => {
      sampleReader('the-file', go_ns).append(header(2n));
    }).toThrow(
      expect.objectContaining({
        exitCode: 5,
        message: expect.stringMatching(/the-file has version 2/) as string,
      }) as Error,
    );
    expect(() => {
      sampleReader('the-file', go_ns).append(new Uint8Array(32));
    }).toThrow(expect.objectContaining({ exitCode: 6 }) as Error);
  });
});

describe('states during a span', () => {
  const during = (stream: SampleStream, start_ms: number, end_ms: number): ReturnType<typeof stateLettersDuring> =>
    stateLettersDuring(stream.timelines.get(42), start_ms * ms, end_ms * ms);

  test('reads unchanged looks from the ticks', () => {
    const { letters, shares } = during(streamOf(...lettersOf('SDDDDDDR')), 5, 75);
    expect(letters).toBe('D×6 R×1');
    expect(shares.D).toBeCloseTo(60 / 70, 10);
    expect(shares.R).toBeCloseTo(10 / 70, 10);
  });

  test('never guesses what nobody looked at', () => {
    const stream = streamOf(...lettersOf('DDD'), tick(520 * ms), tick(530 * ms));
    const { letters, shares } = during(stream, 0, 530);
    expect(letters).toBe('D×3 ?×48 D×2');
    expect(shares.unobserved).toBeCloseTo(480 / 530, 10);
    expect(during(stream, 100, 400)).toEqual({ letters: '?×30', shares: { unobserved: 1 } });
  });

  test('does not let a look outside a short span vouch for it', () => {
    expect(during(streamOf(...lettersOf('DDDD')), 11, 13)).toEqual({ letters: '?×1', shares: { unobserved: 1 } });
  });

  test('knows nothing of a thread before it was seen, and that one is gone', () => {
    expect(
      during(streamOf(tick(0), tick(10 * ms), ...lettersOf('DD', 20 * ms), gone(35 * ms, 42), tick(40 * ms)), 0, 40)
        .letters,
    ).toBe('?×2 D×2 X×1');
    expect(stateLettersDuring(undefined, 0, 10)).toEqual({ letters: '?×1', shares: { unobserved: 1 } });
  });

  test('is complete: shares sum to 1, a late sampler leaves no gap, and every look inside is counted', () => {
    const jitter = fc.array(
      fc.record({ gap_ms: fc.integer({ min: 1, max: 60 }), letter: fc.constantFrom('R', 'S', 'D') }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(jitter, fc.nat(400), fc.integer({ min: 1, max: 400 }), (looks, start_ms, length_ms) => {
        let time_ns = 0;
        const stream = streamOf(
          ...looks.flatMap(({ gap_ms, letter }) => {
            time_ns += gap_ms * ms;
            return [sample(time_ns, 42, letter), tick(time_ns)];
          }),
        );
        const { letters, shares } = during(stream, start_ms, start_ms + length_ms);
        expect(Object.values(shares).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        const counted = [...letters.matchAll(/([A-Z])×(\d+)/g)].reduce((sum, [, , n]) => sum + Number(n), 0);
        const inside = stream.ticks_ns.filter((t) => t >= start_ms * ms && t <= (start_ms + length_ms) * ms);
        expect(counted).toBe(inside.length);
        if (inside.length > 0 && looks.every(({ gap_ms }) => gap_ms <= 20)) {
          const [first = 0] = inside;
          const covers =
            first - start_ms * ms <= period_ns && (start_ms + length_ms) * ms - (inside.at(-1) ?? 0) <= period_ns;
          if (covers) expect(shares.unobserved ?? 0).toBeCloseTo(0, 9);
        }
      }),
    );
  });

  test('finds lower bounds', () => {
    expect([0, 1, 2, 3, 4].map((value) => lowerBound([1, 3, 3], value))).toEqual([0, 0, 1, 1, 3]);
  });
});
