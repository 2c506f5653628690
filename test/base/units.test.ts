import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDuration,
  formatRate,
  formatShare,
  formatSize,
  parseDuration,
  parseRate,
  parseShare,
  parseSize,
  type Parsed,
} from '../../src/base/text/units.js';

const durationNs = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const sizeBytes = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

function value(parsed: Parsed): number | string {
  return parsed.ok ? parsed.value : parsed.expected;
}

describe('durations and sizes', () => {
  test.each([
    ['20ms', 20_000_000],
    ['3s', 3_000_000_000],
    ['500us', 500_000],
    ['500µs', 500_000],
    ['1ns', 1],
    ['2m', 120_000_000_000],
    ['1h', 3_600_000_000_000],
    ['1.1s', 1_100_000_000],
    ['0.0005ms', 500],
    ['0s', 0],
  ])('the duration %s is %d ns', (text, ns) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ns });
  });

  test.each([
    ['64MiB', 67_108_864],
    ['256KiB', 262_144],
    ['1GiB', 1_073_741_824],
    ['4096B', 4096],
    ['1.5KiB', 1536],
  ])('the size %s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });

  test('every whole number of a unit is read exactly, as long as it is a safe integer', () => {
    for (const [parse, units] of [
      [parseDuration, durationNs],
      [parseSize, sizeBytes],
    ] as const) {
      const unit = fc.constantFrom(...Object.entries(units));
      fc.assert(
        fc.property(unit, fc.maxSafeNat(), ([name, factor], count) => {
          const isSafe = BigInt(count) * BigInt(factor) <= BigInt(Number.MAX_SAFE_INTEGER);
          const parsed = parse(`${String(count)}${name}`);
          expect(parsed.ok).toBe(isSafe);
          if (parsed.ok) expect(parsed.value).toBe(count * factor);
        }),
      );
    }
  });

  test('decimals lose nothing', () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.nat(999_999_999), (seconds, ns) => {
        const text = `${String(seconds)}.${String(ns).padStart(9, '0')}s`;
        expect(parseDuration(text)).toEqual({ ok: true, value: seconds * 1e9 + ns });
      }),
    );
  });

  test('the next whole number above a safe integer is refused', () => {
    expect(value(parseSize(`${String(Number.MAX_SAFE_INTEGER)}B`))).toBe(Number.MAX_SAFE_INTEGER);
    expect(value(parseSize('9007199254740992B'))).toMatch(/not above 9007199254740991 B$/);
  });

  test('what is no whole number of ns or bytes is refused, not rounded', () => {
    expect(value(parseDuration('0.5ns'))).toMatch(/whole number of ns$/);
    expect(value(parseSize('0.3KiB'))).toMatch(/whole number of B$/);
  });
});

describe('rates and shares', () => {
  test.each([
    ['1000/s', 1000],
    ['0.5/s', 0.5],
    ['10/min', 10 / 60],
    ['7200/h', 2],
  ])('the rate %s is %d per second', (text, perSecond) => {
    expect(parseRate(text)).toEqual({ ok: true, value: perSecond });
  });

  test.each([
    ['5%', 0.05],
    ['0%', 0],
    ['100%', 1],
    ['12.5%', 0.125],
  ])('the share %s is %d', (text, fraction) => {
    expect(parseShare(text)).toEqual({ ok: true, value: fraction });
  });

  test('a share above the whole is refused', () => {
    expect(value(parseShare('100.1%'))).toMatch(/0% to 100%/);
  });
});

describe('near misses', () => {
  const parsers = { parseDuration, parseSize, parseRate, parseShare };
  const units = [...Object.keys(durationNs), ...Object.keys(sizeBytes), '/s', '/min', '/h', '%'];

  test.each(
    ['', '20', 'ms', '-20ms', '+20ms', '20 ms', ' 20ms', '20ms ', '20ms\n', '20MS', '20msec', '.5s', '5.s']
      .concat(['1e3ms', 'NaNms', 'Infinityms', '0x10ms', '1,000ms', '1_000ms', '1.2.3ms', '20ms20ms'])
      .concat(['64MB', '64mib', '64M', '-1B', '64MiB/s', '10/sec', '1000s/', '-1/s', '5', '-5%', '5 %', '5%%'])
      .concat(['٢٠ms', '20m s', `${'9'.repeat(400)}s`, `1.${'0'.repeat(400)}s`]),
  )('%j is no quantity of any kind', (text) => {
    for (const [name, parse] of Object.entries(parsers)) {
      expect(parse(text), name).toMatchObject({ ok: false });
    }
  });

  test('a unit of one kind is no unit of another', () => {
    for (const unit of units) {
      const accepted = Object.values(parsers).filter((parse) => parse(`5${unit}`).ok);
      expect(accepted, unit).toHaveLength(1);
    }
  });

  test('any text is either refused or a finite number that is not negative', () => {
    const noisy = fc.tuple(fc.string(), fc.constantFrom(...units)).map(([text, unit]) => text + unit);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), noisy), (text) => {
        for (const parse of Object.values(parsers)) {
          const parsed = parse(text);
          if (parsed.ok) expect(Number.isFinite(parsed.value) && parsed.value >= 0).toBe(true);
          else expect(parsed.expected).not.toBe('');
        }
      }),
    );
  });
});

describe('human figures', () => {
  test.each([
    [0, '0 ns'],
    [7, '7 ns'],
    [1.5, '1.50 ns'],
    [999, '999 ns'],
    [1_000, '1.00 µs'],
    [999_499, '999 µs'],
    [999_500, '1.00 ms'],
    [1_234_567, '1.23 ms'],
    [20_000_000, '20.0 ms'],
    [2_700_000_000, '2.70 s'],
    [600_000_000_000, '600 s'],
    [3_600_000_000_000, '60.0 min'],
    [5e15, '1390 h'],
  ])('%d ns is written %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  test.each([
    [0, '0 B'],
    [4096, '4 KiB'],
    [1536, '1.5 KiB'],
    [1023, '0.999 KiB'],
    [512 * 2 ** 20, '512 MiB'],
    [1000 * 2 ** 20, '0.977 GiB'],
    [100 * 2 ** 30, '100 GiB'],
  ])('%d bytes are written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test.each([
    [0, '0/s'],
    [987, '987/s'],
    [12_345, '12.3k/s'],
    [1_200_000, '1.20M/s'],
    [0.5, '30/min'],
    [1 / 3600, '1/h'],
  ])('%d per second is written %s', (perSecond, text) => {
    expect(formatRate(perSecond)).toBe(text);
  });

  test.each([
    [0, '0 %'],
    [0.1234, '12.3 %'],
    [1, '100 %'],
    [0.0001, '0.0100 %'],
    [0.000001, '<0.001 %'],
  ])('the fraction %d is written %s', (fraction, text) => {
    expect(formatShare(fraction)).toBe(text);
  });

  test('a written duration is within half a percent of the real one', () => {
    const factors: Record<string, number> = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9, min: 60e9, h: 3600e9 };
    fc.assert(
      fc.property(fc.maxSafeNat(), (ns) => {
        const [figure = '', unit = ''] = formatDuration(ns).split(' ');
        const back = Number(figure) * (factors[unit] ?? Number.NaN);
        expect(Math.abs(back - ns)).toBeLessThanOrEqual(ns * 0.00501);
      }),
    );
  });

  test('a written size is read back within half a percent', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const [figure = '', unit = ''] = formatSize(bytes).split(' ');
        expect(figure).toMatch(/^\d+(\.\d*[1-9])?$/);
        const factor = sizeBytes[unit as keyof typeof sizeBytes];
        expect(Math.abs(Number(figure) * factor - bytes)).toBeLessThanOrEqual(bytes * 0.00501);
      }),
    );
  });
});
