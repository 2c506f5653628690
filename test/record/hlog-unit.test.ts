import { describe, expect, test } from 'vitest';
import { parseValueUnit, unitByMaximum, unitInLine } from '../../src/record/histogram/hlog-unit.js';

describe('the unit of the values of a histogram log', () => {
  test.each([
    ['us', 'us'],
    ['µs', 'us'],
    ['μs', 'us'],
    ['US', 'us'],
    ['microseconds', 'us'],
    ['microsecond', 'us'],
    ['ns', 'ns'],
    ['Milliseconds', 'ms'],
    ['s', 's'],
    ['seconds', 's'],
    ['hours', null],
    ['', null],
  ])('%j is %s', (text, unit) => {
    expect(parseValueUnit(text)).toBe(unit);
  });

  test.each([
    ['#UNITS: us', 'us'],
    ['#[Units: microseconds]', 'us'],
    ['# unit = ms', 'ms'],
    ['#[Value units: nanoseconds]', 'ns'],
    ['#UNITS: furlongs', null],
    ['#[StartTime: 0.000 (seconds since epoch)]', undefined],
    ['#[BaseTime: 0.000 (seconds since epoch)]', undefined],
    ['#community: us', undefined],
  ])('the line %j says %s', (line, unit) => {
    expect(unitInLine(line)).toBe(unit);
  });

  test.each<[string, number, number, string | null]>([
    ['nanoseconds beside milliseconds', 12.345, 12_345_000, 'ns'],
    ['microseconds beside milliseconds', 12.345, 12_350, 'us'],
    ['milliseconds beside themselves', 120, 120, 'ms'],
    ['a ratio that no convention has', 12, 12 * 37, null],
    ['a maximum that three decimals cut short', 0.004, 4_400, null],
    ['no maximum', 0, 0, null],
  ])('by the maxima: %s', (_, intervalMax, encodedMax, unit) => {
    expect(unitByMaximum(intervalMax, encodedMax)).toBe(unit);
  });
});
