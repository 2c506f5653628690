import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offeredLoad, owedAtEnd, type OpenLoopEnd } from '../../src/record/board/owed.js';

const ms = 1_000_000;
/** 1,000/s, warm-up of 1 s, window of 6 s. */
const end: OpenLoopEnd = {
  interval_ns: ms,
  offset_ns: 250_000,
  next: 7_000,
  inFlight: { state: 'idle' },
  windowStart_ns: 1_000 * ms,
  windowEnd_ns: 7_000 * ms,
  lastLook_ns: 8_000 * ms,
};

describe('owed operations', () => {
  test('are none after a schedule that was kept', () => {
    expect(owedAtEnd(end)).toEqual({ unserved: 0, censored_ns: [], inflight_ns: null });
  });

  test('are all that were intended in the window and never started', () => {
    const { unserved, censored_ns } = owedAtEnd({ ...end, next: 1_015 });
    expect(unserved).toBe(5_985);
    expect([censored_ns[0], censored_ns.at(-1)]).toEqual([7_000 * ms - (1_015 * ms + 250_000), ms - 250_000]);
  });

  test('leave out the warm-up', () => {
    expect(owedAtEnd({ ...end, next: 3 })).toMatchObject({ unserved: 6_000 });
  });

  test('count the one in flight as in flight, with a response that is censored too', () => {
    const inFlight = { state: 'running', operation: 6_998, start_ns: 6_999 * ms, intended_ns: 6_998.25 * ms } as const;
    expect(owedAtEnd({ ...end, next: 6_999, inFlight })).toEqual({
      unserved: 1,
      censored_ns: [1.75 * ms, 0.75 * ms],
      inflight_ns: 1_001 * ms,
    });
  });

  test('report one of the warm-up that still runs, without counting it', () => {
    const inFlight = { state: 'running', operation: 5, start_ns: 5 * ms, intended_ns: 5.25 * ms } as const;
    expect(owedAtEnd({ ...end, next: 6, inFlight })).toMatchObject({ unserved: 6_000, inflight_ns: 7_995 * ms });
  });

  test('do not exist back to back', () => {
    const inFlight = { state: 'running', operation: 5, start_ns: 6_000 * ms, intended_ns: 6_000 * ms } as const;
    expect(owedAtEnd({ ...end, interval_ns: 0, next: 6, inFlight })).toEqual({
      unserved: 0,
      censored_ns: [],
      inflight_ns: 2_000 * ms,
    });
  });

  test('and what was served are together all that the window intended', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.nat(100),
        fc.nat(400),
        fc.nat(300),
        fc.nat(400),
        (interval_ns, offset_ns, windowStart_ns, length_ns, next) => {
          const windowEnd_ns = windowStart_ns + length_ns;
          const intended = Array.from({ length: 1_000 }, (_, k) => offset_ns + k * interval_ns);
          const inWindow = (time_ns: number): boolean => time_ns >= windowStart_ns && time_ns < windowEnd_ns;
          const truth = intended
            .filter((time_ns, k) => k >= next && inWindow(time_ns))
            .map((time_ns) => windowEnd_ns - time_ns);
          const { unserved, censored_ns } = owedAtEnd({
            interval_ns,
            offset_ns,
            next,
            inFlight: { state: 'idle' },
            windowStart_ns,
            windowEnd_ns,
            lastLook_ns: windowEnd_ns,
          });
          expect(censored_ns).toEqual(truth);
          expect(unserved).toBe(truth.length);
        },
      ),
    );
  });
});

describe('offered load', () => {
  const none = { unserved: 0, inflight_ns: null };

  test('saturates at 1, not below', () => {
    expect(offeredLoad({ service_n: 10, serviceSum_ns: 9 * ms, interval_ns: ms, owed: none })).toEqual({
      rho: 0.9,
      saturated: false,
    });
    expect(offeredLoad({ service_n: 10, serviceSum_ns: 10 * ms, interval_ns: ms, owed: none })).toEqual({
      rho: 1,
      saturated: true,
    });
  });

  test('counts the operation in flight', () => {
    expect(
      offeredLoad({ service_n: 9, serviceSum_ns: ms, interval_ns: ms, owed: { unserved: 0, inflight_ns: 19 * ms } }),
    ).toEqual({ rho: 2, saturated: true });
  });

  test('saturates by what is unserved, whatever the load', () => {
    expect(
      offeredLoad({ service_n: 0, serviceSum_ns: 0, interval_ns: ms, owed: { unserved: 1, inflight_ns: null } }),
    ).toEqual({ rho: 0, saturated: true });
  });

  test('has no meaning back to back', () => {
    expect(offeredLoad({ service_n: 10, serviceSum_ns: 100 * ms, interval_ns: 0, owed: none })).toEqual({
      rho: null,
      saturated: false,
    });
  });
});
