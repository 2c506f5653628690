import { describe, expect, test } from 'vitest';
import type { NumberedStall } from '../../src/bundle/read-stalls.js';
import { judged } from '../../src/attribution/expected-roots.js';

const ms = 1_000_000;
const expects = { arm: 'seen', cause: 'mmap-lock-reader', by: 'G1 Serv*', median_ns: 40 * ms } as const;

/** As much of a stall as is judged. */
function stall(cause: string, thread: string | null, duration: number): NumberedStall {
  const name = thread === null ? null : { name: thread, tid: 1, role: 'other', nice: 19 };
  return { stall: { duration_ns: duration * ms, cause: { cause, thread: name } } } as unknown as NumberedStall;
}

const root = (duration: number) => stall('mmap-lock-reader', 'G1 Service', duration);

test.each([
  ['repeated', [root(50), stall('not-scheduled', null, 50)]],
  ['partly-repeated', [root(50), stall('not-scheduled', null, 51)]],
  ['other-roots', [stall('mmap-lock-reader', 'other', 50)]],
  ['other-roots', [stall('mmap-lock-writer', 'G1 Service', 50)]],
  ['same-cause', [stall('mmap-lock-reader', null, 50)]],
  ['no-stall', []],
  ['no-run', null],
] as const)('%s', (code, stalls) => {
  expect(judged(expects, stalls).code).toBe(code);
});

describe('a wait for a CPU, for which no thread is to blame', () => {
  const byHogs = { ...expects, cause: 'not-scheduled', by: 'hog-*' } as const;
  const taken = (...takers: readonly (readonly [string, number])[]) => {
    const one = stall('not-scheduled', null, 50);
    const cpuTakenBy = takers.map(([name, duration_ns]) => ({ thread: { name }, duration_ns }));
    return { stall: { ...one.stall, chain: [{ cause: 'not-scheduled', cpuTakenBy }] } } as unknown as NumberedStall;
  };

  test.each([
    ['repeated', 'they had the CPU for half of the time', taken(['hog-0', 5], ['other', 5])],
    ['other-roots', 'others had it for longer', taken(['hog-0', 4], ['other', 5])],
    ['same-cause', 'nobody was seen there', taken()],
  ] as const)('is %s where %s', (code, _, one) => {
    expect(judged(byHogs, [one]).code).toBe(code);
  });
});

test('any thread will do where none is named', () => {
  expect(judged({ ...expects, by: null }, [stall('mmap-lock-reader', 'other', 50)]).code).toBe('repeated');
});

test('the lengths, and what had most of the other time', () => {
  expect(
    judged(expects, [root(10), root(30), root(90), stall('unknown', null, 5), stall('not-scheduled', 'hog', 7)]),
  ).toMatchObject({
    stalls_n: 3,
    allStalls_n: 5,
    median_ns: 30 * ms,
    observedMedian_ns: 40 * ms,
    other: { cause: 'not-scheduled', thread: 'hog', total_ns: 7 * ms },
  });
});
